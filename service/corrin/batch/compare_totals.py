"""How many reports changed, from what to what, and because of what: counts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from corrin.batch.compare_dataset import Dataset

VERSION = 1


def totals(
    connection: duckdb.DuckDBPyConnection,
    earlier: Dataset,
    later: Dataset,
    packs: Mapping[str, str],
) -> dict[str, Any]:
    """What ``changes.json`` says; the tables of the comparison stand in the database."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    def listed(names: tuple[str, ...], sql: str) -> list[dict[str, Any]]:
        return [dict(zip(names, row, strict=True)) for row in rows(sql)]

    count = rows(
        "SELECT count(before_of), count(after_of), "
        "count(*) FILTER (before_of IS NOT NULL AND after_of IS NOT NULL) FROM both_reports"
    )[0]
    changed = rows(
        "SELECT count(*) FROM (SELECT DISTINCT subject, m FROM told "
        "WHERE what NOT IN ('appeared', 'disappeared'))"
    )[0][0]
    return {
        "changes": VERSION,
        "before": _head(earlier),
        "after": _head(later),
        "packs": [packs[name] for name in sorted(packs)],
        "reports": {
            "before": count[0],
            "after": count[1],
            "both": count[2],
            "changed": changed,
            "same": count[2] - changed,
            "appeared": count[1] - count[2],
            "disappeared": count[0] - count[2],
        },
        "statuses": listed(
            ("topic", "before", "after", "reports"),
            "SELECT name, before, after, count(*) FROM told WHERE what = 'status' "
            "GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3",
        ),
        "urgency": listed(
            ("before", "after", "reports"),
            "SELECT before, after, count(*) FROM told WHERE what = 'urgency' AND name = '' "
            "GROUP BY ALL ORDER BY 3 DESC, 1, 2",
        ),
        "notes": listed(
            ("rule", "gained", "lost", "other_urgency"),
            "SELECT name, count(*) FILTER (before IS NULL), count(*) FILTER (after IS NULL), "
            "count(*) FILTER (before IS NOT NULL AND after IS NOT NULL) "
            "FROM told WHERE what = 'note' GROUP BY name ORDER BY count(*) DESC, name",
        ),
        "because": listed(
            ("because", "changes"),
            "SELECT array_to_string(because, ' and '), count(*) FROM told "
            "WHERE len(because) > 0 GROUP BY because ORDER BY 2 DESC, 1",
        ),
        "inputs": listed(
            ("input", "changes"),
            "SELECT input, count(*) FROM (SELECT unnest(inputs) AS input FROM told) "
            "GROUP BY input ORDER BY 2 DESC, 1",
        ),
    }


def _head(dataset: Dataset) -> dict[str, Any]:
    return {"corrin": dataset.program, "as_of": dataset.as_of, "state": dataset.run["state"]}
