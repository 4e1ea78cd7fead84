"""Rows of one person, gathered from files, mean what they mean in one request; so do slim ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from corrin import intake
from corrin.facts.case import Reading
from corrin.facts.choose import Policy, choose
from corrin.facts.moment import Moment
from corrin.intake.gathered import gather, row_of
from corrin.intake.problem import IntakeError
from corrin.intake.template import Templates
from support import slim
from support.fhir import (
    ANTIBODY,
    B12,
    HAEMOGLOBIN,
    MMA,
    POTASSIUM,
    UCUM,
    URINE_MMA,
    bundle,
    coded,
    observation,
    patient,
    quantity,
    stated,
)

# What stands before the element: a row's number, or a place in a Bundle.
ROW = re.compile(
    r"^(?:\d{9}|Bundle\.entry(?:\[\d+\]|\.where\([^)]*\))?\.resource(?:\.ofType\(\w+\)\.where\([^)]*\))?)"
)
AS_OF = Moment.parse("2026-11-01")
POLICY = Policy(look_back={"potassium": 7}, otherwise=90)
# Kept over all examples, as over all persons of an export.
TEMPLATES = Templates(UTC)

CODES: list[Any] = [
    *(
        B12,
        MMA,
        POTASSIUM,
        HAEMOGLOBIN,
        ANTIBODY,
        URINE_MMA,
        "787-2",
        "58410-2",
        "8867-4",
        "2171-7",
    ),
    coded("77386006", "http://snomed.info/sct"),
    {"text": "paraesthesia"},
    {"coding": [{"system": "http://loinc.org", "code": B12}, {"system": "urn:x", "code": "B"}]},
    "broken",
]
VALUES: list[dict[str, Any]] = [
    *({"valueQuantity": quantity(Decimal(v))} for v in ("152", "240.0", "240", "2000000", "-1")),
    {"valueQuantity": quantity(Decimal("150"), comparator="<")},
    {"valueQuantity": quantity(Decimal("0.40"), "umol/L")},
    {"valueQuantity": quantity(Decimal("4.1"), "mmol/L")},
    {"valueQuantity": quantity(Decimal("11.2"), "g/dL")},
    {"valueQuantity": {"value": Decimal("180"), "unit": "pg/ml"}},
    {"valueQuantity": {"value": Decimal("180")}},
    {"valueQuantity": {"value": "180", "unit": "ng/L", "system": UCUM}},
    {"valueString": "<150 ng/L"},
    {"valueString": "see comment"},
    {"valueCodeableConcept": coded("260385009", "http://snomed.info/sct")},
    {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
    {"valueBoolean": True},
    {},
    {"component": [{"code": coded(HAEMOGLOBIN), "valueQuantity": quantity(Decimal("9"), "g/dL")}]},
]
STATUSES = ["final", "final", "final", "amended", "preliminary", "cancelled", "odd", None, 7]
TIMES = [
    *("2026-10-20T08:15:00Z", "2026-10-20T10:15:00+02:00", "2026-10-28", "2026-10", "2026"),
    *("2026-10-20T08:15", "2027-01-01", "yesterday", "2020-02-02T02:02:02Z", None, 5),
]
MORE: list[dict[str, Any]] = [
    *({} for _ in range(6)),
    {"referenceRange": [{"low": {"value": Decimal("180")}, "high": {"value": Decimal("900")}}]},
    {"interpretation": [coded("H", "urn:v3")]},
    {"note": [{"text": "haemolysed"}]},
    {"specimen": {"display": "Urine"}},
    {"specimen": {"reference": "Specimen/s"}},
    {"modifierExtension": [{"url": "urn:x"}]},
    {"effectivePeriod": {"start": "2026-10-01"}},
    {"focus": [{"reference": "Patient/child"}]},
]
ISSUED = [None, None, "2026-10-21T08:00:00Z", "2026-10-22T08:00:00Z", "soon"]
REFERENCES = [
    *["Patient/p"] * 12,
    "https://a.example/fhir/Patient/p",
    "https://b.example/Patient/p",
]
OTHERS = [
    patient(),
    stated("Condition", coded("84027009", "http://snomed.info/sct")),
    {"resourceType": "Specimen", "id": "s", "type": {"text": "Urine"}},
]


def resources(chance: Random) -> list[dict[str, Any]]:
    """What an export may hold of one person; ids are unique but now and then."""
    found = [one for one in OTHERS if chance.random() < 0.3]
    for at in range(chance.randint(1, 8)):
        made: dict[str, Any] = observation(
            chance.choice(CODES),
            id=f"o{at}" if chance.random() < 0.97 else chance.choice(["o0", None]),
            status=chance.choice(STATUSES),
            effectiveDateTime=chance.choice(TIMES),
            issued=chance.choice(ISSUED),
            subject={"reference": chance.choice(REFERENCES)},
            identifier=chance.choice([None, None, [{"system": "urn:l", "value": f"{at // 2}"}]]),
        )
        del made["valueQuantity"]
        found.append({**made, **chance.choice(VALUES), **chance.choice(MORE)})
    chance.shuffle(found)
    return found


def parsed(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As read from bytes."""
    return [json.loads(slim.written(one), parse_float=Decimal, parse_int=Decimal) for one in found]


def said(reading: Reading) -> tuple[Any, ...]:
    """A reading without the places in which things stood, and without counts."""

    def bare(one: Any) -> Any:
        origin = "" if one.origin[:1].isdigit() or one.origin.startswith("Bundle") else one.origin
        return replace(one, path=ROW.sub("", one.path), origin=origin)

    return (
        reading.subject,
        Counter(map(bare, reading.results)),
        Counter(map(bare, reading.statements)),
        Counter(map(bare, reading.refusals)),
    )


@given(st.randoms(use_true_random=False))
def test_rows_gathered_mean_what_they_mean_in_one_request(chance: Random) -> None:
    found = resources(chance)
    gathered = gather(parsed(found))
    try:
        reading = intake.read(slim.written(bundle(*found)))
    except IntakeError as error:
        assert gathered.problem == error.problems[0].reason
        assert set(gathered.went) == {"refused"}
        return
    assert gathered.problem is None
    assert said(gathered.reading) == said(reading)
    counts = choose(reading, AS_OF, POLICY).counts
    ids = [one["id"] for one in found if "id" in one]
    if len(set(ids)) < len(ids):
        return  # a request counts resources, and the batch counts rows
    assert Counter(gathered.went) == Counter({k: v for k, v in counts.items() if v})


@given(st.randoms(use_true_random=False))
def test_slim_rows_mean_what_whole_rows_mean(chance: Random) -> None:
    rows = parsed(resources(chance))
    parts = [slim.slim(row, "Patient/p") or row for row in rows]
    assert gather(parts, templates=TEMPLATES) == gather(rows)


@given(st.randoms(use_true_random=False))
def test_every_path_leads_to_the_row_it_came_from(chance: Random) -> None:
    rows = parsed(resources(chance))
    reading = gather(rows).reading
    for one in (*reading.results, *reading.refusals):
        at, _ = row_of(one.path)
        assert one.origin in (f"{rows[at]['resourceType']}/{rows[at].get('id')}", one.path[:9], "")
