"""Content is read once, and nobody looks for garbage in it while it is read."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier

import pytest

from corrin.content import all_kept
from corrin.packs import library


def test_garbage_is_looked_for_again_afterwards() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), all_kept():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_who_does_not_look_for_garbage_goes_on_so() -> None:
    gc.disable()
    try:
        with all_kept():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


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
