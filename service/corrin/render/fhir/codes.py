"""Codes of what a rule looks at: LOINC of a result, the verified codes of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.facts.trend import PREVIOUS
from corrin.packs.schema import ProfileHead
from corrin.render.fhir import words
from corrin.terminology.systems import LOINC

DEPRECATED = "loinc-deprecated"  # read, never written

Coding = Mapping[str, str]


@lru_cache(maxsize=2048)
def of(name: str) -> tuple[Coding, ...]:
    """Every verified code that states a result or a concept in full, our preferred one first."""
    terms = terminology.load()
    name = name.removesuffix(PREVIOUS)
    analyte = terms.analytes.get(name)
    if analyte is not None:
        return tuple(
            MappingProxyType({"system": LOINC, "code": one.code})
            for one in analyte.codes
            if one.verified and DEPRECATED not in one.flags
        )
    concept = terms.concepts.get(name)
    return tuple(
        MappingProxyType({"system": one.system, "code": one.code})
        for one in (() if concept is None else concept.codes)
        if one.verified and not (one.prefix or one.denies or one.unspecific)
    )


@lru_cache(maxsize=2048)
def is_test(name: str) -> bool:
    """Whether a name is that of something a laboratory can be asked for, by a verified code."""
    known = name in terminology.load().analytes and bool(of(name))
    return known and name not in words.load().not_orderable


@lru_cache(maxsize=64)
def _profile(id: str) -> ProfileHead | None:
    """A profile of the content, by the id a report gives."""
    file = rules_root() / "profiles" / f"{id}.yaml"
    return ProfileHead.model_validate(read_document(file)) if file.is_file() else None


@lru_cache(maxsize=64)
def look_back(profile: str) -> Mapping[str, int | None]:
    """Days a profile looks back, by analyte; under ``""`` for any other. ``None``: no limit."""
    found = _profile(profile)
    if found is None:
        return MappingProxyType({})
    days: dict[str, int | None] = {
        name: look.days for look in found.look_back for name in look.analytes
    }
    days[""] = found.look_back_otherwise
    return MappingProxyType(days)


@lru_cache(maxsize=64)
def main_topics(profile: str) -> tuple[str, ...]:
    """The topics a profile has an owner for, the main one first."""
    found = _profile(profile)
    return () if found is None else tuple(found.owns)


@lru_cache(maxsize=4096)
def requirement(name: str, profile: str) -> dict[str, Any] | None:
    """What to send so that a name is known, as a DataRequirement; ``None`` where FHIR has no way
    to ask for it. Shared: never to be changed."""
    said, terms = words.load(), terminology.load()
    bare = name.removesuffix(PREVIOUS)
    if name in said.person:
        return {"type": "Patient"}
    concept = terms.concepts.get(name)
    if bare in terms.analytes:
        kind, path = "Observation", "code"
    elif concept is not None:
        kind, path = said.resources[concept.kind]["type"], said.resources[concept.kind]["path"]
    else:
        return None
    found: dict[str, Any] = {"type": kind}
    coded = [dict(one) for one in of(name)]
    if not coded:
        return None
    found["codeFilter"] = [{"path": path, "code": coded}]
    if bare in terms.analytes:
        days = look_back(profile)
        limit = days.get(bare, days.get(""))
        if limit is not None:
            duration = {
                "value": limit, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d",
            }  # fmt: skip
            found["dateFilter"] = [{"path": "effective", "valueDuration": duration}]
    return found
