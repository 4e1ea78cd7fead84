"""A value is cut at the figures a table uses, and keeps the digits it was written with."""

from __future__ import annotations

from decimal import Decimal

from corrin.evaluate.cells import join, split
from corrin.facts.interval import Interval


def test_cells_are_the_figures_and_what_lies_between() -> None:
    cells = split(Interval(Decimal(1), Decimal(5)), [Decimal(5), Decimal(3), Decimal(3)])
    assert [str(cell) for cell in cells] == ["1 to <3", "3", ">3 to <5", "5"]
    assert join(cells) == Interval(Decimal(1), Decimal(5))


def test_equal_numbers_keep_the_digits_each_was_written_with() -> None:
    for text in ("0.3", "0.30", "0.300"):
        cells = split(Interval.from_comparator("<", Decimal(text)), [Decimal("0.28")])
        assert str(cells[-1].high) == text
