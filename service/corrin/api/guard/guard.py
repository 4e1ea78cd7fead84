"""The guard: how many requests are in work, how large each is, how long each takes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from corrin.api.guard import refusal
from corrin.api.guard.body import Stream, Whole, gather
from corrin.api.guard.budget import Budget
from corrin.api.guard.turn import HEALTH, waited
from corrin.api.guard.unpack import known
from corrin.api.problem import Problem

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from corrin.api.settings import Settings

STREAMED = "/v1/interpret/batch"

_HOOKS = "/cds-services"
_SMALL_BYTES = 64 * 1024  # bodies up to this are held whatever else is
_STREAMS_OF_WORK = 4  # of this many places one may be a stream: they last for long


class Guard:
    """ASGI middleware: refuses what is too large, too slow or too much, passes on the rest.

    A place in work is taken when the body is there whole, and kept until the work has really
    ended, be the client gone or answered: a thread that works is not stopped. Sending the answer
    is no work: who takes it slowly, or not at all, keeps nobody else out.

    Args:
        threads: those that large requests wait for.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, threads: CapacityLimiter) -> None:
        self.app, self._threads = app, threads
        self._most, self._most_hooks = settings.body_bytes, settings.hooks_body_bytes
        self._most_stream = settings.batch_bytes
        self._places = settings.concurrency
        self._streams = max(1, settings.concurrency // _STREAMS_OF_WORK)
        self._body_seconds = settings.body_seconds
        self._request_seconds = settings.request_seconds
        self._wait_seconds = settings.wait_seconds
        small = min(settings.inline_bytes, _SMALL_BYTES)
        self._budget = Budget(settings.buffered_bytes, small)
        self.working = self.streaming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] in HEALTH:
            await self.app(scope, receive, send)
            return
        try:
            if self.working >= self._places:
                raise refusal.busy()
            await self._admitted(scope, receive, send)
        except Problem as error:
            await refusal.answer(error, scope, receive, send)
        except ClientDisconnect:
            return

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, chunked, packing = _framing(scope)
        if size == 0 and not chunked:
            await self._work(scope, receive, send)
            return
        path = scope["path"]
        if path == STREAMED:
            await self._stream(scope, receive, send, size, packing)
            return
        most = self._most_hooks if path.startswith(_HOOKS) else self._most
        if size > most:
            raise refusal.too_large(most)
        share = self._budget.share()
        began = time.monotonic()
        try:
            body = await gather(receive, most, share, self._body_seconds, packing)
            if waited(scope, began) > self._wait_seconds:
                raise refusal.waited_too_long()
            if self.working >= self._places:
                raise refusal.busy()
            await self._work(scope, Whole(body, receive), send)
        finally:
            share.give_back()

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the door answer, in time; where it does not, answer for it and wait for its end."""
        watch = _Watch(self, scope, receive, send)
        handle = asyncio.get_running_loop().call_later(self._request_seconds, watch.late)
        self.working += 1
        try:
            await self.app(scope, receive, watch.send)
        finally:
            watch.leave()
            handle.cancel()
            if watch.answering is not None:
                await watch.answering

    async def _stream(
        self, scope: Scope, receive: Receive, send: Send, size: int, packing: str
    ) -> None:
        if size > self._most_stream:
            raise refusal.too_large(self._most_stream)
        if self.streaming >= self._streams:
            raise refusal.busy()
        self.working += 1
        self.streaming += 1
        try:
            stream = Stream(receive, self._most_stream, self._body_seconds, packing)
            await self.app(scope, stream, send)
        finally:
            self.working -= 1
            self.streaming -= 1

    def overdue(self) -> Problem:
        """Why a request was not answered in time: others were before it, or it is too costly."""
        if self._threads.statistics().tasks_waiting:
            return refusal.busy()
        return refusal.too_costly(self._request_seconds)


class _Watch:
    """The answer of one request: the door's, or, when that is late, the guard's."""

    __slots__ = ("_guard", "_placed", "_receive", "_scope", "_send", "_started", "answering")

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope, self._receive, self._send = guard, scope, receive, send
        self._started, self._placed = False, True
        self.answering: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Pass on what the door says, unless it was answered for."""
        if self.answering is None:
            self._started = True
            self.leave()
            await self._send(message)

    def leave(self) -> None:
        """Give the place in work back, once."""
        if self._placed:
            self._placed = False
            self._guard.working -= 1

    def late(self) -> None:
        """The time is up."""
        if not self._started:
            error = self._guard.overdue()
            error.headers["Connection"] = "close"
            self.answering = asyncio.ensure_future(
                refusal.answer(error, self._scope, self._receive, self._send)
            )


def _framing(scope: Scope) -> tuple[int, bool, str]:
    """How long the body is said to be, whether in chunks, and how it is packed.

    Raises:
        Problem: that cannot be told, or it is packed as is not unpacked here.
    """
    size, chunked, packing = 0, False, ""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit() or len(value) > 18:
                raise refusal.framing_unknown()
            size = int(value)
        elif name == b"transfer-encoding":
            if value.strip().lower() != b"chunked" or chunked:
                raise refusal.framing_unknown()
            chunked = True
        elif name == b"content-encoding":
            one = known(value.decode("latin-1"))
            if one is None or (packing and one):
                raise refusal.encoding_unknown()
            packing = packing or one
    return size, chunked, packing
