"""Draft orders: which tests and medicines of ours are about to be ordered. Plans, never facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.intake import medicine
from corrin.intake.code import codings_of, meaning, texts_of
from corrin.intake.harvest import Library
from corrin.intake.item import Item
from corrin.terminology.systems import LOINC, canonical_system

_TESTS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})
_REFERENCE = re.compile(
    r"(?:https?://[^\s#?]{1,1024}/)?(?P<key>[A-Z][A-Za-z]{1,63}/[^\s/#?]{1,128})"
    r"(?:/_history/[^\s/#?]{1,128})?"
)
_VOID = frozenset({"entered-in-error", "revoked", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class Order:
    """What one draft order asks for.

    Attributes:
        key: ``Type/id``; empty without an id.
        names: all that a selection may call it by: ``Type/id``, its id, its ``fullUrl``.
        tests: ids of analytes.
        panels: LOINC codes of panels of ours.
        medicines: ids of medicine concepts, narrow and wide.
    """

    key: str
    names: frozenset[str] = frozenset()
    tests: frozenset[str] = frozenset()
    panels: frozenset[str] = frozenset()
    medicines: frozenset[str] = frozenset()


def read(items: Sequence[Item], beside: Sequence[Item] = ()) -> tuple[Order, ...]:
    """The orders among some resources; one that asks for nothing of ours is in it, empty.

    Args:
        beside: resources that may hold what an order refers to, such as its Medication.
    """
    library = Library([*items, *beside])
    return tuple(_order(item, library) for item in items if item.parent is None)


def keys(items: Sequence[Item]) -> frozenset[str]:
    """``Type/id`` of every order among some resources."""
    return frozenset(_key(item) for item in items if item.parent is None)


def chosen(orders: Sequence[Order], selections: frozenset[str] | None) -> tuple[Order, ...]:
    """The orders that are selected; all of them where one that is selected is not among them,
    for then nobody can tell which were meant."""
    if selections is None:
        return tuple(orders)
    wanted = {_bare(one) for one in selections}
    if not wanted <= {name for one in orders for name in one.names}:
        return tuple(orders)
    return tuple(one for one in orders if not one.names.isdisjoint(wanted))


def _bare(selection: str) -> str:
    """``Type/id`` of a reference with a server or a version; else the text as it is."""
    found = _REFERENCE.fullmatch(selection)
    return selection if found is None else found["key"]


def _key(item: Item) -> str:
    identity = item.resource.get("id")
    return f"{item.kind}/{identity}" if isinstance(identity, str) and identity else ""


def _order(item: Item, library: Library) -> Order:
    resource = item.resource
    key = _key(item)
    full = _bare(item.full_url or "")
    names = frozenset(one for one in (key, key.partition("/")[2], full) if one)
    status = resource.get("status")
    if (isinstance(status, str) and status in _VOID) or resource.get("doNotPerform") is True:
        return Order(key, names)
    if item.kind in _TESTS:
        return Order(key, names, *asked(item))
    if item.kind == "MedicationRequest":
        found = medicine.named(item, library)
        terms = terminology.load()
        wide = {one.id for found_one in found for one in terms.wider(found_one.id)}
        return Order(key, names, medicines=frozenset({one.id for one in found} | wide))
    return Order(key, names)


def measured_by(panels: Iterable[str]) -> frozenset[str]:
    """The analytes that some panels hold."""
    held = panel_contents()
    return frozenset(name for one in panels for name in held.get(one, ()))


@lru_cache(maxsize=1)
def panel_contents() -> Mapping[str, frozenset[str]]:
    """LOINC code of a panel → the analytes it holds (``rules/hooks/orders.yaml``), read once.

    Raises:
        corrin.content.ContentError: the file is missing or is not what its name says.
    """
    found = read_document(rules_root() / "hooks" / "orders.yaml")["panels"]
    return {code: frozenset(one["measures"]) for one in found for code in one["codes"]}


def asked(item: Item) -> tuple[frozenset[str], frozenset[str]]:
    """Analytes and panels an order of tests asks for; by name only when no code says it."""
    code = item.resource.get("code")
    if isinstance(code, dict) and isinstance(code.get("concept"), dict):  # R5
        code = code["concept"]
    codings = codings_of(code)
    if codings is None:
        return frozenset(), frozenset()
    terms = terminology.load()
    panels = frozenset(
        one
        for system, one in codings
        if one and one in terms.panels and canonical_system(system) == LOINC
    )
    analyte = meaning(codings).analyte
    tests = {analyte.id} if analyte is not None else set()
    if not tests and not panels and not any(canonical_system(one) == LOINC for one, _ in codings):
        from corrin.intake.plain import names  # it reads by what imports this

        tests = {one for text in texts_of(code) if (one := names.test_named(text)) is not None}
    return frozenset(tests), panels
