"""A small HTTP client that knows of every request whether it was sent whole and answered whole."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from questions import Question

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class Lost(Exception):
    """A request that was sent whole and not answered whole."""


@dataclass(slots=True)
class Tally:
    """What became of requests.

    Attributes:
        answered: statuses, with the moment each was sent and answered (``time.monotonic``).
        lost: when those were sent that were sent whole and got no whole answer.
        turned_away: attempts to connect that nobody took.
    """

    answered: list[tuple[int, float, float]] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    turned_away: int = 0

    def statuses(self) -> dict[int, int]:
        """How many answers of each status."""
        found: dict[int, int] = {}
        for status, _, _ in self.answered:
            found[status] = found.get(status, 0) + 1
        return dict(sorted(found.items()))


def packed(question: Question, *, close: bool = False) -> bytes:
    """The bytes of a request."""
    headers = {
        "Host": "127.0.0.1",
        "Content-Length": str(len(question.body)),
        **dict(question.headers),
    }
    if close:
        headers["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {question.path} HTTP/1.1\r\n{head}\r\n".encode() + question.body


async def exchange(reader: Reader, writer: Writer, request: bytes) -> tuple[int, bool]:
    """Ask once: the status, and whether the connection may be used again.

    Raises:
        Lost: the connection ended before the answer did.
    """
    try:
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        await reader.readexactly(int(headers["content-length"]))
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Lost from error
    return int(lines[0].split()[1]), headers.get("connection", "").lower() != "close"


async def keep_asking(port: int, request: bytes, tally: Tally, going: Callable[[], bool]) -> None:
    """One client: the next request as soon as the last is answered, on one connection if it can."""
    while going():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            tally.turned_away += 1
            await asyncio.sleep(0.05)
            continue
        try:
            again = True
            while again and going():
                sent = time.monotonic()
                try:
                    status, again = await exchange(reader, writer, request)
                except Lost:
                    tally.lost.append(sent)
                    break
                tally.answered.append((status, sent, time.monotonic()))
                if status == 429:
                    await asyncio.sleep(0.02)
        finally:
            await _closed(writer)


async def at_rate(port: int, request: bytes, *, per_second: int, seconds: int) -> Tally:
    """Ask at a constant rate, whether answers come or not; a time counts from when it was due."""
    tally = Tally()
    idle: list[tuple[Reader, Writer]] = []
    start = time.monotonic() + 0.5

    async def once(number: int) -> None:
        due = start + number / per_second
        await asyncio.sleep(due - time.monotonic())
        try:
            pair = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            tally.turned_away += 1
            return
        try:
            status, again = await exchange(*pair, request)
        except Lost:
            tally.lost.append(due)
            return
        tally.answered.append((status, due, time.monotonic()))
        if again:
            idle.append(pair)
        else:
            await _closed(pair[1])

    await asyncio.gather(*(once(number) for number in range(per_second * seconds)))
    for _, writer in idle:
        await _closed(writer)
    return tally


async def _closed(writer: Writer) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
