"""Functions compiled by numba, kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def _digest() -> str:
    """Of every source beside this one.

    Numba keeps machine code under the name of its function until that function's own file changes;
    what is compiled into it from other files is not looked at. So the name says it.
    """
    found = blake2b(digest_size=6)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


_DIGEST = _digest()


# Nothing here makes an array, so none need be counted: it would take as long as half of the work.
_OPTIONS: Any = {"nogil": True, "_nrt": False}
_PART: Any = _OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def part(function: _Function) -> _Function:
    """Compile as a part of what uses it; it cannot be called otherwise."""
    return cast(_Function, njit(**_PART)(function))


def compiled(function: _Function) -> _Function:
    """Compile at first use, without the interpreter's lock.

    The machine code is kept beside the source or in the user's cache; where neither can be written
    it is made anew in every process.
    """
    function.__qualname__ += f"_{_DIGEST}"
    try:
        found = njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # numba: no locator available
        found = njit(**_OPTIONS)(function)
    return cast(_Function, found)
