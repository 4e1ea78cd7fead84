"""Observations and their components → results and statements."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from corrin import terminology
from corrin.intake import lists, value
from corrin.intake.code import (
    NOTHING,
    Codings,
    Meaning,
    StatedCode,
    codings_of,
    meaning,
    text_of,
)
from corrin.intake.finding import read_statement, read_test
from corrin.intake.frame import Frame, frame_of, signs_of
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource
from corrin.intake.measurand import Measurand
from corrin.terminology import Analyte, LoincCode

_LONGEST_NAME = 200  # characters of a text that can name a concept
_MOST_PARTS = 1000  # components of one Observation


def read(item: Item, harvest: Harvest) -> None:
    """Read one Observation; what is not ours is passed over without a word."""
    resource = item.resource
    codings = codings_of(resource.get("code"))
    if codings is None:
        harvest.refuse("malformed", item, ".code")
        return
    own = _meaning_of(codings, resource)
    components = resource.get("component")
    parts: list[tuple[int, Resource, Meaning]] = []
    if components is not None:
        if type(components) is not list or len(components) > _MOST_PARTS:
            harvest.refuse("malformed", item, ".component")
        else:
            parts = _components(components, item, harvest)
    if not own.ours and not own.panel and not parts and not _value_is_ours(resource, own):
        return
    if own.panel and not parts and not value.given(resource):
        return
    frame = frame_of(item, own.name, harvest)
    if frame is None:
        return
    _read_node(resource, own, frame, "", harvest)
    for at, component, known in parts:
        _read_node(component, known, frame, f".component[{at}]", harvest)


def concerns_us(resource: Resource) -> bool:
    """Whether :func:`read` has anything to say of an Observation; what it contains is not asked.

    False only for what it passes over without a word, whoever and whenever it is about.
    """
    codings = codings_of(resource.get("code"))
    if codings is None:
        return True
    own = _meaning_of(codings, resource)
    components = resource.get("component")
    if components is not None and (
        type(components) is not list
        or len(components) > _MOST_PARTS
        or any(_part_concerns_us(one) for one in components)
    ):
        return True
    if own.panel:
        return value.given(resource) != []
    return own.ours or _value_is_ours(resource, own)


def _part_concerns_us(component: Any) -> bool:
    codings = codings_of(component.get("code")) if type(component) is dict else None
    if codings is None:
        return True
    known = _meaning_of(codings, component)
    return known.ours or _value_is_ours(component, known)


def _meaning_of(codings: Codings, node: Resource) -> Meaning:
    if codings:
        return meaning(codings)
    text = text_of(node.get("code"))
    return NOTHING if text is None or len(text) > _LONGEST_NAME else _by_text(text)


def _by_text(text: str) -> Meaning:
    """A code that is only a text: context concepts by their exact name, analytes never."""
    return Meaning(
        stated=tuple(
            StatedCode(concept, False, False, ("text-match",))
            for concept in terminology.load().concepts_named(text)
            if concept.kind != "medicine"
        )
    )


def _components(
    components: list[Any], item: Item, harvest: Harvest
) -> list[tuple[int, Resource, Meaning]]:
    parts = []
    for at, component in enumerate(components):
        codings = codings_of(component.get("code")) if type(component) is dict else None
        if codings is None:
            harvest.refuse("malformed", item, f".component[{at}]")
            continue
        known = _meaning_of(codings, component)
        if known.ours or _value_is_ours(component, known):
            parts.append((at, component, known))
    return parts


def _value_is_ours(node: Resource, own: Meaning) -> bool:
    """Whether the coded value names a context concept of ours."""
    coded = node.get("valueCodeableConcept")
    if coded is None:
        return False
    codings = codings_of(coded)
    if not codings:
        return False
    stated = meaning(codings).stated
    return any(one.concept.kind != "medicine" for one in stated)


def _read_node(node: Resource, own: Meaning, frame: Frame, element: str, harvest: Harvest) -> None:
    item = frame.item
    if element and node.get("modifierExtension") is not None:
        harvest.refuse("modifier-extension", item, f"{element}.modifierExtension", name=own.name)
        return
    if own.refusal is not None:
        harvest.refuse(
            own.refusal,
            item,
            f"{element}.code",
            detail=own.detail,
            when=frame.when,
            status=frame.status,
        )
        return
    if own.panel:
        if value.given(node):
            harvest.refuse(
                "panel-value", item, f"{element}.value", when=frame.when, status=frame.status
            )
        return
    if own.analyte is not None and own.loinc is not None:
        _result(node, own.analyte, own.loinc, frame, element, harvest)
        return
    read_statement(node, own, frame, element, harvest)


def _result(
    node: Resource, analyte: Analyte, loinc: LoincCode, frame: Frame, element: str, harvest: Harvest
) -> None:
    item = frame.item
    signs = signs_of(node, frame, element, harvest)
    if frame.fluid is not None and frame.fluid != _fluid_of(loinc.specimen):
        harvest.refuse(
            "wrong-specimen",
            item,
            ".specimen",
            name=analyte.id,
            detail=frame.fluid,
            when=frame.when,
            status=frame.status,
        )
        return
    if analyte.kind == "qualitative":
        read_test(node, analyte, loinc, signs, frame, element, harvest)
        return
    measurand = Measurand(analyte, loinc, frame, element, signs, node.get("referenceRange"))
    harvest.measurands.append(measurand)
    measurand.take(node, harvest)


@lru_cache(maxsize=256)
def _fluid_of(specimen: str) -> str:
    for start, fluid in lists.load().loinc_fluids.items():
        if specimen.startswith(start):
            return fluid
    return "blood"
