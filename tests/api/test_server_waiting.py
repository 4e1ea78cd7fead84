"""Who has waited too long for a turn is told to come again; who is in work, and health, is not."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from corrin.api.guard import Turn
from corrin.api.guard.turn import begin
from support.service import Service, service

# Once the service has started and is told to be slow, every job says that it is in work, and works
# until it is let go of; the loop stands still.
SLOW = """
import itertools, os, pathlib, time
from corrin.api import connection, interpreter
if {plain}:
    connection.PROTOCOL = connection.PlainProtocol
numbers = itertools.count()
async def work(self, size, job):
    if not pathlib.Path({folder!r}, "slow").exists():
        return job()
    number = next(numbers)
    pathlib.Path({folder!r}, f"in-{{number}}").touch()
    while not pathlib.Path({folder!r}, f"go-{{number}}").exists():
        time.sleep(0.005)
    return job()
interpreter.Interpreter.work = work
from corrin.cli import main; main()
"""
BODY = (
    b'{"resourceType":"Bundle","type":"collection",'
    b'"entry":[{"resource":{"resourceType":"Patient","id":"p"}}]}'
)
HEAD = (
    b"POST /fhir/$interpret HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
)
WAIT = 1.0


def begun(folder: Path, number: int) -> None:
    """Wait until a job is in work."""
    end = time.monotonic() + 60
    while not (folder / f"in-{number}").exists():
        assert time.monotonic() < end
        time.sleep(0.005)


def post(server: Service) -> socket.socket:
    """A request sent whole, whose answer is not read yet."""
    connection = server.connect(60)
    connection.sendall(HEAD + BODY)
    return connection


def heard(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the whole answer, of which the head comes with the first bytes."""
    with connection:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            assert more
            data += more
    return int(data.split()[1]), data


@pytest.mark.parametrize("plain", [False, True])
def test_who_has_waited_too_long_is_turned_away_and_health_is_not(
    tmp_path: Path, plain: bool
) -> None:
    program = SLOW.format(folder=str(tmp_path), plain=plain)
    with service(program=program, wait_seconds=WAIT, log_level="info") as server:
        (tmp_path / "slow").touch()
        first = post(server)
        begun(tmp_path, 0)
        # Now the process reads nothing. What is sent meanwhile is found at once when it goes on.
        others = [post(server) for _ in range(4)]
        health = server.connect(60)
        health.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        (tmp_path / "go-0").touch()
        begun(tmp_path, 1)
        time.sleep(1.5 * WAIT)  # however slow the machine is: they wait longer, never shorter
        for number in range(1, 6):
            (tmp_path / f"go-{number}").touch()
        assert heard(first)[0] == 200
        found = sorted(heard(one) for one in others)
        assert [status for status, _ in found] == [200, 429, 429, 429]
        for _, answer in found[1:]:
            head = answer.lower()
            assert b"\r\nretry-after: 1\r\n" in head
            assert b"\r\ncontent-type: application/fhir+json" in head
            assert b"\r\nx-request-id: " in head and b"\r\nx-content-type-options: " in head
        assert heard(health)[0] == 200
        assert heard(post(server))[0] == 200  # and once nobody is before it, a turn comes at once
        status, _, counted = server.ask("/metrics")
        assert status == 200
        assert b'corrin_throttled_total{door="fhir"} 3.0' in counted
        assert b'corrin_problems_total{door="fhir",reason="busy"} 3.0' in counted


def test_a_body_that_comes_slowly_is_no_waiting() -> None:
    with service(wait_seconds=WAIT, log_level="error") as server, server.connect(60) as connection:
        connection.sendall(HEAD + BODY[:5])
        time.sleep(1.5 * WAIT)
        connection.sendall(BODY[5:])
        assert heard(connection)[0] == 200


def test_requests_behind_others_on_one_connection_wait_for_these_and_not_for_a_turn() -> None:
    many = 1000
    with service(wait_seconds=WAIT, log_level="error") as server, server.connect(60) as connection:
        threading.Thread(target=connection.sendall, args=((HEAD + BODY) * many,)).start()
        data = b""
        while data.count(b"HTTP/1.1 200 OK") < many:
            more = connection.recv(1 << 20)
            assert more
            data += more
            assert b"HTTP/1.1 429" not in data


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("path", "ago", "status"),
    [
        ("/v1/interpret", 100.0, 429),
        ("/v1/interpret", 0.0, 200),
        ("/v1/interpret", None, 200),  # under a server that notes nothing
        ("/livez", 100.0, 200),
        ("/readyz", 100.0, 200),
        ("/metrics", 100.0, 200),
        ("/v1/interpret/batch", 100.0, 429),
        ("/cds-services/x", 100.0, 429),
    ],
)
def test_a_turn(path: str, ago: float | None, status: int) -> None:
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "headers": []}
    if ago is not None:
        begin(scope)
        scope["state"] = {name: value - ago for name, value in scope["state"].items()}
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await Turn(_inside, seconds=60)(scope, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == status
    assert (b"retry-after", b"1") in sent[0]["headers"] or status == 200
