"""A comparison as text: what each framework says, next to each other, and what makes it differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from corrin.abreast import words as told
from corrin.comparison.side_by_side import Column, Comparison, Difference
from corrin.render import words
from corrin.render.safe import clean
from corrin.render.sheet import Sheet
from corrin.render.text import URGENCY_STYLE

ABREAST = 3
LABEL = 12
GAP = 2
COLUMN = 14
MOST_SETTLING = 3


def put(page: Sheet, found: Comparison) -> None:
    """Put a comparison on a sheet."""
    found = clean(found)
    _head(page, found)
    if found.in_scope:
        _frameworks(page, found)
    page.rule()
    page.put(f"Facts {found.facts_digest[:19]}; Corrin {found.corrin}.", style="dim")
    page.put(found.statement, style="dim")


def _frameworks(page: Sheet, found: Comparison) -> None:
    for start in range(0, len(found.columns), ABREAST):
        page.blank()
        _abreast(page, found.columns[start : start + ABREAST])
    for column in found.columns:
        _one(page, column)
    if found.differences:
        _title(page, "What makes the difference")
    for difference in found.differences:
        _difference(page, difference, found)


def _head(page: Sheet, found: Comparison) -> None:
    page.put(found.headline, style="bold")
    said = f"as of {words.dated(found.as_of)}; {words.subject(found.subject)}"
    said += f"; profile {found.profile.id}"
    page.put(said, style="dim")
    for note in found.urgent:
        line = Text(f" {note.urgency.upper()} ", URGENCY_STYLE[note.urgency])
        line.append(f" {note.summary}", "bold")
        if len(note.given_by) < len(found.columns):
            line.append(f" (only with {words.joined(note.given_by)})")
        page.put(line, rest=2)
    for notice in found.notices:
        if notice != found.headline:
            page.put(f"! {notice}", rest=2)
    if found.refusals:
        said = words.count(len(found.refusals), "value")
        page.put(f"! {said} could not be used; an interpretation says which and why.", rest=2)
    if found.in_scope:
        page.rule()


def _abreast(page: Sheet, columns: Sequence[Column]) -> None:
    """Up to three frameworks next to each other, one line of the table per question."""

    def line(label: str, cells: Sequence[str], style: str = "") -> None:
        _cells(page, label, cells, style)

    line("", [column.framework.name for column in columns], "bold cyan")
    line("", [column.framework.title for column in columns])
    line("Version", [f"{c.framework.version} of {c.framework.date}" for c in columns])
    line("Says", ["" if c.status is None else c.status.says for c in columns], "bold")
    line("Urgency", ["" if c.status is None else words.URGENCY[c.status.urgency] for c in columns])
    if any(column.withdrawn for column in columns):
        said = [words.joined(f"{w.says} ({w.confounder})" for w in c.withdrawn) for c in columns]
        line("Withdrawn", said)
    names = sorted({cutoff.name for column in columns for cutoff in column.cutoffs})
    if names:
        page.blank()
        page.put("Cut-offs for this patient; * stands in a condition that decided", style="dim")
    for name in names:
        cells = []
        for column in columns:
            cutoff = next((c for c in column.cutoffs if c.name == name), None)
            mark = " *" if cutoff is not None and cutoff.decided else ""
            cells.append("none" if cutoff is None else f"{cutoff.figure}{mark}")
        line(name.replace("_", " "), cells)


def _cells(page: Sheet, label: str, cells: Sequence[str], style: str) -> None:
    """One line of the table: every cell wrapped in its own column."""
    width = (page.width - LABEL - GAP * len(cells)) // len(cells)
    console = Console(width=page.width)
    parts = [Text(label, "bold").wrap(console, LABEL)]
    parts += [Text(cell, style).wrap(console, width, overflow="fold") for cell in cells]
    for row in range(max(len(part) for part in parts)):
        text = Text()
        at = 0
        for number, part in enumerate(parts):
            text.append(" " * (at - text.cell_len))
            if row < len(part):
                piece = part[row]
                piece.rstrip()
                text.append_text(piece)
            at += (LABEL if number == 0 else width) + GAP
        text.rstrip()
        page.lines.append(text)


def _one(page: Sheet, column: Column) -> None:
    """What there is to say of one framework in whole sentences."""
    used, status = column.framework, column.status
    _title(page, used.name)
    page.put(f"{used.title}, version {used.version} of {used.date}", first=2, style="dim")
    if used.origin != "installed":
        said = (
            "an earlier version kept for comparison" if used.origin == "earlier" else "own folder"
        )
        page.put(said, first=2, style="dim")
    for said in (told.force(used), told.scope(used)):
        if said:
            page.put(f"! {said}", first=2, rest=4)
    if status is None:
        return
    _field(page, "Because", status.because)
    for withdrawn in column.withdrawn:
        _field(page, "Withdrawn", told.withdrawn(withdrawn))
    if column.row is not None and column.withdrawn:
        _field(page, "The table", column.row.because)
    if status.assumed:
        _field(page, "Stands on", words.assumed(status))
    for number, settles in enumerate(status.settle[:MOST_SETTLING]):
        label = "Would settle" if number == 0 else ""
        _field(page, label, f"{settles.label}: {words.bands(settles)}")


def _difference(page: Sheet, difference: Difference, found: Comparison) -> None:
    says = {column.framework.name: column.status for column in found.columns}
    one, other = says[difference.first], says[difference.second]
    page.blank()
    page.put(f"{difference.first} and {difference.second}", first=2, style="bold")
    if one is not None and other is not None:
        page.put(f"{one.says}, against: {other.says}", first=4)
    if difference.kind == "threshold":
        for cutoff in difference.cutoffs:
            page.put(f"{told.against(cutoff)}.", first=4, rest=6, style="bold")
            page.put(f"{cutoff.turns}: {cutoff.says}", first=6)
            page.put(told.turned(difference, cutoff), first=6)
    elif difference.kind == "thresholds together":
        page.put(told.lead(difference), first=4)
        for cutoff in difference.cutoffs:
            page.put(told.against(cutoff), first=6, rest=8, style="bold")
    else:
        page.put(told.lead(difference), first=4)
        rows = (
            (difference.first, difference.first_row),
            (difference.second, difference.second_row),
        )
        for name, row in rows:
            page.put(f"{told.row(name, row)}{row.because}", first=6, rest=8)


def _title(page: Sheet, title: str) -> None:
    page.blank()
    page.put(title.upper(), style="bold cyan")


def _field(page: Sheet, label: str, text: str) -> None:
    page.labelled(label, text, indent=2 if label else COLUMN + 2, column=COLUMN + 2)
