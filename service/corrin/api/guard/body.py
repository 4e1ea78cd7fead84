"""Bodies as they come: counted while they do, unpacked, in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from corrin.api.guard import refusal
from corrin.api.guard.unpack import BrokenError, Unpacker

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from corrin.api.guard.budget import Share

LEAST_RATE = 1024  # bytes a second that a streamed body must make on average, beyond its grace


async def gather(receive: Receive, most: int, share: Share, seconds: float, packing: str) -> bytes:
    """A body whole.

    Args:
        most: bytes, packed as well as unpacked.
        share: what it may hold.
        seconds: until it is there.
        packing: ``gzip``, ``deflate`` or "".

    Raises:
        Problem: it is too large, too slow, or cannot be unpacked; or too much is held already.
        ClientDisconnect: the client has gone.
    """
    with _InTime(seconds):
        if packing:
            return await _unpacked(receive, most, share, Unpacker(packing))
        return await _plain(receive, most, share)


async def _plain(receive: Receive, most: int, share: Share) -> bytes:
    body, more = _part(await receive())
    _hold(share, len(body), most)
    if not more:
        return body
    parts = [body]
    while more:
        body, more = _part(await receive())
        _hold(share, len(body), most)
        parts.append(body)
    return b"".join(parts)


async def _unpacked(receive: Receive, most: int, share: Share, unpacker: Unpacker) -> bytes:
    parts: list[bytes] = []
    packed, more = 0, True

    async def take(pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            _hold(share, len(piece), most)
            parts.append(piece)
            await asyncio.sleep(0)  # a small body may unpack to a large one: let others in

    try:
        while more:
            body, more = _part(await receive())
            packed += len(body)
            if packed > most:
                raise refusal.too_large(most)
            await take(unpacker.feed(body))
        await take(unpacker.close())
    except BrokenError:
        raise refusal.encoding_broken() from None
    return b"".join(parts)


class Stream:
    """A body passed on as it comes, for a door that reads it piece by piece; an ASGI ``receive``.

    Waiting for the client is bounded, not the whole: it may take ``seconds``, and beyond them as
    long as :data:`LEAST_RATE` gives what has come.

    Raises:
        Problem: from a call, when the body is too large, too slow, or cannot be unpacked.
    """

    def __init__(self, receive: Receive, most: int, seconds: float, packing: str) -> None:
        self._receive, self._most, self._seconds = receive, most, seconds
        self._unpacker = Unpacker(packing) if packing else None
        self._pieces: Iterable[bytes] = iter(())
        self._packed = self._size = 0
        self._waited = 0.0
        self._more = True

    async def __call__(self) -> Message:
        """The next message."""
        if self._unpacker is None:
            if not self._more:
                return await self._receive()
            body, _ = await self._next()
            return self._message(body)
        try:
            return await self._unpack(self._unpacker)
        except BrokenError:
            raise refusal.encoding_broken() from None

    async def _unpack(self, unpacker: Unpacker) -> Message:
        while True:
            for piece in self._pieces:
                await asyncio.sleep(0)
                return self._message(piece, more=True)
            if not self._more:  # the end is told once, then what the server says
                self._unpacker = None
                return self._message(b"")
            body, more = await self._next()
            self._pieces = unpacker.feed(body) if more else _last(unpacker, body)

    async def _next(self) -> tuple[bytes, bool]:
        left = self._seconds + self._packed / LEAST_RATE - self._waited
        loop = asyncio.get_running_loop()
        began = loop.time()
        with _InTime(max(left, 0.001)):
            body, self._more = _part(await self._receive())
        self._waited += loop.time() - began
        self._packed += len(body)
        if self._packed > self._most:
            raise refusal.too_large(self._most)
        return body, self._more

    def _message(self, body: bytes, *, more: bool | None = None) -> Message:
        self._size += len(body)
        if self._size > self._most:
            raise refusal.too_large(self._most)
        more = self._more if more is None else more
        return {"type": "http.request", "body": body, "more_body": more}


class Whole:
    """An ASGI ``receive`` that gives a body in one message, and then what the server gives."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        """The next message."""
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}


class _InTime:
    """Ends the waiting of this task after some seconds.

    What ``asyncio.timeout`` does, at a third of its cost: every request with a body pays for it.

    Raises:
        Problem: 408, the time was up.
    """

    __slots__ = ("_handle", "_task", "_up")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._up = task, False
        self._handle = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._up = True
        self._task.cancel()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._handle.cancel()
        if self._up and self._task.uncancel() <= 0 and kind is asyncio.CancelledError:
            raise refusal.too_slow() from None


def _part(message: Message) -> tuple[bytes, bool]:
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _hold(share: Share, more: int, most: int) -> None:
    if share.size + more > most:
        raise refusal.too_large(most)
    if not share.grow(more):
        raise refusal.busy()


def _last(unpacker: Unpacker, body: bytes) -> Iterable[bytes]:
    yield from unpacker.feed(body)
    yield from unpacker.close()
