"""What must hold of every answer, whatever was asked."""

from __future__ import annotations

import copy
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin import interpret
from corrin.intake.problem import IntakeError
from corrin.notes.report import Report
from golden.cases import Case, every_case
from support import places
from support.chance import at_most

AS_OF = "2026-11-01T09:00:00Z"
SAMPLED = "2026-10-28T08:15:00Z"
REASSURING = "deficiency_unlikely"
CASES = [case for case in every_case() if not case.refused_whole]
BUNDLES = [
    case
    for case in CASES
    if case.request_file.suffix == ".json"
    and json.loads(case.request_file.read_bytes()).get("resourceType") == "Bundle"
]
LOINC = {
    "total_b12": ("2132-9", "ng/L"),
    "active_b12": ("72160-5", "pmol/L"),
    "mma": ("13964-2", "umol/L"),
    "homocysteine": ("13965-9", "umol/L"),
    "egfr": ("98979-8", "mL/min/{1.73_m2}"),
    "mcv": ("787-2", "fL"),
    "potassium": ("2823-3", "mmol/L"),
}
CONDITIONS = {
    "pregnant": "77386006",
    "ataxia": "20262006",
    "paraesthesia": "91019004",
    "nitrous_oxide": "111132001",
}


# --- requests -------------------------------------------------------------------------------


def result(analyte: str, value: str, comparator: str | None = None) -> dict[str, Any]:
    """One laboratory Observation."""
    code, unit = LOINC[analyte]
    quantity: dict[str, Any] = {"value": Decimal(value), "unit": unit}
    quantity |= {"system": "http://unitsofmeasure.org", "code": unit}
    if comparator:
        quantity["comparator"] = comparator
    return {
        "resourceType": "Observation",
        "id": f"{analyte}-1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": SAMPLED,
        "valueQuantity": quantity,
    }


def condition(name: str) -> dict[str, Any]:
    """One active Condition."""
    return {
        "resourceType": "Condition",
        "id": f"{name}-1",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": CONDITIONS[name]}]},
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": "2026-06-01",
    }


def tablets() -> dict[str, Any]:
    """B12 tablets, begun before every sample."""
    return {
        "resourceType": "MedicationStatement",
        "id": "tablets-1",
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "B03BA01"}]
        },
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": "2026-05-01"},
    }


def asked(*resources: dict[str, Any], birth: str = "1980-02-02") -> Report:
    """The answer to a Bundle of these resources and a woman born then."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": birth}
    entries = [{"resource": resource} for resource in (patient, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return interpret(_dumps(bundle), as_of=AS_OF)


def possible(report: Report) -> set[str]:
    """Every B12 status that is still possible."""
    return {word.code for word in report.statuses["b12_status"].possible}


def _dumps(bundle: Any) -> bytes:
    """JSON with decimals as they are."""
    marked = json.dumps(bundle, default=lambda value: f"@@{value}@@")
    return marked.replace('"@@', "").replace('@@"', "").encode()


# --- the order of things --------------------------------------------------------------------


@pytest.mark.parametrize("orders", [1, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("case", BUNDLES, ids=lambda case: case.name)
def test_the_order_of_entries_changes_no_byte(case: Case, orders: int) -> None:
    bundle = json.loads(case.request_file.read_bytes(), parse_float=Decimal)
    straight = case.answer(_dumps(bundle)).to_json()
    for seed in range(orders):
        random.Random(f"{seed} {case.name}").shuffle(bundle["entry"])
        assert case.answer(_dumps(bundle)).to_json() == straight


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_question_gives_the_same_bytes(case: Case) -> None:
    assert case.report.to_json() == case.answer().to_json()


# --- partly known values --------------------------------------------------------------------

B12 = st.decimals("10", "2000", places=1)
ACTIVE = st.decimals("1", "300", places=1)
MMA = st.decimals("0.02", "5", places=2)
HOMOCYSTEINE = st.decimals("2", "150", places=1)
EGFR = st.decimals("5", "120", places=0)
MCV = st.decimals("70", "130", places=1)
SAYINGS = st.sets(st.sampled_from(sorted(CONDITIONS)))
BIRTHS = st.sampled_from(["1950-06-01", "1976-11-01", "1976-11-02", "1976", "1998-01-01"])
OTHERS = st.fixed_dictionaries(
    {}, optional={"mma": MMA, "homocysteine": HOMOCYSTEINE, "egfr": EGFR, "mcv": MCV}
)


def _context(others: dict[str, Decimal], said: set[str]) -> list[dict[str, Any]]:
    return [
        *(result(name, str(value)) for name, value in others.items()),
        *(condition(name) for name in sorted(said)),
    ]


@at_most(20)
@given(
    marker=st.sampled_from(["total_b12", "active_b12"]),
    value=B12,
    away=st.decimals("0.1", "1900", places=1),
    others=OTHERS,
    said=SAYINGS,
    birth=BIRTHS,
)
def test_censoring_a_value_keeps_its_status_among_the_possible_ones(
    marker: str,
    value: Decimal,
    away: Decimal,
    others: dict[str, Decimal],
    said: set[str],
    birth: str,
) -> None:
    if marker == "active_b12":
        value = max(Decimal(1), value / 10)
        away = away / 10
    context = _context(others, said)
    exact = possible(asked(result(marker, str(value)), *context, birth=birth))
    below = asked(result(marker, str(value + away), "<"), *context, birth=birth)
    above = asked(result(marker, str(max(value - away, Decimal(1))), ">="), *context, birth=birth)
    assert exact <= possible(below)
    assert exact <= possible(above)


@at_most(20)
@given(
    b12=B12,
    first=st.decimals("1", "900", places=1),
    more=st.decimals("0.1", "900", places=1),
    others=OTHERS,
    said=SAYINGS,
)
def test_knowing_less_never_settles_more(
    b12: Decimal, first: Decimal, more: Decimal, others: dict[str, Decimal], said: set[str]
) -> None:
    """A wider interval leaves every status possible that the narrower one left."""
    context = _context(others, said)
    narrow = asked(result("total_b12", str(b12 + first), "<"), *context)
    wide = asked(result("total_b12", str(b12 + first + more), "<"), *context)
    assert possible(narrow) <= possible(wide)
    if wide.statuses["b12_status"].status is not None:
        assert narrow.statuses["b12_status"].status == wide.statuses["b12_status"].status


@at_most(20)
@given(b12=B12, mma=MMA, over=st.decimals("0.01", "3", places=2), others=OTHERS, birth=BIRTHS)
def test_censoring_a_metabolite_keeps_its_status_among_the_possible_ones(
    b12: Decimal, mma: Decimal, over: Decimal, others: dict[str, Decimal], birth: str
) -> None:
    context = [result("total_b12", str(b12)), *_context(others | {}, set())]
    context = [part for part in context if part["id"] != "mma-1"]
    exact = asked(*context, result("mma", str(mma)), birth=birth)
    censored = asked(*context, result("mma", str(mma + over), "<"), birth=birth)
    assert possible(exact) <= possible(censored)


# --- reassurance ----------------------------------------------------------------------------

ALL = st.fixed_dictionaries(
    {},
    optional={
        "total_b12": B12,
        "active_b12": ACTIVE,
        "mma": MMA,
        "homocysteine": HOMOCYSTEINE,
        "egfr": EGFR,
        "mcv": MCV,
    },
)


@at_most(20)
@given(results=ALL, said=SAYINGS, treated=st.booleans())
def test_nobody_is_reassured_out_of_nothing(
    results: dict[str, Decimal], said: set[str], treated: bool
) -> None:
    """Unlikely needs a B12 marker or MMA, and none of what makes either unreadable."""
    report = asked(*_context(results, said), *([tablets()] if treated else []))
    if REASSURING not in possible(report):
        return
    assert {"total_b12", "active_b12", "mma"} & set(results)
    assert not treated and "nitrous_oxide" not in said
    assert "ataxia" not in said
    assert results.get("active_b12", Decimal(999)) >= 25
    if "pregnant" in said:
        assert {"active_b12", "mma"} & set(results)
    else:
        assert results.get("total_b12", Decimal(999)) >= 180
    assert results.get("mma", Decimal(0)) <= Decimal("0.75")


@at_most(20)
@given(results=ALL, said=SAYINGS, sign=st.sampled_from(["ataxia", "nitrous_oxide"]))
def test_a_warning_sign_never_reassures(
    results: dict[str, Decimal], said: set[str], sign: str
) -> None:
    """Adding one never makes deficiency unlikely where it was not, nor less urgent."""
    order = ["routine", "soon", "urgent", "emergency"]
    without = asked(*_context(results, said - {sign}))
    with_it = asked(*_context(results, said | {sign}))
    assert REASSURING not in possible(with_it)
    assert order.index(with_it.urgency) >= order.index(without.urgency)


@at_most(20)
@given(results=ALL, said=SAYINGS, potassium=st.decimals("1.0", "2.5", places=1))
def test_a_critical_potassium_is_an_emergency_beside_anything(
    results: dict[str, Decimal], said: set[str], potassium: Decimal
) -> None:
    report = asked(*_context(results, said), result("potassium", str(potassium)))
    assert report.urgency == "emergency"
    assert report.notes[0].urgency == "emergency"
    without = asked(*_context(results, said))
    assert possible(report) == possible(without), "emergencies never decide a status"


# --- anything at all ------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(width=32) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(anything=JSON)
def test_any_json_is_answered_or_refused(anything: Any) -> None:
    _answered_or_refused(json.dumps(anything).encode())


@given(anything=st.binary(max_size=200))
def test_any_bytes_are_answered_or_refused(anything: bytes) -> None:
    _answered_or_refused(anything)


@at_most(20)
@given(data=st.data(), case=st.sampled_from(CASES), junk=JSON)
def test_a_mutated_request_is_answered_or_refused(
    data: st.DataObject, case: Case, junk: Any
) -> None:
    if case.request_file.suffix != ".json":
        return
    request = json.loads(case.request_file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        request = _mutated(request, data, junk)
    _answered_or_refused(json.dumps(request).encode())


@at_most(20)
@given(case=st.sampled_from(CASES), at=st.floats(0, 1), junk=st.binary(max_size=3))
def test_a_damaged_request_is_answered_or_refused(case: Case, at: float, junk: bytes) -> None:
    request = case.request_file.read_bytes()
    where = int(at * len(request))
    _answered_or_refused(request[:where] + junk)
    _answered_or_refused(request[:where] + junk + request[where + len(junk) :])


@pytest.mark.samples
@pytest.mark.parametrize("times", [10, pytest.param(400, marks=pytest.mark.soak)])
@pytest.mark.parametrize("file", places.sample_files("fhir/*.json"), ids=lambda file: file.stem)
def test_a_mutated_sample_is_answered_or_refused(file: Path, times: int) -> None:
    request = json.loads(file.read_bytes())
    chance = random.Random(file.name)
    _answered_or_refused(json.dumps(request).encode())
    for _ in range(times):
        mutated = copy.deepcopy(request)
        for _ in range(chance.randint(1, 3)):
            holder, key = chance.choice(_places(mutated))
            holder[key] = chance.choice(
                [None, "", "<150", 1e300, -1, [], {}, [None], {"a": []}, True, "\u0000", "1 234"]
            )
        _answered_or_refused(json.dumps(mutated).encode())


def _answered_or_refused(data: bytes) -> None:
    try:
        report = interpret(data, as_of=AS_OF)
    except IntakeError as error:
        assert error.problems
        return
    assert report.statement
    json.loads(report.to_json())


def _places(part: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON document where something else could stand."""
    keys = list(part) if isinstance(part, dict) else list(range(len(part)))
    found: list[tuple[Any, Any]] = [(part, key) for key in keys]
    for key in keys:
        if isinstance(part[key], dict | list):
            found += _places(part[key])
    return found


def _mutated(request: Any, data: st.DataObject, junk: Any) -> Any:
    found = _places(request) if isinstance(request, dict | list) else []
    if not found:
        return copy.deepcopy(junk)
    holder, key = found[data.draw(st.integers(0, len(found) - 1))]
    match data.draw(st.sampled_from(["remove", "replace", "double", "null"])):
        case "remove":
            del holder[key]
        case "replace":
            holder[key] = copy.deepcopy(junk)
        case "double":
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
        case _:
            holder[key] = None
    return request
