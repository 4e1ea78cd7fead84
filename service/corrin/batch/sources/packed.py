"""The bytes of a file: as they lie there, or unpacked from gzip or Zstandard.

What a file is packed with is told by its first bytes, never by its name. Nothing here holds more
of a file than a buffer.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import zlib
from pathlib import Path
from typing import Protocol

from corrin.batch.sources.source import InputError

BUFFER = 1024 * 1024
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = (b"\x2a\x4d\x18", range(0x50, 0x60))  # a Zstandard frame that holds no data
_PACKED_AT_ONCE = 64 * 1024
_ZSTD_AT_ONCE = 4 * 1024  # Zstandard gives all at once that its input holds: up to 32 768 times it


def packing(head: bytes) -> str:
    """What a file is packed with, by its first bytes: ``gzip``, ``zstd`` or nothing (``""``)."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE[0] and head[0] in _SKIPPABLE[1]):
        return "zstd"
    return ""


def open_bytes(path: str | Path, name: str | None = None) -> io.BufferedReader:
    """The unpacked bytes of a file, as a stream.

    Args:
        path: where it is.
        name: what it is called in errors; else the last part of the path.

    Raises:
        InputError: input-missing, input-unreadable, input-not-a-file; and, while it is read, also
            input-truncated or input-corrupt. What could be unpacked comes first.
    """
    called = Path(path).name if name is None else name
    raw = Plain(path, called)
    head = raw.peek()
    packed = packing(head)
    if packed:
        return io.BufferedReader(_Unpacked(raw, packed, called), BUFFER)
    return io.BufferedReader(raw, BUFFER)


class Plain(io.RawIOBase):
    """The bytes of a file as they lie there; every fault of the system as an ``InputError``."""

    def __init__(self, path: str | Path, name: str) -> None:
        super().__init__()
        self.called = name
        try:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                raise InputError(name, "input-not-a-file")
            self.file = io.FileIO(str(path), "rb")
        except OSError as error:
            raise InputError(name, _reason(error)) from None
        except ValueError:  # a NUL in the path
            raise InputError(name, "input-missing") from None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def peek(self) -> bytes:
        """The first four bytes; the position stays at the beginning."""
        buffer = bytearray(4)
        found = self.readinto(buffer)
        self.seek(0)
        return bytes(buffer[:found])

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As :class:`io.RawIOBase` says."""
        try:
            return self.file.readinto(buffer) or 0
        except OSError as error:
            raise InputError(self.called, _reason(error)) from None

    def seek(self, offset: int, whence: int = 0) -> int:
        """As :class:`io.RawIOBase` says."""
        try:
            return self.file.seek(offset, whence)
        except OSError as error:
            raise InputError(self.called, _reason(error)) from None

    def close(self) -> None:
        """Close the file as well."""
        file = getattr(self, "file", None)
        if file is not None:
            file.close()
        super().close()


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "input-missing"
    return "input-not-a-file" if error.errno == errno.ELOOP else "input-unreadable"


class _Unpacker(Protocol):
    """What zlib and Zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """What a packed file holds: of every member, one after the other."""

    def __init__(self, raw: Plain, packed: str, name: str) -> None:
        super().__init__()
        self.raw, self.packed, self.called = raw, packed, name
        self.member = self._begin()
        self.input = b""
        self.ready = memoryview(b"")
        self.inside = False  # something of a member was read, and not yet its end
        self.fault: InputError | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As :class:`io.RawIOBase` says."""
        while not self.ready:
            if self.fault is not None:
                raise self.fault
            try:
                if not self._more():
                    return 0
            except InputError as error:
                self.fault = error
        taken = min(len(buffer), len(self.ready))
        buffer[:taken] = self.ready[:taken]
        self.ready = self.ready[taken:]
        return taken

    def _begin(self) -> _Unpacker:
        if self.packed == "gzip":
            return _Gzip()
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()

    def _more(self) -> bool:
        """Unpack a little more; false at the end."""
        if self.member.eof:
            self.input = self.member.unused_data
            self.member = self._begin()
            self.inside = False
        if not self.inside:  # members may be padded with zeros
            self.input = self.input.lstrip(b"\0")
        waiting = isinstance(self.member, _Gzip) and self.member.waiting
        if not self.input and not waiting:
            most = _PACKED_AT_ONCE if self.packed == "gzip" else _ZSTD_AT_ONCE
            self.input = self.raw.read(most) or b""
            if not self.input:
                if self.inside:
                    raise InputError(self.called, "input-truncated")
                return False
            if not self.inside:
                self.input = self.input.lstrip(b"\0")
                if not self.input:
                    return True
        import zstandard

        data, self.input = self.input, b""
        self.inside = True
        try:
            self.ready = memoryview(self.member.decompress(data))
        except (zlib.error, zstandard.ZstdError):
            raise InputError(self.called, "input-corrupt") from None
        return True

    def close(self) -> None:
        """Close the file as well."""
        self.raw.close()
        super().close()


class _Gzip:
    """One member of a gzip file, unpacked a bounded piece at a time."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(wbits=31)
        self.waiting = False

    @property
    def eof(self) -> bool:
        """Whether the member is read to its end and its sum was right."""
        return self.inner.eof

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        return self.inner.unused_data

    def decompress(self, data: bytes, /) -> bytes:
        """The next piece; with more to come without more input while ``waiting``."""
        found = self.inner.decompress(self.inner.unconsumed_tail + data, BUFFER)
        self.waiting = bool(self.inner.unconsumed_tail) or (
            len(found) == BUFFER and not self.inner.eof
        )
        return found
