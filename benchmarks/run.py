"""Time of one interpretation, split by step, and its ratio to ``json.loads`` of the same bytes.

    python benchmarks/run.py [--repeat N] [--json] [REQUEST ...]

Without a request: a case of 20 Observations, and the example of ``make demo``; and what it takes
to read the terminology, once for each process. Times are in milliseconds. The core is *choose*,
*evaluate* and *notes*, one after the other; *no settle* is *evaluate* without the search for what
would settle each status.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import corrin
from corrin import intake, terminology
from corrin.content import rules_root
from corrin.evaluate.decide import Decider
from corrin.facts.moment import Moment
from corrin.interpretation import choose_case, prepared

HERE = Path(__file__).resolve().parent
REQUESTS = [HERE / "twenty-observations.json", HERE.parent / "fixtures/fhir/demo/request.json"]
WARM_UP = 20


def measure(step: Callable[[], object], repeat: int) -> tuple[float, float]:
    """p50 and p99 of one step, in milliseconds."""
    for _ in range(min(WARM_UP, repeat)):
        step()
    taken = []
    for _ in range(repeat):
        start = time.perf_counter_ns()
        step()
        taken.append(time.perf_counter_ns() - start)
    taken.sort()
    return taken[len(taken) // 2] / 1e6, taken[min(len(taken) - 1, len(taken) * 99 // 100)] / 1e6


def steps(data: bytes, as_of: str, repeat: int) -> dict[str, tuple[float, float]]:
    """The steps of one interpretation, each timed on what the step before gave."""
    engine, composer = prepared("uk")
    moment = Moment.parse(as_of)
    reading = intake.read(data)
    case = choose_case(reading, moment, engine)
    evaluation = engine.evaluate(case)
    report = composer.compose(evaluation)
    timed: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(data),
        "read": lambda: intake.read(data),
        "choose": lambda: choose_case(reading, moment, engine),
        "evaluate": lambda: engine.evaluate(case),
        "notes": lambda: composer.compose(evaluation),
        "core": lambda: composer.compose(engine.evaluate(choose_case(reading, moment, engine))),
        "to_json": report.to_json,
        "interpret": lambda: corrin.interpret(data, as_of=as_of),
    }
    found = {name: measure(step, repeat) for name, step in timed.items()}
    with patch.object(Decider, "_settle", lambda *_: ()):
        found["no settle"] = measure(timed["evaluate"], repeat)
    try:
        intake.read(data, strict=True)
    except corrin.IntakeError:
        return found  # this request is refused in strict handling: there is nothing to time
    return found | {
        "strict": measure(lambda: intake.read(data, strict=True), max(20, repeat // 20))
    }


def reading(repeat: int) -> tuple[float, float]:
    """Reading the terminology from its files, which every process does once."""
    root = rules_root()
    return measure(lambda: terminology.load(root), max(5, repeat // 20))


def rules(data: bytes, as_of: str) -> str:
    """How many rules there are, are asked of the case, fire, and cannot say."""
    engine, _ = prepared("uk")
    case = choose_case(intake.read(data), Moment.parse(as_of), engine)
    with patch.object(engine, "_ask", wraps=engine._ask) as ask:
        evaluation = engine.evaluate(case)
    written = {bound.rule.id for pack in engine.packs for bound in pack.rules}
    return (
        f"{len(written)} rules, {ask.call_count} asked, {len(evaluation.fired)} fired, "
        f"{len(evaluation.unsaid)} cannot say"
    )


def main(arguments: list[str]) -> int:
    """Print one table (or one JSON line) per request."""
    parser = argparse.ArgumentParser(description="Time of one interpretation, by step.")
    parser.add_argument("requests", nargs="*", type=Path, metavar="REQUEST")
    parser.add_argument("--as-of", default="2026-11-01T09:00:00Z")
    parser.add_argument("--repeat", type=int, default=500)
    parser.add_argument("--json", action="store_true", help="one JSON line per request")
    options = parser.parse_args(arguments)
    for request in options.requests or REQUESTS:
        data = request.read_bytes()
        title = request.parent.name if request.stem == "request" else request.stem
        found = steps(data, options.as_of, options.repeat)
        base = found["json.loads"][0]
        if options.json:
            line = {name: {"p50": p50, "p99": p99} for name, (p50, p99) in found.items()}
            print(json.dumps({"request": title, "bytes": len(data), "ms": line}))
            continue
        results = data.count(b'"Observation"')
        print(f"{title}: {len(data)} bytes, {results} results; {rules(data, options.as_of)}")
        print(f"Corrin {corrin.__version__}, Python {platform.python_version()}\n")
        print(f"{'step':<12}{'p50 ms':>10}{'p99 ms':>10}{'x json.loads':>15}")
        for name, (p50, p99) in found.items():
            print(f"{name:<12}{p50:>10.3f}{p99:>10.3f}{p50 / base:>15.1f}")
        print()
    if not options.requests:
        p50, p99 = reading(options.repeat)
        if options.json:
            print(json.dumps({"terminology": "read", "ms": {"p50": p50, "p99": p99}}))
        else:
            print(f"reading the terminology, once for each process: p50 {p50:.1f}, p99 {p99:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
