"""The golden cases: requests with the answers expected of them, and the doors they go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from corrin import interpret
from corrin.intake.problem import IntakeError
from corrin.notes.report import Report
from corrin.render.html import render as to_html
from corrin.render.text import render as to_text

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "fhir"
REQUESTS = ("request.json", "request.ndjson")
KNOWN_KEYS = {
    "as_of",
    "profile",
    "packs",
    "why",
    "evidence",
    "traps",
    "statuses",
    "statuses_not",
    "possible",
    "possible_includes",
    "urgency",
    "first_note",
    "first_rule",
    "notes_include",
    "notes_exclude",
    "on_top",
    "folded",
    "says",
    "says_not",
    "refused",
    "flags",
    "missing",
    "assumed",
    "assumed_not",
    "error",
}


@dataclass(frozen=True)
class Case:
    """One folder of ``fixtures/fhir``."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def request_file(self) -> Path:
        """The one request of the case."""
        return next(self.folder / name for name in REQUESTS if (self.folder / name).is_file())

    @property
    def answer_file(self) -> Path:
        """The exact report, or what was said instead of one."""
        return self.folder / "expected.json"

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What was expected by hand, before any engine ran."""
        text = (self.folder / "expected.yaml").read_text("utf-8")
        return dict(yaml.load(text, Loader=yaml.CSafeLoader))

    @property
    def refused_whole(self) -> list[str]:
        """Reasons for which the whole call is refused; empty for most cases."""
        return list((self.expected.get("error") or {}).get("reasons", []))

    def answer(self, data: bytes | None = None) -> Report:
        """The report.

        Raises:
            IntakeError: the call is refused whole.
        """
        as_of = self.expected["as_of"]
        return interpret(
            self.request_file.read_bytes() if data is None else data,
            as_of=None if as_of is None else _moment(as_of),
            profile=self.expected["profile"],
            packs=tuple(self.expected.get("packs") or ()),
        )

    @cached_property
    def report(self) -> Report:
        """The report, made once for all who only read it.

        Raises:
            IntakeError: the call is refused whole.
        """
        return self.answer()

    @cached_property
    def text(self) -> str:
        """The report as text."""
        return to_text(self.report)

    @cached_property
    def page(self) -> str:
        """The report as a page."""
        return to_html(self.report)

    def answer_bytes(self) -> bytes:
        """The report as it is frozen: indented, so that a change can be read; or the refusal."""
        try:
            return self.answer().to_json(indent=True) + b"\n"
        except IntakeError as error:
            return refusal_bytes(error)


def refusal_bytes(error: IntakeError) -> bytes:
    """A refused call in the form it is frozen in."""
    import json

    problems = [{"reason": p.reason, "path": p.path} for p in error.problems]
    return json.dumps({"refused": problems}, indent=2).encode() + b"\n"


def reasons(error: IntakeError) -> list[str]:
    """Reason codes of a refused call."""
    return [problem.reason for problem in error.problems]


def _moment(value: Any) -> str:
    """YAML reads a timestamp; the door wants FHIR's text of it."""
    text = value if isinstance(value, str) else value.isoformat()
    return str(text).replace("+00:00", "Z")


def every_case() -> list[Case]:
    """All cases, in order of their names."""
    return list(_cases())


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(Case(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir())


def flags_of(part: Any) -> Iterator[str]:
    """Every data-quality flag anywhere in a report's JSON."""
    if isinstance(part, dict):
        for flag in part.get("flags", ()):
            yield flag["code"]
        for value in part.values():
            yield from flags_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from flags_of(value)
