"""An answer as a FHIR Bundle: what stands where, under which ids, from which inputs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from corrin import intake, interpret
from corrin.notes.report import Report
from corrin.notes.sentence import readable
from corrin.render.fhir import bundle
from corrin.render.fhir.bundle import times
from corrin.render.fhir.proposal import proposals
from corrin.render.fhir.words import fit
from corrin.render.safe import visible
from support import fhir, places
from support.fhir import B12, HAEMOGLOBIN, MMA, POTASSIUM, observation, patient
from support.fhir_answers import check, contained, each, only, resources, statuses

BASE = "https://corrin.example.org"
WHEN = "2026-11-01T09:00:00Z"
MMA_NAME = "mma"
CASES = places.CASES


def request(name: str) -> bytes:
    return (CASES / name / "request.json").read_bytes()


def answer(data: bytes, *, as_of: str = WHEN, **options: Any) -> dict[str, Any]:
    about = intake.read(data).about
    return bundle(interpret(data, as_of=as_of, **options), base=BASE, about=about)


def of(*entries: fhir.Resource, **options: Any) -> dict[str, Any]:
    return answer(fhir.dumps(fhir.bundle(*entries)), **options)


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return answer(request("demo"))


def test_holds_one_of_each_and_an_issue_per_note(demo: dict[str, Any]) -> None:
    report = interpret(request("demo"), as_of=WHEN)

    check(demo, BASE)
    assert len(resources(demo, "DetectedIssue")) == len(report.notes)
    assert [one["code"]["coding"][0]["code"] for one in resources(demo, "DetectedIssue")] == [
        note.rule for note in report.notes
    ]
    assert [one["code"]["text"] for one in resources(demo, "DetectedIssue")] == [
        note.summary for note in report.notes
    ]


def test_every_issue_says_what_it_is_when_it_is_kept_alone(demo: dict[str, Any]) -> None:
    report = interpret(request("demo"), as_of=WHEN)

    assert report.statement
    for issue in resources(demo, "DetectedIssue"):
        assert issue["detail"].endswith(report.statement)


def test_what_was_understood_of_the_person_is_shown_with_its_remarks() -> None:
    text = {"text": "B12 tablets 50 micrograms"}
    tablets = fhir.stated("MedicationStatement", text, id="m", status="active")
    found = of(patient(), observation(B12, 420, "ng/L", id="b"), tablets)
    guidance = only(found, "GuidanceResponse")
    messages, output = guidance["contained"]

    stated = [one["valueString"] for one in output["parameter"] if one["name"] == "stated"]
    assert "vitamin B12 by mouth: yes, MedicationStatement/m" in stated
    remarks = [one["details"]["text"] for one in messages["issue"]]
    said = "It was recognised by its text and not by a code, which is less sure."
    assert f"vitamin B12 by mouth: {said}" in remarks


def test_nobody_outside_the_rules_is_told_that_nothing_was_found() -> None:
    found = answer(request("child-of-12"))
    guidance = only(found, "GuidanceResponse")

    assert guidance["status"] == "failure" and "dataRequirement" not in guidance
    (warning,) = [one for one in guidance["contained"][0]["issue"] if one["severity"] == "warning"]
    assert "critical values were not assessed" in warning["details"]["text"]


def test_values_over_time_are_told() -> None:
    earlier = observation(B12, 150, "ng/L", id="a", effectiveDateTime="2026-08-20T08:00:00Z")
    found = of(patient(), earlier, observation(B12, 300, "ng/L", id="b"))
    output = only(found, "GuidanceResponse")["contained"][-1]

    (trend,) = [one["valueString"] for one in output["parameter"] if one["name"] == "trend"]
    assert "rising: 150 ng/L" in trend and "300 ng/L" in trend


def test_a_program_reads_every_status_urgency_and_possible_one() -> None:
    report = interpret(request("mma-below-a-straddling-limit"), as_of=WHEN)
    found = statuses(bundle(report, base=BASE))

    assert found == {
        topic: {
            "status": status.status,
            "possible": [word.code for word in status.possible],
            "urgency": status.urgency,
        }
        for topic, status in report.statuses.items()
    }
    assert any(one["status"] is None and len(one["possible"]) > 1 for one in found.values())


def test_the_run_names_whom_when_by_what_and_on_what(demo: dict[str, Any]) -> None:
    found = only(demo, "GuidanceResponse")

    assert found["subject"] == {"reference": "Patient/demo-person"}
    assert found["occurrenceDateTime"] == WHEN
    assert found["performer"]["reference"] == f"urn:uuid:{only(demo, 'Device')['id']}"
    assert found["moduleCanonical"].startswith(f"{BASE}/fhir/PlanDefinition/uk|")
    assert {"reference": "Observation/demo-vb12-10"} in found["reasonReference"]
    assert found["note"][0]["text"].startswith("Urgent: ")
    assert "not a diagnosis" in found["note"][-1]["text"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("demo", "data-requested"),
        ("nothing-usable", "data-required"),
        ("b12-unit-missing", "data-required"),
        ("mma-below-a-straddling-limit", "data-required"),
        ("quiet-everything-normal", "data-requested"),
    ],
)
def test_status_says_what_is_wanted(name: str, expected: str) -> None:
    found = answer(request(name))

    assert only(found, "GuidanceResponse")["status"] == expected
    assert only(found, "GuidanceResponse")["dataRequirement"]


def test_nothing_wanted_is_success() -> None:
    found = of(
        patient(),
        observation(B12, 90, id="a"),
        observation(HAEMOGLOBIN, 139, "g/L", id="b"),
        observation("787-2", 108, "fL", id="c"),
        observation("777-3", 250, "10*9/L", id="d"),
        observation("2276-4", 90, "ug/L", id="e"),
    )

    status = only(found, "GuidanceResponse")["status"]
    assert (status == "success") == ("dataRequirement" not in only(found, "GuidanceResponse"))
    assert status == "success"


def test_what_would_settle_it_is_asked_for_by_code_and_look_back(demo: dict[str, Any]) -> None:
    wanted = only(demo, "GuidanceResponse")["dataRequirement"]

    assert wanted[0] == {
        "type": "Observation",
        "codeFilter": [
            {"path": "code", "code": [{"system": "http://loinc.org", "code": "72160-5"}]}
        ],
        "dateFilter": [
            {
                "path": "effective",
                "valueDuration": {
                    "value": 90,
                    "unit": "d",
                    "system": "http://unitsofmeasure.org",
                    "code": "d",
                },
            }
        ],
    }
    asked = [one["codeFilter"][0]["code"][0]["code"] for one in wanted]
    assert len(set(asked)) == len(asked)


def test_a_test_that_would_settle_it_is_proposed_and_never_ordered() -> None:
    answered = of(patient(), observation(B12, 240, id="b12"))
    found = resources(answered, "ServiceRequest")[-1]

    assert len(resources(answered, "ServiceRequest")) == 2
    assert found["status"] == "draft"
    assert found["intent"] == "proposal"
    assert found["code"]["coding"] == [{"system": "http://loinc.org", "code": "72160-5"}]
    assert found["category"][0]["coding"][0]["code"] == "108252007"
    assert found["subject"] == {"reference": "Patient/p"}
    assert found["authoredOn"] == WHEN
    assert found["requester"] == {"reference": f"urn:uuid:{only(answered, 'Device')['id']}"}
    assert found["note"][0]["text"] == "Proposal for clinician review; not an order."
    assert "below 25 pmol/L" in found["note"][1]["text"]
    assert found["reasonReference"] == [{"reference": "Observation/b12"}]
    assert "indeterminate" in found["reasonCode"][0]["text"]


def test_nothing_is_proposed_where_nothing_was_found() -> None:
    found = of(patient(), observation(POTASSIUM, 4.1, "mmol/L"))

    assert resources(found, "ServiceRequest") == []
    assert only(found, "GuidanceResponse")["dataRequirement"]


def test_nothing_is_proposed_where_the_question_is_answered(demo: dict[str, Any]) -> None:
    assert statuses(demo)["b12_status"]["status"] == "deficiency_probable"
    assert only(demo, "GuidanceResponse")["dataRequirement"]
    assert resources(demo, "ServiceRequest") == []


def test_what_is_calculated_is_asked_for_by_what_it_is_calculated_from() -> None:
    found = answer(request("ckd-stage-5-mma-092"))
    texts = [one["code"]["text"] for one in resources(found, "ServiceRequest")]

    assert "creatinine" in texts
    assert not any("filtration" in text for text in texts)


def test_a_result_that_only_wants_its_unit_is_not_measured_again() -> None:
    b12 = observation(B12, 240, id="a")
    mma = observation(MMA, 0.4, id="b")
    with_unit = of(patient(), b12)
    without = of(patient(), b12, {**mma, "valueQuantity": {"value": 0.4}})

    def proposed(one: dict[str, Any]) -> set[str]:
        return {r["code"]["coding"][0]["code"] for r in resources(one, "ServiceRequest")}

    assert MMA in proposed(with_unit)
    assert MMA not in proposed(without)


def test_a_test_the_site_cannot_do_is_not_proposed() -> None:
    data = fhir.dumps(fhir.bundle(patient(), observation(B12, 240)))
    report = interpret(data, as_of=WHEN)
    status = report.statuses["b12_status"]
    assert [one.test for one in proposals(report)] == [MMA_NAME, "active_b12"]
    settle = tuple(
        one.model_copy(update={"available": one.name != MMA_NAME}) for one in status.settle
    )
    changed = {**report.statuses, "b12_status": status.model_copy(update={"settle": settle})}
    without = report.model_copy(update={"statuses": changed})

    assert [one.test for one in proposals(without)] == ["active_b12"]
    wanted = only(bundle(without, base=BASE), "GuidanceResponse")["dataRequirement"]
    assert wanted[0]["codeFilter"][0]["code"][0]["code"] == MMA


def test_context_is_asked_for_as_the_resource_it_is_and_never_proposed() -> None:
    report = interpret(request("demo"), as_of=WHEN)
    status = report.statuses["b12_status"]
    first = status.settle[0]
    # The last is worked out here: FHIR has no way to ask for it.
    names = [*("metformin", "vegan", "gastrectomy", "pernicious_anaemia", "paraesthesia", "age")]
    names += ["on_b12_treatment"]
    settle = tuple(first.model_copy(update={"name": name}) for name in names)
    asked = report.model_copy(
        update={"statuses": {"b12_status": status.model_copy(update={"settle": settle})}}
    )

    found = bundle(asked, base=BASE)
    kinds = [one["type"] for one in only(found, "GuidanceResponse")["dataRequirement"]]
    assert kinds == [
        "MedicationStatement", "Observation", "Procedure", "Condition", "Condition", "Patient",
    ]  # fmt: skip
    assert resources(found, "ServiceRequest") == []
    check(found, BASE)


def test_an_issue_shows_everything_a_reader_checks(demo: dict[str, Any]) -> None:
    (found,) = [
        one
        for one in resources(demo, "DetectedIssue")
        if one["code"]["coding"][0]["code"] == "b12-probable-raised-mma"
    ]

    assert found["severity"] == "moderate"
    assert found["patient"] == {"reference": "Patient/demo-person"}
    assert found["reference"] == f"{BASE}/v1/rules/b12-probable-raised-mma"
    assert found["identifiedDateTime"] == WHEN
    assert "total vitamin B12: 212 pg/mL → 212 ng/L; 2026-10-20 08:15 UTC" in found["detail"]
    assert "laboratory range 180-914 pg/mL" in found["detail"]
    texts = [code["text"] for one in found["evidence"] for code in one["code"]]
    assert any("0.36 umol/L" in text and "https://pn.bmj.com" in text for text in texts)
    assert {"reference": "Observation/demo-mma-12"} in found["evidence"][0]["detail"]
    tags = {(one["system"].rpartition("/")[2], one["code"]) for one in found["meta"]["tag"]}
    assert {("urgency", "soon"), ("topic", "b12_status"), ("marking", "source-checked")} <= tags


@pytest.mark.parametrize(
    ("name", "urgency", "severity"),
    [
        ("potassium-23-with-cramps", "emergency", "high"),
        ("demo", "urgent", "high"),
        ("demo", "soon", "moderate"),
        ("demo", "routine", "low"),
    ],
)
def test_four_urgencies_become_three_severities(name: str, urgency: str, severity: str) -> None:
    found = [
        one
        for one in resources(answer(request(name)), "DetectedIssue")
        if one["meta"]["tag"][0]["code"] == urgency
    ]

    assert found
    assert {one["severity"] for one in found} == {severity}


def test_what_was_refused_or_missing_is_told_with_its_place(demo: dict[str, Any]) -> None:
    issues = contained(demo, "OperationOutcome")["issue"]
    refused, missing = issues[0], issues[1]

    assert refused["severity"] == "warning"
    assert refused["code"] == "required"
    assert refused["details"]["coding"][0]["code"] == "unit-missing"
    assert refused["expression"] == [
        "Bundle.entry.resource.ofType(Observation).where(id='demo-mma-17').value.unit"
    ]
    assert missing["severity"] == "information"
    assert missing["code"] == "incomplete"
    assert missing["details"]["text"].startswith("active vitamin B12")
    report = interpret(request("no-patient"), as_of=WHEN)
    said = [
        one["details"]["text"]
        for one in contained(bundle(report, base=BASE), "OperationOutcome")["issue"]
    ]
    assert set(report.notices) <= set(said)


def test_provenance_names_rules_inputs_and_the_software(demo: dict[str, Any]) -> None:
    report = interpret(request("demo"), as_of=WHEN)
    found = only(demo, "Provenance")

    assert found["policy"] == [
        f"{BASE}/fhir/PlanDefinition/uk|{report.profile.version}",
        *(f"{BASE}/fhir/Library/{pack.id}|{pack.version}" for pack in report.packs),
    ]
    (agent,) = found["agent"]
    assert agent["who"] == {"reference": f"urn:uuid:{only(demo, 'Device')['id']}"}
    assert agent["onBehalfOf"]  # US Core: provenance-1
    what = [one["what"]["reference"] for one in found["entity"]]
    assert what[0] == "Patient/demo-person"
    assert {"Observation/demo-mma-12", "Condition/demo-condition-19"} <= set(what)
    assert {one["role"] for one in found["entity"]} == {"source"}
    digests = {one["valueCode"][0]["text"] for one in only(demo, "Device")["property"]}
    assert {pack.digest for pack in report.packs} <= digests


def test_nobody_named_is_nobody_referred_to() -> None:
    found = of(observation(B12, 240, subject=None))

    check(found, BASE)
    assert "subject" not in only(found, "GuidanceResponse")
    assert all("patient" not in one for one in resources(found, "DetectedIssue"))
    for one in resources(found, "ServiceRequest"):
        assert one["subject"] == {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                    "valueCode": "unknown",
                }
            ]
        }
    assert resources(found, "ServiceRequest")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"resource": observation(id="b12")}, {"reference": "Observation/b12"}),
        (
            {
                "fullUrl": "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a02",
                "resource": observation(id=None),
            },
            {"reference": "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a02"},
        ),
        ({"resource": observation(id=None)}, {"display": "Bundle.entry[0].resource"}),
        (
            {
                "resource": {
                    "resourceType": "DiagnosticReport",
                    "id": "r",
                    "status": "final",
                    "code": fhir.coded("24348-5"),
                    "contained": [observation(id="y")],
                    "result": [{"reference": "#y"}],
                }
            },
            {"reference": "DiagnosticReport/r", "display": "#y"},
        ),
    ],
)
def test_inputs_are_referred_to_as_the_request_named_them(
    entry: dict[str, Any], expected: dict[str, str]
) -> None:
    found = answer(fhir.dumps({"resourceType": "Bundle", "type": "collection", "entry": [entry]}))

    check(found, BASE)
    assert only(found, "GuidanceResponse")["reasonReference"] == [expected]
    assert {"role": "source", "what": expected} in only(found, "Provenance")["entity"]


def test_a_medicine_is_a_source_and_no_reason() -> None:
    found = answer(request("on-tablets-b12-90"))
    sources = [one["what"].get("reference", "") for one in only(found, "Provenance")["entity"]]

    assert any(one.startswith("MedicationStatement/") for one in sources)
    check(found, BASE)


@pytest.mark.parametrize("name", ["demo", "potassium-23-with-cramps", "urn-uuid-transaction"])
def test_the_order_of_entries_changes_no_byte(name: str) -> None:
    given = json.loads(request(name), parse_float=Decimal)
    turned = {**given, "entry": given["entry"][::-1]}

    assert answer(request(name)) == answer(json.dumps(turned, default=float).encode())


def test_two_people_with_the_same_facts_share_no_id_but_the_software() -> None:
    def ids(name: str) -> set[str]:
        person = patient(id=name)
        found = of(person, observation(subject={"reference": f"Patient/{name}"}))
        return {one["resource"]["id"] for one in found["entry"]} | {found["id"]}

    one, other = ids("p1"), ids("p2")
    assert len(one & other) == 1  # the Device: nothing in it is anybody's


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": "2026-11-02"},
        {"profile": "us"},
        {"packs": ("bsh-2014",)},
    ],
)
def test_another_question_has_other_ids(change: dict[str, Any], demo: dict[str, Any]) -> None:
    other = answer(request("demo"), **change)

    mine = {one["resource"]["id"] for one in demo["entry"][:-1]}
    assert mine.isdisjoint({one["resource"]["id"] for one in other["entry"]})


def test_what_was_refused_makes_another_answer() -> None:
    one = of(patient(), observation(id="a"))
    other = of(patient(), observation(id="a"), observation(id="b", valueQuantity={"value": 3}))

    assert one["id"] != other["id"]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026", ("2026", "2026-12-31T23:59:59Z")),
        ("2026-02", ("2026-02", "2026-02-28T23:59:59Z")),
        ("2026-11-01", ("2026-11-01", "2026-11-01T23:59:59Z")),
        (WHEN, (WHEN, WHEN)),
        ("2026-11-01T09:00:00.5+05:30", ("2026-11-01T09:00:00.5+05:30",) * 2),
        ("2026-11-01T09:00", ("2026-11-01T09:00:00Z", "2026-11-01T09:00:59Z")),
        ("0001-01-01T00:00:00+14:30", ("0001-01-01T00:00:00Z",) * 2),
        ("9999", ("9999", "9999-12-31T23:59:59Z")),
    ],
)
def test_the_moment_is_a_date_time_and_an_instant(as_of: str, expected: tuple[str, str]) -> None:
    assert times(as_of) == expected


def hostile(report: Report, text: str) -> Report:
    """The report with a text from outside wherever one can stand."""
    value = report.values[0].model_copy(
        update={"reported": text, "laboratory_range": text, "specimen": text}
    )
    notes = tuple(
        note.model_copy(
            update={"summary": f"B12 {text} is low", "detail": text, "inputs": (value,)}
        )
        for note in report.notes
    )
    refused = tuple(one.model_copy(update={"reported": text}) for one in report.refusals)
    return report.model_copy(
        update={
            "notes": notes,
            "refusals": refused,
            "headline": f"Urgent: {text}.",
            "values": (value, *report.values[1:]),
        }
    )


@pytest.mark.parametrize(
    "text",
    ["\x00\x1b[31m", "a\nb\r\nc", "\u202eabc", "\ud800", "\U000e0041", "x" * 9000, "\u200b"],
)
def test_nothing_hidden_comes_through(text: str) -> None:
    found = bundle(hostile(interpret(request("demo"), as_of=WHEN), text), base=BASE)

    check(found, BASE)
    json.dumps(found, ensure_ascii=False).encode()  # no lone surrogate


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x"),
        ("[a](javascript:b)", r"\[a\](javascript"),
        ("**bold**", r"\*\*bold"),
        ("<150 ng/L", "<150 ng/L"),
    ],
)
def test_markdown_holds_no_markup_from_outside(text: str, shown: str) -> None:
    found = bundle(hostile(interpret(request("demo"), as_of=WHEN), text), base=BASE)
    said = [one["text"] for one in only(found, "GuidanceResponse")["note"]]

    assert any(shown in one for one in said)


@pytest.mark.parametrize("name", ["demo", "ckd-stage-5-mma-092", "tr-25-below-and-above-the-scale"])
def test_texts_are_made_fit_as_in_the_readable_forms(name: str) -> None:
    report = json.loads(interpret(request(name), as_of=WHEN).to_json())
    texts = {value for _, value in each(report) if isinstance(value, str)}
    texts |= {f"{text}, 50 a, 3 d and 1 wk (2026-03-01T08:30:00Z)" for text in texts}

    assert len(texts) > 400
    for text in texts:
        assert fit(text) == readable(visible(text)), text


def test_the_headline_is_the_reports(demo: dict[str, Any]) -> None:
    report = interpret(request("demo"), as_of=WHEN)
    headline = next(value for name, value in each(demo) if name == "valueString")

    assert headline == report.headline


REFUSED_WHOLE = {"not-fhir", "two-subjects"}  # the operation's tests show what they are told


@pytest.mark.parametrize(
    "name",
    sorted({file.parent.name for file in CASES.glob("*/request.json")} - REFUSED_WHOLE),
)
def test_every_example_makes_a_valid_answer(name: str) -> None:
    data = request(name)
    about = intake.read(data).about
    report = interpret(data, as_of=WHEN)
    found = bundle(report, base=BASE, about=about)

    check(found, BASE)
    assert set(statuses(found)) == set(report.statuses)
    assert found == bundle(interpret(data, as_of=WHEN), base=BASE, about=about)
