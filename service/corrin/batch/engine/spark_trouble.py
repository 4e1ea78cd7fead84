"""What Spark says went wrong → what, where, why, what to do; no trace, nobody's data."""

from __future__ import annotations

import json
import platform
import re

from corrin.batch.engine.spark_session import USAGE, WHERE
from corrin.batch.engine.spark_ship import LACKING
from corrin.batch.engine.spark_tasks import MARK
from corrin.batch.outcome import RunFailed

_MARKED = re.compile(f"{re.escape(MARK)}(.*?):{re.escape(MARK)}", re.DOTALL)
_LACKS = re.compile(rf"{re.escape(LACKING)}([\w.]+):|No module named '([\w.]+)'")
_CLASS = re.compile(r"\[([A-Z][A-Z0-9_.]{3,})\]")
_LOG = "SPARK_LOG=1 shows what Spark says; it may name files, and is not ours to keep clean."

_KNOWN = (
    (
        "PYTHON_VERSION_MISMATCH",
        USAGE,
        "Executors run another Python than this one.",
        f"This is Python {platform.python_version()}; both must be of one minor version.",
        "Name an interpreter that executors have: PYSPARK_PYTHON=/path/on/executors/bin/python.",
    ),
    (
        r"Cannot run program|No such file or directory.*python",
        USAGE,
        "Executors could not start Python.",
        "The interpreter that was named is not there.",
        "Name one that executors have: PYSPARK_PYTHON=/path/on/executors/bin/python.",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "file",
        "The disk of an executor, or of the dataset, is full.",
        "",
        "Free some space (spark.local.dir names where Spark puts its own files); run again.",
    ),
    (
        r"Java heap space|OutOfMemoryError|GC overhead limit",
        "file",
        "There is not enough memory.",
        "Java asked for more than it was given.",
        "Give executors more: --memory, or spark.executor.memory.",
    ),
    (
        r"PATH_NOT_FOUND|FileNotFoundException|does not exist",
        "input",
        "A file was there when the run began, and is not there any more.",
        "",
        "Let the export finish first; then begin a new run.",
    ),
    (
        r"AccessControlException|Permission denied|AccessDenied|403 Forbidden",
        "file",
        "The filesystem does not let Spark in.",
        "It may not read the export, or not write the dataset.",
        "See to the rights of whom Spark runs as, or to the credentials in its configuration.",
    ),
    (
        r"No FileSystem for scheme|UnsupportedFileSystemException|ClassNotFoundException.*fs\.",
        USAGE,
        "Spark does not know that kind of address.",
        "What reads it is not among its jars.",
        "Add it, for s3a: spark.jars.packages=org.apache.hadoop:hadoop-aws:VERSION OF HADOOP.",
    ),
    (
        r"All masters are unresponsive|Could not initialize|stopped SparkContext|was shut down"
        r"|Master removed our application|Cannot call methods on a stopped",
        USAGE,
        "The cluster is gone, or never let this application in.",
        "",
        "See that master and workers run, and have cores and memory to give.",
    ),
)


def told(error: BaseException) -> RunFailed:
    """What to tell of an error that came out of Spark."""
    if isinstance(error, RunFailed):
        return error
    said = _all_of(error)
    marked = _MARKED.search(said)
    if marked is not None:
        try:
            return RunFailed(**json.loads(marked[1]))
        except (TypeError, ValueError):
            pass
    lacks = _LACKS.search(said)
    if lacks is not None:
        return RunFailed(
            USAGE,
            "Executors lack a package.",
            WHERE,
            f"They have no {lacks[1] or lacks[2]}.",
            "Install on them what requirements-spark.lock names, or send an environment with the "
            "job (docs/batch-spark.md).",
        )
    for pattern, kind, what, why, do in _KNOWN:
        if re.search(pattern, said):
            return RunFailed(kind, what, WHERE, why, do)
    named = _CLASS.search(said)
    return RunFailed(
        "fault",
        "Spark gave up.",
        WHERE,
        f"{named[1]}." if named else f"{type(error).__name__}.",
        _LOG,
    )


def _all_of(error: BaseException) -> str:
    """All an error says, causes included; looked through, never shown."""
    said = []
    found: BaseException | None = error
    while found is not None:
        said.append(str(found))
        trace = getattr(found, "java_exception", None)
        if trace is not None:
            said.append(str(trace))
        found = found.__cause__
    return "\n".join(said)
