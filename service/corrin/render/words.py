"""What the readable forms of a report say alike: dates, values, sources, labels.

Everything takes parts of a cleaned report (:func:`corrin.render.safe.clean`) and answers plain
text; the forms add only their layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from corrin.notes.report import (
    CannotSay,
    Context,
    Earlier,
    Evidence,
    Missing,
    Note,
    PackUsed,
    Refused,
    Report,
    Settles,
    Source,
    Status,
    ThresholdUsed,
    Value,
    Words,
)

UNVERIFIED = "UNVERIFIED"
ARROW = "→"

URGENCY = {"emergency": "Emergency", "urgent": "Urgent", "soon": "Soon", "routine": "Routine"}
RULE_STATUS = {
    "draft": "rests on a figure that was not verified",
    "source-checked": "checked against its source, not yet by a clinician",
    "clinician-reviewed": "reviewed by a clinician",
    "retired": "no longer used",
}
TRUTH = {"true": "true", "false": "false", "unknown": "unknown"}
# What the letter behind an evidence row means.
CHECKS = {
    "V": "read in the source",
    "V2": "read in a page that names the source",
    "G": "not verified",
    "project": "this project's own",
}
# Inputs named in one line; the rest are counted.
MOST_WANTED = 8
# Digits of a computed figure shown where not all are asked for.
DIGITS = 6

_ANNOTATED = re.compile(r"\{(\d+(?:\.\d+)?)_([A-Za-z]+\d?)\}", re.ASCII)
_LONG = re.compile(r"\b\d+\.\d{6,}")
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


def dated(when: str | None) -> str:
    """``2026-03-01T08:30:00Z`` as ``2026-03-01 08:30 UTC``; a partial date stays as it is."""
    return "date not stated" if not when else _TIME.sub(_time, when)


def _time(found: re.Match[str]) -> str:
    day, minute, second, zone = found.groups()
    seconds = f":{second}" if second not in (None, "00") else ""
    offset = {"Z": " UTC", "+00:00": " UTC", None: ""}.get(zone, f" {zone}")
    return f"{day} {minute}{seconds}{offset}"


def readable(text: str) -> str:
    """A sentence with its times and annotated units put as people read them.

    ``2026-03-01T08:30:00Z`` and ``mL/min/{1.73_m2}`` become ``2026-03-01 08:30 UTC`` and
    ``mL/min/1.73 m2``.
    """
    if "T" in text:
        text = _TIME.sub(_time, text)
    return _ANNOTATED.sub(r"\1 \2", text) if "{" in text else text


def joined(words: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    parts = list(words)
    return (
        f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    )


def count(number: int, one: str, many: str = "") -> str:
    """``1 rule``, ``3 rules``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """A label at the beginning of a line; ``eGFR`` and ``pH`` stay as they are."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def subject(report: Report) -> str:
    """Age and sex as far as known."""
    seen = report.subject
    if not seen.stated:
        return "no patient record supplied"
    return f"{seen.age or 'age not known'}, {seen.sex or 'sex not known'}"


def compared(value: Value, full: bool = True) -> str:
    """``240 pg/mL → 240 ng/L``; once only when it was compared as reported."""
    if value.reported == value.compared:
        return value.reported
    shown = value.compared if full else _LONG.sub(_rounded, value.compared)
    return f"{value.reported} {ARROW} {shown}"


def _rounded(found: re.Match[str]) -> str:
    return f"≈{Decimal(found.group()):.{DIGITS}g}"


def value_about(value: Value) -> tuple[str, ...]:
    """When a value was taken, and its status where that is not final."""
    return (dated(value.when), *(() if value.status == "final" else (value.status,)))


def value_more(value: Value, full: bool = True) -> tuple[str, ...]:
    """What else there is to know of a value: laboratory range, whence; in full also specimen."""
    return tuple(
        part
        for part in (
            "" if value.status == "final" else value.status,
            f"laboratory range {value.laboratory_range}" if value.laboratory_range else "",
            (value.specimen or "") if full else "",
            value.origin or value.path,
        )
        if part
    )


def by_date(values: Iterable[Value]) -> dict[str, list[Value]]:
    """Values under the date they share, in the order the dates are first met."""
    found: dict[str, list[Value]] = {}
    for value in values:
        found.setdefault(dated(value.when), []).append(value)
    return found


def earlier(value: Earlier) -> str:
    """``410 ng/L (2025-01-07)``."""
    return f"{value.reported} ({dated(value.when)})"


def context(stated: Context) -> str:
    """Present, absent or in the history, and since when."""
    word = "in the history" if stated.history else "yes" if stated.present else "no"
    since = f", from {dated(stated.since)}" if stated.since else ""
    until = f", until {dated(stated.until)}" if stated.until else ""
    origin = f", {stated.origin}" if stated.origin else ""
    return f"{word}{since}{until}{origin}"


def missing(part: Missing) -> str:
    """Which input could not be used, with what was there instead."""
    was = f" {part.reported}" if part.reported else ""
    when = f", {dated(part.when)}" if part.when else ""
    return f"{capital(part.label)}{was}{when}: {part.says}"


def missing_lines(parts: Iterable[Missing]) -> tuple[str, ...]:
    """Inputs that could not be used; those missing for the same plain reason share a line."""
    plain: dict[str, list[str]] = {}
    lines: list[str | tuple[str]] = []
    for part in parts:
        if part.reported or part.when:
            lines.append(missing(part))
            continue
        if part.says not in plain:
            lines.append((part.says,))
        plain.setdefault(part.says, []).append(part.label)
    return tuple(
        line if isinstance(line, str) else f"{capital('; '.join(plain[line[0]]))}: {line[0]}"
        for line in lines
    )


def pointed_out(report: Report) -> tuple[tuple[int, Note], ...]:
    """Notes to name at once, with their numbers: all that cannot wait, or the first of those
    that make the report more urgent than any status does; none that the headline names."""
    found = [
        (number, note)
        for number, note in enumerate(report.notes, 1)
        if note.summary.rstrip(".") not in report.headline
    ]
    pressing = tuple(one for one in found if one[1].urgency in ("emergency", "urgent"))
    by_notes = all(status.urgency != report.urgency for status in report.statuses.values())
    if pressing or not by_notes or report.urgency != "soon":
        return pressing
    return tuple(one for one in found if one[1].urgency == "soon")[:1]


def statuses(words: Iterable[Words]) -> str:
    """``deficiency probable or indeterminate``."""
    return joined((word.says for word in words), "or")


def status_says(status: Status) -> str:
    """What a status says; when several are possible and it does not name them, which."""
    if all(word.says in status.says for word in status.possible):
        return status.says
    return f"{status.says} ({statuses(status.possible)})"


def bands(settles: Settles) -> str:
    """Where each finding would lead, in one line."""
    return "; ".join(f"{band.finding} {ARROW} {statuses(band.statuses)}" for band in settles.bands)


def assumed(status: Status) -> str:
    """The contexts nobody stated, in one line."""
    return "; ".join(word.says for word in status.assumed)


def counted(report: Report) -> str:
    """The counts, in one line."""
    return ", ".join(f"{name} {number:,}" for name, number in report.counts.items())


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
            found.extend(used.evidence)
        for applied in status.restrictions:
            found.extend(applied.evidence)
    for note in report.notes:
        found.extend(note.evidence)
        for used in note.thresholds:
            found.extend(used.evidence)
    return tuple(sorted({row.row: row for row in found}.values(), key=lambda row: row.row))


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
    published = f"; published too: {joined(others)}" if others else ""
    since = f", in force from {used.in_force_from}" if used.in_force_from else ""
    return f"{said} ({used.pack}{since}{published})"


def rule_line(note: Note) -> str:
    """Which rule of which pack, of which version and date, and how far it was checked."""
    said = f"{note.rule} ({note.pack} {note.pack_version} of {note.pack_date})"
    return f"{said}, {note.rule_status}"


def rule_statuses(report: Report) -> str:
    """What the rule statuses met in a report mean."""
    met = dict.fromkeys(note.rule_status for note in report.notes)
    return "; ".join(f"{status}: {RULE_STATUS[status]}" for status in met)


def refused_what(part: Refused) -> str:
    """What was not taken: its name as far as known, what stood there, when."""
    name = capital(part.label or part.name or "a result")
    value = f" {part.reported}" if part.reported else ""
    when = f", {dated(part.when)}" if part.when else ""
    return f"{name}{value}{when}"


def refused_where(part: Refused) -> str:
    """Resource and FHIRPath."""
    return f"{part.path} ({part.origin})" if part.origin and part.origin != part.path else part.path


def pack_line(pack: PackUsed) -> str:
    """Version, date, since when in force, how many rules rest on unverified rows."""
    force = f"in force from {pack.in_force_from}"
    if not pack.in_force:
        force = f"NOT in force on this date (from {pack.in_force_from})"
    drafts = f"; {count(pack.drafts, 'draft rule')} {UNVERIFIED}" if pack.drafts else ""
    return f"{pack.version} of {pack.date}, {force}{drafts}"


def short(digest: str) -> str:
    """The first 12 hexadecimal digits of a digest, with its algorithm."""
    algorithm, colon, digits = digest.rpartition(":")
    return f"{algorithm}{colon}{digits[:12]}"


def wanting(unsaid: Iterable[CannotSay]) -> str:
    """The inputs for want of which rules could not answer: the most wanted, and how many more."""
    counts: dict[str, int] = {}
    for part in unsaid:
        for cause in part.because:
            counts[cause.label] = counts.get(cause.label, 0) + 1
    labels = sorted(counts, key=lambda label: (-counts[label], label))
    named = "; ".join(labels[:MOST_WANTED])
    more = len(labels) - MOST_WANTED
    return f"{named}; and {count(more, 'other input')}" if more > 0 else named
