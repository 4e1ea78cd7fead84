"""Measure the service on this machine: every request goes to 127.0.0.1, bounded in number and time.

    python benchmarks/service/run.py table [--seconds 7] [--rounds 3]
    python benchmarks/service/run.py hooks [--per-second 50] [--seconds 30]
    python benchmarks/service/run.py soak  [--minutes 10]
    python benchmarks/service/run.py kill

*table*: how many requests go through each door, beside two doors of the same app that do less.
*hooks*: how long a CDS Hooks client waits at a constant rate. *soak*: memory and statuses at
saturation. *kill*: what TERM and KILL cost. See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import importlib.metadata
import os
import platform
import re
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import client
import questions
import running
import wrk

SERVER, CLIENT = {0}, {1}  # one core each, where there are two
SATURATED = 96  # connections, each asking again as soon as it is answered


def machine() -> str:
    """What this was measured on."""
    try:
        cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        cpu = None
    packages = ("fastapi", "uvicorn", "orjson", "pydantic", "fhir.resources")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"{datetime.date.today()}, {len(running.cores())} cores, {cpu[1] if cpu else '?'}; "
        f"Corrin {importlib.metadata.version('corrin')}, Python {platform.python_version()}, "
        f"{versions}, {wrk.version()}"
    )


def table(options: argparse.Namespace) -> None:
    """Throughput at 8 connections, waiting at one; the server on one core, wrk on the other."""
    wrk.need()
    server, own = (SERVER, CLIENT) if len(running.cores()) > 1 else (None, None)
    with running.service(baseline=True, cpus=server, log_level=options.log_level) as service:
        asked = questions.doors()
        sizes = {}
        for question in asked:
            status, body = question.ask(service.port)
            if status != 200:
                raise SystemExit(f"{question.name}: {status} {body[:300]!r}")
            sizes[question.name] = len(body)
        lenient, strict, plain = asked
        read = questions.baseline("read", sizes[lenient.name])
        validated = questions.baseline("validated", sizes[strict.name])
        read_plain = questions.baseline("read", sizes[plain.name])
        against = {lenient: read, strict: validated, plain: read_plain}
        order = [read, lenient, validated, strict, read_plain, plain]
        found: dict[questions.Question, list[tuple[wrk.Load, wrk.Load]]] = {}
        for question in order:
            load(service.port, question, 2, 8, own)  # warm
        for _ in range(options.rounds):
            for question in order:
                many = load(service.port, question, options.seconds, 8, own)
                one = load(service.port, question, max(2, options.seconds // 2), 1, own)
                found.setdefault(question, []).append((many, one))
    print(f"{machine()}\n")
    print("| door | bytes in | bytes out | requests/s | p50 ms | p99 ms | p50, 1 client | of |")
    print("|---|---|---|---|---|---|---|---|")
    rates = {
        question: statistics.median(many.rate for many, _ in loads)
        for question, loads in found.items()
    }
    for question in order:
        loads = found[question]
        p50, p99 = (
            statistics.median(getattr(many, at) for many, _ in loads) for at in ("p50", "p99")
        )
        alone = statistics.median(one.p50 for _, one in loads)
        base = against.get(question)
        share = f"{rates[question] / rates[base]:.0%} of {base.name}" if base else ""
        out = sizes.get(question.name) or int(question.path.partition("=")[2])
        print(
            f"| {question.name} | {len(question.body)} | {out} | {rates[question]:.0f} "
            f"| {p50:.1f} | {p99:.1f} | {alone:.2f} | {share} |"
        )


def load(
    port: int, question: questions.Question, seconds: int, connections: int, cpus: set[int] | None
) -> wrk.Load:
    """Ask one thing; anything but answers of 200 ends the measurement."""
    started = wrk.start(port, [question], seconds=seconds, connections=connections, cpus=cpus)
    found = wrk.finish(started)
    if found.refused or found.broken or not found.requests:
        raise SystemExit(f"{question.name}: {found}")
    return found


def hooks(options: argparse.Namespace) -> None:
    """CDS Hooks at a constant rate; a time counts from when the request was due."""
    with running.service() as service:
        question = questions.hooks(service.port)
        status, body = question.ask(service.port)
        if status != 200:
            raise SystemExit(f"{status} {body[:300]!r}")
        request = client.packed(question)
        asyncio.run(client.at_rate(service.port, request, per_second=20, seconds=2))  # warm
        tally = asyncio.run(
            client.at_rate(
                service.port, request, per_second=options.per_second, seconds=options.seconds
            )
        )
    taken = sorted(1000 * (end - due) for _, due, end in tally.answered)
    print(f"{machine()}\n")
    print(
        f"{question.name}: {len(request)} bytes in, {len(body)} out, {options.per_second} "
        f"requests/s for {options.seconds} s: {tally.statuses()}, lost {len(tally.lost)}, "
        f"turned away {tally.turned_away}; p50 {part(taken, 50):.1f} ms, "
        f"p99 {part(taken, 99):.1f} ms, longest {taken[-1]:.1f} ms"
    )


def part(ordered: Sequence[float], percent: int) -> float:
    """A percentile of an ordered list."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def soak(options: argparse.Namespace) -> None:
    """Every door at saturation, no two requests the same: memory every ten seconds, statuses."""
    wrk.need()
    with running.service(log_level="warning") as service:
        asked = [questions.varied(one) for one in questions.doors()]
        asked.append(questions.varied(questions.hooks(service.port)))
        for question in asked:
            status, body = question.ask(service.port)
            if status != 200:
                raise SystemExit(f"{question.name}: {status} {body[:300]!r}")
        seconds = int(options.minutes * 60)
        started = wrk.start(service.port, asked, seconds=seconds, connections=SATURATED, count=True)
        memory = []
        begin = time.monotonic()
        while started.poll() is None:
            memory.append(service.memory())
            print(f"{time.monotonic() - begin:6.0f} s {memory[-1] / 1024:8.1f} MiB", flush=True)
            time.sleep(min(10, max(0.5, seconds / 20)))
        found = wrk.finish(started)
        alive = service.process.poll() is None
    settled = memory[len(memory) // 5 : -1] or memory
    early = statistics.median(settled[: max(1, len(settled) // 4)])
    late = statistics.median(settled[-max(1, len(settled) // 4) :])
    print(f"\n{machine()}\n")
    print(
        f"{found.requests} answers in {seconds} s through {SATURATED} connections, by status "
        f"{dict(found.statuses)}; broken connections {found.broken}; p50 {found.p50:.0f} ms, "
        f"p99 {found.p99:.0f} ms"
    )
    print(
        f"memory after the first fifth: {early / 1024:.1f} MiB, at the end {late / 1024:.1f} MiB "
        f"({late / early - 1:+.1%}), most {max(memory) / 1024:.1f} MiB"
    )
    bad = {status: times for status, times in found.statuses.items() if status not in (200, 429)}
    if bad or found.broken or not alive or late > 1.05 * early:
        raise SystemExit("NOT as it should be: only 200 and 429, nothing broken, memory flat")


def kill(options: argparse.Namespace) -> None:
    """TERM under load loses no request; KILL of one of two processes loses only its own."""
    asyncio.run(terminated())
    asyncio.run(killed())


async def terminated() -> None:
    """One process, told to stop while 16 clients go on asking."""
    with running.service() as service:
        tally, clients, stop = asking(service.port, 16)
        await asyncio.sleep(3)
        told = time.monotonic()
        service.tell(signal.SIGTERM)
        code = await asyncio.to_thread(service.process.wait, 60)
        ended = time.monotonic()
        stop.set()
        await asyncio.gather(*clients)
    before = [sent for sent in tally.lost if sent <= told]
    later = [status for status, sent, _ in tally.answered if sent > told]
    print(
        f"TERM: answered {tally.statuses()}, of these sent after it {len(later)}; sent before it "
        f"and lost {len(before)}; sent after it and lost {len(tally.lost) - len(before)}; "
        f"exit {code} after {ended - told:.1f} s"
    )
    if before or code or set(tally.statuses()) - {200, 429, 503}:
        raise SystemExit("NOT as it should be: no accepted request may be lost")


async def killed() -> None:
    """Two processes, one of them killed while 16 clients go on asking."""
    with running.service(workers=2) as service:
        tally, clients, stop = asking(service.port, 16)
        await asyncio.sleep(3)
        workers = service.workers()
        victim = service.busiest()
        told = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        await asyncio.sleep(12)
        stop.set()
        await asyncio.gather(*clients)
        after = service.workers()
    late = [sent - told for sent in tally.lost if sent > told + 1]
    print(
        f"KILL of one of {len(workers)}: answered {tally.statuses()}, lost {len(tally.lost)} "
        f"(of them sent more than a second after it: {len(late)}), turned away "
        f"{tally.turned_away}; processes after 12 s: {len(after)}, the killed one replaced: "
        f"{victim not in after and len(after) == len(workers)}"
    )
    if len(tally.lost) > 16 or late or len(after) != len(workers):
        raise SystemExit("NOT as it should be: only what the killed one had in work may be lost")


def asking(port: int, number: int) -> tuple[client.Tally, list[asyncio.Task[None]], asyncio.Event]:
    """Some clients that ask until told to stop."""
    tally, stop = client.Tally(), asyncio.Event()
    request = client.packed(questions.doors()[0])
    clients = [
        asyncio.create_task(client.keep_asking(port, request, tally, lambda: not stop.is_set()))
        for _ in range(number)
    ]
    return tally, clients, stop


def main(arguments: list[str]) -> int:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description="Measure the service on this machine.")
    commands = parser.add_subparsers(required=True)
    for name, (measure, *given) in {
        "table": (table, ("--seconds", int, 7), ("--rounds", int, 3), ("--log-level", str, "info")),
        "hooks": (hooks, ("--per-second", int, 50), ("--seconds", int, 30)),
        "soak": (soak, ("--minutes", float, 10.0)),
        "kill": (kill,),
    }.items():
        command = commands.add_parser(name, help=(measure.__doc__ or "").splitlines()[0])
        for option, kind, default in given:
            command.add_argument(option, type=kind, default=default)
        command.set_defaults(measure=measure)
    options = parser.parse_args(arguments)
    options.measure(options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
