"""What the readers of single resources fill: results, statements, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, NamedTuple

from corrin import terminology
from corrin.facts.case import Placed, Refusal
from corrin.facts.fact import Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake import lists
from corrin.intake.item import Item, Resource

if TYPE_CHECKING:
    from corrin.intake.measurand import Measurand


class Withdrawal(NamedTuple):
    """A result that was entered in error or cancelled, and what tells which it was.

    Attributes:
        name: the analyte, as far as its code tells.
        identifiers: business identifiers, as of :class:`~corrin.facts.fact.Measured`.
        when: the time of the sample, if it is told.
        issued: when it was withdrawn, if that is told.
        cancelled: whether it could not be obtained; then only what was preliminary is withdrawn.
    """

    name: str | None
    identifiers: tuple[str, ...]
    when: Moment | None
    issued: Moment | None
    cancelled: bool = False


@dataclass(slots=True)
class Harvest:
    """Everything taken and refused so far; ``taken`` counts what can be chosen.

    ``measurands`` are those that a number was looked for of, taken or not.
    """

    zone: tzinfo
    library: Library
    results: list[Measured] = field(default_factory=list)
    statements: list[Stated] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    orders: list[Placed] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    measurands: list[Measurand] = field(default_factory=list)
    taken: int = 0
    _said: set[Stated] = field(default_factory=set)

    def refuse(
        self,
        reason: str,
        item: Item,
        element: str = "",
        *,
        name: str | tuple[str, ...] | None = None,
        detail: str = "",
        when: Moment | None = None,
        reported: str = "",
        status: str = "",
    ) -> None:
        """Note something not taken, at an element below the item's path: once per name."""
        path = item.path + element
        names = name if isinstance(name, tuple) else (name,)
        self.refusals += [
            Refusal(reason, path, item.origin, one, detail, when, reported, status)
            for one in names or (None,)
        ]

    def state(self, stated: Stated) -> None:
        """Note a statement and what holds because of it; a denial denies nothing wider."""
        self.taken += 1
        self._note(stated)
        terms = terminology.load()
        wider = terms.wider(stated.name) if stated.value else ()
        if not wider:
            return
        concept = terms.concepts[stated.name]
        if concept.kind == "procedure" or concept.id in lists.load().lasting:
            stated = replace(stated, history=False, until=None)
        for one in wider:
            self._note(replace(stated, name=one.id))

    def went(self, taken: int, refused: int) -> str:
        """Where a resource went, by how much was taken and how many refused before it."""
        if self.taken > taken:
            return "used"
        return "refused" if len(self.refusals) > refused else "not-ours"

    def _note(self, stated: Stated) -> None:
        """Take a statement once: one resource may say something and imply it as well."""
        key = replace(stated, flags=())
        if key not in self._said:
            self._said.add(key)
            self.statements.append(stated)


class Library:
    """Finds the resources that others refer to, inside the request only.

    Args:
        others: resources by ``Type/id`` that belong to no one person (the products of an export).
    """

    def __init__(self, items: list[Item], others: Mapping[str, Resource] | None = None) -> None:
        self._items, self._others = items, others or {}
        self._found: dict[str, Resource] | None = None

    def resolve(self, reference: str, item: Item) -> Resource | None:
        """The resource a reference leads to; ``None`` when it is not in the request."""
        if reference.startswith("#"):
            holder = item.parent or item
            if reference == "#":
                return holder.resource
            contained = holder.resource.get("contained")
            for inner in contained if isinstance(contained, list) else ():
                if isinstance(inner, dict) and inner.get("id") == reference[1:]:
                    return inner
            return None
        if self._found is None:
            self._found = {}
            for one in self._items:
                if one.parent is not None:
                    continue
                if one.full_url:
                    self._found.setdefault(one.full_url, one.resource)
                identity = one.resource.get("id")
                if isinstance(identity, str):
                    self._found.setdefault(f"{one.kind}/{identity}", one.resource)
        bare = reference.split("/_history/", 1)[0]
        last = "/".join(bare.rsplit("/", 2)[-2:])
        return self._found.get(bare) or self._found.get(last) or self._others.get(last)
