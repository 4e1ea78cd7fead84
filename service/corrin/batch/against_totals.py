"""How many reports differ under another framework: a matrix of the statuses of both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from corrin.batch.against import TABLE, named
from corrin.batch.compare_dataset import opened
from corrin.batch.database import database
from corrin.batch.sinks.whole import put

TOTALS = "differences.json"
VERSION = 1

_STATUSES = {"topic": "VARCHAR", "status": "VARCHAR", "possible": "VARCHAR[]"}
_DIFFERENCES = {
    "subject": "VARCHAR",
    "as_of": "VARCHAR",
    "framework": "VARCHAR",
    "topic": "VARCHAR",
    "here": "VARCHAR",
    "there": "VARCHAR",
    "kind": "VARCHAR",
    "because": "VARCHAR[]",
    "gained": "VARCHAR[]",
    "lost": "VARCHAR[]",
}
_CODE = "coalesce(status, array_to_string(possible, ' or '))"


def write_totals(out: Path, *, memory: int = 1 << 30, threads: int = 2) -> dict[str, Any]:
    """Count a finished dataset that has the table of differences; write ``differences.json``.

    Returns:
        The totals: per framework and topic a matrix of statuses, those that are the same included,
        the reports whose status or urgency differs, and what makes the differences.

    Raises:
        corrin.batch.compare_dataset.NotADataset: it is no finished dataset, or has no such table.
    """
    dataset = opened(out)
    work = out / ".corrin" / "against"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with database(work, memory, threads) as connection:
            for name, columns in (("statuses", _STATUSES), (TABLE, _DIFFERENCES)):
                read = dataset.select(connection, name, columns)
                connection.execute(f"CREATE TEMP VIEW {name} AS {read}")
            # One under which nothing differs is in no row of the table.
            connection.execute(
                f"CREATE TEMP TABLE asked AS SELECT unnest($1::VARCHAR[]) AS framework "
                f"UNION SELECT framework FROM {TABLE}",
                [named(dataset.run["question"].get("against") or "")],
            )

            def rows(names: str, sql: str) -> list[dict[str, Any]]:
                found = connection.execute(sql).fetchall()
                return [dict(zip(names.split(), row, strict=True)) for row in found]

            told = {
                "differences": VERSION,
                "frameworks": [
                    {"framework": one["framework"], "reports": one["reports"]}
                    for one in rows(
                        "framework reports",
                        f"SELECT asked.framework, count(DISTINCT (subject, as_of)) "
                        f"FILTER (subject IS NOT NULL) FROM asked LEFT JOIN {TABLE} "
                        "USING (framework) GROUP BY ALL ORDER BY 1",
                    )
                ],
                "statuses": rows("framework topic here there reports", _MATRIX),
                "because": rows(
                    "framework topic kind because reports",
                    f"SELECT framework, topic, kind, array_to_string(because, '; '), count(*) "
                    f"FROM {TABLE} WHERE kind IS NOT NULL GROUP BY ALL ORDER BY 5 DESC, 1, 2, 3, 4",
                ),
                "notes": rows("framework rule gained lost", _NOTES),
            }
        text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
        put(out / TOTALS, text.encode(), work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return told


# What differs is counted; the rest of those with a status here have the same there.
_MATRIX = f"""
WITH differing AS (
    SELECT framework, topic, here, there, count(*) AS reports FROM {TABLE}
    WHERE topic <> '' GROUP BY ALL
), here AS (
    SELECT topic, {_CODE} AS here, count(*) AS reports FROM statuses GROUP BY ALL
), same AS (
    SELECT f.framework, h.topic, h.here, h.here AS there,
        h.reports - coalesce((
            SELECT sum(d.reports) FROM differing d
            WHERE d.framework = f.framework AND d.topic = h.topic AND d.here = h.here
        ), 0) AS reports
    FROM here h CROSS JOIN asked f
)
SELECT framework, topic, here, there, CAST(sum(reports) AS BIGINT) AS reports
FROM (SELECT * FROM differing UNION ALL SELECT * FROM same)
WHERE topic IN (SELECT topic FROM differing) AND reports > 0
GROUP BY framework, topic, here, there ORDER BY 1, 2, 5 DESC, 3, 4
"""

_NOTES = f"""
SELECT framework, rule, count(*) FILTER (way = 'gained'), count(*) FILTER (way = 'lost')
FROM (
    SELECT framework, unnest(gained) AS rule, 'gained' AS way FROM {TABLE}
    UNION ALL SELECT framework, unnest(lost), 'lost' FROM {TABLE}
) GROUP BY framework, rule ORDER BY 1, 3 DESC, 4 DESC, 2
"""
