"""One connection: how long its next request may take to come, how large its head may be.

uvicorn bounds neither, and answers what is no HTTP in words of its own. What is done here costs a
request nothing: connections note times, and the server looks at all of them once a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from corrin.api import problem, telemetry
from corrin.api.guard import turn
from corrin.api.headers import ALWAYS
from corrin.api.problem import Fault, Problem

if TYPE_CHECKING:
    from asyncio import BaseTransport, Transport

MOST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 128

_MOST_UNHEARD_BYTES = 1024 * 1024  # of a body in which no byte of content comes: trailers, framing
_LINGER_SECONDS = 2  # what still comes after a refusal is read for so long, so that it is heard

_MALFORMED = Problem(
    400,
    Fault("http-malformed", "This is not an HTTP/1.1 request.", "Check the client or the proxy."),
)
_HEAD_TOO_LARGE = Problem(
    431,
    Fault(
        "head-too-large",
        f"The headers are more than {MOST_HEADERS}, or larger than {MOST_HEAD_BYTES // 1024} KiB.",
        "Send fewer or smaller headers.",
    ),
)
_HEAD_TOO_SLOW = Problem(
    408, Fault("head-too-slow", "The head of the request took too long.", "Send it again.")
)
_FULL = Problem(
    429,
    Fault("busy", "All connections are in use.", "Try again shortly."),
    headers={"Retry-After": "1"},
)


class ConnectionState(ServerState):
    """All connections of one process, and what holds for each.

    Attributes:
        head_seconds: until the head of a request must be there.
        stall_seconds: an answer of which nothing is taken for so long is given up.
        most: connections open at once.
        draining: told to stop; every further answer is the last of its connection.
    """

    def __init__(self, *, head_seconds: float, stall_seconds: float, most: int) -> None:
        super().__init__()
        self.head_seconds, self.stall_seconds = head_seconds, stall_seconds
        self.most, self.draining = most, False

    def sweep(self, now: float) -> None:
        """End what waits too long; ``now`` is the loop's time."""
        for connection in list(self.connections):
            if isinstance(connection, Watched):
                connection.look(now)

    def make_room(self, new: Watched) -> bool:
        """Close the connection that has asked nothing for longest; whether there was one."""
        idle = [
            one
            for one in self.connections
            if isinstance(one, Watched) and one is not new and one.idle
        ]
        if not idle:
            return False
        min(idle, key=lambda one: one.since).transport.abort()
        return True


class Watched(asyncio.Protocol):
    """What is added to either of uvicorn's protocols.

    Attributes:
        since: when the connection last began to wait for (more of) a head; the loop's time.
        begun: whether a part of a head is there.
        within: whether a head is there and its body is not there whole.
    """

    # uvicorn's
    transport: Transport
    loop: asyncio.AbstractEventLoop
    server_state: ServerState
    cycle: Any

    def connection_made(self, transport: BaseTransport) -> None:
        """Let in, or turned away where every other is at work."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self.waits = True  # for the first bytes of a head, or for the rest of a refused body
        self.begun = self.within = self.broken = False
        self.head_bytes = self.unheard = 0
        self.stalled: float | None = None
        self.closing: float | None = None
        state = self.state
        if len(state.connections) > state.most and not state.make_room(self):
            self.refuse(_FULL)

    @property
    def state(self) -> ConnectionState:
        """All connections of this process."""
        assert isinstance(self.server_state, ConnectionState)
        return self.server_state

    @property
    def idle(self) -> bool:
        """Whether no request is at work."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        """Some bytes; when they complete no head, count them and the time."""
        if self.broken:
            return
        of_body = self.within
        super().data_received(data)
        if self.idle:
            if not self.waits:
                self.waits, self.since = True, self.loop.time()
            if self.begun and not of_body:
                self.head_bytes += len(data)
                if self.head_bytes > MOST_HEAD_BYTES:
                    self.refuse(_HEAD_TOO_LARGE)
        elif self.within:
            self.unheard += len(data)
            if self.unheard > _MOST_UNHEARD_BYTES:
                self.refuse(_MALFORMED)

    def eof_received(self) -> Any:
        """The client says no more; a request that is there whole is still answered."""
        if self.begun or (self.within and not self.idle):
            self.refuse(_MALFORMED)
        if self.idle or self.broken or self.transport.get_extra_info("sslcontext") is not None:
            return None
        self.cycle.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """The client takes nothing of its answer."""
        self.stalled = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It takes some again."""
        self.stalled = None
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection when it waits too long."""
        if self.closing is not None or self.transport.is_closing():
            if self.closing is None:
                self.closing = now
            elif now - self.closing > _LINGER_SECONDS:
                self.transport.abort()
        elif self.stalled is not None:
            if now - self.stalled > self.state.stall_seconds:
                self.transport.abort()
        elif self.waits and self.idle and now - self.since > self.state.head_seconds:
            if self.begun:
                self.refuse(_HEAD_TOO_SLOW)
            else:
                self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when something is no HTTP; its words are not used."""
        self.refuse(_MALFORMED)

    def refuse(self, why: Problem) -> None:
        """Answer in our words and read no more; requests that came before are still answered."""
        if self.broken:
            return
        self.broken = True
        if not self.idle:
            if not self.within:
                self.cycle.keep_alive = False
                return
            if self.forget():
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        telemetry.event("connection-refused", status=why.status)
        path = bytes(getattr(self, "url", b"") or b"").partition(b"?")[0].decode("latin-1")
        answer = problem.response(why, path)
        head = [b"HTTP/1.1 %d %s" % (why.status, problem.plain(why)["title"].encode())]
        head += [
            name + b": " + value
            for name, value in (*self.server_state.default_headers, *answer.raw_headers, *ALWAYS)
        ]
        self.transport.write(b"\r\n".join((*head, b"connection: close", b"", bytes(answer.body))))
        self.closing = self.loop.time()
        if self.transport.can_write_eof() and self.transport.get_extra_info("sslcontext") is None:
            with suppress(RuntimeError, OSError):  # the client has gone meanwhile
                self.transport.write_eof()
        else:
            self.transport.close()

    def forget(self) -> bool:
        """Whether the request that is broken waits behind others; it is then never begun."""
        return False

    def heard(self) -> None:
        """A head is complete, and a request begins."""
        self.waits = self.begun = False
        self.head_bytes = self.unheard = 0
        if self.state.draining:
            self.cycle.keep_alive = False


class PlainProtocol(Watched, H11Protocol):
    """On h11, where httptools is not there."""

    def handle_events(self) -> None:
        """Requests that have become complete."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self.heard()
            turn.begin(self.cycle.scope)
        of_body, self.within = self.within, repr(self.conn.their_state) == "SEND_BODY"
        if of_body and not self.within:
            turn.begin(self.cycle.scope)
        self.begun = self.idle and bool(self.conn.trailing_data[0])

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, or more of a head than h11 holds."""
        self.within = not self.idle and self.cycle.more_body
        large = self.idle and len(self.conn.trailing_data[0]) > MOST_HEAD_BYTES
        self.refuse(_HEAD_TOO_LARGE if large else _MALFORMED)

    def shutdown(self) -> None:
        """Close when nothing is at work, else after it."""
        if self.idle:
            self.transport.close()
        else:
            self.cycle.keep_alive = False


try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # not there for Windows
    PROTOCOL: type[Watched] = PlainProtocol
else:

    class FastProtocol(Watched, HttpToolsProtocol):
        """On httptools."""

        def on_message_begin(self) -> None:
            """The first byte of a head."""
            super().on_message_begin()
            self.begun = True

        def on_headers_complete(self) -> None:
            """A head is complete; what comes after the body under a header's name is dropped."""
            if (
                len(self.headers) > MOST_HEADERS
                or sum(len(name) + len(value) for name, value in self.headers) + len(self.url)
                > MOST_HEAD_BYTES
            ):
                self.refuse(_HEAD_TOO_LARGE)
                raise ValueError("head too large")
            super().on_headers_complete()
            self.headers = deque(maxlen=0)  # type: ignore[assignment]
            self.within = True
            self.heard()

        def on_body(self, body: bytes) -> None:
            """Some of a body."""
            self.unheard = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            """A request is there whole."""
            self.within = False
            super().on_message_complete()
            turn.begin(self.cycle.scope)

        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            """A request begins to be worked on, which need not be the newest."""
            self.working = cycle
            turn.begin(cycle.scope)
            super()._start_asgi_task(cycle, app)

        def connection_lost(self, exc: Exception | None) -> None:
            """Nobody is there any more; uvicorn tells it to the newest request only."""
            working = getattr(self, "working", None)
            if working is not None and not working.response_complete:
                working.disconnected = True
                working.message_event.set()
            self.pipeline.clear()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            """An answer is sent; the next head may have begun already."""
            self.since = self.loop.time()
            self.waits = self.begun
            last = self.broken and not self.pipeline
            super().on_response_complete()
            if last:
                self.transport.close()

        def forget(self) -> bool:
            """Take the newest of the requests that wait back out."""
            waits = bool(self.pipeline) and self.pipeline[0][0] is self.cycle
            if waits:
                self.pipeline.popleft()
            return waits

    PROTOCOL = FastProtocol


def protocol() -> type[asyncio.Protocol]:
    """The faster of uvicorn's protocols that is there, watched."""
    return PROTOCOL
