"""The guard alone, around a door that says what it was given."""

from __future__ import annotations

import asyncio
import gzip
import random
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest
from anyio import CapacityLimiter, to_thread

from corrin.api import Settings
from corrin.api.guard import Guard, body
from corrin.api.guard.budget import Budget
from corrin.api.guard.guard import STREAMED
from corrin.api.guard.unpack import PIECE_BYTES, BrokenError, Unpacker
from corrin.api.problem import Problem

KiB = 1024
Message = dict[str, Any]
Door = Callable[[Any, Any, Any], Awaitable[None]]
FHIR = "/fhir/$interpret"


class Client:
    """One request as a server would pass it on, and what was answered."""

    def __init__(
        self,
        parts: Sequence[bytes] = (),
        headers: dict[str, str] | None = None,
        *,
        path: str = "/v1/interpret",
        pause: float = 0,
        ends: bool = True,
    ) -> None:
        self.parts, self.pause, self.ends, self.given = list(parts), pause, ends, 0
        self.sent: list[Message] = []
        named = headers if headers is not None else {"transfer-encoding": "chunked"}
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }

    async def receive(self) -> Message:
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.given >= max(1, len(self.parts)):
            if not self.ends:
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
        body = self.parts[self.given] if self.parts else b""
        self.given += 1
        more = self.given < len(self.parts) or not self.ends
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"]) if self.sent else 0

    @property
    def body(self) -> bytes:
        return b"".join(part.get("body", b"") for part in self.sent)

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def reason(self) -> str:
        told = orjson.loads(self.body)
        if "resourceType" in told:
            return str(told["issue"][0]["diagnostics"])
        return str(told["faults"][0]["reason"])


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body, and with how many messages it came in."""
    body, messages, more = b"", 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, messages, more = body + message["body"], messages + 1, message["more_body"]
    headers = [(b"x-messages", str(messages).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def guard(door: Door = echo, *, threads: int = 1, **settings: Any) -> Guard:
    limits = {"body_bytes": 64 * KiB, "hooks_body_bytes": 8 * KiB, "batch_bytes": 256 * KiB}
    return Guard(door, settings=Settings(**(limits | settings)), threads=CapacityLimiter(threads))


def ask(client: Client, around: Guard | None = None) -> Client:
    around = around or guard()
    asyncio.run(around(client.scope, client.receive, client.send))
    assert around.working == around.streaming == around._budget.held == 0
    return client


def length(size: int, **more: str) -> dict[str, str]:
    return {"content-length": str(size)} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


@pytest.mark.parametrize("parts", [[b"{}"], [b"{", b"}"], [b"", b"{}", b""]])
def test_a_body_comes_to_the_door_in_one_message(parts: list[bytes]) -> None:
    found = ask(Client(parts))
    assert (found.status, found.body, found.headers["x-messages"]) == (200, b"{}", "1")


def test_a_body_that_comes_in_one_piece_is_not_copied() -> None:
    whole = bytes(1000)
    seen = []

    async def door(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    ask(Client([whole], length(1000)), guard(door))
    assert seen[0] is whole


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/interpret", 64 * KiB), (FHIR, 64 * KiB), ("/cds-services/a", 8 * KiB)]
)
def test_each_door_has_its_own_limit(path: str, most: int) -> None:
    assert ask(Client([bytes(most)], length(most), path=path)).status == 200
    assert ask(Client([bytes(most)], path=path)).status == 200
    for refused in (
        Client([bytes(most + 1)], length(most + 1), path=path),
        Client([bytes(most), b"1"], path=path),
        Client([bytes(KiB)] * 100, path=path),
    ):
        found = ask(refused)
        assert (found.status, found.reason) == (413, "too-large")


def test_a_body_said_to_be_too_large_is_not_waited_for() -> None:
    found = ask(Client([b"1"], length(10**9)))
    assert (found.status, found.given) == (413, 0)
    assert "connection" not in found.headers
    expecting = ask(Client([b"1"], length(10**9, expect="100-continue")))
    assert expecting.headers["connection"] == "close"


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "DEFLATE": lambda data: zlib.compress(data)[2:-4],  # bare, as some send it
    " GZip ": gzip.compress,
    "identity": lambda data: data,
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_packed_bodies_are_unpacked(encoding: str, step: int) -> None:
    plain = random.Random(1).randbytes(300) + bytes(20_000)
    packed = PACKED[encoding](plain)
    parts = [packed[at : at + step] for at in range(0, len(packed), step)][:30_000]
    assert ask(Client(parts, length(len(packed), content_encoding=encoding))).body == plain
    streamed = Client(
        parts,
        {"transfer-encoding": "chunked", "content-encoding": encoding},
        path=STREAMED,
    )
    assert ask(streamed).body == plain


def test_members_of_a_gzip_body_are_joined() -> None:
    packed = gzip.compress(b"[1,") + gzip.compress(b"") + gzip.compress(b"2]")
    assert ask(Client([packed], length(len(packed), content_encoding="gzip"))).body == b"[1,2]"


WHOLE = gzip.compress(bytes(5000))
BROKEN = {
    "nothing": b"",
    "truncated": WHOLE[:-9],
    "without its sum": WHOLE[:-1],
    "a wrong sum": WHOLE[:-8] + bytes(8),
    "garbage after": WHOLE + b"garbage",
    "zeros after": WHOLE + bytes(4),
    "half a member after": WHOLE + WHOLE[:12],
    "plain": b'{"a": 1}',
    "too many members": gzip.compress(b"") * 2000,
}


@pytest.mark.parametrize("path", ["/v1/interpret", STREAMED])
@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_unpacked_is_refused(kind: str, path: str) -> None:
    headers = {"transfer-encoding": "chunked", "content-encoding": "gzip"}
    if path == STREAMED:
        assert _raised(Client([BROKEN[kind]], headers, path=path)) == "encoding-broken"
    else:
        found = ask(Client([BROKEN[kind]], headers, path=path))
        assert (found.status, found.reason) == (400, "encoding-broken")


def _raised(client: Client, around: Guard | None = None) -> str:
    """The reason a streaming door is told from its own ``receive``."""
    seen = []

    async def door(scope: Any, receive: Any, send: Any) -> None:
        try:
            await echo(scope, receive, send)
        except Problem as error:
            seen.append(error.faults[0].reason)
            raise

    around = around or guard()
    around.app = door
    ask(client, around)
    return seen[0]


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip,deflate", "x"])
def test_other_packings_are_refused(encoding: str) -> None:
    found = ask(Client([b"{}"], length(2, content_encoding=encoding), path=FHIR))
    assert (found.status, found.reason) == (415, "encoding-unsupported")
    assert found.headers["accept-encoding"] == "gzip, deflate"
    assert orjson.loads(found.body)["resourceType"] == "OperationOutcome"


def test_a_body_packed_twice_by_two_headers_is_refused() -> None:
    client = Client([b"{}"], length(2))
    client.scope["headers"] += [(b"content-encoding", b"gzip")] * 2  # type: ignore[operator]
    assert ask(client).status == 415


def test_a_bomb_is_cut_where_the_limit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Counted(Unpacker):
        def feed(self, data: bytes) -> Iterator[bytes]:
            for piece in super().feed(data):
                sizes.append(len(piece))
                yield piece

    monkeypatch.setattr(body, "Unpacker", Counted)
    bomb = gzip.compress(bytes(200 * KiB * KiB))
    headers = length(len(bomb), content_encoding="gzip")
    around = guard(body_bytes=1024 * KiB)
    found = ask(Client([bomb], headers), around)
    assert (found.status, found.reason) == (413, "too-large")
    assert 1024 * KiB < sum(sizes) <= 1024 * KiB + PIECE_BYTES  # and not a piece more
    sizes.clear()
    assert _raised(Client([bomb], headers, path=STREAMED)) == "too-large"
    assert 256 * KiB < sum(sizes) <= 256 * KiB + PIECE_BYTES


def test_pieces_of_a_bomb_are_bounded() -> None:
    unpacker = Unpacker("gzip")
    pieces = [len(piece) for piece in unpacker.feed(gzip.compress(bytes(3 * KiB * KiB)))]
    pieces += [len(piece) for piece in unpacker.close()]
    assert max(pieces) <= PIECE_BYTES and sum(pieces) == 3 * KiB * KiB


def test_any_bytes_are_unpacked_or_refused() -> None:
    chance = random.Random(7)
    for _ in range(2000):
        packed = bytearray(PACKED[chance.choice(("gzip", "deflate"))](chance.randbytes(40)))
        packed[chance.randrange(len(packed))] = chance.randrange(256)
        unpacker = Unpacker(chance.choice(("gzip", "deflate")))
        try:
            for at in range(0, len(packed), 9):
                list(unpacker.feed(bytes(packed[at : at + 9])))
            list(unpacker.close())
        except BrokenError:
            pass


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": "-1"},
        {"content-length": "1 "},
        {"content-length": "0x10"},
        {"content-length": "٣"},
        {"content-length": "9" * 30},
        {"transfer-encoding": "gzip, chunked"},
        {"transfer-encoding": "identity"},
    ],
)
def test_a_length_that_cannot_be_told_is_refused(headers: dict[str, str]) -> None:
    found = ask(Client([b"{}"], headers))
    assert (found.status, found.reason) == (400, "framing-unsupported")
    assert found.headers["connection"] == "close"


def test_a_body_must_come_in_time() -> None:
    for client in (
        Client([b"{"] * 100, pause=0.02),
        Client([b"{}"], length(2, content_encoding="gzip"), pause=1),
        Client([b"{}"], length(2), path="/cds-services/a", pause=1),
    ):
        found = ask(client, guard(body_seconds=0.1))
        assert (found.status, found.reason) == (408, "body-too-slow")
        assert found.headers["connection"] == "close"


def test_a_stream_may_take_long_but_not_crawl() -> None:
    lines = Client([bytes(8 * KiB)] * 20, path=STREAMED, pause=0.04)
    assert len(ask(lines, guard(body_seconds=0.5)).body) == 160 * KiB
    crawling = Client([b"1"] * 100, path=STREAMED, pause=0.04)
    assert _raised(crawling, guard(body_seconds=0.5)) == "body-too-slow"


def test_a_stream_is_passed_on_as_it_comes() -> None:
    assert ask(Client([b"1\n"] * 9, path=STREAMED)).headers["x-messages"] == "9"
    too_much = Client([bytes(100 * KiB)] * 3, path=STREAMED)
    assert _raised(too_much) == "too-large"
    said = ask(Client([b"1"], length(257 * KiB), path=STREAMED))
    assert (said.status, said.given) == (413, 0)


def test_a_client_that_goes_is_not_answered() -> None:
    for headers in (length(100), length(100, content_encoding="gzip")):
        assert ask(Client([gzip.compress(b"{")], headers, ends=False)).sent == []


class Gate:
    """A door that answers when it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


async def _begin(around: Guard, *clients: Client) -> list[asyncio.Task[None]]:
    tasks = [
        asyncio.create_task(around(one.scope, one.receive, one.send))  # type: ignore[arg-type]
        for one in clients
    ]
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


def test_more_than_the_places_there_are_is_refused_and_health_is_not() -> None:
    async def run() -> None:
        gate = Gate()
        around = guard(gate, concurrency=4)
        clients = [Client([b"{}"], length(2), path=FHIR) for _ in range(10)]
        tasks = await _begin(around, *clients)
        assert gate.inside == 4
        for turned_away in clients[4:]:
            assert (turned_away.status, turned_away.reason) == (429, "busy")
            assert turned_away.headers["retry-after"] == "1"
            assert orjson.loads(turned_away.body)["issue"][0]["code"] == "throttled"
            assert turned_away.given == 0
        health = [Client(headers={}, path=path) for path in ("/livez", "/readyz", "/metrics")]
        tasks += await _begin(around, *health)
        assert gate.inside == 7
        gate.open.set()
        await asyncio.gather(*tasks)
        assert [one.status for one in (*clients[:4], *health)] == [200] * 7
        late = Client([b"{}"], length(2))
        await around(late.scope, late.receive, late.send)
        assert late.status == 200

    asyncio.run(run())


def test_slow_bodies_take_no_place() -> None:
    async def run() -> None:
        around = guard(concurrency=2)
        slow = [Client([b"{", b"}"], pause=0.1) for _ in range(20)]
        tasks = await _begin(around, *slow)
        quick = Client([b"{}"], length(2))
        await around(quick.scope, quick.receive, quick.send)
        assert quick.status == 200
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_an_answer_that_nobody_takes_keeps_no_place() -> None:
    """Clients that ask again and again and read nothing would shut everybody else out."""

    async def run() -> int:
        around, taken = guard(concurrency=1), asyncio.Event()
        slow, other = Client([b"x"]), Client([b"y"])

        async def send(message: Message) -> None:
            await taken.wait()
            await slow.send(message)

        waiting = asyncio.create_task(around(slow.scope, slow.receive, send))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await around(other.scope, other.receive, other.send)
        taken.set()
        await waiting
        assert (around.working, slow.body) == (0, b"x")
        return other.status

    assert asyncio.run(run()) == 200


def test_streams_take_only_some_of_the_places() -> None:
    async def run() -> None:
        gate = Gate()
        around = guard(gate, concurrency=8)
        streams = [Client([b"{}"], path=STREAMED) for _ in range(8)]
        tasks = await _begin(around, *streams)
        assert [one.status for one in streams] == [0, 0, *[429] * 6]
        other = Client([b"{}"], length(2))
        tasks += await _begin(around, other)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert other.status == 200

    asyncio.run(run())


def test_what_is_held_of_all_bodies_is_bounded() -> None:
    async def run() -> None:
        gate = Gate()
        around = guard(gate, buffered_bytes=100 * KiB, inline_bytes=KiB)
        large = [Client([bytes(16 * KiB)] * 3) for _ in range(5)]
        tasks = await _begin(around, *large)
        assert [one.status for one in large] == [0, 0, 429, 429, 429]
        small = [Client([bytes(KiB)]) for _ in range(20)]
        tasks += await _begin(around, *small)
        assert [one.status for one in small] == [0] * 20
        gate.open.set()
        await asyncio.gather(*tasks)
        assert around._budget.held == 0

    asyncio.run(run())


def test_a_budget_counts_what_is_small_no_more_than_once_it_grows() -> None:
    budget = Budget(100, 10)
    one = budget.share()
    assert one.grow(10) and budget.held == 0
    assert one.grow(1) and budget.held == 11
    assert not budget.share().grow(90) and budget.held == 11
    one.give_back()
    assert budget.held == 0


@pytest.mark.parametrize(
    ("waiting", "status", "reason"), [(False, 422, "too-costly"), (True, 429, "busy")]
)
def test_what_takes_too_long_is_answered_while_its_thread_keeps_its_place(
    waiting: bool, status: int, reason: str
) -> None:
    async def run() -> None:
        threads, end = CapacityLimiter(1), threading.Event()

        async def door(scope: Any, receive: Any, send: Any) -> None:
            await to_thread.run_sync(end.wait, 60, limiter=threads)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

        settings = Settings(request_seconds=0.1, concurrency=2)
        around = Guard(door, settings=settings, threads=threads)
        clients = [Client([b"{}"], length(2), path=FHIR) for _ in range(2 if waiting else 1)]
        tasks = await _begin(around, *clients)
        while not all(one.sent for one in clients):
            await asyncio.sleep(0.01)
        assert (clients[0].status, clients[0].reason) == (status, reason)
        assert clients[0].headers["connection"] == "close"
        assert around.working == len(clients)
        end.set()
        await asyncio.gather(*tasks)
        assert around.working == 0
        assert len(clients[0].sent) == 2, "what the door said too late was sent as well"

    asyncio.run(run())


def test_an_answer_that_has_begun_is_not_answered_over() -> None:
    async def door(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"{}"})

    found = ask(Client([b"{}"], length(2)), guard(door, request_seconds=0.05))
    assert (found.status, found.body) == (200, b"{}")
