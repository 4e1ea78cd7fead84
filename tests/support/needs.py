"""What some tests need that a machine may not have, and what is said when they did not run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support import browser, places, sparked, thirdparty, validator


@dataclass(frozen=True, slots=True)
class Need:
    """A marker, and what its tests need.

    Attributes:
        marker: what such a test carries.
        over: what such a test is over.
        lacking: what is not there; None when all is.
        remedy: what to do about it.
        proof: whether nothing else proves what such a test proves: on a build server it must run,
            so it fails there; elsewhere it is said loudly that it did not run.
    """

    marker: str
    over: str
    lacking: Callable[[], str | None]
    remedy: str
    proof: bool = False

    def required(self) -> bool:
        """Whether its tests must run here."""
        names = ("CI", f"CORRIN_REQUIRE_{self.marker.upper()}")
        return self.proof and any(os.environ.get(name) not in (None, "", "0") for name in names)


def _samples() -> str | None:
    return None if places.samples() else "which are not there"


def _profiles() -> str | None:
    return None if places.profiles() else "which are not there"


NEEDS = {
    need.marker: need
    for need in (
        Need("samples", "the public samples", _samples, "CORRIN_SAMPLES names their folder"),
        Need(
            "profiles",
            "FHIR profiles",
            _profiles,
            "CORRIN_FHIR_PROFILES names their folder",
        ),
        Need("node", "the independent FHIR validator", validator.lacking, "make node", True),
        Need(
            "healthchain",
            "somebody else's CDS Hooks client",
            thirdparty.lacking,
            "make healthchain",
            True,
        ),
        Need("spark", "Spark", sparked.lacking, "make spark", True),
        Need("browser", "the page in a browser", browser.lacking, "make browser", True),
    )
}

LeftOut = dict[str, tuple[int, str]]
"""How many tests of a marker did not run, and what was lacking."""


def leave_out(items: list[pytest.Item]) -> tuple[dict[pytest.Item, Need], LeftOut]:
    """The tests that cannot run here and may be left out."""
    out: dict[pytest.Item, Need] = {}
    said: LeftOut = {}
    for need in NEEDS.values():
        marked = [one for one in items if one.get_closest_marker(need.marker) and one not in out]
        lacking = need.lacking() if marked and not need.required() else None
        if lacking is not None:
            out |= dict.fromkeys(marked, need)
            said[need.marker] = (len(marked), lacking)
    return out, said


def line(marker: str, count: int, lacking: str) -> str:
    """What is said of the tests of one marker that did not run."""
    need = NEEDS[marker]
    return f"Not run: {count} over {need.over}, {lacking} ({need.remedy})"
