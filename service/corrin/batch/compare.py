"""This run beside an earlier one: whose report changed, and because of what.

Reports of the two runs are the same one's when they are of one subject; where both runs asked as of
each result, of one subject and one moment. Two runs as of different moments (last night's and
tonight's) are compared, since that is what they are compared for; then growing older can be a
cause. What bears on a status or a note is what its conditions look at. A cause is something that
bears on it and differs; whether it alone makes the difference is not tried, because the inputs of
the earlier run are not kept in a form that can be asked again.

All joins are DuckDB's, which spills to disk, so that memory is bounded.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from corrin.batch import compare_query as query
from corrin.batch import tables
from corrin.batch.compare_bearing import bearings
from corrin.batch.compare_dataset import Dataset, NotADataset, opened
from corrin.batch.compare_totals import totals
from corrin.batch.database import database
from corrin.batch.question import EACH_RESULT, Question
from corrin.batch.sinks import EXTENSIONS, writer
from corrin.batch.sinks.whole import put, whole
from corrin.evaluate.engine import Engine

TABLE = "changes"
TOTALS = "changes.json"
PART_ROWS = 1_000_000
_AT_ONCE = 65_536
_BESIDE = "profile or site file"


def check(before: Path, question: Question) -> Dataset:
    """See before a run that it can be compared with an earlier one.

    Raises:
        NotADataset: the folder holds no finished dataset of a readable version, or one of another
            kind of question.
    """
    found = opened(before)
    for name in query.COLUMNS:
        found.files(name)
    _same_kind(found.as_of, question.as_of)
    return found


def write_changes(
    out: Path, before: Path, *, engine: Engine, memory: int = 1 << 30, threads: int = 2
) -> dict[str, Any]:
    """Compare a finished run with an earlier one; write ``changes/`` and ``changes.json`` into it.

    Args:
        out: the later run, finished.
        before: the earlier one.
        engine: of the later run, to know what its statuses and notes look at.
        memory: bytes DuckDB may hold; it uses the disk for the rest.
        threads: of DuckDB.

    Returns:
        The totals, as in ``changes.json``; nothing of a patient is in them.

    Raises:
        NotADataset: one of the two is no finished dataset, or they were asked in different ways.
    """
    earlier, later = opened(before), opened(out)
    _same_kind(earlier.as_of, later.as_of)
    work = out / ".corrin" / "compare"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with database(work, memory, threads) as connection:
            _compare(connection, earlier, later, engine)
            _write(connection, later, work)
            found = totals(connection, earlier, later, pack_changes(earlier, later))
        text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        put(out / TOTALS, text.encode(), work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return found


def pack_changes(earlier: Dataset, later: Dataset) -> dict[str, str]:
    """The packs that differ between two runs, by id, and how."""
    old, new = earlier.packs(), later.packs()
    found = {}
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            found[name] = f"{name} {new[name][0]} (new)"
        elif name not in new:
            found[name] = f"{name} {old[name][0]} (gone)"
        elif old[name][0] != new[name][0]:
            found[name] = f"{name} {old[name][0]} → {new[name][0]}"
        elif old[name] != new[name]:
            found[name] = f"{name} {new[name][0]} (content)"
    return found


def _same_kind(before: str, after: str) -> None:
    if (before == EACH_RESULT) != (after == EACH_RESULT):
        raise NotADataset(
            f"One of the two runs asked as of {EACH_RESULT}, the other as of one moment.",
            "Compare with a run that was asked in the same way.",
        )


def _compare(
    connection: duckdb.DuckDBPyConnection, earlier: Dataset, later: Dataset, engine: Engine
) -> None:
    """Fill the table ``told`` with all that changed."""
    for name, columns in query.COLUMNS.items():
        for side, dataset in (("before", earlier), ("after", later)):
            read = dataset.select(connection, name, columns)
            connection.execute(f"CREATE TEMP VIEW {side}_{name} AS {read}")
    m = "as_of" if later.as_of == EACH_RESULT else "''"
    labels = _bearing(connection, engine, pack_changes(earlier, later))
    connection.execute(query.REPORTS.format(m=m))
    connection.execute(
        query.TURNED.format(
            m=m,
            code=query.CODE,
            named_before=query.names_in_basis("b.basis"),
            named_after=query.names_in_basis("a.basis"),
            before_scope=_scope("before_in"),
            after_scope=_scope("after_in"),
        )
    )
    connection.execute(query.INPUTS.format(m=m))
    connection.execute(query.LINKED)
    connection.execute(
        query.CHANGES.format(
            labels=labels, other_program="true" if earlier.program != later.program else "false"
        )
    )


def _bearing(
    connection: duckdb.DuckDBPyConnection, engine: Engine, packs: Mapping[str, str]
) -> str:
    """Tables of what bears on what; returns SQL of the list of all packs that differ."""
    known = bearings(engine)
    facts = {(one.what, one.name, fact) for one in known for fact in one.facts}
    facts |= {("urgency", "", fact) for _, _, fact in facts}
    names = {(one.what, one.name) for one in known} | {("urgency", "")}
    rules = [
        (one.what, one.name, sorted(packs[name] for name in one.packs if name in packs))
        for one in known
        if one.packs
    ]
    _table(connection, "bearing_facts", ("what", "name", "fact"), sorted(facts))
    _table(connection, "known", ("what", "name"), sorted(names))
    _table(connection, "bearing_rules", ("what", "name", "labels"), rules)
    said = sorted(packs.values()) or [_BESIDE]
    return "[" + ", ".join("'" + one.replace("'", "''") + "'" for one in said) + "]"


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...], rows: list[Any]
) -> None:
    kinds = [pa.list_(pa.string()) if one == "labels" else pa.string() for one in columns]
    given = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    held = pa.table(
        {
            column: pa.array(list(values), kind)
            for column, kind, values in zip(columns, kinds, given, strict=True)
        }
    )
    connection.register("given_rows", held)
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given_rows")
    connection.unregister("given_rows")


def _scope(column: str) -> str:
    return f"CASE WHEN {column} THEN 'in scope' ELSE 'out of scope' END"


def _write(connection: duckdb.DuckDBPyConnection, later: Dataset, work: Path) -> None:
    """The table ``told`` as files of the dataset, sorted, in parts of a fixed number of rows."""
    schema = tables.schema_of(TABLE, ())
    folder = later.folder / TABLE
    shutil.rmtree(folder, ignore_errors=True)
    form = str(later.run["format"])
    (count,) = connection.execute("SELECT count(*) FROM told").fetchall()[0]
    columns = ", ".join(f'"{name}"' for name in schema.names)
    order = ", ".join(f'"{name}"' for name in tables.order(TABLE))
    for part in range(max(1, -(-count // PART_ROWS))):
        span = f"LIMIT {PART_ROWS} OFFSET {part * PART_ROWS}"
        found = connection.sql(f"SELECT {columns} FROM told ORDER BY {order} {span}")
        path = folder / f"part-{part:05d}.{EXTENSIONS[form]}"
        with whole(path, work) as temporary, writer(form, temporary, schema) as file:
            reader = found.to_arrow_reader(_AT_ONCE)
            for batch in reader:
                file.write(_cast(batch, schema))
            reader.close()


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        values = batch.column(field.name)
        if pa.types.is_dictionary(field.type):
            values = values.cast(pa.string()).dictionary_encode()
        columns.append(values.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)
