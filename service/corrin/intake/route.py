"""By which route a medicine is given, and what it is as well because of it."""

from __future__ import annotations

from corrin import terminology
from corrin.intake import lists
from corrin.intake.code import codings_of, texts_of
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource
from corrin.terminology import Concept
from corrin.terminology.table import stands_in, words


def besides(item: Item, harvest: Harvest, concepts: tuple[Concept, ...]) -> list[Concept]:
    """What a medicine is as well by the route it is given by; by its form where no route is said.

    A form that says two things (an injection to be drunk) says nothing.
    """
    named = {one.id for one in concepts}
    routes = [one for one in lists.load().routes if one.of in named]
    if not routes:
        return []
    given = [dose["route"] for dose in _doses(item.resource) if dose.get("route")]
    codes = {(lists.system_of(s), c or "") for said in given for s, c in codings_of(said) or ()}
    spoken = [words(text) for said in given for text in texts_of(said)]
    found = [
        one
        for one in routes
        if not one.codes.isdisjoint(codes)
        or any(stands_in(phrase, text) for phrase in one.texts for text in spoken)
    ]
    if not found:
        forms = [words(text) for text in _forms(item, harvest)]
        found = [
            one
            for one in routes
            if any(stands_in(phrase, text) for phrase in one.forms for text in forms)
        ]
        found = found if len(found) == 1 else []
    known = terminology.load().concepts
    return [known[one.concept] for one in found if one.concept not in named]


def _doses(resource: Resource) -> list[Resource]:
    found: list[object] = []
    for element in ("dosage", "dosageInstruction"):
        given = resource.get(element)
        found += given if isinstance(given, list) else [given]
    return [one for one in found if isinstance(one, dict)]


def _forms(item: Item, harvest: Harvest) -> list[str]:
    """The texts that can tell a product's form: its names, and the form of a Medication."""
    resource = item.resource
    medication = resource.get("medication")
    wrapped = medication if isinstance(medication, dict) else {}
    concept = resource.get("medicationCodeableConcept") or wrapped.get("concept")
    reference = resource.get("medicationReference") or wrapped.get("reference")
    found = texts_of(concept)
    target = reference.get("reference") if isinstance(reference, dict) else None
    product = harvest.library.resolve(target, item) if isinstance(target, str) else None
    if product is not None:
        for element in ("code", "form", "doseForm"):
            found += texts_of(product.get(element))
    elif isinstance(reference, dict) and isinstance(reference.get("display"), str):
        found.append(reference["display"][:200])
    return found
