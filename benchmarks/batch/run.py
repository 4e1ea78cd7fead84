"""Measure a run of the batch beside what it has to be held against, in one go, on one machine.

    python benchmarks/batch/run.py --tool make_bulk.py [--megabytes 1200] [--rounds 5]
                                   [--folder DIR] [--only dense|wide] [--growth]

Every figure is a process of its own, started anew for every round, in turns, so that what the
machine does besides falls on all alike. Shown are medians, and the ratio to the SQL of the same
round. ``--growth`` runs the batch alone over 1x, 2x and 4x the bytes and shows its memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import exports

HERE = Path(__file__).resolve().parent
CORES = len(os.sched_getaffinity(0))
AS_OF = "2024-06-01"

READ = """
import sys
for name in sys.argv[1:]:
    with open(name, "rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
"""

PARSE = """
import sys, orjson
from multiprocessing import get_context
def parse(name):
    with open(name, "rb") as file:
        for line in file:
            orjson.loads(line)
if __name__ == "__main__":
    with get_context("fork").Pool(int(sys.argv[1])) as pool:
        pool.map(parse, sys.argv[2:], chunksize=1)
"""

FLAGS = """
import sys, duckdb
sql = open(sys.argv[1]).read()
names = "[" + ", ".join(f"'{name}'" for name in sys.argv[4:]) + "]"
sql = sql.replace("$files", names).replace("$out", f"'{sys.argv[3]}'")
sql = "\\n".join(line for line in sql.splitlines() if not line.startswith("--"))
connection = duckdb.connect(config={"threads": int(sys.argv[2])})
connection.execute("SET TimeZone = 'UTC'")
connection.execute(sql)
"""

ONLINE = """
import json, sys, time
from corrin import interpret
most, names = int(sys.argv[1]), sys.argv[2:]
persons = {}
for name in names:
    for line in open(name, "rb"):
        found = json.loads(line)
        person = found["id"] if "subject" not in found else found["subject"]["reference"][8:]
        if person in persons or len(persons) < most:
            persons.setdefault(person, []).append(line)
interpret(b"".join(next(iter(persons.values()))), as_of="2024-06-01")
start = time.perf_counter()
for lines in persons.values():
    interpret(b"".join(lines), as_of="2024-06-01")
print((time.perf_counter() - start) / len(persons))
"""


def peak(command: list[str]) -> tuple[float, int]:
    """Seconds a command took, and the most memory it and its children held together, in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    most = 0
    while process.poll() is None:
        most = max(most, _held(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(process.stderr.read().decode() if process.stderr else "failed")
    return seconds, most


def _held(pid: int) -> int:
    """Proportional memory of a process and all below it (shared pages counted once)."""
    total = 0
    for one in _family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as lines:
                total += sum(int(x.split()[1]) for x in lines if x.startswith("Pss:")) * 1024
        except OSError:
            continue
    return total


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            tasks = os.listdir(f"/proc/{one}/task")
            for task in tasks:
                with open(f"/proc/{one}/task/{task}/children") as children:
                    found += [int(child) for child in children.read().split()]
        except OSError:
            continue
    return found


def batch(export: Path, out: Path, *more: str) -> list[str]:
    """The run that is measured: everything it does by default but the page of pictures."""
    corrin = Path(sys.executable).with_name("corrin")
    command = [str(corrin), "batch", str(export), "--out", str(out)]
    return [*command, "--as-of", AS_OF, "--profile", "uk", "--quiet", "--no-summary", *more]


def contest(export: Path, rounds: int) -> dict[str, list[tuple[float, int]]]:
    """All commands in turns."""
    names = [str(file) for file in sorted(export.glob("Observation*"))]
    python = sys.executable
    found: dict[str, list[tuple[float, int]]] = {}
    with tempfile.TemporaryDirectory(dir=export.parent) as place:
        out = Path(place) / "answers"
        flags = [python, "-c", FLAGS, str(HERE / "flags.sql"), str(CORES)]
        commands: dict[str, Callable[[], list[str]]] = {
            "(a) read the bytes": lambda: [python, "-c", READ, *names],
            "(b) orjson.loads per line": lambda: [python, "-c", PARSE, str(CORES), *names],
            "(c) DuckDB, 20 flags": lambda: [*flags, f"{place}/flags.parquet", *names],
            "corrin batch": lambda: batch(export, out),
        }
        for name, command in commands.items():  # once for the caches
            peak(command())
            shutil.rmtree(out, ignore_errors=True)
            found[name] = []
        for _ in range(rounds):
            for name, command in commands.items():
                found[name].append(peak(command()))
                shutil.rmtree(out, ignore_errors=True)
    return found


def online(export: Path, persons: int = 400) -> float:
    """Seconds the online path takes for one person, in one process."""
    names = [str(file) for file in sorted(export.glob("*.ndjson"))]
    command = [sys.executable, "-c", ONLINE, str(persons), *names]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def table(export: Path, kind: str, rounds: int) -> None:
    """One table of one export."""
    amount, lines = exports.size(export)
    persons = sum(file.read_bytes().count(b"\n") for file in export.glob("Patient*"))
    print(f"\n### {kind}: {amount / 1e9:.2f} GB, {lines:,} lines, {persons:,} persons\n")
    found = contest(export, rounds)
    loop = [online(export) * persons for _ in range(3)]
    sql = statistics.median(seconds for seconds, _ in found["(c) DuckDB, 20 flags"])
    print("| | seconds | MB/s | x (c) | peak memory |\n|---|---|---|---|---|")
    for name, figures in found.items():
        seconds = statistics.median(one for one, _ in figures)
        held = statistics.median(one for _, one in figures)
        print(
            f"| {name} | {seconds:.2f} | {amount / seconds / 1e6:.0f} | {sql / seconds:.2f} |"
            f" {held / 2**20:.0f} MiB |"
        )
    middle = statistics.median(loop)
    print(
        f"| (d) the online path, one after the other (400 persons, scaled) | {middle:.0f} | | | |"
    )
    own = statistics.median(seconds for seconds, _ in found["corrin batch"])
    parse = statistics.median(seconds for seconds, _ in found["(b) orjson.loads per line"])
    print(f"\nx (b): {parse / own:.2f}; x (d): {middle / own:.1f}")


def growth(tool: Path, folder: Path, megabytes: int) -> None:
    """Memory and time as the export grows."""
    print("\n### growth (wide)\n\n| GB | seconds | MB/s | peak memory |\n|---|---|---|---|")
    for times in (1, 2, 4):
        export = exports.make(tool, folder, "wide", megabytes * times)
        amount, _ = exports.size(export)
        out = folder / "answers"
        seconds, held = peak(batch(export, out))
        shutil.rmtree(out, ignore_errors=True)
        rate = amount / seconds / 1e6
        print(f"| {amount / 1e9:.2f} | {seconds:.1f} | {rate:.0f} | {held / 2**20:.0f} MiB |")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "corrin-bench")
    parser.add_argument("--megabytes", type=int, default=1200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("dense", "wide"))
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print(f"{platform.python_version()}, {CORES} cores, {time.strftime('%Y-%m-%d')}")
    for kind in ("wide", "dense"):
        if options.only in (None, kind):
            export = exports.make(options.tool, options.folder, kind, options.megabytes)
            table(export, kind, options.rounds)
    if options.growth:
        growth(options.tool, options.folder, options.megabytes)


if __name__ == "__main__":
    main()
