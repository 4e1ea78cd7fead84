"""The same of a server that runs: what it writes on either stream, itself and its libraries too."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from support import canary, places
from support.service import Service, service

pytestmark = pytest.mark.xdist_group("canary-server")  # one server for all of them

W = canary.word(1)
FHIR = {"Content-Type": "application/fhir+json"}
DATA = canary.poisoned(
    json.loads((places.ROOT / "fixtures" / "fhir" / "demo" / "request.json").read_bytes()),
    "harmless",
)

# Everything a program can do wrong with data it holds, at one place of the reader.
FAULTY = """
import asyncio, logging, sys, threading, warnings
from corrin.intake import reader
real = reader.walk.walk
class Held:
    def __repr__(self): return self.what
    def __del__(self): raise ValueError(self.what)
async def falls(what): raise ValueError(what)
def thrown(what): raise ValueError(what)
def walk(parsed, limits):
    what = str(parsed.values)
    if "fault-here" not in what:
        return real(parsed, limits)
    held = Held(); held.what = what
    warnings.warn(what, RuntimeWarning)
    warnings.warn("again " + what, UserWarning)
    log = logging.getLogger("some.library")
    try:
        raise KeyError(what)
    except KeyError:
        log.exception("failed with %s", what)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=True)
    log.warning(what); log.debug(what); log.error("%d of them", what)
    logging.getLogger("asyncio").error(what, stack_info=True)
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', what, what, what)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        loop.create_task(falls(what), name=what[:100])
        loop.call_soon(thrown, what)
        loop.call_exception_handler({"message": what, "future": held})
    thread = threading.Thread(target=thrown, args=(what,)); thread.start(); thread.join()
    del held
    error = ValueError(what, parsed)
    error.add_note(what)
    raise error
reader.walk.walk = walk
"""
PROGRAM = "from corrin.cli import main; main()"


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_TRACES_EXPORTER", "console")
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with service(
            program=FAULTY + PROGRAM,
            log_level="debug",
            body_bytes=65536,
            header_seconds=2,
            body_seconds=1,
            inline_bytes=1_000_000,
        ) as found:
            yield found


def _check(running: Service) -> str:
    time.sleep(0.3)  # for what is written by and by: spans, tasks that fail
    _, _, metrics = running.ask("/metrics")
    said = running.said() + metrics.decode()
    assert not canary.found_in(said)
    return said


def test_answers_refusals_and_faults(running: Service) -> None:
    for path in (
        *("/v1/interpret", "/fhir/$interpret", f"/v1/{W}?{W}={W}", "/v1/interpret/batch"),
        *("/v1/compare?packs=ng239,aafp-2025", "/cds-services/b12-patient-view"),
    ):
        for body in (DATA, W.encode(), b'{"id":"%s"' % W.encode(), W.encode() * 30_000):
            status, headers, answer = running.ask(path, body, FHIR | {"User-Agent": W})
            assert status < 500 and not canary.found_in(json.dumps(headers))
            assert status < 400 or not canary.found_in(answer)
    said = _check(running)
    assert '"event": "request"' in said or '"event":"request"' in said
    assert '"http.route": "/v1/interpret"' in said, "spans are written here too"


def test_faults_that_spread(running: Service) -> None:
    body = DATA.replace(b'"type": "searchset"', b'"type": "searchset", "x": "fault-here"')
    assert body != DATA
    for _ in range(3):
        status, headers, answer = running.ask("/v1/interpret", body, FHIR)
        assert status == 500 and b"fault" in answer
        assert not canary.found_in(answer) and not canary.found_in(json.dumps(headers))
    said = _check(running)
    assert "Traceback" not in said and "fault-here" not in said
    for told in ("some.library", "RuntimeWarning", "thread-fault", "unraisable-fault", '"asyncio"'):
        assert told in said, told


BROKEN = (
    f"{W} / HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET {W} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /v1/%zz{W} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /v1/{W} HTTP/{W}\r\nHost: x\r\n\r\n",
    f"GET /v1/packs HTTP/1.1\r\n{W}\r\n\r\n",
    f"GET /v1/packs HTTP/1.1\r\nHost: x\r\n{W} : {W}\r\n\r\n",
    f"GET /v1/packs HTTP/1.1\r\nHost: x\r\nX-A: {W}\x00\r\n\r\n",
    f"GET http://{W}:99999/ HTTP/1.1\r\nHost: {W}:{W}\r\n\r\n",
    f"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nContent-Length: {W}\r\n\r\n",
    f"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n{W}",
    f"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {W}\r\n\r\n",
    f"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{W}\r\n{W}",
    f"GET /{W} HTTP/1.1\r\nHost: x\r\nUpgrade: {W}\r\nConnection: upgrade\r\n\r\n",
    f"GET /{W} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    f"GET /v1/packs HTTP/1.1\r\nHost: x\r\nX-A: {W * 10_000}\r\n\r\n",
    f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{W}",
    f"CONNECT {W}:443 HTTP/1.1\r\nHost: {W}\r\n\r\n",
    f"OPTIONS * HTTP/1.1\r\nHost: {W}\r\n\r\n",
)


def _said_to(running: Service, data: bytes, seconds: float = 5) -> bytes:
    """What the server answers on a connection until it closes it, or waits for more."""
    found = b""
    with running.connect(seconds) as there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        try:
            while more := there.recv(65536):
                found += more
        except (ConnectionError, TimeoutError):
            pass
    return found


@pytest.mark.parametrize("request_text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_http(running: Service, request_text: str) -> None:
    answer = _said_to(running, request_text.encode("latin-1"))
    assert not canary.found_in(answer) and b" 500 " not in answer
    _check(running)


def test_clients_that_leave_or_wait(running: Service) -> None:
    head = f"POST /v1/interpret?{W} HTTP/1.1\r\nHost: {W}\r\nContent-Length: 60000\r\n\r\n".encode()
    for data in (head[:30], head, head + DATA[:5_000]):
        with running.connect() as gone:
            gone.sendall(data)
    with running.connect() as waits:  # until the time for a body is over
        waits.sendall(head + DATA[:5_000])
        answer = waits.recv(65536)
        assert b" 408 " in answer.split(b"\r\n")[0] and not canary.found_in(answer)
    said = _check(running)
    assert '"ended":"client-gone"' in said and '"status":408' in said


def test_told_to_stop_while_it_works() -> None:
    with service(log_level="debug") as found:
        answers: list[int] = []

        def ask() -> None:
            for _ in range(20):
                try:
                    answers.append(found.ask("/v1/interpret", DATA, FHIR)[0])
                except (OSError, ValueError):
                    return

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for one in asking:
            one.start()
        time.sleep(0.5)
        assert found.stop(signal.SIGTERM) == 0
        for one in asking:
            one.join()
        said = found.said()
    assert 200 in answers and not canary.found_in(said) and '"event":"stopped"' in said
