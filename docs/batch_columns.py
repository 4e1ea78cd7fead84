"""The page on the tables of a batch, written from ``corrin.batch.tables``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from corrin.batch import tables

Table = Callable[[tuple[str, ...], list[tuple[object, ...]]], str]

TOPIC = "TOPIC"
_SAYS: Mapping[str, str] = {
    "reports": "One row per person and moment. `TOPIC` stands for each topic of the profile"
    " (`b12_status`, `anaemia` …): two columns for each, in the order `run.json` names them.",
    "statuses": "One row per topic of a report; what `reports` says in columns, with reasons.",
    "notes": "One row per note of a report.",
    "inputs": "One row per fact a report rests on. The age stands in none: it follows from the"
    " birth date.",
    "refusals": "One row per value that was not taken, and per row that could not be read. A row"
    " some of whose values were taken counts as used in `run.json`, and can still stand here.",
    "differences": "Only with `--against`: one row per topic that another framework sees"
    " otherwise, and one per report whose urgency or notes are otherwise.",
    "changes": "Only with `--compare-with`: one row per thing that came out otherwise than in the"
    " earlier run. See [batch-compare.md](batch-compare.md).",
}


def names() -> tuple[str, ...]:
    """Every table a run can write."""
    return (*tables.NAMES, *(name for name in tables.PLAIN if name not in tables.NAMES))


def kind(of: pa.DataType) -> str:
    """A type in words; how it is coded in Parquet is no part of the contract."""
    if pa.types.is_dictionary(of):
        return kind(of.value_type)
    if pa.types.is_list(of):
        return f"list of {kind(of.value_type)}"
    return {"string": "text", "bool": "true or false", "int32": "integer", "int64": "integer",
            "double": "number"}[str(of)]  # fmt: skip


def page(table: Table) -> str:
    """The page below its first comment."""
    text = """# Tables of a batch

`corrin batch` writes each table as `DIR/TABLE/part-NNNNN.parquet` (or `.ndjson`, `.csv`), the parts
together being the table. Names and types below are a contract: a release may add columns, and
raises `dataset` in `run.json` before it takes one away or changes its type. In Parquet, texts that
repeat are stored as dictionaries, which every reader gives back as texts. In NDJSON every column
stands in every row, null where there is nothing. In CSV nothing between two commas is null and
lists are JSON; a text that a spreadsheet would take for a formula has an apostrophe before it.

The dataset is patient data, in every table.
"""
    for name in names():
        rows: list[tuple[object, ...]] = [
            (
                f"`{field.name}`",
                kind(field.type),
                "yes" if field.nullable else "",
                (field.metadata or {}).get(b"says", b"").decode(),
            )
            for field in tables.schema_of(name, (TOPIC,))
        ]
        order = ", ".join(f"`{one}`" for one in tables.order(name))
        text += f"\n## {name}\n\n{_SAYS[name]} Sorted within a part by {order}.\n\n"
        text += table(("column", "type", "null", "what it is"), rows)
    return text
