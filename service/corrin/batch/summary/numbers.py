"""A finished dataset → the numbers of its summary, asked of its tables by SQL."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from corrin.batch.compare_dataset import Dataset, opened
from corrin.batch.database import database
from corrin.facts.calculated import CALCULATED

MEMORY = 512 << 20
ENOUGH = 20
"""Values from which a median and the middle nine tenths are told; fewer could be somebody's own."""
FAR = 3
"""How many times the median of a file or unit may be that of all before it is pointed out."""
_MOST_UNITS = 400

# The text behind the figures of a value that was taken is its unit, as it was spelt.
_UNIT = r"^\D*[0-9][0-9.,''’ ]*(?:[eE][-+]?[0-9]+)?(?:\s*[-–]\s*[0-9.,]+)?\s*(.*)$"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the summary tells.

    Attributes:
        run: ``run.json``.
        changes: ``changes.json``; empty where the run was compared with none.
        reports: how many, for how many people, and how many of them out of scope.
        statuses: topic, status (null where several are possible), reports.
        urgency: urgency, reports.
        alerts: rule, urgency, topic, reports.
        units: analyte, file, unit as spelt, unit compared in, values, people; then, where there
            are enough values, their 5th, 25th, 50th, 75th and 95th percentile as compared.
        flags: flag, analyte, values.
        ages: how many days old a result was (a bound of a class, null for partly dated), results.
        refused: reason, sentence, remedy, rows, files.
        places: reason, file, path, rows.
    """

    run: Mapping[str, Any]
    changes: Mapping[str, Any]
    reports: Row
    statuses: list[Row]
    urgency: list[Row]
    alerts: list[Row]
    units: list[Row]
    flags: list[Row]
    ages: list[Row]
    refused: list[Row]
    places: list[Row]


def numbers_of(folder: Path) -> Numbers:
    """Ask a dataset.

    Raises:
        corrin.batch.compare_dataset.NotADataset: there is none in the folder.
    """
    dataset = opened(folder)
    work = folder / ".corrin" / "summary"
    work.mkdir(parents=True, exist_ok=True)
    try:
        with database(work, MEMORY, 2) as connection:
            return _numbers(dataset, connection, _changes(folder))
    finally:
        shutil.rmtree(work, ignore_errors=True)
        with suppress(OSError):
            work.parent.rmdir()  # only where nothing else of the run is in it


def _changes(folder: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / "changes.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def _numbers(
    dataset: Dataset, connection: duckdb.DuckDBPyConnection, changes: Mapping[str, Any]
) -> Numbers:
    def rows(sql: str) -> list[Row]:
        return connection.execute(sql).fetchall()

    for name, columns in _COLUMNS.items():
        kinds = {one: "VARCHAR[]" if one == "flags" else "VARCHAR" for one in columns}
        told = dataset.select(connection, name, kinds)
        connection.execute(f"CREATE VIEW {name} AS {told}")
    return Numbers(
        run=dataset.run,
        changes=changes,
        reports=rows(
            "SELECT count(*), count(DISTINCT subject), "
            "count(*) FILTER (lower(in_scope) = 'false') FROM reports"
        )[0],
        statuses=rows(
            "SELECT topic, status, count(*) FROM statuses GROUP BY ALL "
            "ORDER BY topic, greatest(4, count(*)) DESC, status NULLS LAST"
        ),
        urgency=rows("SELECT urgency, count(*) FROM reports GROUP BY ALL ORDER BY urgency"),
        alerts=rows(
            "SELECT rule, any_value(urgency), any_value(topic), "
            "count(DISTINCT (subject, as_of)) AS reports FROM notes GROUP BY rule "
            "ORDER BY greatest(4, reports) DESC, rule"
        ),
        units=rows(_UNITS),
        flags=rows(
            "SELECT flag, name, count(*) FROM (SELECT unnest(flags) AS flag, name FROM inputs) "
            "GROUP BY ALL ORDER BY flag, greatest(4, count(*)) DESC, name"
        ),
        ages=rows(_AGES),
        refused=rows(
            "SELECT reason, max(says), max(remedy), count(*), count(DISTINCT file) FROM refusals "
            "GROUP BY reason ORDER BY 4 DESC, reason"
        ),
        places=rows(
            "SELECT reason, file, path, count(*) FROM refusals "
            "GROUP BY ALL ORDER BY reason, 4 DESC, file, path"
        ),
    )


_COLUMNS: Mapping[str, Sequence[str]] = {
    "reports": ("subject", "as_of", "in_scope", "urgency"),
    "statuses": ("topic", "status"),
    "notes": ("subject", "as_of", "rule", "urgency", "topic"),
    "inputs": (
        "subject", "as_of", "name", "kind", "role", "reason", "reported", "low", "high", "unit",
        "when", "file", "flags",
    ),
    "refusals": ("file", "path", "reason", "says", "remedy"),
}  # fmt: skip

# A value counts once, though several reports (each-result) may look at it; what was calculated from
# others has no unit of a laboratory.
_UNITS = f"""
    WITH measured AS (
        SELECT DISTINCT subject, name, file, unit, "when",
            regexp_extract(reported, '{_UNIT}', 1) AS spelt,
            CASE WHEN low = high THEN TRY_CAST(low AS DOUBLE) END AS value
        FROM inputs WHERE kind = 'measured' AND file <> ''
            AND NOT list_contains(flags, '{CALCULATED}')
    )
    SELECT name, file, spelt, unit, count(*), count(DISTINCT subject),
        CASE WHEN count(value) >= {ENOUGH}
            THEN quantile_cont(value, [0.05, 0.25, 0.5, 0.75, 0.95]) END
    FROM measured GROUP BY name, file, spelt, unit
    ORDER BY name, greatest(4, count(*)) DESC, spelt, file, unit
"""

_DAYS = (7, 30, 91, 182, 365, 730, 1826)
_AGES = f"""
    WITH aged AS (
        SELECT DISTINCT subject, as_of, name, "when",
            date_diff('day', TRY_CAST(left("when", 10) AS DATE), TRY_CAST(left(as_of, 10) AS DATE))
                AS days
        FROM inputs
        WHERE role = 'chosen' AND "when" IS NOT NULL
            AND (kind = 'measured' OR reason IN ('stale', 'future'))
    )
    SELECT CASE WHEN days IS NULL THEN NULL WHEN days < 0 THEN -1
        {" ".join(f"WHEN days <= {one} THEN {one}" for one in _DAYS)} ELSE 1000000 END, count(*)
    FROM aged GROUP BY 1 ORDER BY 1 NULLS LAST
"""
DAYS: Mapping[int | None, str] = {
    -1: "after the moment asked for",
    7: "up to 7 days",
    30: "8 to 30 days",
    91: "1 to 3 months",
    182: "3 to 6 months",
    365: "6 to 12 months",
    730: "1 to 2 years",
    1826: "2 to 5 years",
    1000000: "over 5 years",
    None: "dated to the month or year only",
}
