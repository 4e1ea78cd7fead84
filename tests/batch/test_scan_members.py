"""What the scanner drops of an Observation is what the intake never looks at."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from batch.scanning import text
from corrin.batch.scan import members
from corrin.intake import observation
from corrin.intake.gathered import gather

CODES: list[Any] = [
    *(
        {"coding": [{"system": "http://loinc.org", "code": code}]}
        for code in ("2132-9", "13964-2", "2947-0", "58410-2", "8867-4", "33569-2")
    ),
    {"text": "paraesthesia"},
    {"text": "anything"},
    "broken",
]
QUANTITY = {"value": Decimal("152"), "unit": "ng/L"}
VALUES: list[dict[str, Any]] = [
    *({name: QUANTITY} for name in observation.value.VALUES),
    {"valueString": "<150 ng/L", "valueBoolean": True},
    {
        "valueCodeableConcept": {
            "coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]
        }
    },
    {"dataAbsentReason": {"text": "lost"}},
    {"component": [{"code": CODES[0], "valueQuantity": QUANTITY}]},
    {"component": 7, "interpretation": [{"text": "low"}], "referenceRange": [{"text": "1-2"}]},
    {"effectiveDateTime": "2026-01-02", "issued": "2026-01-03", "identifier": [{"value": "1"}]},
    {"effectivePeriod": {"start": "2026-01-02"}, "specimen": {"reference": "Specimen/1"}},
    {"note": [{"text": "haemolysed"}], "focus": [{"reference": "Patient/p2"}]},
    {"modifierExtension": [{"url": "urn:x"}], "implicitRules": "urn:y", "status": "cancelled"},
]
ODD: list[Any] = [None, 1, "2132-9", [], {}, CODES[0], [{"reference": "Patient/other"}]]


class Watched(dict[str, Any]):
    """A resource that notes which members are asked for."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.asked: set[object] = set()

    def get(self, name: str, otherwise: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, otherwise)

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(name)
        return super().__contains__(name)


def observations() -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "Observation",
            "id": "a1",
            "status": "final",
            "code": code,
            "subject": {"reference": "Patient/p1"},
        }
        | value
        for code, value in product(CODES, VALUES)
    ]


def test_no_dropped_member_is_ever_asked_for() -> None:
    asked: set[object] = set()
    for one in observations():
        watched = Watched(one)
        gather([watched], zone=UTC)
        asked |= watched.asked
    assert asked.isdisjoint(members.IGNORED)
    assert asked >= set(members.APART) | {"contained"}
    assert asked - {"contained", "patient"} <= set(members.APART) | set(members.DECIDING)


@pytest.mark.parametrize("name", members.IGNORED)
def test_a_dropped_member_changes_nothing_whatever_it_says(name: str) -> None:
    for at, one in enumerate(observations()):
        odd = one | {name: ODD[at % len(ODD)]}
        assert gather([odd], zone=UTC) == gather([one], zone=UTC), text(odd)


def test_every_value_of_fhir_is_kept() -> None:
    kept = {members.NAMES[at] for at in members.VALUES}
    assert kept == set(observation.value.VALUES)


def test_names_are_found_where_they_are_looked_for_first() -> None:
    places = set()
    for number, name in enumerate(members.NAMES):
        first, last, middle = members.numbers_of(name.encode())
        slot = members.slot_of(first, last, len(name))
        assert members.TABLE[slot].tolist() == [len(name), first, last, middle, number]
        places.add(slot)
    assert len(places) == len(members.NAMES)
