"""A case written by hand and the same in FHIR answer alike; whatever is sent, only what is told."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corrin import interpret
from corrin.facts.moment import Moment
from corrin.intake import IntakeError
from corrin.intake.plain import context, person, read, results
from corrin.terminology import load
from support.fhir import SNOMED, bundle, coded, observation, quantity

AS_OF = "2026-11-01"
TERMS = load()

# --- one case, two ways -------------------------------------------------------------------------

_TESTS = st.sampled_from(
    [
        (code.code, unit)
        for name in ("total_b12", "active_b12", "mma", "haemoglobin", "mcv", "potassium", "folate")
        for code in TERMS.analytes[name].codes[:2]
        for unit in TERMS.analytes[name].units
    ]
)
_FIGURES = st.decimals("0.01", "5000", places=2).map(lambda one: str(one.normalize()))
_DATES = st.sampled_from(["2026-10-01", "2026-10-20", "2026-10-20T08:15:00Z", "2025-01-01", "2026"])
_STATUSES = st.sampled_from(["final", "final", "final", "preliminary", "corrected", "cancelled"])
_RESULT = st.tuples(_TESTS, _FIGURES, st.sampled_from([None, None, "<", ">="]), _DATES, _STATUSES)
_SYMPTOMS = {"91019004": "paraesthesia", "44077006": "numbness", "55300003": "muscle_cramp"}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(_RESULT, max_size=6),
    st.dictionaries(st.sampled_from(sorted(_SYMPTOMS)), st.booleans(), max_size=3),
    st.sampled_from([None, "1958", "1958-03-02", "2012-05-01"]),
)
def test_by_hand_and_in_fhir(rows: Any, symptoms: dict[str, bool], born: str | None) -> None:
    hand: dict[str, Any] = {"as_of": AS_OF, "patient": {"sex": "female"}, "results": []}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": born}
    ]
    if born is None:
        del resources[0]["birthDate"]
    else:
        hand["patient"]["birth_date"] = born
    for at, ((code, unit), figure, sign, date, status) in enumerate(rows):
        one = {"test": code, "unit": unit, "date": date, "status": status}
        # As text or as number, with its sign before it or beside it.
        one["value"] = f"{sign or ''}{figure}" if at % 2 else float(figure)
        if sign is not None and not at % 2:
            one["comparator"] = sign
        hand["results"].append(one)
        value = quantity(float(figure), unit)
        if sign is not None:
            value["comparator"] = sign
        resources.append(
            observation(
                code, id=f"o{at}", status=status, effectiveDateTime=date, valueQuantity=value
            )
        )
    hand["context"] = {
        "symptoms": {
            side: [_SYMPTOMS[code] for code, so in symptoms.items() if so is (side == "present")]
            for side in ("present", "absent")
        }
    }
    for code, so in symptoms.items():
        verification = {"coding": [{"code": "confirmed" if so else "refuted"}]}
        resources.append(
            {
                "resourceType": "Condition",
                "id": f"c{code}",
                "code": coded(code, SNOMED),
                "verificationStatus": verification,
                "subject": {"reference": "Patient/p"},
            }
        )
    by_hand = interpret(json.dumps(hand), lenient=True)
    in_fhir = interpret(bundle(*resources), as_of=AS_OF)
    assert _told(by_hand) == _told(in_fhir)


def _told(report: Any) -> tuple[Any, ...]:
    return (
        {name: one.status for name, one in report.statuses.items()},
        report.urgency,
        [(note.rule, note.summary, note.urgency) for note in report.notes],
        sorted((one.reason, one.name or "") for one in report.refusals),
        sorted((one.name, one.present) for one in report.context),
    )


# --- anything at all ----------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        *("B12", "2132-9", "Hb", "<150", "7,5", "180-220", "240 ng/L", "ng/L", "g/dL", "positive"),
        *("2026-05-01", "2026", "0001", "9999-12-31", "2026-05-01T10:00:00+14:00", "final", "ad"),
        *("metformin", "hydroxocobalamin injection 1 mg", "no metformin", "vegan", "paraesthesia"),
        *("snomed:91019004", "loinc:x", "http://loinc.org|2132-9", "oral", "female", "omnivore"),
        *("IF antibody", "gestation", "pernicious anaemia", "", "  ", "\0", "ß\u2011ω", "x" * 300),
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=8)
_ENTRY_KEYS = sorted({key for keys in context.ENTRY.values() for key in keys} | {*context.SIDES})
_KEYS = sorted(
    {*results.KEYS, *context.KEYS, *person.KEYS, *_ENTRY_KEYS}
    | {"as_of", "patient", "results", "context", "id", "low", "high", "weeks", "days"}
)


def _tree(keys: list[str], most: int) -> st.SearchStrategy[Any]:
    return st.recursive(
        _LEAVES,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(keys) | st.text(max_size=3), inner, max_size=5)
        ),
        max_leaves=most,
    )


def _object(keys: Any, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, inner)) | inner


_ANY = _tree(_KEYS, 20)
_CASE = st.fixed_dictionaries(
    {},
    optional={
        "as_of": _WORDS | _ANY,
        "patient": _object(person.KEYS, _LEAVES),
        "results": st.lists(_object(results.KEYS, _LEAVES | _ANY), max_size=4) | _ANY,
        "context": _object(context.KEYS, _tree(_ENTRY_KEYS, 8)),
        "id": _LEAVES,
    },
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(_CASE | _ANY, st.booleans())
def test_never_anything_but_what_is_told(found: Any, lenient: bool) -> None:
    try:
        reading = read(json.dumps(found).encode(), lenient=lenient, as_of=Moment.parse(AS_OF))
    except IntakeError as error:
        for one in error.problems:
            assert one.reason in TERMS.reasons
            assert one.sentence and one.remedy
        return
    assert all(one.reason in TERMS.reasons for one in reading.refusals)
    assert all("$" not in one.path and "Quantity" not in one.path for one in reading.refusals)
    heard = {*(one.path for one in reading.results), *(one.path for one in reading.statements)}
    heard |= {one.path for one in reading.refusals}
    rows = found.get("results") or []
    assert all(any(path.startswith(f"results[{at}]") for path in heard) for at in range(len(rows)))
    if lenient:
        return
    assert not any(one.reason.startswith(("name-", "field-")) for one in reading.refusals)


@given(st.binary(max_size=200))
def test_whatever_the_bytes(data: bytes) -> None:
    try:
        read(data)
    except IntakeError as error:
        assert all(one.sentence for one in error.problems)
