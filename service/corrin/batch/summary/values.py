"""What was read: values by unit and file, remarks on them, their age, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from corrin import terminology
from corrin.batch.summary import pictures
from corrin.batch.summary.numbers import DAYS, ENOUGH, FAR, Numbers, Row
from corrin.batch.summary.part import Part, Table, bars_of, cut, figure, words
from corrin.batch.summary.pictures import Bar, Box
from corrin.batch.summary.small import count, counts

_MOST_REASONS = 20
_MOST_BOXES = 14


def units(numbers: Numbers) -> Part:
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
                    words(analyte),
                    spelt or "(none)",
                    file,
                    shown.shown if few else f"{values:,}",
                    f"{figure(ends[2])} {unit}" if ends else "",
                    f"{figure(ends[0])} to {figure(ends[4])}" if ends else "",
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
                f"{words(analyte)}: values by file and unit",
                "Boxes of the middle of the values as compared; the table below says the same.",
                drawn,
                unit,
            )
            for analyte, drawn, unit in several[:_MOST_BOXES]
        ],
        [cut(caption, head, rows)],
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
        return f"{figure(times)} times higher"
    return f"{figure(1 / times)} times lower" if times <= 1 / FAR else ""


def flags(numbers: Numbers) -> Part:
    """Remarks on values that were used."""
    reasons = terminology.load().reasons
    rows = [
        (
            flag,
            words(analyte),
            count(found).shown,
            reasons[flag].sentence if flag in reasons else "",
        )
        for flag, analyte, found in numbers.flags
    ]
    caption = "Remarks on values that were used"
    return Part(
        "flags",
        "Remarks",
        "Values that were taken although something about them is peculiar, most often the unit.",
        [],
        [cut(caption, ("Remark", "Test", "Values", "What it means"), rows)],
    )


def refused(numbers: Numbers) -> Part:
    """Refusals by reason, and where they were met."""
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
            cut(caption, head, rows),
            cut("Where they were met", ("Reason", "File", "Column or element", "Refusals"), places),
        ],
    )


def ages(numbers: Numbers) -> Part:
    """How old the results are that stand for the person."""
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
                bars_of(names, told),
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
