"""Runs jobs on one session of Spark, one a line of standard input; tells what came of each.

Run by the tests, with the interpreter of Spark's environment; see ``tests/support/sparked.py``.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Any

from corrin.batch.engine import plan, spark, spark_inputs
from corrin.batch.fhir_answers import NOWHERE
from corrin.batch.outcome import Outcome, RunFailed
from corrin.batch.progress import Quiet
from corrin.batch.question import Question
from corrin.batch.run import Job
from corrin.batch.sources.source import Options


def done(told: dict[str, Any]) -> dict[str, Any]:
    """Run one job; its counts, or why it failed."""
    if "split" in told:
        spark_inputs.SPLIT_BYTES = told.pop("split")
    asked = {"as_of": "2026-11-01", **told.pop("question", {})}
    lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
    told["question"] = Question(**asked | lists)
    if told.get("format") == "fhir":
        told["question"] = replace(told["question"], fhir=NOWHERE)
    told["options"] = Options(**told.pop("options", {}))
    told["inputs"] = tuple(told["inputs"])
    job = Job(**{"engine": "spark", "summary": False, **told})
    try:
        found: Outcome = spark.run(job, Quiet())
    except RunFailed as error:
        return {"failed": error.as_data()}
    return {"counts": found.counts.as_data(), "rows": dict(found.rows), "state": found.state}


def main() -> None:
    """Begin a session with the settings given, then run what is asked.

    Pieces and partitions are as small as those of ``support.small_pieces``.
    """
    from pyspark.sql import SparkSession

    plan.LEAST_CHUNK, plan.PARTITION_BYTES = 16 * 1024, 24 * 1024
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("corrin tests")
    for name, value in json.loads(sys.argv[1]).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(done(json.loads(line))) + "\n")
        sys.stdout.flush()
    session.stop()


if __name__ == "__main__":
    main()
