"""Runs jobs on one session of Spark after the other; tells what came of each.

Run by the tests through ``spark-submit``; see ``tests/support/sparked.py``. Its first session is
Corrin's own, of the settings ``spark-submit`` was given.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from dataclasses import replace
from typing import Any

from corrin.batch.engine import plan, spark, spark_inputs, spark_session
from corrin.batch.fhir_answers import NOWHERE
from corrin.batch.outcome import Outcome, RunFailed
from corrin.batch.progress import Quiet
from corrin.batch.question import Question
from corrin.batch.run import Job
from corrin.batch.sources.source import Options
from corrin.cli import program


class Driver:
    """What is asked of it, by the first word of what it is told."""

    def __init__(self) -> None:
        self.session: Any = None
        self._open = contextlib.ExitStack()

    def close(self) -> None:
        """Stop the session."""
        self._open.close()
        self.session = None

    def begin(self, conf: dict[str, str] | None, python: str) -> bool:
        """Stop the session and begin another, with an interpreter of executors.

        Args:
            conf: its settings; without, Corrin begins it itself.
            python: the interpreter.
        """
        from pyspark.sql import SparkSession

        self.close()
        os.environ["PYSPARK_PYTHON"] = python
        if conf is None:
            asked = Job((), "", Question("2026-11-01"), engine="spark")
            self.session = self._open.enter_context(spark_session.opened(asked))
            return True
        builder = SparkSession.builder.appName("corrin tests")
        for name, value in conf.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self._open.callback(self.session.stop)
        return True

    def command(self, arguments: list[str]) -> int:
        """Run the command; its exit code."""
        return program.run(arguments)

    def job(self, told: dict[str, Any]) -> dict[str, Any]:
        """Run one job; its counts, or why it failed."""
        context = self.session.sparkContext
        if "split" in told:
            spark_inputs.SPLIT_BYTES = told.pop("split")
        asked = {"as_of": "2026-11-01", **told.pop("question", {})}
        lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
        told["question"] = Question(**asked | lists)
        if told.get("format") == "fhir":
            told["question"] = replace(told["question"], fhir=NOWHERE)
        told["options"] = Options(**told.pop("options", {}))
        told["inputs"] = tuple(told["inputs"])
        before = context.pythonExec
        context.pythonExec = told.pop("python", before)
        job = Job(**{"engine": "spark", "summary": False, **told})
        try:
            found: Outcome = spark.run(job, Quiet())
        except RunFailed as error:
            return {"failed": error.as_data()}
        finally:
            context.pythonExec = before
        return {"counts": found.counts.as_data(), "rows": dict(found.rows), "state": found.state}


def main() -> None:
    """Do what is asked, a line each, until nobody asks any longer.

    Pieces and partitions are as small as those of ``support.small_pieces``.
    """
    plan.LEAST_CHUNK, plan.PARTITION_BYTES = 16 * 1024, 24 * 1024
    driver = Driver()
    with (
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as asker,
        asker.makefile("rw", encoding="utf-8") as lines,
    ):
        for line in lines:
            name, *given = json.loads(line)
            lines.write(json.dumps(getattr(driver, name)(*given)) + "\n")
            lines.flush()
    driver.close()


if __name__ == "__main__":
    main()
