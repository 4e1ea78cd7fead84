"""The server where httptools is not there: slower, and no less careful."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from corrin.api import Settings, connection, create_app, server
from corrin.api.interpreter import Interpreter
from support.wire import Heard, post, talk

pytestmark = pytest.mark.xdist_group("server-plain")

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HEAD = b"POST /v1/interpret HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Here:
    """A server in this process, as far as :func:`talk` needs one."""

    host: str
    port: int

    def connect(self, seconds: float) -> socket.socket:
        """A plain connection to it."""
        return socket.create_connection((self.host, self.port), seconds)


@pytest.fixture(scope="module")
def plain(interpreter: Interpreter) -> Iterator[Here]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "PROTOCOL", connection.PlainProtocol)
        settings = Settings(port=0, header_seconds=0.5, body_seconds=1, keep_alive_seconds=2)
        bound = server.listen(settings)
        config = server.configuration(settings, create_app(settings, interpreter))
        up = threading.Event()
        runs = server.Server(config, settings, up.set)
        thread = threading.Thread(target=runs.run, args=([bound],))
        thread.start()
        assert up.wait(60)
        yield Here(*bound.getsockname())
        runs.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


CASES = {
    "two requests": (LIVE + LAST, [200, 200]),
    "a body": (post("/v1/interpret", b"{}"), [422]),
    "a chunked body": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + LAST,
        None,
    ),
    "garbage": (b"garbage\r\n\r\n", [400]),
    "half a head": (b"GET /livez HTTP/1.1\r\nHost:", [408]),
    "half a body": (HEAD + b"Content-Length: 9\r\n\r\n{}", [408]),
    "a large head": (LIVE[:-2] + b"A: " + b"b" * 400_000 + b"\r\n\r\n", [431]),
    "a large body": (HEAD + b"Content-Length: 99999999\r\n\r\n", [413]),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", [400]),
    "a broken chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_is_sent_gets_the_same_answers(plain: Here, kind: str) -> None:
    sent, statuses = CASES[kind]
    heard: Heard = talk(plain, sent)  # type: ignore[arg-type]
    if statuses is None:
        assert heard.statuses[0] in (400, 422) and heard.statuses[1:] == [200]
    else:
        assert heard.statuses == statuses
    assert heard.closed
    for answer in heard.answers:
        if answer.status >= 400:
            assert answer.reason
