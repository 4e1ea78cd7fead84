"""Corrin: one patient's laboratory results in, the vitamin B12 note a clinician can check out.

from corrin import interpret
print(interpret(open("bundle.json", "rb").read(), as_of="2026-11-01").headline)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["IntakeError", "Report", "UsageError", "__version__", "compare", "interpret"]

if TYPE_CHECKING:
    from corrin.intake import IntakeError
    from corrin.interpretation import UsageError, compare, interpret
    from corrin.notes.report import Report

_HOMES = {
    "compare": "corrin.interpretation",
    "interpret": "corrin.interpretation",
    "UsageError": "corrin.interpretation",
    "IntakeError": "corrin.intake",
    "Report": "corrin.notes.report",
}


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used, so that ``import corrin`` stays quick."""
    import importlib

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'corrin' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
