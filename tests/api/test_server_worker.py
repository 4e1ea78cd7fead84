"""A process among several, before it serves."""

from __future__ import annotations

from typing import Any

import pytest

from corrin.api import Settings
from corrin.api.server import Worker, configuration


def test_the_server_is_made_before_a_thread_is_asked_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Made by two threads at once it was sometimes two, and the one asked about never started."""
    found: list[Any] = []
    monkeypatch.setattr(
        Worker.__mro__[1], "target", lambda self, sockets=None: found.append(self._server)
    )
    worker = Worker(configuration(Settings(workers=2)), [])
    worker.target()
    assert found == [worker.server]
