"""The numbers of a dataset → ``summary.html``: pictures, each with its table and its meaning."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from corrin import terminology
from corrin.batch.summary import pictures
from corrin.batch.summary.numbers import DAYS, ENOUGH, FAR, Numbers, Row, numbers_of
from corrin.batch.summary.pictures import Bar, Box, Picture
from corrin.batch.summary.small import LEAST, count, counts, per_hundred
from corrin.render import page

_HERE = Path(__file__).parent
_MOST_ALERTS = 25
_MOST_REASONS = 20
_MOST_BOXES = 14
_MOST_LINES = 60
_URGENCIES = ("emergency", "urgent", "soon", "routine")
_OPEN = "several possible"


@dataclass(frozen=True, slots=True)
class Table:
    """A table beside a picture; ``more`` rows are in the dataset only."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page."""

    id: str
    title: str
    says: str
    pictures: Sequence[Picture]
    tables: Sequence[Table]


def write_summary(dataset: Path) -> Path:
    """Write ``summary.html`` into a finished dataset.

    The same dataset gives the same bytes. The page appears whole or not at all.

    Raises:
        corrin.batch.compare_dataset.NotADataset: the folder holds none.
        OSError: it cannot be written.
    """
    text = rendered(numbers_of(dataset))
    path = dataset / "summary.html"
    waiting = dataset / ".summary.html.part"
    try:
        with waiting.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    return path


def rendered(numbers: Numbers) -> str:
    """The page."""
    return page.template(_HERE / "page.html.j2").render(
        run=numbers.run,
        people=count(numbers.reports[1]).shown,
        reports=count(numbers.reports[0]).shown,
        outside=count(numbers.reports[2]).shown,
        files=_files(numbers.run),
        parts=list(parts(numbers)),
        changes=_changes(numbers.changes),
        least=LEAST,
        enough=ENOUGH,
        far=FAR,
        **page.style(_HERE / "page.css"),
    )


def parts(numbers: Numbers) -> Iterator[Part]:
    """What there is to tell; what is empty is left out."""
    yield _statuses(numbers)
    yield _urgency(numbers)
    if numbers.alerts:
        yield _alerts(numbers)
    if numbers.units:
        yield _units(numbers)
    if numbers.flags:
        yield _flags(numbers)
    if numbers.refused:
        yield _refused(numbers)
    if numbers.ages:
        yield _ages(numbers)


def _statuses(numbers: Numbers) -> Part:
    drawn, tables = [], []
    for topic, given in groupby(numbers.statuses, key=lambda row: row[0]):
        rows = list(given)
        total = sum(row[2] for row in rows)
        told = counts(row[2] for row in rows)
        names = [_OPEN if row[1] is None else _words(row[1]) for row in rows]
        caption = f"{_words(topic)}: statuses of {count(total).shown} reports"
        drawn.append(
            pictures.bars(
                f"status-{topic}",
                caption,
                f"Bars of reports per status of {_words(topic)}; the table below says the same.",
                [Bar(*one) for one in _bars(names, told)],
                "reports",
            )
        )
        lines = [(name, one.shown) for name, one in zip(names, told, strict=True)]
        tables.append(Table(caption, ("Status", "Reports"), lines))
    return Part(
        "statuses",
        "Statuses",
        "What was answered to each question, over all reports.",
        drawn,
        tables,
    )


def _bars(names: Iterable[str], told: Sequence[Any]) -> list[tuple[str, float, str]]:
    return [(name, one.drawn, one.shown) for name, one in zip(names, told, strict=True)]


def _urgency(numbers: Numbers) -> Part:
    found: dict[str, int] = {row[0]: row[1] for row in numbers.urgency}
    there = [one for one in _URGENCIES if one in found]
    told = counts(found[one] for one in there)
    caption = "The highest urgency of each report"
    return Part(
        "urgency",
        "Urgency",
        "Routine also stands for nothing to tell.",
        [
            pictures.bars(
                "urgency",
                caption,
                "Bars of reports per urgency; the table below says the same.",
                [Bar(*one) for one in _bars(there, told)],
                "reports",
            )
        ],
        [
            Table(
                caption,
                ("Urgency", "Reports"),
                [(one, shown.shown) for one, shown in zip(there, told, strict=True)],
            )
        ],
    )


def _alerts(numbers: Numbers) -> Part:
    total = numbers.reports[0]
    rows = [
        (rule, urgency, topic, count(found).shown, per_hundred(found, total))
        for rule, urgency, topic, found in numbers.alerts
    ]
    first = [
        Bar(row[0], 0 if row[3] < LEAST else 100 * row[3] / total, per_hundred(row[3], total))
        for row in numbers.alerts[:_MOST_ALERTS]
    ]
    caption = "Notes per 100 reports, by rule"
    says = "How often each rule spoke. A rule that speaks for every tenth person is rarely read."
    drawn = pictures.bars(
        "alerts",
        caption,
        "Bars of notes per 100 reports for the rules that spoke most; the table below has all.",
        first,
        "notes per 100 reports",
    )
    head = ("Rule", "Urgency", "About", "Reports", "Per 100 reports")
    return Part("alerts", "How often rules spoke", says, [drawn], [_cut(caption, head, rows)])


def _units(numbers: Numbers) -> Part:
    """Units by analyte and file, and how their values lie to those of all."""
    rows: list[Sequence[str]] = []
    boxed: list[tuple[str, list[Box], str]] = []
    for analyte, given in groupby(numbers.units, key=lambda row: row[0]):
        group = list(given)
        whole = _middle(group)
        drawn: list[Box] = []
        for _, file, spelt, unit, values, people, ends in group:
            name = f"{file}: {spelt or 'no unit'}"
            shown = count(people)
            few = shown.number is None
            times = _times(ends, whole) if ends and len(group) > 1 else ""
            rows.append(
                (
                    _words(analyte),
                    spelt or "(none)",
                    file,
                    shown.shown if few else f"{values:,}",
                    f"{_figure(ends[2])} {unit}" if ends else "",
                    f"{_figure(ends[0])} to {_figure(ends[4])}" if ends else "",
                    times,
                )
            )
            if ends:
                drawn.append(Box(name, tuple(ends), f"{values:,}"))
        if len(drawn) > 0:
            boxed.append((analyte, drawn[:_MOST_BOXES], str(group[0][3])))
    # First where several can be compared.
    boxed.sort(key=lambda one: (len(one[1]) < 2, one[0]))
    several = [one for one in boxed if len(one[1]) > 1] or boxed[:4]
    caption = "Units as they were spelt, by test and file"
    head = ("Test", "Unit", "File", "Values", "Median", "Middle nine tenths", "To all")
    rows.sort(key=lambda row: not row[-1])
    return Part(
        "units",
        "Units and values",
        f"Values that reports used, by the unit the laboratory wrote. Where values of one file or "
        f"unit lie {FAR} times higher or lower than those of all, the unit is probably not what it "
        f"says: see the last column. Boxes hold the middle half, whiskers the middle nine tenths, "
        f"of at least {ENOUGH} values.",
        [
            pictures.boxes(
                f"values-{analyte}",
                f"{_words(analyte)}: values by file and unit",
                "Boxes of the middle of the values as compared; the table below says the same.",
                drawn,
                unit,
            )
            for analyte, drawn, unit in several[:_MOST_BOXES]
        ],
        [_cut(caption, head, rows)],
    )


def _middle(rows: Sequence[Row]) -> float | None:
    """The median of the medians of an analyte's groups, each counted as often as it has values."""
    medians = sorted((row[6][2], row[4]) for row in rows if row[6])
    half = sum(number for _, number in medians) / 2
    for median, number in medians:
        half -= number
        if half <= 0:
            return float(median)
    return None


def _times(ends: Sequence[float], whole: float | None) -> str:
    """How far the median of some values is from that of all, where that is far."""
    if not whole or ends[2] <= 0:
        return ""
    times = ends[2] / whole
    if times >= FAR:
        return f"{_figure(times)} times higher"
    return f"{_figure(1 / times)} times lower" if times <= 1 / FAR else ""


def _flags(numbers: Numbers) -> Part:
    words = terminology.load().reasons
    rows = [
        (flag, _words(analyte), count(found).shown, words[flag].sentence if flag in words else "")
        for flag, analyte, found in numbers.flags
    ]
    caption = "Remarks on values that were used"
    return Part(
        "flags",
        "Remarks",
        "Values that were taken although something about them is peculiar, most often the unit.",
        [],
        [_cut(caption, ("Remark", "Test", "Values", "What it means"), rows)],
    )


def _refused(numbers: Numbers) -> Part:
    caption = "Rows and values that were not taken, by reason"
    drawn = pictures.bars(
        "refused",
        caption,
        "Bars of refusals per reason; the table below says the same, with what to do.",
        [Bar(row[0], row[3], f"{row[3]:,}") for row in numbers.refused[:_MOST_REASONS]],
        "refusals",
    )
    rows = [
        (reason, f"{found:,}", f"{files:,}", says or "", remedy or "")
        for reason, says, remedy, found, files in numbers.refused
    ]
    places = [(reason, file, path, f"{found:,}") for reason, file, path, found in numbers.places]
    head = ("Reason", "Refusals", "Files", "What it means", "What to do")
    return Part(
        "refused",
        "Refused",
        "Each of them stands with its file and line in the table refusals of the dataset.",
        [drawn],
        [
            _cut(caption, head, rows),
            _cut(
                "Where they were met", ("Reason", "File", "Column or element", "Refusals"), places
            ),
        ],
    )


def _ages(numbers: Numbers) -> Part:
    told = counts(row[1] for row in numbers.ages)
    names = [DAYS[row[0]] for row in numbers.ages]
    caption = "Age of the results that stand for the person"
    return Part(
        "ages",
        "Age of results",
        "Between the sample and the moment asked for, those too old to be used included.",
        [
            pictures.bars(
                "ages",
                caption,
                "Bars of results per age; the table below says the same.",
                [Bar(*one) for one in _bars(names, told)],
                "results",
            )
        ],
        [
            Table(
                caption,
                ("Age", "Results"),
                [(name, one.shown) for name, one in zip(names, told, strict=True)],
            )
        ],
    )


def _changes(changes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What changed since the run this one was compared with."""
    if not changes:
        return None
    head = changes["reports"]
    names = ("both", "same", "changed", "appeared", "disappeared")
    statuses = [
        (
            _words(one["topic"]),
            _words(one["before"] or _OPEN),
            _words(one["after"] or _OPEN),
            count(one["reports"]).shown,
        )
        for one in changes["statuses"]
    ]
    because = [(one["because"], count(one["changes"]).shown) for one in changes["because"]]
    return {
        "reports": [(name, count(head[name]).shown) for name in names],
        "packs": changes["packs"],
        "tables": [
            _cut("Statuses", ("Question", "Before", "After", "Reports"), statuses),
            _cut("Because of", ("What", "Changes"), because),
        ],
    }


def _files(run: Mapping[str, Any]) -> Table:
    """Every file with where its rows went."""
    went = ("read", "used", "superseded", "not_ours", "refused")
    rows = [
        (one["file"], one["format"], *(f"{one['counts'][name]:,}" for name in went))
        for one in run.get("sources", ())
    ]
    head = ("File", "Format", "Read", "Used", "Superseded", "Not ours", "Refused")
    return _cut(
        "Files: what was read is what was used, superseded, not ours and refused", head, rows
    )


def _cut(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of at most so many lines."""
    return Table(caption, head, rows[:_MOST_LINES], max(len(rows) - _MOST_LINES, 0))


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _figure(value: float) -> str:
    """A number with three digits that count."""
    return f"{float(f'{value:.3g}'):,.10g}"
