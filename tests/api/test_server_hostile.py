"""A real server, and clients that mean it no good: always a clear answer, never a 5xx."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from support.service import Service, service
from support.wire import Heard, post, talk

pytestmark = pytest.mark.xdist_group("server-hostile")

MiB = 1024 * 1024
HEAD = b"POST /v1/interpret HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    with service(
        header_seconds=1, body_seconds=1, keep_alive_seconds=600, connections=60, log_level="error"
    ) as found:
        yield found
        assert found.process.poll() is None, "the server fell over"
        log = found.said()
        assert "Traceback" not in log and '"fault"' not in log, log[-3000:]


@pytest.fixture(autouse=True)
def stands(server: Service) -> Iterator[None]:
    """After each test the server answers as before."""
    yield
    assert server.ask("/livez")[0] == 200


def one(heard: Heard, *statuses: int) -> None:
    """There is one answer, of a status that is expected, in a form that can be read."""
    assert len(heard.answers) == 1, heard
    answer = heard.answers[0]
    assert answer.status in statuses, heard
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status >= 400:
        assert answer.reason
        assert "json" in answer.headers["content-type"]


def memory(server: Service) -> int:
    """The most memory the process ever held, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():  # macOS: there is no /proc, and no library is worth one figure
        pytest.skip("this system does not tell the memory of a process")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


BODIES = {
    "deep": (b"[" * 100_000, "too-deep"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too-deep"),
    "a long number": (b'{"patient":{"age":' + b"1" * 15_000_000 + b"}}", "number-too-long"),
    "a large exponent": (b'{"patient":{"age":1e999999999}}', None),
    "no UTF-8": (b'{"diet":"\xff\xfe"}', None),
    "a lone surrogate": (b'{"diet":"\\ud800"}', None),
    "UTF-16": ("{}".encode("utf-16"), None),
    "a byte order mark": (b"\xef\xbb\xbf{}", None),
    "the same key twice": (b'{"diet":"vegan","diet":"omnivore"}', None),
    "NUL": (b"\0" * 100, None),
    "NUL in a name": (b'{"\\u0000":"\\u0000"}', None),
    "NaN": (b"NaN", None),
    "null": (b"null", None),
    "a number": (b"1", None),
    "nothing": (b"", None),
    "blanks": (b" " * 1_000_000, None),
    "half": (b'{"patient":', None),
    "many keys": (b"{" + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}", None),
    "many commas": (b"[" + b"," * 1_000_000 + b"]", None),
    "many strings": (b"[" + b'"",' * 1_000_000 + b'""]', None),
    "a long string": (b'{"diet":"' + b"a" * 10_000_000 + b'"}', None),
}


@pytest.mark.parametrize("path", ["/v1/interpret", "/fhir/$interpret", "/cds-services/b12"])
@pytest.mark.parametrize("kind", BODIES)
def test_hostile_json_gets_a_clear_answer(server: Service, kind: str, path: str) -> None:
    body, reason = BODIES[kind]
    heard = talk(server, post(path, body))
    one(heard, 400, 404, 405, 413, 422)
    if reason and path == "/v1/interpret":
        assert heard.answers[0].reason == reason
    told = orjson.loads(heard.answers[0].body)
    assert ("resourceType" in told) == (path != "/v1/interpret")


LENGTHS = {
    "negative": b"Content-Length: -2\r\n\r\n{}",
    "two": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "two alike": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list": b"Content-Length: 2, 2\r\n\r\n{}",
    "hexadecimal": b"Content-Length: 0x2\r\n\r\n{}",
    "with a plus": b"Content-Length: +2\r\n\r\n{}",
    "beyond all numbers": b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "and chunked": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip, chunked": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk beyond all numbers": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n{}",
    "a chunk with a long word": b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 3_000_000,
    "endless trailers": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    + b"A: b\r\n" * 500_000,
    "an endless trailer": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: "
    + b"b" * 3_000_000,
    "a folded header": b"A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a header": b"A: b\0c\r\nContent-Length: 2\r\n\r\n{}",
    "a bare line feed": b"A: b\nContent-Length: 2\n\n{}",
}


@pytest.mark.parametrize("kind", LENGTHS)
def test_lies_about_the_length_are_refused_and_smuggle_nothing(server: Service, kind: str) -> None:
    heard = talk(server, HEAD + LENGTHS[kind] + LAST)
    one(heard, 400)
    assert heard.closed


def test_a_length_too_short_leaves_no_second_answer_before_the_first(server: Service) -> None:
    heard = talk(server, HEAD + b'Content-Length: 2\r\n\r\n{}"patient"\r\n\r\n')
    one(heard, 400, 422)
    assert heard.answers[0].reason != "http-malformed"


def test_a_length_too_long_is_waited_for_and_not_for_ever(server: Service) -> None:
    heard = talk(server, HEAD + b"Content-Length: 100\r\n\r\n{}")
    one(heard, 408)
    assert heard.closed and heard.seconds > 0.9
    ended = talk(server, HEAD + b"Content-Length: 100\r\n\r\n{}", end=True)
    one(ended, 400)  # it is not waited for: that would be a 408


def test_slow_heads_are_ended_and_keep_nobody_out(server: Service) -> None:
    slow = [server.connect() for _ in range(40)]
    try:
        for connection in slow[:30]:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        end = time.monotonic() + 60
        asked = 0
        for connection in slow:
            connection.settimeout(0.05)
        left = set(slow)
        while left and time.monotonic() < end:
            assert server.ask("/livez")[0] == 200
            asked += 1
            for connection in list(left):
                try:
                    connection.sendall(b"A: b\r\n" if connection in slow[:30] else b"")
                    if connection.recv(1 << 16) == b"":
                        left.discard(connection)
                except TimeoutError:
                    pass
                except OSError:
                    left.discard(connection)
        assert not left and asked
    finally:
        for connection in slow:
            connection.close()


def test_a_slow_head_is_told_so_and_silence_is_not_answered(server: Service) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(talk, server, data)
            for data in (b"GET /livez HT", LIVE + b"GET", b"", b"\r\n" * 1000)
        ]
        half, second, silent, blank = (one.result() for one in asked)
    one(half, 408)
    assert half.answers[0].reason == "head-too-slow"
    assert second.statuses == [200, 408]
    assert silent.statuses == blank.statuses == []
    assert all(heard.closed for heard in (half, second, silent, blank))


def test_more_connections_than_there_may_be_make_room(server: Service) -> None:
    idle = []
    try:
        for _ in range(150):
            idle.append(server.connect())
        assert server.ask("/livez")[0] == 200
        assert server.ask("/v1/packs")[0] == 200
    finally:
        for connection in idle:
            connection.close()


LARGE = {
    "many headers": b"A: b\r\n" * 10_000,
    "a million headers": b"A: b\r\n" * 1_000_000,
    "a large header": b"A: " + b"b" * 40_000 + b"\r\n",
    "a huge header": b"A: " + b"b" * 40_000_000 + b"\r\n",
    "a large name": b"A" * 40_000 + b": b\r\n",
}


@pytest.mark.parametrize("kind", LARGE)
def test_large_heads_are_refused(server: Service, kind: str) -> None:
    before = memory(server)
    one(talk(server, LIVE[:-2] + LARGE[kind] + b"\r\n"), 431)
    assert memory(server) - before < 8 * MiB


TARGETS = {
    b"*": 404,
    b"http://elsewhere.example/livez": 200,
    b"//livez": 404,
    b"/%00": 404,
    b"/../../etc/passwd": 404,
    b"/v1/packs/..%2f..%2fx": 404,
    b"/v1/rules/%ff%fe": 404,
    b"/v1/rules/%": 404,
    b"/v1/rules/\xff": 400,
    b"/livez\0": 400,
    b"/livez?" + b"a=b&" * 3000: 200,
    b"/" + b"a" * 20_000: 404,
    b"/" + b"a" * 40_000: 431,
    b"/" + b"a" * 9_000_000: 431,
    b"livez": 400,
    b"?": 400,
    b"": 400,
    b"/fhir/%00": 404,
    b"/fhir/../fhir/metadata": 404,
    b"/cds-services/%2e%2e": 405,
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target[:30]))
def test_any_target_gets_a_clear_answer(server: Service, target: bytes) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    one(talk(server, request), TARGETS[target])


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "FOO", "get"]
)
def test_other_methods_are_refused(server: Service, method: str) -> None:
    for path in ("/v1/interpret", "/fhir/$interpret", "/cds-services", "/livez"):
        request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        one(talk(server, request.encode()), 400, 404, 405)


def test_a_head_is_answered_without_a_body(server: Service) -> None:
    status, headers, body = server.ask("/livez", method="HEAD")
    assert (status, body) == (200, b"") and int(headers["content-length"]) > 0


def test_older_and_newer_protocols(server: Service) -> None:
    one(talk(server, b"GET /livez HTTP/1.0\r\n\r\n"), 200)
    one(talk(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400)
    one(talk(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)), 400)
    for upgrade in (b"h2c", b"websocket"):
        asked = LAST.replace(b"close", b"close, Upgrade")[:-2] + b"Upgrade: " + upgrade
        one(talk(server, asked + b"\r\n\r\n"), 200)


def test_requests_sent_at_once_are_answered_in_order(server: Service) -> None:
    case = post("/v1/interpret", b"[1]", close=False)
    heard = talk(server, (LIVE + case) * 20 + LAST)
    assert heard.statuses == [200, heard.statuses[1]] * 20 + [200]
    flood = talk(server, LIVE * 2000 + LAST)
    assert flood.statuses == [200] * 2001


def test_garbage_after_a_request_does_not_cost_its_answer(server: Service) -> None:
    heard = talk(server, post("/v1/interpret", b"{}", close=False) + b"\0garbage\r\n\r\n")
    one(heard, 400, 422)
    assert heard.answers[0].reason != "http-malformed"


def test_a_broken_body_behind_another_request_does_not_cost_its_answer(server: Service) -> None:
    first = post("/v1/interpret", b"{}", close=False)
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    heard = talk(server, first + LIVE + chunked + b"zz\r\n" + LAST)
    assert heard.statuses in ([400, 200], [422, 200]) and heard.closed
    assert heard.answers[0].reason != "http-malformed"


def test_a_client_that_says_no_more_is_still_answered(server: Service) -> None:
    one(talk(server, LIVE, end=True), 200)


def test_a_body_is_only_asked_for_when_it_may_come(server: Service) -> None:
    expecting = HEAD + b"Expect: 100-continue\r\n"
    heard = talk(server, expecting + b"Content-Length: 99999999\r\n\r\n")
    one(heard, 413)  # it is not waited for: that would be a 408
    assert heard.closed
    with server.connect() as connection:
        connection.sendall(expecting + b"Content-Length: 2\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(100)[9:12] in (b"400", b"422")


def test_bodies_too_large_are_refused_while_they_come(server: Service) -> None:
    before = memory(server)
    large = b"1" * 100_000_000
    one(talk(server, HEAD + b"Content-Length: 100000000\r\n\r\n", large), 413)
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5f5e100\r\n"
    one(talk(server, chunked, large, b"\r\n0\r\n\r\n"), 413)
    assert memory(server) - before < 80 * MiB


def test_a_refused_body_leaves_the_connection_of_use(server: Service) -> None:
    large = b"1" * 17_000_000
    asked = HEAD + b"Content-Length: 17000000\r\n\r\n"
    assert talk(server, asked, large, LAST).statuses == [413, 200]


def test_bombs_do_not_go_off(server: Service) -> None:
    bomb = gzip.compress(b"[" * (512 * MiB))
    before = memory(server)
    with ThreadPoolExecutor(8) as pool:
        for path in ("/v1/interpret", "/fhir/$interpret", "/cds-services/x", "/v1/interpret/batch"):
            request = post(path, bomb, "Content-Encoding: gzip")
            for heard in pool.map(lambda _, sent=request: talk(server, sent), range(4)):
                if path.endswith("batch"):  # its line is too long, which is said in the stream
                    assert heard.statuses in ([200], [413], [415])
                else:
                    one(heard, 413, 429)
    assert memory(server) - before < 150 * MiB


def test_a_client_that_reads_nothing_holds_nobody_up(server: Service) -> None:
    with server.connect() as connection:
        connection.settimeout(2)
        try:
            for _ in range(2000):
                connection.sendall(b"GET /v1/analytes HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass
        for _ in range(20):
            assert server.ask("/livez")[0] == 200


def test_a_client_that_goes_with_answers_untaken_leaves_no_fault(server: Service) -> None:
    for _ in range(3):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((server.host, server.port))
            connection.sendall(b"GET /v1/analytes HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300)
            time.sleep(0.3)  # until the server waits for its answers to be taken


def test_random_bytes_get_no_5xx(server: Service) -> None:
    import random

    chance = random.Random(4)
    good = post("/v1/interpret", b'{"patient":{"age":68}}')

    def spoilt(number: int) -> Heard:
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return talk(server, bytes(data), end=True)

    with ThreadPoolExecutor(4) as pool:
        for heard in pool.map(spoilt, range(400)):
            assert all(status < 500 for status in heard.statuses)
