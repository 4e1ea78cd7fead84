"""A real server started, loaded, told to stop, robbed of a process."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from support.certificates import authority
from support.places import CASES
from support.service import Service, service
from support.wire import post, talk

pytestmark = pytest.mark.xdist_group("server-life")

DEMO = (CASES / "demo" / "request.json").read_bytes()
JSON = {"Content-Type": "application/json"}
FHIR = "/fhir/$interpret"
LARGE_HEAD = {"Accept": "a" * 40_000}


def large(count: int) -> bytes:
    """A Bundle of many results, so that its answer takes a while."""
    first = orjson.loads(DEMO)
    entries = first["entry"]
    observations = [one for one in entries if one["resource"]["resourceType"] == "Observation"]
    others = [one for one in entries if one["resource"]["resourceType"] != "Observation"]
    for number in range(count):
        resource = dict(observations[number % len(observations)]["resource"], id=f"o{number}")
        others.append({"resource": resource})
    return orjson.dumps(first | {"entry": others})


@dataclass(slots=True)
class Caller(threading.Thread):
    """Asks the same over one kept connection until the server closes it."""

    server: Service
    asked: int = 0
    answered: list[int] = field(default_factory=list)
    lost: str = ""

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, daemon=True)

    def run(self) -> None:
        """Until an answer says that it is the last."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.connect()
        try:
            while True:
                self.asked += 1
                connection.request("POST", FHIR, DEMO, JSON)
                answer = connection.getresponse()
                answer.read()
                self.answered.append(answer.status)
                if answer.getheader("connection") == "close":
                    return
        except (OSError, http.client.HTTPException) as error:
            self.lost = repr(error)

    __hash__ = threading.Thread.__hash__


def calling(server: Service, count: int) -> list[Caller]:
    callers = [Caller(server) for _ in range(count)]
    for caller in callers:
        caller.start()
    end = time.monotonic() + 60
    while any(not caller.answered for caller in callers) and time.monotonic() < end:
        time.sleep(0.02)
    return callers


@pytest.mark.parametrize("workers", [1, 2])
def test_told_to_stop_under_load_it_loses_no_request(workers: int) -> None:
    with service(workers=workers, log_level="warning") as server:
        slow: list[int] = []
        body = large(2000)
        ask = threading.Thread(target=lambda: slow.append(server.ask(FHIR, body, JSON)[0]))
        ask.start()
        callers = calling(server, 8)
        server.process.send_signal(signal.SIGTERM)
        for caller in callers:
            caller.join(60)
        ask.join(60)
        assert [caller.lost for caller in callers] == [""] * 8
        assert all(caller.asked == len(caller.answered) for caller in callers)
        assert {status for caller in callers for status in caller.answered} == {200}
        assert slow == [200]
        assert server.stop() == 0
        with pytest.raises(OSError):
            server.connect(1)


def test_it_says_what_runs_and_idle_connections_do_not_keep_it_from_stopping() -> None:
    with (
        service(
            "--profile", "us", "--log-format", "console", profile="uk", shutdown_seconds=600
        ) as server,
        server.connect(),
        server.connect() as half,
    ):
        first = next(line for line in server.said().splitlines() if line.startswith("corrin "))
        assert first.endswith(
            f"serves profile us on http://127.0.0.1:{server.port}, auth none: loopback only"
        )
        half.sendall(b"GET /livez HTTP/1.1\r\n")
        assert server.stop() == 0


def test_when_all_connections_work_more_are_turned_away_and_it_still_stops_in_time() -> None:
    settings = {"shutdown_seconds": 1, "body_seconds": 600, "connections": 2}
    with service(**settings) as server, server.connect() as slow, server.connect() as slower:
        for one in (slow, slower):
            one.sendall(b"POST /v1/interpret HTTP/1.1\r\nExpect: 100-continue\r\n")
            one.sendall(b"Content-Length: 100\r\n\r\n{")
            assert one.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the body
        heard = talk(server, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert heard.statuses == [429] and heard.closed
        assert heard.answers[0].headers["retry-after"] == "1"
        server.stop()


def _children(server: Service) -> list[int]:
    """The processes that serve."""
    file = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    if not file.exists():  # macOS: without /proc nobody says which child to kill
        pytest.skip("this system does not tell the children of a process")
    found = []
    for child in map(int, file.read_text().split()):
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            found.append(child)
    return found


def _runs(number: int) -> bool:
    """Whether there is such a process, and it has not ended without anybody asking how."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


def test_a_process_killed_loses_its_own_requests_only_and_is_replaced() -> None:
    with service(workers=2, log_level="warning") as server:
        before = _children(server)
        assert len(before) == 2
        callers = calling(server, 8)
        os.kill(before[0], signal.SIGKILL)
        time.sleep(0.2)
        for _ in range(20):  # while it is missing
            assert server.ask(FHIR, DEMO, JSON)[0] == 200
        assert _until(lambda: len(now := _children(server)) == 2 and before[0] not in now)
        assert before[1] in _children(server)
        going = [caller for caller in callers if caller.is_alive()]
        lost = [caller for caller in callers if caller.lost]
        assert len(going) + len(lost) == 8 and going
        assert all(caller.asked - len(caller.answered) == 1 for caller in lost)
        assert all(set(caller.answered) <= {200} for caller in callers)

        children = _children(server)
        server.process.kill()
        server.process.wait(60)
        ended = _until(lambda: not any(_runs(one) for one in children))
        for one in filter(_runs, children):
            os.kill(one, signal.SIGKILL)
        assert ended, "processes go on without the one that began them"
        for caller in going:
            caller.join(60)
        assert all(caller.asked == len(caller.answered) for caller in going)


def test_more_than_it_takes_is_turned_away_and_health_still_answers() -> None:
    with service(concurrency=2, threads=1, log_level="error") as server:
        body = large(3000)
        statuses: list[tuple[int, dict[str, str]]] = []

        def ask() -> None:
            status, headers, _ = server.ask("/fhir/$interpret", body, JSON, seconds=60)
            statuses.append((status, headers))

        asking = [threading.Thread(target=ask) for _ in range(16)]
        for one in asking:
            one.start()
        meanwhile = 0
        while any(one.is_alive() for one in asking):
            assert server.ask("/livez")[0] == 200
            meanwhile += any(one.is_alive() for one in asking)
            time.sleep(0.02)
        assert meanwhile, "health was answered only when the work was done"
        found = {status for status, _ in statuses}
        assert found == {200, 429}
        turned = [headers for status, headers in statuses if status == 429]
        assert all(headers["retry-after"] == "1" for headers in turned)
        assert all(
            headers["content-type"].startswith("application/fhir+json") for headers in turned
        )
        assert server.ask(FHIR, DEMO, JSON)[0] == 200


def test_what_takes_too_long_is_answered_in_time() -> None:
    with service(request_seconds=0.05, threads=1, log_level="error") as server:
        heard = talk(server, post(FHIR, large(5000 - 20), close=False))
        assert heard.statuses in ([422], [429])
        assert heard.answers[0].reason in ("too-costly", "busy")
        assert heard.closed
        assert server.ask("/livez")[0] == 200
        _reads_nothing(server)


def _reads_nothing(server: Service) -> None:
    """A client that asks and asks, and takes none of its answers, is let go of."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((server.host, server.port))
        connection.settimeout(1)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    connection.sendall(b"GET /v1/analytes HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
                except TimeoutError:
                    continue
    assert server.ask("/livez")[0] == 200


def test_an_address_in_use_is_told_and_nothing_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError) as told, service(port=port):
            pass
    said = str(told.value)
    assert "cannot listen" in said and str(port) in said and "CORRIN_PORT" in said


def test_a_client_that_begins_no_tls_is_let_go_of_and_one_that_does_is_served(
    tmp_path: Path,
) -> None:
    ours = authority(tmp_path / "ours", "ours")
    certificate, key = ours.sign("server")
    with service(tls_certificate=certificate, tls_key=key, header_seconds=1) as server:
        context = ssl.create_default_context(cafile=ours.certificate)
        with server.connect(40) as silent, contextlib.suppress(ConnectionResetError):
            assert silent.recv(10) == b""  # TLS by itself would wait a minute
        kept = http.client.HTTPSConnection(server.host, server.port, context=context, timeout=60)
        for asked in (LARGE_HEAD, {}):
            kept.request("GET", "/livez", headers=asked)
            answer = kept.getresponse()
            assert answer.status == (431 if asked else 200)
            answer.read()
        kept.close()
