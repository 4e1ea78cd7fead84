"""Every form a request may come in."""

from __future__ import annotations

from typing import Any

import pytest

from corrin import intake
from support.fhir import (
    B12,
    MMA,
    POTASSIUM,
    Resource,
    bundle,
    coded,
    dumps,
    observation,
    patient,
    read,
    refused,
)

POTASSIUM_21 = observation(POTASSIUM, 2.1, "mmol/L", id="k")


def counts(found: Any) -> tuple[int, int, int, int]:
    return tuple(found.counts[name] for name in ("used", "superseded", "not-ours", "refused"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "data",
    [
        dumps([patient(), POTASSIUM_21]),
        dumps(patient()) + b"\n" + dumps(POTASSIUM_21) + b"\n",
        b"\n" + dumps(patient()) + b"\r\n\r\n" + dumps(POTASSIUM_21),
        dumps(
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "patient", "resource": patient()},
                    {"name": "observation", "resource": POTASSIUM_21},
                ],
            }
        ),
        dumps(
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "data", "resource": bundle(patient(), POTASSIUM_21)}],
            }
        ),
        dumps(
            {
                "resourceType": "Parameters",
                "parameter": [
                    {
                        "name": "x",
                        "part": [
                            {"name": "y", "resource": patient()},
                            {"name": "z", "part": [{"name": "o", "resource": POTASSIUM_21}]},
                        ],
                    }
                ],
            }
        ),
        dumps(
            bundle(
                bundle(patient(), type="searchset"),
                bundle(POTASSIUM_21, type="searchset"),
                type="batch-response",
            )
        ),
        *(
            dumps(bundle(patient(), POTASSIUM_21, type=kind))
            for kind in (
                "collection",
                "searchset",
                "document",
                "message",
                "history",
                "batch-response",
                "transaction-response",
                "transaction",
                "batch",
                "subscription-notification",
            )
        ),
    ],
)
def test_every_form_gives_the_same(data: bytes) -> None:
    found = intake.read(data)
    assert found.refusals == () and found.subject.sex == "female"
    assert [(one.reported, one.origin) for one in found.results] == [
        ("2.1 mmol/L", "Observation/k")
    ]
    assert counts(found) == (2, 0, 0, 0)


def test_one_resource() -> None:
    assert counts(read(POTASSIUM_21)) == (1, 0, 0, 0)
    assert counts(read(patient())) == (1, 0, 0, 0)
    assert counts(read({"resourceType": "Organization"})) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("form", "path"),
    [
        (lambda bad: dumps(bad), "Observation.status"),
        (lambda bad: dumps([patient(), bad]), "$this[1].status"),
        (lambda bad: dumps(patient()) + b"\n\n" + dumps(bad), "line(3).status"),
        (
            lambda bad: dumps(bundle(patient(), bad)),
            "Bundle.entry.resource.ofType(Observation).where(id='o1').status",
        ),
        (
            lambda bad: dumps(bundle(patient(), {**bad, "id": "a b"})),
            "Bundle.entry[1].resource.status",
        ),
        (
            lambda bad: dumps(bundle(bundle(bad))),
            "Bundle.entry[0].resource.entry.resource.ofType(Observation).where(id='o1').status",
        ),
        (
            lambda bad: dumps(
                {
                    "resourceType": "Parameters",
                    "parameter": [{"name": "observation", "resource": bad}],
                }
            ),
            "Parameters.parameter[0].resource.status",
        ),
        (
            lambda bad: dumps({"resourceType": "DiagnosticReport", "contained": [bad]}),
            "DiagnosticReport.contained.ofType(Observation).where(id='o1').status",
        ),
    ],
)
def test_a_refusal_says_where(form: Any, path: str) -> None:
    assert refused(intake.read(form(observation(status="done")))) == [("status-unknown-code", path)]


def test_a_resource_without_id_is_named_by_its_url() -> None:
    found = bundle()
    found["entry"] = [{"fullUrl": "urn:uuid:1-2", "resource": observation(id=None)}]
    (one,) = read(found).results
    assert one.path == "Bundle.entry.where(fullUrl='urn:uuid:1-2').resource"
    assert one.origin == "urn:uuid:1-2"


def test_a_search_answer() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    found = bundle(type="searchset")
    found["entry"] = [
        {"resource": POTASSIUM_21, "search": {"mode": "match"}},
        {"resource": patient(), "search": {"mode": "include"}},
        {"resource": outcome, "search": {"mode": "outcome"}},
    ]
    assert counts(read(found)) == (2, 0, 1, 0)


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_transaction_uses_what_it_writes(kind: str) -> None:
    def entry(method: str, **more: Any) -> Resource:
        return {
            "resource": observation(id=method.lower(), **more),
            "request": {"method": method, "url": "x"},
        }

    found = bundle(type=kind)
    found["entry"] = [
        entry("POST", effectiveDateTime="2026-10-01"),
        entry("PUT", effectiveDateTime="2026-10-02"),
        entry("GET"),
        entry("PATCH"),
        entry("DELETE"),
        {"request": {"method": "DELETE", "url": "Observation/x"}},
    ]
    reading = read(found)
    assert sorted(one.origin for one in reading.results) == ["Observation/post", "Observation/put"]
    assert counts(reading) == (2, 0, 3, 0)


def version(value: int, number: str, updated: str | None, **more: Any) -> Resource:
    meta = {"versionId": number} | ({"lastUpdated": updated} if updated else {})
    return {"resource": observation(value=value, meta=meta), "request": {"method": "PUT"}, **more}


@pytest.mark.parametrize("updated", [True, False])
def test_a_history_gives_its_newest_version(updated: bool) -> None:
    times = ["2026-10-21T00:00:00Z", "2026-10-21T01:30:00+02:00"] if updated else [None, None]
    for order in (1, -1):
        found = bundle(type="history")
        found["entry"] = [version(300, "2", times[0]), version(200, "1", times[1])][::order]
        reading = read(found)
        assert [one.reported for one in reading.results] == ["300 ng/L"]
        assert counts(reading) == (1, 1, 0, 0)


def test_a_history_that_ends_in_deletion() -> None:
    found = bundle(type="history")
    gone = {
        "request": {"method": "DELETE", "url": "Observation/o1"},
        "response": {"lastModified": "2026-10-22T00:00:00Z"},
    }
    kept = {"resource": POTASSIUM_21}
    found["entry"] = [
        gone,
        version(300, "2", "2026-10-21T00:00:00Z"),
        version(200, "1", None),
        kept,
    ]
    reading = read(found)
    assert [one.analyte for one in reading.results] == ["potassium"]
    assert counts(reading) == (1, 2, 0, 0)
    found["entry"][0]["response"]["lastModified"] = "2026-10-20T00:00:00Z"
    assert len(read(found).results) == 2


def test_two_versions_that_cannot_be_ordered_both_stay() -> None:
    assert len(read(observation(value=200), observation(value=300)).results) == 2
    assert counts(read(observation(), observation())) == (1, 1, 0, 0)


@pytest.mark.parametrize("kind", [None, "Collection", 5])
def test_a_bundle_of_no_known_type_is_still_read(kind: Any) -> None:
    found = bundle(POTASSIUM_21)
    found["type"] = kind
    reading = read(found)
    assert refused(reading) == [("malformed", "Bundle.type")] and len(reading.results) == 1


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"resourceType": "Bundle", "type": "collection", "entry": {}}, "Bundle.entry"),
        ({"resourceType": "Parameters", "parameter": {}}, "Parameters.parameter"),
        ({"resourceType": "Parameters", "parameter": [5]}, "Parameters.parameter[0]"),
        ({"resourceType": "Organization", "contained": {}}, "Organization.contained"),
        ({"resourceType": "Organization", "contained": [bundle()]}, "Organization.contained[0]"),
    ],
)
def test_a_container_of_the_wrong_shape(request_: Resource, path: str) -> None:
    assert refused(read(request_)) == [("malformed", path)]


def test_contained_results_of_a_report() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "subject": {"reference": "Patient/p"},
        "result": [{"reference": "#o1"}],
        "contained": [observation(subject=None)],
    }
    found = read(patient(), report)
    assert [one.origin for one in found.results] == ["DiagnosticReport/r#o1"]
    assert counts(found) == (2, 0, 1, 0)


def test_a_report_beside_its_results_counts_them_once() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "result": [{"reference": "Observation/k"}] * 2,
    }
    panel = observation(
        coded("58410-2"), id="panel", valueQuantity=None, hasMember=[{"reference": "Observation/k"}]
    )
    assert len(read(report, panel, POTASSIUM_21).results) == 1


def test_the_moment_and_the_lists_of_a_parameters_request() -> None:
    def parameters(*given: Resource) -> Any:
        return read({"resourceType": "Parameters", "parameter": list(given)})

    found = parameters(
        {"name": "evaluationTime", "valueDateTime": "2026-10-01T09:00:00Z"},
        {"name": "complete", "valueCode": "medicines"},
        {"name": "complete", "valueString": "medicines"},
        {"name": "ruleset", "valueCanonical": "x"},
    )
    assert (
        found.evaluation_time is not None and found.evaluation_time.text == "2026-10-01T09:00:00Z"
    )
    assert found.complete == ("medicines",) and found.refusals == ()
    wrong = parameters(
        {"name": "evaluationTime", "valueDateTime": 5},
        {"name": "complete", "valueCode": "conditions"},
    )
    assert refused(wrong) == [
        ("date-invalid", "Parameters.parameter[0].value"),
        ("malformed", "Parameters.parameter[1].value"),
    ]
    slips = parameters(
        {"name": "evaluationtime", "valueDateTime": "2026-10-01"},
        {"name": "rule-set", "valueCanonical": "us"},
        {"name": "subject", "valueString": "no slip"},
    )
    assert slips.evaluation_time is None and slips.rulesets == ()
    assert refused(slips) == [
        ("malformed", "Parameters.parameter[0].name"),
        ("malformed", "Parameters.parameter[1].name"),
    ]


def test_the_order_of_entries_does_not_show() -> None:
    resources = [
        patient(),
        observation(B12, id="a"),
        observation(MMA, 0.3, "umol/L", id="b"),
        observation(POTASSIUM, 2.1, "mmol/L", id="c", status="done"),
        observation("2171-7", id="d"),
    ]
    straight = intake.read(dumps(bundle(*resources)))
    assert intake.read(dumps(bundle(*resources[::-1]))) == straight


def test_an_unknown_type_with_an_id_is_found_by_it() -> None:
    given = (observation(), {"resourceType": "Blancmange", "id": "x"})
    for order in (given, given[::-1]):
        assert refused(read(*order)) == [
            ("resource-unknown", "Bundle.entry.resource.where(id='x')")
        ]


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
WITHHELD = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "suppressed"}],
}
NOTHING_FOUND = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "not-found"}],
}


@pytest.mark.parametrize(
    ("more", "partly"),
    [
        ({}, False),
        ({"total": 1}, False),
        ({"total": 2}, True),
        ({"link": [{"relation": "self", "url": "https://e/1"}]}, False),
        ({"link": [{"relation": "next", "url": "https://e/2"}]}, True),
        ({"entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}]}, True),
        ({"entry": [{"resource": WITHHELD, "search": {"mode": "outcome"}}]}, True),
        ({"entry": [{"resource": NOTHING_FOUND, "search": {"mode": "outcome"}}]}, False),
        ({"entry": [{"resource": {"resourceType": "Medication"}, "search": {"mode": "include"}}],
          "total": 1}, False),
    ],
    ids=["silent", "counted", "fewer", "self", "next", "error", "withheld", "nothing", "included"],
)  # fmt: skip
def test_a_search_that_does_not_hold_all_is_told(more: dict[str, Any], partly: bool) -> None:
    """What the server did not give must not pass for what was never measured."""
    found = bundle(POTASSIUM_21, type="searchset")
    found["entry"] += more.get("entry", [])
    whole = {**found, **{name: value for name, value in more.items() if name != "entry"}}
    taken = read(whole)
    assert len(taken.results) == 1
    assert (("search-incomplete", "Bundle") in refused(taken)) == partly
    collected = read({**whole, "type": "collection"})
    assert ("search-incomplete", "Bundle") not in refused(collected)
