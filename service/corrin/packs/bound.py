"""A pack with every condition read and every name in it known: ready for the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corrin.language import tree
from corrin.packs import schema
from corrin.packs.pack import Pack


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A decision's row with its condition bound."""

    row: schema.Row
    when: tree.Expression


@dataclass(frozen=True, slots=True)
class BoundDecision:
    """A decision table; ``topic`` is the status it gives."""

    topic: str
    decision: schema.Decision
    rows: tuple[BoundRow, ...]

    @property
    def conditions(self) -> tuple[tree.Expression, ...]:
        """The rows' conditions, in order."""
        return tuple(row.when for row in self.rows)


@dataclass(frozen=True, slots=True)
class BoundRestriction:
    """A restriction with its condition bound; ``pack`` names where it comes from."""

    pack: str
    restriction: schema.Restriction
    when: tree.Expression


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule for one analyte under the name ``result`` (or for none)."""

    rule: schema.Rule
    when: tree.Expression
    unless: tree.Expression | None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class BoundPack:
    """Everything of a pack, bound."""

    pack: Pack
    cuts: Mapping[str, tree.Cut]
    definitions: Mapping[str, tree.Expression]
    decisions: Mapping[str, BoundDecision]
    restrictions: tuple[BoundRestriction, ...]
    rules: tuple[BoundRule, ...]
    scope: tree.Expression | None
    uses: tuple[BoundPack, ...] = ()

    @property
    def id(self) -> str:
        """The pack's id."""
        return self.pack.id

    def visible_cuts(self) -> dict[str, tree.Cut]:
        """Its own cut-offs and those of the packs it uses; its own come first."""
        found: dict[str, tree.Cut] = {}
        for used in self.uses:
            found.update(used.visible_cuts())
        found.update(self.cuts)
        return found

    def visible_definitions(self) -> dict[str, tree.Expression]:
        """Its own definitions and those of the packs it uses; its own come first."""
        found: dict[str, tree.Expression] = {}
        for used in self.uses:
            found.update(used.visible_definitions())
        found.update(self.definitions)
        return found

    def threshold(self, name: str) -> tuple[Pack, schema.Threshold] | None:
        """The content of a visible threshold, and the pack it stands in."""
        if name in self.pack.thresholds:
            return self.pack, self.pack.thresholds[name]
        for used in self.uses:
            found = used.threshold(name)
            if found is not None:
                return found
        return None
