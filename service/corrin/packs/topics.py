"""The topics notes can be about, in the order they are shown (``rules/notes/topics.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from corrin.content import read_document, rules_root


def topics(root: Path | None = None) -> Mapping[str, str]:
    """Topic → its title, in the order of display; of the shipped content when no root is given.

    Raises:
        corrin.content.ContentError: the file is not the YAML it should be.
    """
    return _read(rules_root() if root is None else root)


@lru_cache(maxsize=8)
def _read(root: Path) -> Mapping[str, str]:
    found = read_document(root / "notes" / "topics.yaml")
    return MappingProxyType({str(topic): str(title) for topic, title in found.items()})
