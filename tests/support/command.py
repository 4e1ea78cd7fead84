"""The command in this process: what it says and how it ends, without what starting one costs.

What only a process has (signals, pipes that break, terminals, what is loaded) is tried with real
ones in ``unit/test_cli.py``.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from unittest.mock import patch

from corrin.cli import program

ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}


def run(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """``corrin`` with some arguments: its exit code and both streams."""
    given, out, err = (
        io.TextIOWrapper(io.BytesIO(data), "utf-8", write_through=True)
        for data in (stdin, b"", b"")
    )
    with (
        patch.dict(os.environ, ENVIRONMENT | environment, clear=True),
        patch.multiple(sys, stdin=given, stdout=out, stderr=err),
    ):
        code = program.run(list(arguments))
    said, told = (stream.buffer.getvalue() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(["corrin", *arguments], code, said, told)
