"""Packed bodies, unpacked piece by piece, so that no body is larger than it was let be."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

KNOWN = ("gzip", "deflate")
PIECE_BYTES = 256 * 1024

_MOST_MEMBERS = 1024  # of one gzip body; tools that pack in parallel write many
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


class BrokenError(Exception):
    """The body is not what its Content-Encoding says, or ends too early."""


def known(header: str) -> str | None:
    """The packing a Content-Encoding names: "" for none, None for one not unpacked here."""
    name = header.strip().lower()
    return "" if name in ("", "identity") else _NAMES.get(name)


class Unpacker:
    """Unpacks gzip (RFC 1952, of several members) or deflate (RFC 1950, or bare RFC 1951)."""

    def __init__(self, packing: str) -> None:
        self._gzip = packing == "gzip"
        self._members = 0
        self._first = b""  # of a deflate body, until it shows whether it has the header of zlib
        self._stream = zlib.decompressobj(wbits=31) if self._gzip else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What some more bytes unpack to, in pieces of at most :data:`PIECE_BYTES`.

        Raises:
            BrokenError: they cannot be unpacked, or something follows the end.
        """
        if self._stream is None:
            data = self._first + data
            if len(data) < 2:
                self._first = data
                return
            self._stream = zlib.decompressobj(wbits=15 if _has_header(data) else -15)
        while data:
            if self._stream.eof:
                self._next_member()
            try:
                piece = self._stream.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise BrokenError from error
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece

    def close(self) -> Iterator[bytes]:
        """What is left when no more bytes come.

        Raises:
            BrokenError: the body ends too early.
        """
        if self._stream is None:
            raise BrokenError
        while not self._stream.eof:
            try:
                piece = self._stream.decompress(self._stream.unconsumed_tail, PIECE_BYTES)
            except zlib.error as error:
                raise BrokenError from error
            if not piece:
                break
            yield piece
        if not self._stream.eof:
            raise BrokenError

    def _next_member(self) -> None:
        self._members += 1
        if not self._gzip or self._members >= _MOST_MEMBERS:
            raise BrokenError
        self._stream = zlib.decompressobj(wbits=31)


def _has_header(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0
