"""Rules are read once, however many ask for them at the same time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier

import pytest

from corrin.packs import library


def test_the_rules_are_read_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    standing, asked, start = library.open_library(), [], Barrier(8)

    @lru_cache(maxsize=1)
    def reads() -> library.Library:
        asked.append(1)
        time.sleep(0.05)  # long enough for the others to come
        return standing

    def ask(_: int) -> library.Library:
        start.wait()
        return library.open_library()

    monkeypatch.setattr(library, "_read_once", reads)
    with ThreadPoolExecutor(8) as pool:
        assert all(found is standing for found in pool.map(ask, range(8)))
    assert asked == [1]
