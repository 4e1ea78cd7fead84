"""Terminology: what a test, finding, condition, procedure, diet or medicine is called.

Codes and texts come in, our analytes and concepts come out. Content: ``rules/terminology``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from corrin.content import rules_root
from corrin.terminology.analyte import Analyte, Dimension, LoincCode, Plausible
from corrin.terminology.concept import Code, Concept, ConceptKind
from corrin.terminology.reason import Reason
from corrin.terminology.table import Panel, Rejected, Terminology

__all__ = [
    "Analyte",
    "Code",
    "Concept",
    "ConceptKind",
    "Dimension",
    "LoincCode",
    "Panel",
    "Plausible",
    "Reason",
    "Rejected",
    "Terminology",
    "load",
]


def load(root: Path | None = None) -> Terminology:
    """The terminology under ``root``; of the installed content, read once, when it is ``None``.

    Raises:
        ContentError: a content file is missing or holds what we cannot understand.
    """
    if root is None:
        return _installed()
    from corrin.terminology.read import read

    return read(root)


@lru_cache(maxsize=1)
def _installed() -> Terminology:
    from corrin.terminology.read import read

    return read(rules_root())
