"""Files and standard streams: read with a bound, written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from corrin.cli.trouble import ExitCode, Stopped, Trouble, write_to


def read(name: str, most: int) -> bytes:
    """The bytes of a file, or of standard input for ``-``; at most one more than ``most``.

    Raises:
        Stopped: the file cannot be read (exit code 5).
    """
    if name == "-":
        return sys.stdin.buffer.read(most + 1)
    try:
        with open(name, "rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        why = "It is a folder." if isinstance(error, IsADirectoryError) else _why(error)
        do = "Name a file, or - for standard input."
        raise Stopped(ExitCode.FILE, Trouble("The file cannot be read.", name, why, do)) from error


def write(data: bytes | str, output: str | None) -> None:
    """Write the answer to a file, or to standard output.

    A file appears whole or not at all, readable by its owner only where it is new.

    Raises:
        Stopped: it cannot be written (exit code 5), or nobody reads it any more (141).
    """
    if output is None or output == "-":
        if isinstance(data, str):
            write_to(sys.stdout, data)
            return
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise Stopped(ExitCode.NOBODY_READS) from error
        return
    try:
        _replace(Path(output), data.encode() if isinstance(data, str) else data)
    except OSError as error:
        do = "Name a file in a folder that exists and may be written to."
        raise Stopped(
            ExitCode.FILE, Trouble("The answer cannot be written.", output, _why(error), do)
        ) from error


def _replace(file: Path, data: bytes) -> None:
    if file.exists() and not file.is_file():  # a device or a named pipe
        file.write_bytes(data)
        return
    handle, name = tempfile.mkstemp(prefix=".corrin-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _why(error: OSError | ValueError) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return f"{said}." if said else "The name is not one a file can have."
