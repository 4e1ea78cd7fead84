"""Keys: kept as long as their server says, asked for again when one is new, never in a storm."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from corrin.api.auth import fetch, keys
from corrin.api.auth.replay import Seen
from corrin.api.problem import Problem
from corrin.api.settings import Settings
from support.certificates import authority
from support.guarded import BASE, Guarded, reason, told_rightly
from support.issuer import KeyServer, claims, key_server, private_key, published, signed

ISS = "https://login.example.org"
OLD = private_key("P-384")
NEW = private_key("P-384", 1)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server(published(OLD, "old")) as found:
        yield found


def behind(server: KeyServer) -> Guarded:
    return Guarded(
        Settings(auth="jwt", public_url=BASE, token_issuer=ISS, token_jwks_url=server.jwks_url)
    )


def old() -> str:
    return signed(OLD, claims(iss=ISS, aud=BASE, scope="system/*.rs"), kid="old")


def new() -> str:
    return signed(NEW, claims(iss=ISS, aud=BASE, scope="system/*.rs"), kid="new")


def unknown(kid: str) -> str:
    return signed(NEW, claims(iss=ISS, aud=BASE, scope="system/*.rs"), kid=kid)


class Clock:
    """The clock of the keys, which a test moves on."""

    def __init__(self) -> None:
        self.moved = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.moved


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(keys, "time", found)
    return found


def test_keys_are_fetched_once(server: KeyServer, clock: Clock) -> None:
    guarded = behind(server)
    assert server.calls == []  # not before they are needed: their server may start later
    for _ in range(5):
        assert guarded.get("/v1/interpret", old()).status_code == 200
    assert server.calls == ["/jwks.json"]
    clock.moved = fetch.DEFAULT_SECONDS + 1
    assert guarded.get("/v1/interpret", old()).status_code == 200
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ({}, 300),
        ({"Cache-Control": "max-age=60"}, 60),
        ({"Cache-Control": 'public, MAX-AGE="60"'}, 60),
        ({"Cache-Control": "max-age=60", "Age": "20"}, 40),
        ({"Cache-Control": "max-age=999999999999999"}, 3600),
        ({"Cache-Control": "max-age=nonsense"}, 300),
        ({"Cache-Control": "max-age=-5"}, 300),
        ({"Cache-Control": "no-store"}, 1),
        ({"Cache-Control": "no-cache, max-age=500"}, 1),
        ({"Cache-Control": "max-age=0"}, 1),
    ],
)
def test_keys_are_kept_as_their_server_says(
    server: KeyServer, clock: Clock, headers: dict[str, str], fresh: float
) -> None:
    server.headers = headers
    guarded = behind(server)
    guarded.get("/v1/interpret", old())
    if fresh > 1:
        clock.moved = fresh - 2
        assert guarded.get("/v1/interpret", old()).status_code == 200
        assert len(server.calls) == 1
    clock.moved = fresh + 1
    assert guarded.get("/v1/interpret", old()).status_code == 200
    assert len(server.calls) == 2


def test_a_new_key_is_found_at_once_after_the_cooldown(server: KeyServer, clock: Clock) -> None:
    guarded = behind(server)
    assert guarded.get("/v1/interpret", old()).status_code == 200
    server.keys = [published(OLD, "old"), published(NEW, "new")]
    assert reason(guarded.get("/v1/interpret", new())) == "token-key"  # within the cooldown
    assert len(server.calls) == 1
    clock.moved = keys.COOLDOWN_SECONDS + 1
    assert guarded.get("/v1/interpret", new()).status_code == 200
    assert guarded.get("/v1/interpret", old()).status_code == 200
    assert len(server.calls) == 2


def test_a_key_withdrawn_is_refused_once_the_set_is_asked_for_again(
    server: KeyServer, clock: Clock
) -> None:
    guarded = behind(server)
    guarded.get("/v1/interpret", old())
    server.keys = [published(NEW, "new")]
    clock.moved = fetch.DEFAULT_SECONDS + 1
    assert reason(guarded.get("/v1/interpret", old())) == "token-key"


def test_unknown_keys_cause_no_storm(server: KeyServer, clock: Clock) -> None:
    guarded = behind(server)
    for number in range(50):
        assert guarded.get("/v1/interpret", unknown(f"k{number}")).status_code == 401
    assert len(server.calls) == 1
    clock.moved = keys.COOLDOWN_SECONDS + 1
    for number in range(50):
        assert guarded.get("/v1/interpret", unknown(f"k{number}")).status_code == 401
    assert len(server.calls) == 2


def test_requests_at_once_fetch_once(server: KeyServer) -> None:
    server.seconds = 0.3
    guarded = behind(server)

    async def all_at_once() -> list[int]:
        asked = [
            guarded.ask("/v1/interpret", ("authorization", f"Bearer {old()}")) for _ in range(40)
        ]
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert asyncio.run(all_at_once()) == [200] * 40
    assert len(server.calls) == 1


def test_a_request_given_up_does_not_take_the_keys_from_others(server: KeyServer) -> None:
    server.seconds = 0.3
    guarded = behind(server)

    async def some() -> int:
        header = ("authorization", f"Bearer {old()}")
        first = asyncio.create_task(guarded.ask("/v1/interpret", header))
        second = asyncio.create_task(guarded.ask("/v1/interpret", header))
        await asyncio.sleep(0.1)
        first.cancel()
        return (await second).status_code

    assert asyncio.run(some()) == 200
    assert len(server.calls) == 1


BROKEN: dict[str, tuple[int, dict[str, str], bytes | None]] = {
    "500": (500, {}, b"{}"),
    "404": (404, {}, b"{}"),
    "204": (204, {}, b""),
    "redirect": (302, {"Location": "REDIRECT"}, b""),
    "no JSON": (200, {}, b"<html>"),
    "no UTF-8": (200, {}, b'{"keys": ["\xff"]}'),
    "no object": (200, {}, b"[]"),
    "no keys": (200, {}, b"{}"),
    "keys no list": (200, {}, b'{"keys": {}}'),
    "a key no object": (200, {}, b'{"keys": [7]}'),
    "nested without end": (200, {}, b"[" * 100_000),
    "too large": (200, {}, b'{"keys": [], "x": "' + b"x" * fetch.MOST_BYTES + b'"}'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_server_of_keys_is_not_the_clients_fault(server: KeyServer, name: str) -> None:
    with key_server(published(OLD, "old")) as elsewhere:
        server.status, headers, server.body = BROKEN[name]
        server.headers = {
            key: value.replace("REDIRECT", elsewhere.jwks_url) for key, value in headers.items()
        }
        guarded = behind(server)
        for _ in range(3):
            answer = guarded.get("/v1/interpret", old())
            assert (answer.status_code, reason(answer)) == (503, "keys-unavailable")
            told_rightly(answer, server.url)
        assert len(server.calls) == 1  # and not asked again within the cooldown
        assert elsewhere.calls == []


def test_keys_of_this_machine_are_fetched_past_a_proxy(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert behind(server).get("/v1/interpret", old()).status_code == 200


def test_an_empty_set_knows_no_key(server: KeyServer) -> None:
    server.keys = []
    assert reason(behind(server).get("/v1/interpret", old())) == "token-key"


def test_a_server_that_is_not_there(server: KeyServer) -> None:
    server.url = "http://127.0.0.1:1"
    answer = behind(server).get("/v1/interpret", old())
    assert (answer.status_code, reason(answer)) == (503, "keys-unavailable")
    with pytest.raises(fetch.FetchError, match=r"\(ConnectionRefusedError\)"):
        fetch.fetch(server.url)


def test_a_server_that_is_too_slow(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STEP_SECONDS", 0.2)
    server.seconds = 1
    answer = behind(server).get("/v1/interpret", old())
    assert (answer.status_code, reason(answer)) == (503, "keys-unavailable")


def test_a_server_that_sends_its_keys_bit_by_bit(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "ALL_SECONDS", 0.3)
    server.pause = 0.05  # for each byte; no single one of them is late, and they are good keys
    with pytest.raises(fetch.FetchError):
        fetch.fetch(server.jwks_url)


def test_a_server_that_comes_back(server: KeyServer, clock: Clock) -> None:
    server.status = 500
    guarded = behind(server)
    assert guarded.get("/v1/interpret", old()).status_code == 503
    server.status = 200
    clock.moved = keys.COOLDOWN_SECONDS + 1
    assert guarded.get("/v1/interpret", old()).status_code == 200


def test_keys_outlive_a_server_that_is_away_but_not_for_long(
    server: KeyServer, clock: Clock
) -> None:
    guarded = behind(server)
    guarded.get("/v1/interpret", old())
    server.status = 500
    clock.moved = fetch.DEFAULT_SECONDS + 1
    assert guarded.get("/v1/interpret", old()).status_code == 200
    # A key that is not known may be new: whose fault it is cannot be told.
    assert guarded.get("/v1/interpret", new()).status_code == 503
    clock.moved = fetch.LONGEST_SECONDS + 1
    assert guarded.get("/v1/interpret", old()).status_code == 503


@pytest.mark.parametrize("said", ["no-store", "max-age=60, must-revalidate"])
def test_keys_not_to_be_kept_do_not_outlive_their_server(
    server: KeyServer, clock: Clock, said: str
) -> None:
    server.headers = {"Cache-Control": said}
    guarded = behind(server)
    assert guarded.get("/v1/interpret", old()).status_code == 200
    server.status = 500
    clock.moved = 61
    assert guarded.get("/v1/interpret", old()).status_code == 503


def test_a_slow_server_holds_up_nobody_whose_key_is_known(
    server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SPARE_SECONDS", 0.1)
    guarded = behind(server)
    guarded.get("/v1/interpret", old())
    monkeypatch.setattr(fetch, "STEP_SECONDS", 600)
    monkeypatch.setattr(fetch, "ALL_SECONDS", 600)
    server.let = threading.Event()
    clock.moved = fetch.DEFAULT_SECONDS + 1

    async def one() -> None:
        answer = await guarded.ask("/v1/interpret", ("authorization", f"Bearer {old()}"))
        assert answer.status_code == 200
        assert len(server.calls) == 2 and server.answered == 1, "the slow server was waited for"
        server.let.set()

    asyncio.run(one())


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does anything at all with a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listening.accept()[0] as one, suppress(OSError):
                        answer(one)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("scheme", "first"), [("http", b"HTTP/1.1 200 OK\r\nX: "), ("https", b"\x16\x03\x03\x3f\xff")]
)
def test_a_server_whose_head_never_ends_holds_nobody(
    scheme: str, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, and so would the next: a thread, and the end of the process."""

    def drip(one: socket.socket) -> None:
        one.sendall(first)
        for _ in range(1200):
            one.sendall(b"\x02")
            time.sleep(0.05)
        ended.set()

    ended = threading.Event()
    monkeypatch.setattr(fetch, "ALL_SECONDS", 0.4)
    with raw_server(drip) as port:
        with pytest.raises(fetch.FetchError):
            fetch.fetch(f"{scheme}://127.0.0.1:{port}/jwks.json")
        assert not ended.is_set(), "all was waited for"


def test_keys_come_by_https_from_whom_they_should_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = authority(tmp_path, "ours")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.sign("server"))
    body = json.dumps({"keys": [published(OLD, "old")]}).encode()

    def answer(one: socket.socket) -> None:
        with context.wrap_socket(one, server_side=True) as safe:
            safe.recv(4096)
            safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with raw_server(answer) as port:
        url = f"https://127.0.0.1:{port}/jwks.json"
        with pytest.raises(fetch.FetchError):
            fetch.fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
        assert fetch.fetch(url).keys == (published(OLD, "old"),)


# --- the ids that were used -----------------------------------------------------------------


def test_ids_are_forgotten_once_expired_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    seen = Seen(3)
    for name, ends in (("a", now + 100), ("b", now + 10), ("c", now + 50)):
        seen.use(name, ends)
    with pytest.raises(Problem) as full:
        seen.use("d", now + 100)
    assert (full.value.status, full.value.faults[0].reason) == (503, "replay-full")
    assert full.value.headers["Retry-After"] == "15"
    with pytest.raises(Problem) as again:  # told as what it is even when there is no room
        seen.use("a", now + 100)
    assert again.value.faults[0].reason == "token-replayed"
    now += 16
    seen.use("d", now + 100)
    assert len(seen) == 3
    with pytest.raises(Problem):
        seen.use("a", now + 84)
    now += 1000
    seen.use("e", now + 1)
    assert len(seen) == 1


def test_an_id_takes_the_same_room_however_long() -> None:
    import tracemalloc

    seen = Seen(1000)
    tracemalloc.start()
    for number in range(1000):
        seen.use(f"{number}" + "x" * 8000, time.time() + 600)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 400_000
