"""Every trap and every seed statement of the clinical reference has an example named after it."""

from __future__ import annotations

import re

import pytest

from corrin.packs.library import open_library
from golden.cases import Case, every_case

NAME = re.compile(r"(tr|sd)-\d\d(?=-[a-z])")
CASES = {case.name: case for case in every_case()}
ROWS = sorted(row for row in open_library().rows().rows if re.fullmatch(r"(TR|SD)-\d\d", row))
NAMED = [case for name, case in CASES.items() if NAME.match(name)]


def test_the_rows_are_those_of_the_reference() -> None:
    seeds = [f"SD-{number:02d}" for number in range(1, 25)]
    traps = [f"TR-{number:02d}" for number in range(1, 32)]
    assert [*seeds, *traps] == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_an_example_named_after_it(row: str) -> None:
    prefix = row.lower() + "-"
    assert [name for name in CASES if name.startswith(prefix)], f"no folder {prefix}…"


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_an_example_says_which_row_it_is_named_after(case: Case) -> None:
    row = case.name[:5].upper()
    assert row in ROWS
    key = "traps" if row.startswith("TR") else "evidence"
    assert row in case.expected[key]
