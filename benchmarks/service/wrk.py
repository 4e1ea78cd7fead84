"""wrk: as many requests as go through some connections to 127.0.0.1, for a bounded time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from questions import MARK, Question

MOST_SECONDS = 3600
MOST_CONNECTIONS = 256

_ASK = """
local asked = {
%s
}
local threads, count = {}, 0

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init()
  count = number * 100000000
  statuses = "{}"
end

function request()
  count = count + 1
  local one = asked[count %% #asked + 1]
  local body = one.body
  if one.varied then body = body:gsub("%s", string.format("%%010d", count)) end
  return wrk.format("POST", one.path, one.headers, body)
end

function done(summary, latency)
  local counted = {}
  for _, thread in ipairs(threads) do table.insert(counted, thread:get("statuses")) end
  io.stderr:write(string.format(
    '{"requests": %%d, "microseconds": %%d, "p50": %%f, "p99": %%f, "refused": %%d,' ..
    ' "broken": %%d, "counted": [%%s]}', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    table.concat(counted, ", ")))
end
"""
_COUNT = """
local seen = {}

function response(status)
  seen[status] = (seen[status] or 0) + 1
  local parts = {}
  for code, times in pairs(seen) do
    table.insert(parts, string.format('"%d": %d', code, times))
  end
  statuses = "{" .. table.concat(parts, ", ") .. "}"
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it.

    Attributes:
        rate: answers per second.
        p50, p99: milliseconds.
        refused: answers of 400 and above.
        broken: connections that failed, broke or timed out.
        statuses: answers by status, where they were counted.
    """

    requests: int
    rate: float
    p50: float
    p99: float
    refused: int
    broken: int
    statuses: Counter[int]


def need() -> None:
    """Stop, plainly, where wrk is not there."""
    if shutil.which("wrk") is None:
        raise SystemExit("These measurements need wrk: apt-get install wrk")


def start(
    port: int,
    questions: Sequence[Question],
    *,
    seconds: int,
    connections: int,
    count: bool = False,
    cpus: set[int] | None = None,
) -> subprocess.Popen[str]:
    """Begin to ask; :func:`finish` waits for the end.

    Args:
        count: count answers by status, which slows wrk a little.
        cpus: the cores wrk may use.
    """
    assert 0 < seconds <= MOST_SECONDS and 0 < connections <= MOST_CONNECTIONS
    with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as script:
        script.write(_ASK % (",\n".join(map(_lua, questions)), MARK) + (_COUNT if count else ""))
    process = subprocess.Popen(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=60s",
            f"--script={script.name}",
            f"http://127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if cpus:
        os.sched_setaffinity(process.pid, cpus)
    return process


def finish(process: subprocess.Popen[str]) -> Load:
    """Wait until it has asked for long enough, and read what it says."""
    _, said = process.communicate(timeout=MOST_SECONDS + 120)
    Path(next(one for one in process.args if ".lua" in one).partition("=")[2]).unlink()
    if process.returncode or not said.startswith("{"):
        raise SystemExit(f"wrk: {said.strip()}")
    found = json.loads(said)
    statuses: Counter[int] = Counter()
    for one in found["counted"]:
        statuses.update({int(status): times for status, times in one.items()})
    return Load(
        requests=found["requests"],
        rate=found["requests"] / (found["microseconds"] / 1e6),
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        refused=found["refused"],
        broken=found["broken"],
        statuses=statuses,
    )


def _lua(question: Question) -> str:
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in question.headers)
    body = question.body.decode()
    assert "]===]" not in body
    varied = "true" if MARK in body else "false"
    return (
        f'{{path = "{question.path}", headers = {{{headers}}}, varied = {varied}, '
        f"body = [===[{body}]===]}}"
    )


def version() -> str:
    """Its name and version."""
    said = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:2]) or "no wrk"
