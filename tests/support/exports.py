"""Exports of people who do not exist, and ``corrin batch`` over them as a process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corrin.batch.engine import plan
from corrin.cli import program
from support import command, judges, places, small_pieces
from support.forked import Forked

AS_OF = "2026-11-01"
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_TESTS = (
    ("2132-9", "pg/mL", 150),
    ("718-7", "g/dL", 12),
    ("787-2", "fL", 101),
    ("29463-7", "kg", 70),
    ("2132-9", "pg/mL", 300),
    ("2132-9", "furlong", 300),
)
COMMAND = (sys.executable, "-m", "support.small_pieces", "batch")


def patient(number: int) -> dict[str, Any]:
    """A person."""
    return {
        "resourceType": "Patient",
        "id": f"person-{number}",
        "gender": "female" if number % 2 else "male",
        "birthDate": f"{1940 + number % 60}-01-01",
    }


def result(number: int, at: int, **more: Any) -> dict[str, Any]:
    """A result of a person: B12, haemoglobin, MCV, a weight, or one in no known unit."""
    code, unit, value = _TESTS[at % len(_TESTS)]
    return {
        "resourceType": "Observation",
        "id": f"o-{number}-{at}",
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": code}]},
        "subject": {"reference": f"Patient/person-{number}"},
        "effectiveDateTime": f"2026-{1 + at % 10:02d}-{1 + number % 28:02d}T08:00:00Z",
        "valueQuantity": {"value": value + number % 7, "unit": unit, "system": _UCUM, "code": unit},
        **more,
    }


def lines(resources: list[dict[str, Any]]) -> bytes:
    """NDJSON."""
    return "".join(json.dumps(one) + "\n" for one in resources).encode()


def export(folder: Path, people: int, results: int = 6, files: int = 2) -> Path:
    """A folder of NDJSON: Patients in one file, results scattered over some, a line refused."""
    folder.mkdir(parents=True)
    (folder / "Patient.ndjson").write_bytes(lines([patient(one) for one in range(people)]))
    every = [result(one, at) for at in range(results) for one in range(people)]
    for file in range(files):
        data = lines(every[file::files]) + b"{not json\n"
        (folder / f"Observation.{file:03d}.ndjson").write_bytes(data)
    return folder


def environment(**more: str) -> dict[str, str]:
    """What a command is run in."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join((str(places.SERVICE), str(places.ROOT / "tests"))),
        "LANG": "C.UTF-8",
        **more,
    }


def start(*arguments: str, **more: Any) -> subprocess.Popen[bytes]:
    """``corrin batch`` with small pieces, begun."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        **more,
    )


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """``corrin batch`` with small pieces, to its end."""
    process = start(*arguments, **more)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def here(*arguments: str) -> int:
    """``corrin batch`` with small pieces in this process; the exit code."""
    with _small():
        return program.run(["batch", *arguments])


def told(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The same with what it said on both streams."""
    with _small():
        return command.run("batch", *arguments)


@contextlib.contextmanager
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        judges.keep(patch)
        for name, size in small_pieces.SIZES.items():
            patch.setattr(plan, name, size)
        yield


def asked(inputs: Path, out: Path, *more: str) -> list[str]:
    """The usual arguments."""
    return [str(inputs), "--out", str(out), "--as-of", AS_OF, "--no-summary", *more]


def digests(out: Path) -> dict[str, str]:
    """A digest of every file of a dataset but the one that tells how long it took."""
    return {
        str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name != "timing.json"
    }


def marks(out: Path, kind: str) -> int:
    """How many jobs of a kind an unfinished run has done."""
    return len(list((out / ".corrin" / kind).glob("*.json")))


def wait_for(process: subprocess.Popen[bytes] | Forked, out: Path, kind: str, count: int) -> bool:
    """Wait until so many jobs are done; False when the run ended first."""
    until = time.monotonic() + 120
    while process.poll() is None:
        if marks(out, kind) >= count:
            return True
        assert time.monotonic() < until, f"no {count} jobs of {kind}"
        time.sleep(0.002)
    return False


def descendants(process: int) -> Iterator[int]:
    """The processes a process has begun, and those they have, on Linux."""
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))
