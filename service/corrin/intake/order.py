"""Draft orders: which tests and medicines of ours are about to be ordered. Plans, never facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corrin import terminology
from corrin.intake import medicine
from corrin.intake.code import codings_of, meaning, texts_of
from corrin.intake.harvest import Library
from corrin.intake.item import Item
from corrin.terminology.systems import LOINC, canonical_system

_TESTS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})
_VOID = frozenset({"entered-in-error", "revoked", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class Order:
    """What one draft order asks for.

    Attributes:
        key: ``Type/id``; empty without an id.
        tests: ids of analytes.
        panels: LOINC codes of panels of ours.
        medicines: ids of medicine concepts, narrow and wide.
    """

    key: str
    tests: frozenset[str] = frozenset()
    panels: frozenset[str] = frozenset()
    medicines: frozenset[str] = frozenset()


def read(items: Sequence[Item]) -> tuple[Order, ...]:
    """The orders among some resources; one that asks for nothing of ours is in it, empty."""
    library = Library(list(items))
    return tuple(_order(item, library) for item in items if item.parent is None)


def _order(item: Item, library: Library) -> Order:
    resource = item.resource
    identity = resource.get("id")
    key = f"{item.kind}/{identity}" if isinstance(identity, str) and identity else ""
    status = resource.get("status")
    if (isinstance(status, str) and status in _VOID) or resource.get("doNotPerform") is True:
        return Order(key)
    if item.kind in _TESTS:
        code = resource.get("code")
        if isinstance(code, dict) and isinstance(code.get("concept"), dict):  # R5
            code = code["concept"]
        return Order(key, *_tests(code))
    if item.kind == "MedicationRequest":
        found = medicine.named(item, library)
        terms = terminology.load()
        wide = {one.id for found_one in found for one in terms.wider(found_one.id)}
        return Order(key, medicines=frozenset({one.id for one in found} | wide))
    return Order(key)


def _tests(code: object) -> tuple[frozenset[str], frozenset[str]]:
    """Analytes and panels; by name only when no code is known."""
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
    if not tests and not panels:
        tests = {one.id for text in texts_of(code) if (one := terms.find_analyte(text)) is not None}
    return frozenset(tests), panels
