"""Columns of text for the terminal: the widths follow the cells, the last column wraps."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from corrin.cli.trouble import write_to
from corrin.render.safe import visible
from corrin.render.sheet import Sheet

GAP = 2


def sheet() -> Sheet:
    """An empty sheet as wide as the terminal allows, 80 columns where there is none."""
    console = Console()
    return Sheet(max(40, min(console.width, 100)) if console.is_terminal else 80)


def show(page: Sheet) -> None:
    """Print a sheet on standard output, in colour where that is wanted."""
    console = Console()
    colour = console.is_terminal and not console.no_color and console.color_system is not None
    write_to(sys.stdout, page.coloured() if colour else page.plain())


def rows(
    page: Sheet, head: Sequence[str], lines: Sequence[Sequence[str]], *, indent: int = 2
) -> None:
    """Put a table on a sheet; a cell may be empty, the last column takes the room left."""
    cells = [[visible(cell) for cell in line] for line in (head, *lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    last = indent + sum(width + GAP for width in widths[:-1])
    for number, line in enumerate(cells):
        text = Text(" " * indent)
        for cell, width in zip(line[:-1], widths[:-1], strict=True):
            text.append(cell + " " * (width - len(cell) + GAP))
        style = "dim" if number == 0 else ""
        if last + min(widths[-1], 20) > page.width:
            page.put(text.append(line[-1]), rest=indent + GAP, style=style)
        else:
            page.put_after(text, line[-1], column=last, style=style)
