"""Fetching a JWK Set: from a URL of the settings only, within bounds of time and size."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from corrin.api.loopback import is_loopback

STEP_SECONDS = 5.0  # that one connection, or one read, may take
ALL_SECONDS = 10.0  # that all of it may take
MOST_BYTES = 256 * 1024
DEFAULT_SECONDS = 300.0  # that keys are fresh whose server says nothing of it
LONGEST_SECONDS = 3600.0  # that keys are used at most, whatever their server says
SHORTEST_SECONDS = 1.0  # that they are shared even where their server wants them not kept

_PIECE = 16 * 1024


class FetchError(Exception):
    """There is no usable JWK Set; its words hold nothing that a server sent."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A JWK Set as published.

    Attributes:
        keys: its members, as they are.
        fresh: seconds it may be used without asking again.
        usable: seconds it may be used when its server cannot be reached.
    """

    keys: tuple[Mapping[str, Any], ...]
    fresh: float
    usable: float


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the one URL registered is the one asked."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Connections:
    """Whatever is connected to, ended when all of it has taken too long.

    The timeout of a socket is one of each step: a server that sends a byte now and then, in its
    head or while TLS begins, would hold its thread for as long as it likes.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._timer = Timer(ALL_SECONDS, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Connections:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for one in self._held:
            one.close()

    def handlers(self) -> tuple[HTTPHandler, HTTPSHandler]:
        """What opens connections that are noted here."""

        def open_one(*address: Any, **more: Any) -> socket.socket:
            made = socket.create_connection(*address, **more)
            self._held.append(made.dup())  # what TLS is put around is not to be had any more
            return made

        def plain(*given: Any, **more: Any) -> HTTPConnection:
            made = HTTPConnection(*given, **more)
            made._create_connection = open_one  # type: ignore[attr-defined]
            return made

        def secure(*given: Any, **more: Any) -> HTTPSConnection:
            made = HTTPSConnection(*given, **more)
            made._create_connection = open_one  # type: ignore[attr-defined]
            return made

        class Plain(HTTPHandler):
            def http_open(self, request: Request) -> Any:
                return self.do_open(plain, request)

        class Secure(HTTPSHandler):
            def https_open(self, request: Request) -> Any:
                return self.do_open(secure, request)

        return Plain(), Secure()

    def _end(self) -> None:
        for one in tuple(self._held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def fetch(url: str) -> Fetched:
    """The JWK Set at a URL. Blocks; for a thread.

    Raises:
        FetchError: it cannot be had, is too large or slow, or is no JWK Set.
    """
    ends = time.monotonic() + ALL_SECONDS
    asked = Request(url, headers={"Accept": "application/json", "User-Agent": "corrin"})
    try:
        with (
            _Connections() as connections,
            _opener(url, connections).open(asked, timeout=STEP_SECONDS) as answer,
        ):
            if answer.status != 200:
                raise FetchError("the server of the keys did not answer 200")
            data = b""
            while piece := answer.read1(_PIECE):
                data += piece
                if len(data) > MOST_BYTES:
                    raise FetchError("the keys are too large")
                if time.monotonic() > ends:
                    raise FetchError("the keys come too slowly")
            return _read(data, answer.headers)
    except HTTPError as error:
        error.close()
        raise FetchError("the server of the keys did not answer 200") from None
    except (OSError, HTTPException, ValueError) as error:
        # Its kind tells a name that is not known from a certificate that is not trusted.
        kind = type(getattr(error, "reason", error)).__name__
        raise FetchError(f"the server of the keys cannot be reached or read ({kind})") from None


def _opener(url: str, connections: _Connections) -> OpenerDirector:
    """Plain http is for this machine only (see :func:`trusted`), so no proxy is asked for it."""
    local = (ProxyHandler({}),) if url.startswith("http:") else ()
    return build_opener(_Stay(), *connections.handlers(), *local)


def trusted(url: str) -> bool:
    """Whether keys may be fetched from a URL: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _read(data: bytes, headers: Message) -> Fetched:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise FetchError("the keys are no JSON") from None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise FetchError("the keys are no JWK Set")
    fresh, usable = _lifetime(headers)
    return Fetched(tuple(keys), fresh, usable)


def _lifetime(headers: Message) -> tuple[float, float]:
    """Seconds fresh, and seconds usable when the server is away, by its Cache-Control."""
    said: dict[str, str] = {}
    for part in ",".join(headers.get_all("Cache-Control", [])).lower().split(","):
        name, _, value = part.strip().partition("=")
        said[name] = value.strip('" ')
    if "no-store" in said or "no-cache" in said:
        return SHORTEST_SECONDS, SHORTEST_SECONDS
    fresh = DEFAULT_SECONDS
    if (age := said.get("max-age", "")).isascii() and age.isdigit():
        fresh = float(age[:9]) - _age(headers)
    fresh = min(max(fresh, SHORTEST_SECONDS), LONGEST_SECONDS)
    return fresh, fresh if "must-revalidate" in said else LONGEST_SECONDS


def _age(headers: Message) -> float:
    given = headers.get("Age", "").strip()
    return float(given[:9]) if given.isascii() and given.isdigit() else 0.0
