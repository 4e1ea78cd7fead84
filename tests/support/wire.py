"""HTTP as bytes on a socket, for requests no client library would send."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Any

import orjson

from support.service import Service

_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, its headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """The reason of the first fault, from either form an error has."""
        told: Any = orjson.loads(self.body)
        if "resourceType" in told:
            return str(told["issue"][0]["diagnostics"]).partition(",")[0]
        return str(told["faults"][0]["reason"])


@dataclass(frozen=True, slots=True)
class Heard:
    """All that came back on one connection.

    Attributes:
        closed: whether the server closed it in the time given.
        seconds: until it did, or until the time was over; at least so long it waited.
    """

    answers: tuple[Answer, ...]
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The statuses, in order."""
        return [one.status for one in self.answers]


def talk(service: Service, *parts: bytes, end: bool = False, seconds: float = 60) -> Heard:
    """Send some bytes and hear what comes back until the server closes.

    Args:
        end: say that no more comes (half-close).
        seconds: to wait at most, each time.
    """
    began = time.monotonic()
    heard, closed = b"", True
    with service.connect(seconds) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused before all was sent; what was answered is still read
        try:
            while data := connection.recv(1 << 16):
                heard += data
        except TimeoutError:
            closed = False
        except ConnectionResetError:
            pass
    return Heard(tuple(answers(heard)), closed, time.monotonic() - began)


def answers(heard: bytes) -> list[Answer]:
    """The answers in some bytes; each must have a length, so no body is taken for a head."""
    found = []
    while heard:
        head = _HEAD.match(heard)
        assert head is not None, f"this is no answer: {heard[:200]!r}"
        headers = {}
        for line in head[2].decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        size = int(headers.get("content-length", "0"))
        found.append(Answer(int(head[1]), headers, heard[head.end() : head.end() + size]))
        heard = heard[head.end() + size :]
    return found


def post(path: str, body: bytes, *headers: str, close: bool = True) -> bytes:
    """A request with a body, as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *headers, *(["Connection: close"] if close else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body
