"""A session of Spark for one run: Java found, executors asked what they can do, faults told."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corrin.batch.outcome import RunFailed
from corrin.batch.run import Job

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
USAGE = "usage"
WHERE = "Spark"
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
_SECONDS = 60
_MIB, _LEAST_MIB = 1024 * 1024, 512

_DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 * _MIB),
    "spark.sql.adaptive.enabled": "false",  # persons are whole in partitions of our own number
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.python.worker.reuse": "true",  # rules are compiled once per process
    "spark.log.level": "WARN",
}
"""What is set where the user has set nothing (``spark-defaults.conf``, ``spark-submit --conf``)."""

_OF_RUN = (
    "spark.sql.shuffle.partitions",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.files.openCostInBytes",
)
# What a run sets for itself, by its inputs.


@contextlib.contextmanager
def opened(job: Job) -> Iterator[SparkSession]:
    """The session that is there already (a notebook's, ``spark-submit``'s), else one of our own.

    Only one of our own is stopped in the end.

    Raises:
        RunFailed: pyspark or Java is not there, or the master cannot be reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RunFailed(
            USAGE,
            "Spark is not installed.",
            WHERE,
            "The engine spark needs the package pyspark.",
            "Install it with: pip install 'corrin[spark]'",
        ) from None
    active = SparkSession.getActiveSession()
    if active is not None:
        with _set(active):
            yield active
        return
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with _unlogged():
        yield from _owned(job, SparkSession.builder)


def _owned(job: Job, builder: Any) -> Iterator[SparkSession]:
    """A session of our own, from its beginning to its end."""
    here = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    session = _begun(job, builder)
    try:
        yield session
    finally:
        with _quiet():
            session.stop()
        if here:  # pyspark put its own in the place of what was there
            signal.signal(signal.SIGINT, before)


def find_java() -> str:
    """The Java that Spark will start.

    Raises:
        RunFailed: there is none, or one that is too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    do = (
        f"Install Java {LEAST_JAVA} or newer (Debian, Ubuntu: apt-get install"
        f" openjdk-{LEAST_JAVA}-jre-headless), and name its folder in JAVA_HOME if it is not found."
    )
    if not found or not Path(found).is_file():
        place = f"JAVA_HOME ({home})" if home else "PATH"
        raise RunFailed(USAGE, "Java was not found.", place, "Spark runs in Java.", do)
    try:
        asked = subprocess.run(
            [found, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        said = asked.stderr + asked.stdout
    except (OSError, subprocess.SubprocessError):
        said = ""
    match = _VERSION.search(said)
    if match is None:
        raise RunFailed(USAGE, "Java does not start.", found, "It did not tell its version.", do)
    if int(match[1]) < LEAST_JAVA:
        raise RunFailed(USAGE, "Java is too old.", found, f"It is Java {match[1]}.", do)
    return found


def _begun(job: Job, builder: Any) -> SparkSession:
    named = _named()
    builder = builder.appName("corrin batch")
    settings = dict(_DEFAULTS)
    master = job.master or named.get("spark.master") or _local(job)
    if master.startswith("local"):
        # Nobody but this machine has to reach the driver; a machine may not know its own name.
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if job.memory:
        mib = f"{max(_LEAST_MIB, job.memory // _MIB)}m"
        settings |= {"spark.executor.memory": mib, "spark.driver.memory": mib}
    for name, value in settings.items():
        if name not in named:
            builder = builder.config(name, value)
    if job.master or "spark.master" not in named:
        builder = builder.master(master)
    try:
        with _quiet():
            found: SparkSession = builder.getOrCreate()
    except Exception as error:
        raise RunFailed(
            USAGE,
            "Spark could not be started.",
            master,
            f"{type(error).__name__}: the master did not take the application, or Java ended.",
            "See that the master is running and can be reached from here (and this machine from"
            " it: spark.driver.host); SPARK_LOG=1 shows what Spark says.",
        ) from None
    return found


def _local(job: Job) -> str:
    return f"local[{job.workers or '*'}]"


def _named() -> dict[str, str]:
    """What the user has set: for ``spark-submit``, in ``spark-defaults.conf``, for pyspark."""
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # Java is there, and knows it all
        from pyspark import SparkConf, SparkContext

        SparkContext._ensure_initialized()
        return dict(SparkConf().getAll())
    named = _in_defaults()
    words = shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", ""))
    for word, value in itertools.pairwise(words):
        if word == "--conf" and "=" in value:
            name, _, said = value.partition("=")
            named[name] = said
        elif word in _OPTIONS:
            named[_OPTIONS[word]] = value
    return named


_OPTIONS = {
    "--master": "spark.master",
    "--driver-memory": "spark.driver.memory",
    "--executor-memory": "spark.executor.memory",
}


def _in_defaults() -> dict[str, str]:
    """What ``spark-defaults.conf`` sets, where a user has one."""
    folder = os.environ.get("SPARK_CONF_DIR")
    if folder is None and "SPARK_HOME" in os.environ:
        folder = str(Path(os.environ["SPARK_HOME"]) / "conf")
    try:
        text = "" if folder is None else (Path(folder) / "spark-defaults.conf").read_text("utf-8")
    except OSError:
        text = ""
    lines = (line.split("#", 1)[0].replace("=", " ", 1).split(None, 1) for line in text.split("\n"))
    return {one[0]: one[1].strip() for one in lines if len(one) == 2}


@contextlib.contextmanager
def _set(session: SparkSession) -> Iterator[None]:
    """Our settings of SQL in a session of somebody else's, and back."""
    names = [name for name in _DEFAULTS if name.startswith("spark.sql.")] + [*_OF_RUN]
    before = {name: session.conf.get(name, None) for name in names}
    try:
        for name in names:
            if name in _DEFAULTS:
                session.conf.set(name, _DEFAULTS[name])
        yield
    finally:
        for name, value in before.items():
            if value is None:
                session.conf.unset(name)
            else:
                session.conf.set(name, value)


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """What py4j logs when it is interrupted, with its trace, kept from a terminal nobody set up."""
    root, nowhere = logging.getLogger(), logging.NullHandler()
    if root.handlers or os.environ.get("SPARK_LOG"):
        yield
        return
    root.addHandler(nowhere)
    try:
        yield
    finally:
        root.removeHandler(nowhere)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What Java writes of its own accord kept from the terminal, unless ``SPARK_LOG`` is set."""
    if os.environ.get("SPARK_LOG"):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
