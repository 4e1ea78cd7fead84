"""When a call has ended, its process keeps nothing that tells of a person."""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Iterator
from typing import Any

from corrin import interpret
from corrin.render.html import render as to_html
from corrin.render.text import render as to_text

MARK = "Quillfeather"


def _request(mark: str) -> bytes:
    """A person whose name, identifiers, references, notes and texts all hold a mark."""
    person = f"{mark}-1"

    def resource(kind: str, identity: str, **more: Any) -> dict[str, Any]:
        return {
            "resource": {
                "resourceType": kind,
                "id": f"{mark}-{identity}",
                "subject": {"reference": f"Patient/{person}", "display": mark},
                **more,
            }
        }

    def loinc(code: str) -> dict[str, Any]:
        return {"coding": [{"system": "http://loinc.org", "code": code, "display": mark}]}

    entries = [
        {
            "resource": {
                "resourceType": "Patient",
                "id": person,
                "identifier": [{"system": "https://example.org/ids", "value": mark}],
                "name": [{"family": mark}],
                "address": [{"line": [mark]}],
                "gender": "female",
                "birthDate": "1951-04-05",
            }
        },
        resource(
            "Observation",
            "b12",
            status="final",
            code=loinc("2132-9"),
            effectiveDateTime="2026-09-13T07:07:07Z",
            valueQuantity={"value": 213, "unit": "pg/mL"},
            note=[{"text": mark}],
        ),
        resource("Observation", "k", status="final", code=loinc("2823-3"), valueString=mark),
        resource(
            "Observation",
            "na",
            status="final",
            code=loinc("2951-2"),
            effectiveDateTime="2026-09-13",
            valueString=f"139 mmol/L {mark}",
        ),
        resource("Condition", "c", code={"text": mark}),
        resource("MedicationRequest", "m", medicationCodeableConcept={"text": mark}),
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def _kept() -> Iterator[str]:
    """Every text some cached function of this process holds, in its keys or its answers."""
    seen: set[int] = set()
    # By its type: to ask a weak proxy whose object is gone what it is an instance of raises.
    caches = [o for o in gc.get_objects() if type(o) is functools._lru_cache_wrapper]
    stack = [
        found
        for cache in caches
        for found in gc.get_referents(cache)
        if isinstance(found, tuple | str) or type(found) is dict
    ]
    while stack:
        found = stack.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, str):
            yield found
        elif not isinstance(found, type) and type(found).__module__ != "types":
            stack.extend(
                part
                for part in gc.get_referents(found)
                if isinstance(part, str | tuple | list | dict | set | frozenset)
                or type(part).__module__.partition(".")[0] == "corrin"
                or type(part).__name__ == "_lru_list_elem"
            )


def test_nothing_that_tells_of_a_person_stays() -> None:
    report = interpret(_request(MARK), as_of="2026-11-01")
    assert MARK in to_text(report, explain=True) and MARK in to_html(report)
    to_text(report, colour=True)
    del report
    gc.unfreeze()  # a server that ran in this process has put what was there out of sight
    gc.collect()
    kept = list(_kept())
    assert "2026-09-13T07:07:07Z" in kept, "the search finds what is known to be kept"
    assert [text for text in kept if MARK in text] == []
