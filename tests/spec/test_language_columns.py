"""Every row of every truth table holds in columns too, all rows of a table side by side."""

from __future__ import annotations

from typing import Any

import pytest

from corrin.evaluate.given import case_of
from corrin.evaluate.many_fill import Filler
from corrin.language.columns import code
from corrin.language.to_python import Compiler

from .tables import SPEC, TRUTHS, VOCABULARY, read


@pytest.mark.parametrize("table", SPEC["operators"], ids=lambda table: table["operator"])
def test_table(table: dict[str, Any]) -> None:
    filler = Filler(Compiler(VOCABULARY.analytes), 7)
    nodes = [filler.program.node(read(row["when"])[0]) for row in table["table"]]
    cases = [case_of(row["given"], VOCABULARY) for row in table["table"]]
    eras: dict[tuple[int, ...], list[int]] = {}
    for at, case in enumerate(cases):
        eras.setdefault(filler.era_of(case.as_of.end.date()), []).append(at)
    asked = 0
    for rows in eras.values():
        filled = filler.fill([cases[at] for at in rows])
        assert not len(filled.irregular)
        for place, at in enumerate(rows):
            column = nodes[at].at(filled.sheet)
            found = column if isinstance(column, int) else int(column[place])
            wanted = code(TRUTHS[table["table"][at]["is"]])
            assert found == wanted, table["table"][at]
            asked += 1
    assert asked == len(table["table"]) > 0
