"""Tests that need what is not there: left out and said, or, where they are a proof, failing."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support import needs, thirdparty, validator

REQUIRED = ("NODE", "HEALTHCHAIN", "BROWSER")


class Item:
    """As much of a test as is looked at."""

    def __init__(self, *markers: str) -> None:
        self.markers = markers

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with neither Node.js, nor healthchain, nor files; no build server."""
    for name in ("CI", "CORRIN_REQUIRE_NODE", "CORRIN_REQUIRE_HEALTHCHAIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CORRIN_HEALTHCHAIN", str(tmp_path))
    monkeypatch.setenv("CORRIN_SAMPLES", str(tmp_path / "none"))
    monkeypatch.setenv("CORRIN_FHIR_PROFILES", str(tmp_path / "none"))


def left_out(*items: Item) -> tuple[list[Item], list[str]]:
    """Which of some tests are left out, and the lines said of them."""
    out, said = needs.leave_out(list(items))  # type: ignore[arg-type]
    return list(out), [needs.line(name, *why) for name, why in said.items()]  # type: ignore[arg-type]


def test_what_needs_nothing_stays() -> None:
    assert left_out(Item(), Item("soak")) == ([], [])


def test_what_cannot_run_is_named() -> None:
    plain, node, profile, chain, browser = (
        Item(),
        Item("node"),
        Item("node", "profiles"),
        Item("healthchain"),
        Item("browser"),
    )
    out, lines = left_out(plain, node, profile, chain, browser)
    assert set(out) == {node, profile, chain, browser}
    assert lines == [
        "Not run: 1 over FHIR profiles, which are not there "
        "(CORRIN_FHIR_PROFILES names their folder)",
        "Not run: 1 over the independent FHIR validator, and Node.js is not there (make node)",
        "Not run: 1 over somebody else's CDS Hooks client, whose environment is not there "
        "(make healthchain)",
        "Not run: 1 over the page in a browser, and Chromium is not there (make browser)",
    ]


@pytest.mark.parametrize(
    ("variable", "marker"), [("CI", "node"), ("CI", "healthchain"), ("CI", "browser")]
)
def test_on_a_build_server_proofs_stay_and_fail(
    monkeypatch: pytest.MonkeyPatch, variable: str, marker: str
) -> None:
    monkeypatch.setenv(variable, "true")
    assert left_out(Item(marker)) == ([], [])
    monkeypatch.setenv(variable, "0")
    assert len(left_out(Item(marker))[0]) == 1


def test_one_proof_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRIN_REQUIRE_NODE", "1")
    node, chain = Item("node"), Item("healthchain")
    assert left_out(node, chain)[0] == [chain]


def test_samples_never_stop_a_build_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert len(left_out(Item("samples"))[0]) == 1


def test_old_node_is_no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.19.0\n")
    node.chmod(0o755)
    assert validator.lacking() == "and Node.js is v18.19.0, older than 20.19"


def test_environment_older_than_its_lock_is_none(tmp_path: Path) -> None:
    ready = tmp_path / ".ready"
    ready.touch()
    assert thirdparty.lacking() is None
    os.utime(ready, (0, 0))
    assert thirdparty.lacking() == "whose environment is older than its lock"


def test_locks_name_no_registry() -> None:
    """Neither of the two says where its packages come from."""
    for file in (thirdparty.LOCK, validator.FOLDER / "package-lock.json"):
        assert not re.search(r"https?://|resolved", file.read_text()), file.name
