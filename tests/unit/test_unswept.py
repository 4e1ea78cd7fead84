"""Making ready without looking for garbage: afterwards all is as it was."""

from __future__ import annotations

import gc

import pytest

from corrin.unswept import unswept


def test_garbage_is_looked_for_again_afterwards() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), unswept():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_who_does_not_look_for_garbage_goes_on_so() -> None:
    gc.disable()
    try:
        with unswept():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
