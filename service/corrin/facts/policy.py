"""How old facts may be, and how far apart those may lie that are read together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corrin.facts.moment import Moment


@dataclass(frozen=True, slots=True)
class Policy:
    """How old facts may be, and which must lie close together.

    Attributes:
        look_back: days per name; ``None`` for no limit.
        otherwise: days for analytes not named. Statements not named have no limit.
        pairing: (days, markers, metabolites): a metabolite further than that from every marker
            chosen is not read with them.
    """

    look_back: Mapping[str, int | None] = field(default_factory=dict)
    otherwise: int | None = None
    pairing: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = ()

    def days(self, name: str) -> int | None:
        """The look-back of an analyte."""
        return self.look_back.get(name, self.otherwise)


def distance(when: Moment, as_of: Moment, days: int | None) -> str | None:
    """Why a time lies outside the look-back: ``future``, ``stale``, ``date-imprecise``."""
    if when.start > as_of.end:
        return "future"
    if days is None:
        return None
    fewest, most = when.days_before(as_of)
    if fewest > days:
        return "stale"
    return "date-imprecise" if most > days else None
