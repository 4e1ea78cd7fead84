"""Exports to measure with: made by a generator of synthetic exports, as dense or as wide as asked.

The generator (``make_bulk.py``) is not part of this repository; its path is given. *Dense*: every
Observation is one that a rule may look at. *Wide*: one in ten is; the rest are vital signs and
other results, as in the export of a whole hospital.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from corrin.terminology import load

BYTES_OF_A_PERSON = {"dense": 50_000, "wide": 79_000}
ONE_IN = 10


def make(tool: Path, folder: Path, kind: str, megabytes: int) -> Path:
    """An export of about so many megabytes; made once, kept in ``folder``."""
    out = folder / f"{kind}-{megabytes}"
    done = out / ".made"
    if done.exists():
        return out
    persons = megabytes * 1_000_000 // BYTES_OF_A_PERSON[kind]
    unrelated = {"dense": "0", "wide": "0.75"}[kind]
    command = [sys.executable, str(tool), "--patients", str(persons), "--out", str(out)]
    command += ["--unrelated", unrelated, "--files", "8", "--jobs", "2", "--seed", "5"]
    subprocess.run(command, check=True, capture_output=True)
    for extra in ("truth.csv", "odd.csv", "dirty.csv", "manifest.json"):
        (out / extra).unlink(missing_ok=True)
    if kind == "wide":
        for file in sorted(out.glob("Observation.*")):
            _thin(file)
    done.touch()
    return out


def _thin(file: Path) -> None:
    """Leave of the results that may be looked at so many that they are one in ten lines: all of
    one person, or none."""
    terms = load()
    kept = file.with_suffix(".kept")
    with file.open("rb") as lines, kept.open("wb") as out:
        for line in lines:
            found = json.loads(line)
            codes = {one["code"] for one in found["code"]["coding"]}
            ours = "component" in found or any(terms.analyte_for_loinc(one) for one in codes)
            # Of 100 lines some 45 are ours: every ninth person keeps theirs, which leaves 8 in 100.
            if not ours or int(found["subject"]["reference"][-4:], 16) % 9 == 0:
                out.write(line)
    kept.replace(file)


def size(export: Path) -> tuple[int, int]:
    """Bytes and lines of an export."""
    files = sorted(export.glob("*.ndjson"))
    return sum(file.stat().st_size for file in files), sum(_lines(file) for file in files)


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 24), b""))
