"""What a report rests on, in words: evidence rows and their checks, sources, cut-offs, versions."""

from __future__ import annotations

from collections.abc import Iterable

from corrin.notes.report import (
    Evidence,
    Note,
    OverlayUsed,
    PackUsed,
    Report,
    Source,
    ThresholdUsed,
)
from corrin.render.words import count, joined

UNVERIFIED = "UNVERIFIED"

RULE_STATUS = {
    "draft": "rests on a figure that was not verified",
    "source-checked": "checked against its source, not yet by a clinician",
    "clinician-reviewed": "reviewed by a clinician",
    "retired": "no longer used",
}

# What the letter behind an evidence row means.
CHECKS = {
    "V": "read in the source",
    "V2": "read in a page that names the source",
    "G": "not verified",
    "project": "this project's own",
}


def check(evidence: Evidence, full: bool = True) -> str:
    """``B12-02 V2``: a row and how it was checked; ``full`` keeps what the check says besides."""
    said = evidence.check if full else evidence.check.partition(" (")[0]
    return f"{evidence.row} {said}{'' if evidence.verified else f' {UNVERIFIED}'}"


def legend() -> str:
    """What the check letters behind evidence rows mean."""
    return f"Checks: {'; '.join(f'{letter} {says}' for letter, says in CHECKS.items())}."


def verified(evidence: Iterable[Evidence]) -> bool:
    """Whether every row was verified."""
    return all(row.verified for row in evidence)


def evidence(report: Report) -> tuple[Evidence, ...]:
    """Every evidence row behind what the report says, each once, by its id."""
    found: list[Evidence] = []
    for status in report.statuses.values():
        found.extend(status.evidence)
        for used in status.thresholds:
            found.extend(rows(used))
        for applied in status.restrictions:
            found.extend(applied.evidence)
    for note in report.notes:
        found.extend(note.evidence)
        for used in note.thresholds:
            found.extend(rows(used))
    return tuple(sorted({row.row: row for row in found}.values(), key=lambda row: row.row))


def rows(used: ThresholdUsed) -> tuple[Evidence, ...]:
    """The evidence shown with a cut-off: the site's own, then that of the published figure."""
    return used.evidence + (() if used.upstream is None else used.upstream.evidence)


class References:
    """The sources of a report, numbered in the order of the evidence rows that name them."""

    def __init__(self, report: Report) -> None:
        self.rows = evidence(report)
        named = {source.key: source for row in self.rows for source in row.sources}
        self.sources: tuple[tuple[int, Source], ...] = tuple(enumerate(named.values(), 1))
        self._numbers = {source.key: number for number, source in self.sources}

    def numbers(self, rows: Iterable[Evidence]) -> tuple[int, ...]:
        """The numbers of the sources behind some rows, ascending."""
        found = {self._numbers[source.key] for row in rows for source in row.sources}
        return tuple(sorted(found))

    def cite(self, rows: Iterable[Evidence], full: bool = True) -> str:
        """``B12-01 V, EL-02 G UNVERIFIED [1, 3]``."""
        rows = tuple(rows)
        checks = ", ".join(check(row, full) for row in rows)
        numbers = ", ".join(str(number) for number in self.numbers(rows))
        return f"{checks} [{numbers}]" if numbers else checks


def threshold(used: ThresholdUsed, full: bool = True) -> str:
    """``180 ng/L: below this …``; ``full`` tells what else was published, where, since when."""
    said = f"{used.used}: {used.says}"
    if not full:
        return said
    others = [figure for figure in used.published if figure not in used.used]
    owner = "published too" if used.set_by is None else "set by the site in full"
    published = f"; {owner}: {joined(others)}" if others else ""
    since = f", in force from {used.in_force_from}" if used.in_force_from else ""
    return f"{said} ({used.pack}{since}{published})"


def rule_line(note: Note) -> str:
    """Which rule of which pack, of which version and date, and how far it was checked."""
    said = f"{note.rule} ({note.pack} {note.pack_version} of {note.pack_date})"
    site = f"; by the site: {joined(note.by_site)}" if note.by_site else ""
    return f"{said}, {note.rule_status}{site}"


def rule_statuses(report: Report) -> str:
    """What the rule statuses met in a report mean."""
    met = dict.fromkeys(note.rule_status for note in report.notes)
    return "; ".join(f"{status}: {RULE_STATUS[status]}" for status in met)


def pack_line(pack: PackUsed) -> str:
    """Version, date, since when in force, how many rules rest on unverified rows."""
    force = f"in force from {pack.in_force_from}"
    if not pack.in_force:
        force = f"NOT in force on this date (from {pack.in_force_from})"
    drafts = f"; {count(pack.drafts, 'draft rule')} {UNVERIFIED}" if pack.drafts else ""
    return f"{pack.version} of {pack.date}, {force}{drafts}"


def site_line(used: OverlayUsed) -> str:
    """Which site file is in effect, of whom, of when."""
    return f"site file {used.id} {used.version} of {used.date} ({used.title}; {used.owner})"


def short(digest: str) -> str:
    """The first 12 hexadecimal digits of a digest, with its algorithm."""
    algorithm, colon, digits = digest.rpartition(":")
    return f"{algorithm}{colon}{digits[:12]}"
