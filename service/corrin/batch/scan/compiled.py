"""Functions compiled by numba, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile at first use, without the interpreter's lock.

    The machine code is kept beside the source or in the user's cache; where neither can be written
    it is made anew in every process.
    """
    try:
        found = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba: no locator available
        found = njit(nogil=True)(function)
    return cast(_Function, found)
