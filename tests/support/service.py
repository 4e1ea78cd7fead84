"""A real ``corrin serve`` in a process of its own, for tests of what a server does."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.places import ROOT, SERVICE

_READY = re.compile(r"corrin \S+ serves profile \S+ on (https?)://(.+):(\d+), auth")
_START_SECONDS = 90
PROGRAM = "from corrin.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs.

    Attributes:
        url: ``http://127.0.0.1:port``.
        log: the file with everything it wrote, both streams.
    """

    process: subprocess.Popen[bytes]
    url: str
    host: str
    port: int
    log: Path

    def said(self) -> str:
        """Everything it wrote until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def connect(self, seconds: float = 60) -> socket.socket:
        """A plain connection to it."""
        return socket.create_connection((self.host, self.port), seconds)

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        seconds: float = 60,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own: status, headers by lower-case name, body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(
                method or ("GET" if body is None else "POST"), path, body, headers or {}
            )
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        """Tell it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


@contextlib.contextmanager
def service(*options: str, program: str = PROGRAM, **settings: object) -> Iterator[Service]:
    """Run ``corrin serve`` on a free port until the block ends.

    Args:
        options: further options of the command.
        program: what the process runs.
        settings: by name, in lower case: ``service(body_bytes=1024)`` sets CORRIN_BODY_BYTES.

    Raises:
        AssertionError: it did not come up; its words are in the message.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRIN_")}
    given = {f"CORRIN_{name.upper()}": str(value) for name, value in settings.items()}
    kept |= {"CORRIN_PORT": "0", "PYTHONPATH": str(SERVICE), "PYTHONUNBUFFERED": "1"} | given
    with tempfile.TemporaryDirectory(prefix="corrin-service-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", program, "serve", *options],
                cwd=ROOT,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            yield _up(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _up(process: subprocess.Popen[bytes], log: Path) -> Service:
    how, end = "it is still starting", time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        found = _READY.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            host = found[2].strip("[]")
            return Service(process, f"{found[1]}://{found[2]}:{found[3]}", host, int(found[3]), log)
        if process.poll() is not None:
            how = "it ended"
            break
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace")
    raise AssertionError(f"corrin serve did not come up, {how}:\n{said}")
