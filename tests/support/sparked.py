"""Spark in an environment of its own: whether it is there, a real cluster, a driver to run jobs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from support import places

LOCKS = [
    places.ROOT / "requirements-spark.lock",
    places.ROOT / "requirements-spark-build.lock",
]
DRIVER = places.ROOT / "tests" / "batch" / "spark_driver.py"
SECONDS = 240
LOOPBACK = "127.0.0.1"
_JAVA = 17
_BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def folder() -> Path:
    """Its environment (``CORRIN_SPARK`` names another)."""
    named = os.environ.get("CORRIN_SPARK")
    return Path(named) if named else places.ROOT / ".venv-spark"


def python() -> Path:
    """The interpreter of its environment."""
    return folder() / "bin" / "python"


def lacking() -> str | None:
    """What is not there for it to run; None when everything is."""
    ready = folder() / ".ready"
    if not ready.is_file():
        return "whose environment is not there"
    if any(ready.stat().st_mtime < lock.stat().st_mtime for lock in LOCKS):
        return "whose environment is older than its lock"
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") if home is None else f"{home}/bin/java"
    if java is None or not Path(java).is_file():
        return "for which there is no Java"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _JAVA:
        return f"for which Java is older than {_JAVA}"
    return None


def environment(**more: str) -> dict[str, str]:
    """What processes of Spark are started with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    for name in ("PYTHONPATH", "PYSPARK_PYTHON", "PYTHONHOME"):
        kept.pop(name, None)
    own = {"SPARK_LOCAL_IP": LOOPBACK, "SPARK_CONF_DIR": str(DRIVER.parent / "spark-conf")}
    # What begins Java, masters and workers live for seconds too.
    own |= {"SPARK_LAUNCHER_OPTS": _BRIEF, "SPARK_DAEMON_JAVA_OPTS": _BRIEF}
    return kept | own | more


def bare_python(place: Path) -> Path:
    """An interpreter that has all of Spark's environment but Corrin."""
    subprocess.run([str(python()), "-m", "venv", "--without-pip", str(place)], check=True)
    packages = next(folder().glob("lib/python3*/site-packages"))
    own = next(place.glob("lib/python3*/site-packages"))
    # What such a file names is searched for packages; files of its kind in there are not read,
    # and it is by one of those that Corrin is installed from the checkout.
    (own / "packages.pth").write_text(f"{packages}\n")
    return place / "bin" / "python"


@dataclass
class Driver:
    """A process that ``spark-submit`` began: sessions of Spark one after the other, jobs on them.

    Attributes:
        process: it, with its Java.
        log: all it and Java say.
    """

    process: subprocess.Popen[bytes]
    log: Path
    _lines: TextIO
    _session: tuple[dict[str, str] | None, Path] | None = None

    def on(self, conf: dict[str, str] | None = None, executors: Path | None = None) -> Driver:
        """On a session of these settings from now on.

        Args:
            conf: its settings; without, Corrin begins it itself.
            executors: the interpreter executors have.
        """
        wanted = (conf, executors or python())
        if self._session != wanted:
            self._ask("begin", conf, str(wanted[1]))
            self._session = wanted
        return self

    def off(self) -> None:
        """On no session, if it goes on: whoever it was begun on is about to end."""
        if self.process.poll() is None:
            self._ask("close")
            self._session = None

    def run(self, **job: Any) -> dict[str, Any]:
        """Run one job (the fields of a Job); what came of it (see the script)."""
        self.begin(**job)
        return self.wait()

    def begin(self, **job: Any) -> None:
        """Begin a job and do not wait for it."""
        self._say("job", job)

    def wait(self) -> dict[str, Any]:
        """What came of the job begun last."""
        found: dict[str, Any] = self._heard()
        return found

    def command(self, *arguments: str) -> int:
        """Run the command; its exit code."""
        return int(self._ask("command", arguments))

    def _ask(self, *what: Any) -> Any:
        self._say(*what)
        return self._heard()

    def _say(self, *what: Any) -> None:
        self._lines.write(json.dumps(what) + "\n")
        self._lines.flush()

    def _heard(self) -> Any:
        line = self._lines.readline()
        assert line, "the driver ended"
        return json.loads(line)


@contextlib.contextmanager
def driver(master: str, conf: dict[str, str], log: Path) -> Iterator[Driver]:
    """A driver as ``spark-submit`` begins it, with a master and settings."""
    settings = [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    with socket.create_server((LOOPBACK, 0)) as door, log.open("wb") as said:
        process = subprocess.Popen(
            [
                *(str(folder() / "bin" / "spark-submit"), "--master", master, *settings),
                *(str(DRIVER), str(door.getsockname()[1])),
            ],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=environment(PYSPARK_PYTHON=str(python()), PYSPARK_DRIVER_PYTHON=str(python())),
        )
        try:
            with _met(door, process) as met, met.makefile("rw", encoding="utf-8") as lines:
                yield Driver(process, log, lines)
        finally:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _met(door: socket.socket, process: subprocess.Popen[bytes]) -> socket.socket:
    """Wait for somebody to come to the door."""
    door.settimeout(1)
    for _ in range(SECONDS):
        assert process.poll() is None, "the driver ended"
        with contextlib.suppress(TimeoutError):
            return door.accept()[0]
    process.kill()
    raise AssertionError("the driver did not come up")


@dataclass
class Cluster:
    """A standalone master and its workers, on loopback."""

    master: str
    web: str
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def executors(self) -> dict[str, list[int]]:
        """Processes of executors, by the folder of their worker."""
        found: dict[str, list[int]] = {}
        for name, worker in self.workers.items():
            found[name] = _children(worker.pid) if worker.poll() is None else []
        return found

    def kill(self, name: str) -> None:
        """End a worker and its executors at once, as by ``kill -9``."""
        worker = self.workers[name]
        for number in [*_children(worker.pid), worker.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        worker.wait()

    def alive(self) -> int:
        """How many workers the master counts."""
        with urllib.request.urlopen(f"{self.web}/json/", timeout=30) as answer:
            told = json.load(answer)
        return int(told["aliveworkers"])


def _children(number: int) -> list[int]:
    """All processes below one, the lowest first."""
    found = []
    for path in Path(f"/proc/{number}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [*_children(int(child)), int(child)]
    return found


def rows(out: Path) -> dict[str, list[str]]:
    """The rows of every table of a dataset, sorted; of FHIR what there is of each type."""
    import pyarrow.parquet as pq

    found: dict[str, list[str]] = {}
    for file in sorted(out.rglob("part-*")):
        own = found.setdefault(file.parent.relative_to(out).as_posix(), [])
        if file.suffix == ".parquet":
            own += map(repr, pq.ParquetFile(file).read().to_pylist())
        elif file.suffix == ".csv":
            own += file.read_bytes().decode().split("\r\n")[1:-1]
        else:
            own += file.read_text("utf-8").split("\n")[:-1]
    return {name: sorted(own) for name, own in sorted(found.items())}


def same(spark: Path, local: Path) -> None:
    """Hold a dataset of Spark against that of the local engine: every row, and ``run.json``."""
    ours, theirs = rows(spark), rows(local)
    assert ours.keys() == theirs.keys()
    for name, own in theirs.items():
        assert ours[name] == own, name
    assert sum(len(own) for own in ours.values()) > 0
    assert (spark / "run.json").read_bytes() == (local / "run.json").read_bytes()
    assert not (spark / ".corrin").exists()


@contextlib.contextmanager
def cluster(place: Path, workers: int = 2) -> Iterator[Cluster]:
    """A master and workers of one core each; all are ended in the end."""
    port, web = _free(), _free()
    master = f"spark://{LOOPBACK}:{port}"
    found = Cluster(master, f"http://{LOOPBACK}:{web}")
    running = []
    try:
        running.append(_daemon(place / "master", "master.Master", "--host", LOOPBACK,
                               "--port", str(port), "--webui-port", str(web)))  # fmt: skip
        _until(lambda: _answers(web), running)
        for number in range(workers):
            name = f"worker-{number}"
            one = _daemon(place / name, "worker.Worker", master, "--host", LOOPBACK,
                          "--webui-port", "0", "--cores", "1", "--memory", "1g",
                          "--work-dir", str(place / name))  # fmt: skip
            running.append(one)
            found.workers[name] = one
        _until(lambda: found.alive() == workers, running)
        yield found
    finally:
        for one in reversed(running):
            for number in [*_children(one.pid), one.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            one.wait()


def _daemon(place: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    place.mkdir(parents=True)
    home = next(folder().glob("lib/python3*/site-packages/pyspark"))
    with (place / "log").open("wb") as log:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(SPARK_HOME=str(home), SPARK_DAEMON_MEMORY="256m"),
            start_new_session=True,
        )


def _free() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        number: int = found.getsockname()[1]
        return number


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((LOOPBACK, port)) == 0


def _until(reached: Any, running: list[subprocess.Popen[bytes]]) -> None:
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        assert all(one.poll() is None for one in running), "a daemon of Spark ended"
        with contextlib.suppress(OSError, ValueError):
            if reached():
                return
        time.sleep(0.2)
    raise AssertionError("Spark's master and workers did not come up")
