"""The concepts a table of the OMOP CDM uses → their codes, from the CONCEPT table beside it.

That table holds millions of concepts and a data table uses some hundreds. DuckDB finds these, in
bounded memory, without network and without extensions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from corrin.batch.row import Read
from corrin.batch.sources import files
from corrin.batch.sources.cdm_table import CdmTable
from corrin.batch.sources.resources import Code
from corrin.batch.sources.source import Options, Span
from corrin.batch.sources.table_text import is_wide
from corrin.content import read_document, rules_root

NAME = "concept"
COLUMNS = frozenset({"concept_id", "concept_name", "vocabulary_id", "concept_code"})
_MEMORY = "512MB"
_LONGEST_LINE = 16 * 1024 * 1024


class Concept(NamedTuple):
    """One concept: its vocabulary, its code in there, its name."""

    vocabulary: str
    code: str
    name: str

    def coding(self) -> Code:
        """As a code of FHIR."""
        systems: Mapping[str, str] = words()["vocabularies"]
        system = systems.get(self.vocabulary) or f"urn:id:{self.vocabulary}"
        return Code(system, self.code, self.name)


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """``rules/intake/omop.yaml``."""
    found: Mapping[str, Any] = read_document(rules_root() / "intake" / "omop.yaml")
    return found


@lru_cache(maxsize=1)
def builtin() -> Mapping[str, Concept]:
    """The concepts that are known without a CONCEPT table."""
    return {
        name: Concept(one["vocabulary"], one["code"], one["says"])
        for name, one in words()["concepts"].items()
    }


def beside(path: str) -> str | None:
    """The CONCEPT table in the folder of another table."""
    found = [
        one
        for one in sorted(Path(path).parent.iterdir())
        if one.name.lower().split(".")[0] == NAME and one.is_file()
    ]
    return str(found[0]) if found else None


def used_by(
    path: str, columns: Sequence[str], table: str | None, options: Options
) -> Mapping[str, Concept]:
    """The concepts whose ids stand in some columns of a table; the built-in ones without CONCEPT.

    Args:
        path: the table.
        columns: its columns that hold ids of concepts.
        table: the CONCEPT table.
        options: how texts are encoded.

    Raises:
        InputError: a table cannot be read.
    """
    if table is None:
        return builtin()
    stamps = tuple(Path(one).stat().st_mtime_ns for one in (path, table))
    return _used_by(path, tuple(columns), table, options, stamps)


@lru_cache(maxsize=8)
def _used_by(
    path: str, columns: tuple[str, ...], table: str, options: Options, _stamps: tuple[int, ...]
) -> Mapping[str, Concept]:
    data = CdmTable(path, Path(path).name, options)
    concepts = CdmTable(table, Path(table).name, options, quoted=False)
    try:
        return _joined(data, concepts, columns)
    except duckdb.Error:
        # Texts DuckDB does not read (another encoding, a line too long): read exactly, and slowly.
        return _looked_up(data, concepts, columns)


def _joined(data: CdmTable, concepts: CdmTable, columns: tuple[str, ...]) -> Mapping[str, Concept]:
    wanted = [name for name in columns if name in data.header]
    ids = ", ".join(f"try_cast({_column(data, name)} AS DOUBLE)::BIGINT" for name in wanted)
    parts = [_column(concepts, name) for name in ("vocabulary_id", "concept_code", "concept_name")]
    own = f"try_cast({_column(concepts, 'concept_id')} AS DOUBLE)::BIGINT"
    with (
        tempfile.TemporaryDirectory(prefix="corrin-") as folder,
        duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "temp_directory": folder,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            }
        ) as connection,
    ):
        found = connection.execute(
            f"SELECT {own}, {', '.join(parts)} FROM {_table(concepts)} WHERE {own} IN "
            f"(SELECT DISTINCT unnest([{ids}]) FROM {_table(data)})"
        ).fetchall()
    return {
        str(key): Concept(_bare(vocabulary), _bare(code), _bare(name))
        for key, vocabulary, code, name in sorted(found, key=str)
        if _bare(code)
    }


def _looked_up(
    data: CdmTable, concepts: CdmTable, columns: tuple[str, ...]
) -> Mapping[str, Concept]:
    used = {cell.number(name) for cell in data.rows(Span(), Read()) for name in columns}
    return {
        cell.number("concept_id"): Concept(
            *(_bare(cell(name)) for name in ("vocabulary_id", "concept_code", "concept_name"))
        )
        for cell in concepts.rows(Span(), Read())
        if cell.number("concept_id") in used and _bare(cell("concept_code"))
    }


def _bare(text: str | None) -> str:
    """A cell without quotes around it, where a tab-separated text quotes its cells after all."""
    text = (text or "").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return text


def _column(table: CdmTable, name: str) -> str:
    at = table.header.index(name)
    return f"c{at}" if table.dialect is not None else f"f.c{at}"


def _table(table: CdmTable) -> str:
    """A table as DuckDB reads it, columns named by their places."""
    path = _quoted(table.path)
    names = [f"c{at}" for at in range(len(table.header))]
    dialect = table.dialect
    if dialect is None:
        return f"(SELECT * FROM read_parquet({path})) AS f({', '.join(names)})"
    if is_wide(dialect.encoding):
        raise duckdb.InvalidInputException("an encoding that is read exactly only")
    with files.open_bytes(table.path, table.name) as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise duckdb.InvalidInputException("an encoding that is read exactly only")
    kinds = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names)
    with open(table.path, "rb") as raw:
        packed = files.packing(raw.read(4))
    said = {
        "delim": _quoted(dialect.delimiter),
        "quote": _quoted(dialect.quote or ""),
        "escape": _quoted(dialect.quote or ""),
        "header": "true",
        "auto_detect": "false",
        "ignore_errors": "true",
        "null_padding": "true",
        "max_line_size": str(_LONGEST_LINE),
        "compression": _quoted(packed or "none"),
        "columns": f"{{{kinds}}}",
        "parallel": "false" if packed else "true",
    }
    return f"read_csv({path}, {', '.join(f'{key} = {one}' for key, one in said.items())})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rows(table: CdmTable, span: Span, read: Read) -> Iterator[None]:
    """Count the rows of a CONCEPT table: they are used as a dictionary."""
    for _ in table.rows(span, read):
        read.rows += 1
        read.used += 1
        yield None
