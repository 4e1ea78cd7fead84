"""Made exports: the records of all cases at once are those of one case after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from corrin.facts.case import Case
from corrin.facts.choose import choose
from corrin.facts.moment import Moment
from corrin.intake.gathered import gather
from corrin.interpretation import policy_of
from corrin.notes.many import Many
from support.many import differing, engine, one_by_one, recorder
from support.places import ROOT, samples

MAKE_BULK = (samples() or ROOT / "no-samples").parent / "tools" / "make_bulk.py"
LONG_AFTER = date(2026, 11, 1)
AFTER = (0, 5, 40, 85)


def made(folder: Path, patients: int, seed: int, moments: int) -> list[Case]:
    """Cases of a made export: each person on days of results, some time after them, long after."""
    command = [sys.executable, str(MAKE_BULK), "--patients", str(patients), "--seed", str(seed)]
    command += ["--unrelated", "0.1", "--odd-rate", "0.06", "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    rows: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(folder.glob("*.ndjson")):
        for line in file.read_bytes().splitlines():
            found = json.loads(line, parse_float=Decimal, parse_int=Decimal)
            about = found["id"]
            if found["resourceType"] != "Patient":
                about = found["subject"]["reference"].rpartition("/")[2]
            rows.setdefault(about, []).append(found)
        file.unlink()
    return [case for one in rows.values() for case in _cases(one, moments)]


def _cases(rows: list[dict[str, Any]], moments: int) -> Iterator[Case]:
    reading = gather(rows).reading
    days = sorted({one.when.start.date() for one in reading.results if one.when is not None})
    later = sorted({day + timedelta(more) for day in days for more in AFTER})
    for day in (*later[: moments - 1], LONG_AFTER):
        yield choose(reading, Moment.parse(str(day)), policy_of("uk"))


def agree(folder: Path, patients: int, seed: int, moments: int, name: str = "uk") -> int:
    """How many cases were held against each other; fails when any differs."""
    cases = made(folder, patients, seed, moments)
    asked = Many(engine(name)[0], recorder(name))
    for start in range(0, len(cases), 5_000):
        part = cases[start : start + 5_000]
        assert differing(asked.records(part), one_by_one(name, part))[:20] == []
    assert asked.alone * 100 < len(cases)
    return len(cases)


@pytest.mark.samples
def test_five_hundred_cases(tmp_path: Path) -> None:
    assert agree(tmp_path, 64, 11, 8) >= 450


@pytest.mark.soak
@pytest.mark.samples
def test_a_hundred_thousand_cases(tmp_path: Path) -> None:
    found = 0
    for seed in range(100, 108):
        found += agree(tmp_path, 1_250, seed, 10, "us" if seed % 4 == 3 else "uk")
    assert found > 95_000
