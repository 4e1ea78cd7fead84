"""Measure the batch on Spark beside a plain job of Spark, in one go, on one machine.

    python benchmarks/batch/spark.py --tool make_bulk.py [--megabytes 1200] [--rounds 5]
                                     [--folder DIR] [--only dense|wide] [--master local[2]]

The plain job is what a data engineer would write: ``from_json`` over lines of text, the latest
result of each analyte per person, twenty flags (``flags_spark.sql``), written as Parquet. Both run
with Spark's defaults, each in a process of its own, in turns. Shown are medians: of the process
whole, Java's start included, and of the work alone; and the ratio of these. Run it with any
interpreter; Spark is that of ``make spark``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import exports
from run import AS_OF, CORES, HERE, peak

ENVIRONMENT = HERE.parents[1] / ".venv-spark"

PLAIN = """
import json, os, sys, time
from pyspark.sql import SparkSession
sql, out, told, master = sys.argv[1:5]
os.environ["PYSPARK_PYTHON"] = sys.executable
session = (SparkSession.builder.master(master).config("spark.ui.enabled", "false")
           .config("spark.driver.host", "127.0.0.1").getOrCreate())
start = time.perf_counter()
session.conf.set("spark.sql.session.timeZone", "UTC")
session.read.text(sys.argv[5:]).createOrReplaceTempView("lines")
session.sql(open(sql).read()).write.option("compression", "zstd").parquet(out)
seconds = time.perf_counter() - start
with open(told, "w") as file:
    json.dump({"seconds": {"all": seconds}}, file)
session.stop()
"""


def contest(export: Path, rounds: int, master: str) -> dict[str, list[tuple[float, float, int]]]:
    """Seconds of the process and of the work, and peak memory, by name; in turns."""
    python = str(ENVIRONMENT / "bin" / "python")
    names = [str(file) for file in sorted(export.glob("Observation*"))]
    found: dict[str, list[tuple[float, float, int]]] = {}
    with tempfile.TemporaryDirectory(dir=export.parent) as place:
        out, told = Path(place) / "out", Path(place) / "told.json"
        plain = [python, "-c", PLAIN, str(HERE / "flags_spark.sql"), str(out), str(told), master]
        ours = [str(ENVIRONMENT / "bin" / "corrin"), "batch", str(export), "--out", str(out)]
        ours += ["--as-of", AS_OF, "--profile", "uk", "--quiet", "--no-summary"]
        ours += ["--engine", "spark", "--master", master]
        commands = {"plain Spark, 20 flags": [*plain, *names], "corrin batch on Spark": ours}
        for at in range(rounds + 1):  # the first is to warm up
            for name, command in commands.items():
                seconds, held = peak(command)
                timing = told if told.exists() else out / "timing.json"
                work = sum(json.loads(timing.read_text())["seconds"].values())
                if at:
                    found.setdefault(name, []).append((seconds, work, held))
                shutil.rmtree(out)
                told.unlink(missing_ok=True)
    return found


def table(export: Path, kind: str, rounds: int, master: str) -> None:
    """One table of one export."""
    amount, lines = exports.size(export)
    print(f"\n### {kind}: {amount / 1e9:.2f} GB, {lines:,} lines, {master}\n")
    print("| | process, s | x | work, s | x | peak memory |\n|---|---:|---:|---:|---:|---:|")
    bar: tuple[float, float] | None = None
    for name, figures in contest(export, rounds, master).items():
        whole, work, held = (statistics.median(column) for column in zip(*figures, strict=True))
        bar = bar or (whole, work)
        print(
            f"| {name} | {whole:.1f} | {bar[0] / whole:.2f} | {work:.1f} | {bar[1] / work:.2f} |"
            f" {held / 2**20:.0f} MiB |"
        )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=1200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=("dense", "wide"))
    parser.add_argument("--master", default=f"local[{CORES}]")
    given = parser.parse_args()
    if not (ENVIRONMENT / ".ready").exists():
        raise SystemExit("Spark is not set up: make spark")
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    print(java.split("\n", 1)[0])
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in (given.only,) if given.only else ("dense", "wide"):
            export = exports.make(given.tool, folder, kind, given.megabytes)
            table(export, kind, given.rounds, given.master)


if __name__ == "__main__":
    main()
