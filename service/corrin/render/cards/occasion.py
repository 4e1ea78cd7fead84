"""The moment cards are asked for: what was sent along, and what is being ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Supply = Literal["absent", "failed", "empty", "incomplete", "complete"]
"""What became of one prefetch key: not sent; the query failed; queried, nothing there; more is
there than was sent, or may be; everything was sent."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a card has to know besides the report.

    Attributes:
        supply: by prefetch key of the service.
        unsorted: keys of which not all was sent, and not the newest first, so that what was not
            sent may be newer.
        titles: of those keys, in words.
        key_of: analyte → the key it was asked for under.
        ordered: analytes that draft orders on the screen ask for.
        placed: analytes that were ordered before and have no result yet, each with the date of its
            order, or ``""``.
        relevant: topics that concern what is being ordered; ``None`` when nothing is ordered.
        plans_b12: whether a draft order for vitamin B12 is on the screen.
        other_keys: how many keys were sent that were not asked for.
    """

    supply: Mapping[str, Supply] = field(default_factory=dict)
    unsorted: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)
    key_of: Mapping[str, str] = field(default_factory=dict)
    ordered: frozenset[str] = frozenset()
    placed: Mapping[str, str] = field(default_factory=dict)
    relevant: frozenset[str] | None = None
    plans_b12: bool = False
    other_keys: int = 0

    def supply_of(self, analyte: str) -> Supply | None:
        """What became of the key an analyte was asked for under."""
        key = self.key_of.get(analyte)
        return None if key is None else self.supply.get(key)

    def unseen(self, key: str) -> bool:
        """Whether there may be results of what a key asks for that were not sent."""
        return self.supply.get(key) in ("absent", "failed", "incomplete")
