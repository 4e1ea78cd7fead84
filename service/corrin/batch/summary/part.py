"""A part of the page: what it says, its pictures, its tables; how names and figures are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corrin.batch.summary.pictures import Bar, Picture
from corrin.batch.summary.small import Count

OPEN = "several possible"
"""Stands for a status where several are possible."""
_MOST_LINES = 60


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


def bars_of(names: Iterable[str], told: Sequence[Count]) -> list[Bar]:
    """Bars of counts: drawn as far as they may be told, with what is told of each."""
    return [Bar(name, one.drawn, one.shown) for name, one in zip(names, told, strict=True)]


def cut(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of at most so many lines."""
    return Table(caption, head, rows[:_MOST_LINES], max(len(rows) - _MOST_LINES, 0))


def words(name: str) -> str:
    """A name in words."""
    return str(name).replace("_", " ")


def figure(value: float) -> str:
    """A number with three digits that count."""
    return f"{float(f'{value:.3g}'):,.10g}"
