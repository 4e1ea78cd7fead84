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
    Missing,
    Note,
    Refused,
    Report,
    Settles,
    Status,
    SubjectSeen,
    Trend,
    Value,
    Words,
)
from corrin.notes.sentence import capital as capital  # said with the words below

ARROW = "→"

URGENCY = {"emergency": "Emergency", "urgent": "Urgent", "soon": "Soon", "routine": "Routine"}
TRUTH = {"true": "true", "false": "false", "unknown": "unknown"}
# Inputs named in one line; the rest are counted.
MOST_WANTED = 8
# Digits of a computed figure shown where not all are asked for.
DIGITS = 6

_LONG = re.compile(r"\b\d+\.\d{6,}")
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


def by_site(report: Report) -> str:
    """``; site file example-site@1.0.0`` where one is in effect."""
    used = report.overlay
    return "" if used is None else f"; site file {used.id}@{used.version}"


def dated(when: str | None) -> str:
    """``2026-03-01T08:30:00Z`` as ``2026-03-01 08:30 UTC``; a partial date stays as it is."""
    return "date not stated" if not when else _TIME.sub(_time, when)


def _time(found: re.Match[str]) -> str:
    day, minute, second, zone = found.groups()
    seconds = f":{second}" if second not in (None, "00") else ""
    offset = {"Z": " UTC", "+00:00": " UTC", None: ""}.get(zone, f" {zone}")
    return f"{day} {minute}{seconds}{offset}"


def joined(words: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    parts = list(words)
    return (
        f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    )


def count(number: int, one: str, many: str = "") -> str:
    """``1 rule``, ``3 rules``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def subject(seen: SubjectSeen) -> str:
    """Age and sex as far as known."""
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


def trend(part: Trend) -> str:
    """``falling: 0.80 umol/L (2026-03-01) → 0.30 umol/L (2026-05-01), -0.50 umol/L in 61 days``."""
    moved = f", {part.change}" if part.change else ""
    pace = f", {part.pace}" if part.pace else ""
    first = f"{part.first} ({dated(part.first_when)})"
    last = f"{part.last} ({dated(part.last_when)})"
    days = f" in {part.days} {'day' if part.days == '1' else 'days'}"
    return f"{part.direction}: {first} {ARROW} {last}{moved}{days}{pace}"


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


def on_top(report: Report) -> tuple[tuple[int, Note], ...]:
    """The notes that stand on top, with their numbers."""
    return tuple((n, note) for n, note in enumerate(report.notes, 1) if note.under is None)


def folded(report: Report, head: int | None = None) -> tuple[tuple[int, Note], ...]:
    """The notes folded under another (under note number ``head``, when given), with numbers."""
    return tuple(
        (number, note)
        for number, note in enumerate(report.notes, 1)
        if note.under is not None and head in (None, note.under + 1)
    )


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


def settled_by(settles: Settles) -> str:
    """The input that would settle it, and whether the site can supply it."""
    where = "" if settles.available else " (not available at this site)"
    return f"{capital(settles.label)}{where}"


def assumed(status: Status) -> str:
    """The contexts nobody stated, in one line."""
    return "; ".join(word.says for word in status.assumed)


def counted(report: Report) -> str:
    """The counts, in one line."""
    return ", ".join(f"{name} {number:,}" for name, number in report.counts.items())


def refused_what(part: Refused) -> str:
    """What was not taken: its name as far as known, what stood there, when."""
    name = capital(part.label or part.name or "a result")
    value = f" {part.reported}" if part.reported else ""
    when = f", {dated(part.when)}" if part.when else ""
    return f"{name}{value}{when}"


def refused_where(part: Refused) -> str:
    """Resource and FHIRPath."""
    return f"{part.path} ({part.origin})" if part.origin and part.origin != part.path else part.path


def wanting(unsaid: Iterable[CannotSay]) -> str:
    """The inputs for want of which rules could not answer: the most wanted, and how many more."""
    counts: dict[str, int] = {}
    for part in unsaid:
        for cause in part.because:
            label = f"{cause.label}{'' if cause.available else ' (not available at this site)'}"
            counts[label] = counts.get(label, 0) + 1
    labels = sorted(counts, key=lambda label: (-counts[label], label))
    named = "; ".join(labels[:MOST_WANTED])
    more = len(labels) - MOST_WANTED
    return f"{named}; and {count(more, 'other input')}" if more > 0 else named
