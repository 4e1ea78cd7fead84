"""How much Python runs, in lines: what a clock would say, were every machine the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines(step: Callable[[], object]) -> int:
    """How many lines of Python a step runs when it has run before, and things are kept.

    The rounds of a loop on one line count each.
    """
    step()
    found = 0

    def trace(frame: FrameType, event: str, given: Any) -> Any:
        nonlocal found
        found += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        step()
    finally:
        sys.settrace(before)
    return found
