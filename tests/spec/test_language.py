"""Every row of every truth table holds, and every listed error is said."""

from __future__ import annotations

from typing import Any

import pytest

from corrin.language import tree
from corrin.language.parse import ConditionError

from .tables import SPEC, TRUTHS, read, rows, truth


@pytest.mark.parametrize(("operator", "row"), rows(), ids=lambda value: str(value)[:60])
def test_row(operator: str, row: dict[str, Any]) -> None:
    assert truth(row["when"], row["given"]) is TRUTHS[row["is"]], operator


@pytest.mark.parametrize("entry", SPEC["errors"], ids=lambda entry: entry["when"])
def test_error(entry: dict[str, Any]) -> None:
    try:
        _, misfits = read(entry["when"])
    except ConditionError as error:
        assert entry["says"] in str(error)
    else:
        assert entry["says"] in [misfit.why for misfit in misfits]


def test_every_kind_of_node_has_a_table() -> None:
    seen: set[type] = set()
    for _, row in rows():
        seen |= {type(node) for node in tree.walk(read(row["when"])[0])}
    assert seen >= {
        tree.All,
        tree.Always,
        tree.Any,
        tree.AtLeast,
        tree.Between,
        tree.Compare,
        tree.CompareText,
        tree.Flagged,
        tree.Is,
        tree.IsNull,
        tree.Not,
        tree.Truth,
        tree.Within,
    }


@pytest.mark.parametrize("table", SPEC["operators"], ids=lambda table: table["operator"])
def test_every_table_shows_more_than_one_truth(table: dict[str, Any]) -> None:
    truths = {row["is"] for row in table["table"]}
    assert len(truths) > 1 or table["operator"] == "true"
