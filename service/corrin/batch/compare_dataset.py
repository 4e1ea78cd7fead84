"""A finished dataset of an earlier run, whichever its format, as tables that DuckDB can ask."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import duckdb

from corrin.batch.sinks import EXTENSIONS
from corrin.interpretation import UsageError

READABLE = frozenset({1})
"""Versions of the layout (``run.json``: ``dataset``) that can be read."""

RUN = "run.json"
_STATES = ("complete", "partial")
# A note's basis and texts are a few kilobytes; readers hold several times the longest line.
_LONGEST_LINE = 16 << 20


class NotADataset(UsageError):
    """A folder that holds no dataset that can be compared: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A finished dataset.

    Attributes:
        folder: where it lies.
        form: format of its tables (``parquet``, ``ndjson``, ``csv``).
        run: its ``run.json``.
    """

    folder: Path
    form: str
    run: Mapping[str, Any] = field(repr=False)

    @property
    def as_of(self) -> str:
        """The moment asked for, or ``each-result``."""
        return str(self.run["question"]["as_of"])

    @property
    def program(self) -> str:
        """The version of Corrin that wrote it."""
        return str(self.run["corrin"])

    def packs(self) -> dict[str, tuple[str, str]]:
        """Version and digest of each pack that ran."""
        return {
            str(one["id"]): (str(one["version"]), str(one["digest"])) for one in self.run["packs"]
        }

    def files(self, table: str) -> list[Path]:
        """The files of a table, in order.

        Raises:
            NotADataset: there is none.
        """
        found = sorted((self.folder / table).glob(f"part-*.{self.form}"))
        if not found:
            raise NotADataset(
                f"The dataset lacks the table {table}.",
                "Compare with the whole folder a run wrote.",
            )
        return found

    def select(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]
    ) -> str:
        """SQL that reads some columns of a table; one it does not have is null.

        Args:
            columns: name → type (``VARCHAR``, ``BOOLEAN``, ``VARCHAR[]``).
        """
        files = self.files(table)
        named = f"[{', '.join(_literal(one) for one in files)}]"
        if self.form == "ndjson":
            kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
            return (
                f"SELECT * FROM read_json({named}, format='newline_delimited', "
                f"maximum_object_size={_LONGEST_LINE}, columns={{{kinds}}})"
            )
        if self.form == "csv":
            return self._csv(files, named, columns)
        source = f"read_parquet({named}, union_by_name=true)"
        rows = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        there = {str(row[0]) for row in rows}
        told = (
            f'CAST("{name}" AS {kind}) AS "{name}"'
            if name in there
            else f'CAST(NULL AS {kind}) AS "{name}"'
            for name, kind in columns.items()
        )
        return f"SELECT {', '.join(told)} FROM {source}"

    def _csv(self, files: Sequence[Path], named: str, columns: Mapping[str, str]) -> str:
        with files[0].open(newline="", encoding="utf-8") as file:
            there = next(csv.reader(file), [])
        kinds = ", ".join("'{}': 'VARCHAR'".format(name.replace("'", "''")) for name in there)
        source = (
            f"read_csv({named}, header=true, auto_detect=false, delim=',', quote='\"', "
            f"escape='\"', nullstr='', allow_quoted_nulls=false, columns={{{kinds}}}, "
            f"max_line_size={_LONGEST_LINE})"
        )
        told = (
            f'{_from_csv(name, kind)} AS "{name}"'
            if name in there
            else f'CAST(NULL AS {kind}) AS "{name}"'
            for name, kind in columns.items()
        )
        return f"SELECT {', '.join(told)} FROM {source}"


def opened(folder: Path) -> Dataset:
    """The dataset of a finished run.

    Raises:
        NotADataset: the folder is not there, or holds no finished dataset of a version that can
            be read.
    """
    path = folder / RUN
    try:
        given = path.read_bytes()
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise NotADataset(
                "The folder to compare with is not there.",
                "Name the folder an earlier run wrote (its --out).",
            ) from error
        raise NotADataset(
            "The folder to compare with holds no run.json, so it is no finished dataset.",
            "Let that run go to its end (--resume), or name the folder of another.",
        ) from error
    except OSError as error:
        raise NotADataset(
            "The run.json of the dataset to compare with cannot be read.",
            "See that it may be read, and that its disk is there.",
        ) from error
    try:
        run = json.loads(given)
        version, state, form = run["dataset"], run["state"], run["format"]
        told = (run["question"]["as_of"], run["corrin"], run["packs"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotADataset(
            "The run.json of the folder to compare with is not one that a run writes.",
            "Name the folder an earlier run wrote (its --out), as that run left it.",
        ) from error
    if version not in READABLE or state not in _STATES or form not in EXTENSIONS or not all(told):
        raise NotADataset(
            "The dataset to compare with is of a version or a form that this release cannot read.",
            "Run the earlier export again with this release, and compare with that.",
        )
    return Dataset(folder, EXTENSIONS[form], cast("Mapping[str, Any]", run))


def _literal(path: Path) -> str:
    """A file's name in SQL, nothing in it taken for a pattern."""
    name = "".join(f"[{one}]" if one in "*?[" else one for one in str(path.resolve()))
    return "'" + name.replace("'", "''") + "'"


def _from_csv(name: str, kind: str) -> str:
    """A column as it was before it was written as CSV (``sinks/csv.py``)."""
    if kind == "BOOLEAN":
        return f'CAST("{name}" AS BOOLEAN)'
    plain = f"""regexp_replace("{name}", '^''', '')"""
    return f"""CAST(from_json({plain}, '["VARCHAR"]') AS {kind})""" if kind[-2:] == "[]" else plain
