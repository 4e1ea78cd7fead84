"""Results followed over time: the result before the chosen one, and which way it went.

Which analytes are followed, how far back, and what the facts are called stands in
``rules/derived/trends.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corrin.content import read_document, rules_root
from corrin.terminology.analyte import Analyte

PREVIOUS, RISING, FALLING = "_previous", "_rising", "_falling"


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: analyte ids, the longest span between two results, the words for it."""

    analytes: tuple[str, ...]
    longest_days: int
    pace_days: int
    says: Mapping[str, str]

    def previous(self) -> Iterator[tuple[str, str]]:
        """Names of the earlier results, each with the analyte it is a result of."""
        return ((name + PREVIOUS, name) for name in self.analytes)

    def directions(self) -> Iterator[str]:
        """Names of the truths."""
        return (name + way for name in self.analytes for way in (RISING, FALLING))

    def labels(self, analytes: Mapping[str, Analyte]) -> dict[str, str]:
        """What people call the facts."""
        return {
            name + suffix: said.format(name=analytes[name].name, short=analytes[name].short)
            for name in self.analytes
            if name in analytes
            for suffix, said in self.says.items()
        }


def read(root: Path) -> Followed:
    """``derived/trends.yaml`` of a content folder.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(root / "derived" / "trends.yaml")["trends"]
    return Followed(
        tuple(given["analytes"]),
        given["longest_days"],
        given["pace_days"],
        {suffix: given[suffix[1:]] for suffix in (PREVIOUS, RISING, FALLING)},
    )


@lru_cache(maxsize=1)
def followed() -> Followed:
    """The shipped ``rules/derived/trends.yaml``, read once."""
    return read(rules_root())
