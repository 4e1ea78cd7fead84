"""Time of the rules over many cases at once, beside one case after the other.

    python benchmarks/batch/rules.py --tool make_bulk.py [--patients 2000] [--rounds 5]
                                     [--profile uk] [--as-of DATE]

Cases are made with ``make_bulk.py``, each person as of a day of results, or all as of one day.
*rules* is everything a profile decides and every rule that fires, from columns of classes, without
words; *columns* puts cases into columns; *records* is all of it, words included; *online* is one
case after the other. One core; medians, one figure of each kind in every round.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from corrin.evaluate.many import Asker
from corrin.evaluate.many_fill import Filled
from corrin.evaluate.many_sheet import Cases, Values
from corrin.facts.case import Case
from corrin.facts.choose import choose
from corrin.facts.moment import Moment
from corrin.intake.gathered import gather
from corrin.interpretation import policy_of, prepared
from corrin.notes.many import AT_ONCE, Many
from corrin.notes.record import Recorder

MILLION = 1_000_000
ONLINE = 200


def cases(tool: Path, patients: int, profile: str, as_of: str | None) -> list[Case]:
    """Cases of a made export."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(tool), "--patients", str(patients), "--seed", "5"]
        command += ["--unrelated", "0", "--out", folder]
        subprocess.run(command, check=True, capture_output=True)
        rows: dict[str, list[dict[str, Any]]] = {}
        for file in sorted(Path(folder).glob("*.ndjson")):
            for line in file.read_bytes().splitlines():
                one = json.loads(line, parse_float=Decimal, parse_int=Decimal)
                about = one["id"]
                if one["resourceType"] != "Patient":
                    about = one["subject"]["reference"].rpartition("/")[2]
                rows.setdefault(about, []).append(one)
    return [case for one in rows.values() for case in _cases(one, profile, as_of)]


def _cases(rows: list[dict[str, Any]], profile: str, as_of: str | None) -> Iterator[Case]:
    reading = gather(rows).reading
    days = sorted({one.when.text[:10] for one in reading.results if one.when is not None})
    for day in days if as_of is None else [as_of]:
        yield choose(reading, Moment.parse(day), policy_of(profile))


def rules(asker: Asker, filled: list[Filled], rows: int) -> int:
    """Ask all tables and rules of columns until so many rows were asked; how many notes fire."""
    fired = asked = 0
    while asked < rows:
        for one in filled:
            of = one.sheet
            sheet = Cases(of.cases, of.slots, of.columns, of.era, times=of.times)
            values = {name: _anew(each, sheet) for name, each in one.values.items()}
            answers = asker.answers(Filled(sheet, values, one.irregular))
            fired += sum(len(firing.rows) for firing in answers.fired())
            asked += sheet.size
            if asked >= rows:
                break
    return fired


def _anew(values: Values, sheet: Cases) -> Values:
    """The same values with nothing found out yet."""
    of = values
    return Values(of.analyte, of.critical_days, of.own, of.column, of.found, of.owner, sheet)


def seconds(step: Callable[[], object]) -> float:
    """How long a step takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tool", type=Path, required=True, help="make_bulk.py")
    parser.add_argument("--patients", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", default="uk")
    parser.add_argument("--as-of", help="one day for all; else each person on days of results")
    options = parser.parse_args()
    engine, composer = prepared(options.profile)
    recorder = Recorder(engine, composer)
    made = cases(options.tool, options.patients, options.profile, options.as_of)
    many, asker = Many(engine, recorder), Asker(engine)
    parts = [made[at : at + AT_ONCE] for at in range(0, len(made), AT_ONCE)]
    many.records(made)  # words every kind of note once
    filled = [asker.filler.fill(part) for part in parts]
    rules(asker, filled, len(made))
    gc.collect()
    gc.freeze()
    steps: dict[str, tuple[Callable[[], object], int]] = {
        "rules": (lambda: rules(asker, filled, MILLION), MILLION),
        "columns": (lambda: [asker.filler.fill(part) for part in parts], len(made)),
        "records": (lambda: many.records(made), len(made)),
        "online": (lambda: [recorder.of(engine.evaluate(one)) for one in made[:ONLINE]], ONLINE),
    }
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, (step, _count) in steps.items():
            taken[name].append(seconds(step))
    print(f"Python {platform.python_version()}, numpy, one core of {platform.machine()}")
    print(f"{len(made)} cases, {len(asker.rules)} rules, {many.alone} evaluated by themselves")
    print(f"{rules(asker, filled, len(made)) / len(made):.1f} notes a case\n")
    per_case = {name: statistics.median(taken[name]) / steps[name][1] for name in steps}
    print(f"{'':10}{'us/case':>10}{'s/million':>12}{'x online':>10}")
    for name, each in per_case.items():
        ratio = per_case["online"] / each
        print(f"{name:10}{each * 1e6:10.1f}{each * MILLION:12.1f}{ratio:10.0f}")


if __name__ == "__main__":
    main()
