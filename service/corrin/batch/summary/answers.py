"""What reports answered: statuses, urgencies, how often rules spoke."""

from __future__ import annotations

from itertools import groupby

from corrin.batch.summary import pictures
from corrin.batch.summary.numbers import Numbers
from corrin.batch.summary.part import OPEN, Part, Table, bars_of, cut, words
from corrin.batch.summary.pictures import Bar
from corrin.batch.summary.small import LEAST, count, counts, per_hundred

_MOST_ALERTS = 25
_URGENCIES = ("emergency", "urgent", "soon", "routine")


def statuses(numbers: Numbers) -> Part:
    """Statuses, topic by topic."""
    drawn, tables = [], []
    for topic, given in groupby(numbers.statuses, key=lambda row: row[0]):
        rows = list(given)
        total = sum(row[2] for row in rows)
        told = counts(row[2] for row in rows)
        names = [OPEN if row[1] is None else words(row[1]) for row in rows]
        caption = f"{words(topic)}: statuses of {count(total).shown} reports"
        drawn.append(
            pictures.bars(
                f"status-{topic}",
                caption,
                f"Bars of reports per status of {words(topic)}; the table below says the same.",
                bars_of(names, told),
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


def urgency(numbers: Numbers) -> Part:
    """The highest urgency of each report."""
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
                bars_of(there, told),
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


def alerts(numbers: Numbers) -> Part:
    """Notes per hundred reports, by rule."""
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
    return Part("alerts", "How often rules spoke", says, [drawn], [cut(caption, head, rows)])
