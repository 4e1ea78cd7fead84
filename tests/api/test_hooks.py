"""CDS Hooks through HTTP: discovery, the five states of a key, whose results, drafts, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import terminology
from support import fhir, hooks
from support.hooks import SELECT, SIGN, VIEW, sample, searchset, view

B12 = fhir.observation(id="b12")
MMA = fhir.observation(fhir.MMA, 0.9, "umol/L", id="mma")
POTASSIUM = fhir.observation(
    fhir.POTASSIUM, 2.2, "mmol/L", id="k", effectiveDateTime="2026-10-31T08:00:00Z"
)
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "value"}]}
SUPPRESSED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "suppressed"}],
}
SERVICE_OF = {"patient-view": VIEW, "order-select": SELECT, "order-sign": SIGN}

Json = dict[str, Any]


def post(client: TestClient, body: Any, service: str = VIEW, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        f"/cds-services/{service}",
        content=data,
        headers={"Content-Type": "application/json", **headers},
    )


def cards(client: TestClient, body: Json, service: str = VIEW) -> list[Json]:
    answer = post(client, body, service)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert not hooks.faults("response", answer.json())
    found: list[Json] = answer.json()["cards"]
    return found


def refused(client: TestClient, body: Any, status: int, service: str = VIEW) -> list[Json]:
    answer = post(client, body, service)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    issues: list[Json] = outcome["issue"]
    return issues


def paths(issues: list[Json]) -> set[str]:
    return {path for one in issues for path in one.get("expression", ())}


# --- discovery ----------------------------------------------------------------------------------


def test_discovery_keeps_to_the_specification(client: TestClient) -> None:
    answer = client.get("/cds-services")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert not hooks.faults("discovery", answer.json())
    found = answer.json()["services"]
    assert [one["hook"] for one in found] == ["patient-view", "order-select", "order-sign"]
    assert all("never calls" in one["usageRequirements"] for one in found)
    assert all("is not itself judged" in one["usageRequirements"] for one in found)


def test_templates_ask_for_every_code_that_is_read_once(client: TestClient) -> None:
    found = client.get("/cds-services").json()["services"][0]["prefetch"]
    queries = [one for one in found.values() if one.startswith("Observation?")]
    codes = [
        token.removeprefix("http://loinc.org|")
        for one in queries
        for token in one.split("code=")[1].split("&")[0].split(",")
    ]
    assert len(set(codes)) == len(codes)
    known = {code.code for one in terminology.load().analytes.values() for code in one.codes}
    assert known <= set(codes)
    for one in queries:
        assert one.startswith("Observation?patient={{context.patientId}}&code=")
        assert "&_sort=-date&_count=" in one and len(one) < 1000


@pytest.mark.parametrize("name", ["patient-view", "order-select", "order-sign"])
def test_samples_are_requests_and_get_cards(client: TestClient, name: str) -> None:
    body = sample(name)
    assert not hooks.faults("request", body)
    asked = next(
        one for one in client.get("/cds-services").json()["services"] if one["hook"] == name
    )
    assert set(body["prefetch"]) <= set(asked["prefetch"])
    assert cards(client, body, asked["id"])


# --- the five states of a key -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("absent", "was not provided"),
        (None, "no result was found"),
        (searchset(), "no result was found"),
        (OUTCOME, "the query for it failed"),
        (searchset(OUTCOME), "the query for it failed"),
        (searchset(link=[{"relation": "next", "url": "https://e/x"}]), "may be more than"),
        (searchset(total=3), "may be more than"),
        (searchset(link=[{"relation": "self", "url": "https://e/x"}]), "no result was found"),
        (searchset(WARNING), "no result was found"),
        (searchset(SUPPRESSED), "may be more than"),
    ],
    ids=[
        *("absent", "null", "empty", "failed", "outcome-entry", "paged", "total", "self"),
        *("warning", "suppressed"),
    ],
)
def test_what_became_of_a_key_is_said(client: TestClient, value: Any, said: str) -> None:
    prefetch = {"b12": searchset(B12)} | ({} if value == "absent" else {"mma": value})
    (card,) = cards(client, view(prefetch))
    line = next(
        one for one in card["detail"].splitlines() if "ethylmalonic acid" in one and ":" in one
    )
    assert said in card["detail"].split("**What would settle it**")[0].split("**Missing**")[1], line


def test_an_outcome_among_results_makes_them_incomplete(client: TestClient) -> None:
    (card,) = cards(client, view({"b12": searchset(B12, OUTCOME)}))
    assert "There may be more than was sent: vitamin B12" in card["detail"]


def test_what_is_sent_beside_the_matches_is_not_counted_among_them(client: TestClient) -> None:
    found = searchset(B12)
    beside = {
        "resource": {"resourceType": "Practitioner", "id": "1"},
        "search": {"mode": "include"},
    }
    found["entry"].append(beside)
    (card,) = cards(client, view({"b12": {**found, "total": 1}}))
    assert "more than was sent" not in card["detail"]
    (card,) = cards(client, view({"b12": {**found, "total": 2}}))
    assert "There may be more than was sent: vitamin B12" in card["detail"]


def test_what_may_be_there_unseen_is_not_recommended(client: TestClient) -> None:
    (card,) = cards(client, view({"b12": searchset(B12), "mma": searchset(total=3)}))
    assert not card["suggestions"][0]["isRecommended"]
    (card,) = cards(client, view({"b12": searchset(B12), "mma": None}))
    assert card["suggestions"][0]["isRecommended"]


@pytest.mark.parametrize("moment", ["2026-11-01T09:00", "2026-11-01T09:00:00", "2026-11-01"])
def test_a_proposal_has_a_date_of_fhir(client: TestClient, moment: str) -> None:
    body = view({"b12": searchset(B12)}, extension={"org.corrin.evaluationTime": moment})
    (card,) = cards(client, body)
    for one in card["suggestions"]:
        authored = one["actions"][0]["resource"]["authoredOn"]
        assert authored in ("2026-11-01", "2026-11-01T09:00:00Z")


def test_a_result_beyond_the_page_is_said_to_be_possible(client: TestClient) -> None:
    paged = searchset(B12, link=[{"relation": "next", "url": "https://ehr.example.org/2"}])
    (card,) = cards(client, view({"b12": paged, "mma": None}))
    assert "There may be more than was sent: vitamin B12" in card["detail"]


@pytest.mark.parametrize("state", ["absent", "failed"])
def test_silence_about_b12_is_never_for_want_of_a_query(client: TestClient, state: str) -> None:
    prefetch: Json = {"electrolytes": None} | ({} if state == "absent" else {"b12": OUTCOME})
    (card,) = cards(client, view(prefetch))
    assert card["source"]["topic"]["code"] == "not_seen" and card["indicator"] == "info"
    assert ("failed" in card["summary"]) == (state == "failed")
    assert cards(client, view({**prefetch, "b12": None})) == []


@pytest.mark.parametrize(
    "bundle",
    [
        searchset(total=3),
        searchset(link=[{"relation": "next", "url": "https://ehr.example.org/2"}]),
        {**searchset(), "entry": [{"fullUrl": "https://ehr.example.org/Observation/b12"}]},
    ],
    ids=["counted", "paged", "named"],
)
def test_results_that_are_there_and_were_not_sent_are_not_none(
    client: TestClient, bundle: Json
) -> None:
    (card,) = cards(client, view({"electrolytes": None, "b12": bundle}))
    assert card["source"]["topic"]["code"] == "not_seen"
    assert "there may be more results than were sent" in card["summary"]
    partly = {**searchset(B12), "entry": [*searchset(B12)["entry"], *bundle.get("entry", [])]}
    (card,) = cards(client, view({"mma": None, "b12": {**partly, "total": 3}}))
    assert "There may be more than was sent: vitamin B12" in card["detail"]


def test_a_normal_b12_is_no_silence_where_a_newer_one_may_be_missing(client: TestClient) -> None:
    """A client that did not sort, and did not send all, may have kept the newest back."""
    values = {"old": "2026-05-01T08:00:00Z", "new": "2026-10-01T08:00:00Z"}
    old, new = (
        fhir.observation(value=460, id=name, effectiveDateTime=when)
        for name, when in values.items()
    )
    (card,) = cards(client, view({"b12": searchset(old, new, total=30)}))
    assert card["source"]["topic"]["code"] == "not_seen" and card["indicator"] == "info"
    assert "newer vitamin B12" in card["summary"] and len(card["summary"]) < 140
    # What was asked for came: what is missing is older, and a card at every visit would be noise.
    assert cards(client, view({"b12": searchset(new, old, total=30)})) == []
    assert cards(client, view({"b12": searchset(old, new)})) == []
    # Where a card on B12 is there anyway, its foot says that there may be more.
    low = {**new, "valueQuantity": {**new["valueQuantity"], "value": 150}}
    (card,) = cards(client, view({"b12": searchset(old, low, total=30)}))
    assert card["source"]["topic"]["code"] == "b12_status"
    assert "There may be more than was sent: vitamin B12" in card["detail"]


def test_a_test_is_not_asked_for_while_its_results_were_not_seen(client: TestClient) -> None:
    """Vegan with paraesthesia: "B12 not measured" is true only if it was looked for."""
    diet = fhir.stated("Condition", fhir.coded("1187425009", fhir.SNOMED), id="c1")
    tingling = fhir.stated("Condition", fhir.coded("91019004", fhir.SNOMED), id="c2")
    context = {"conditions": searchset(diet, tingling), "electrolytes": None}
    topics = [c["source"]["topic"]["code"] for c in cards(client, view({**context, "b12": None}))]
    assert "not_seen" not in topics
    unseen = [c["source"]["topic"]["code"] for c in cards(client, view(context))]
    assert "testing" not in unseen and "not_seen" in unseen


@pytest.mark.parametrize(
    "prefetch",
    [
        {},
        {"patient": fhir.patient()},
        {"b12": OUTCOME, "mma": OUTCOME},
        {"conditions": searchset(), "pregnancy": searchset()},
        {"anything": fhir.patient()},
    ],
    ids=["nothing", "patient", "failed", "context", "others"],
)
def test_nothing_usable_is_412(client: TestClient, prefetch: Json) -> None:
    (issue,) = refused(client, view(prefetch), 412)
    assert issue["code"] == "incomplete" and "b12" in issue["details"]["text"]


def test_without_prefetch_at_all_it_is_412(client: TestClient) -> None:
    body = view({})
    del body["prefetch"]
    refused(client, body, 412)


def test_keys_that_were_not_asked_for_are_read_too(client: TestClient) -> None:
    """A dangerous result is not passed over for the name it came under; the name is not told."""
    found = cards(client, view({"JaneDoe": searchset(POTASSIUM)}))
    assert found[0]["indicator"] == "critical"
    assert "JaneDoe" not in json.dumps(found)
    assert "not asked for, and read all the same: 1" in found[0]["detail"]


def test_one_result_under_two_keys_is_one(client: TestClient) -> None:
    once = cards(client, view({"b12": searchset(B12)}))
    twice = cards(client, view({"b12": searchset(B12), "anything": searchset(B12)}))
    assert [card["summary"] for card in twice] == [card["summary"] for card in once]


def test_kidney_function_is_proposed_where_it_could_take_a_status_back(client: TestClient) -> None:
    (card, *_) = cards(client, view({"mma": searchset(MMA), "b12": searchset(B12)}))
    (suggestion,) = card["suggestions"]
    assert suggestion["actions"][0]["resource"]["code"]["coding"][0]["code"] == "2160-0"


@pytest.mark.parametrize("value", ["x", 1, [], {}, [{"resourceType": "Observation"}], True])
def test_a_key_holds_a_resource_or_null(client: TestClient, value: Any) -> None:
    issues = refused(client, view({"b12": value}), 400)
    assert paths(issues) == {"prefetch.b12"}


def test_bundles_out_of_shape_are_no_fault_of_ours(client: TestClient) -> None:
    for entry in ({}, "x", [None], [1], [{"resource": None}], [{"search": 1}], [{"resource": {}}]):
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
        answer = post(client, view({"b12": bundle, "mma": searchset(MMA)}))
        assert answer.status_code == 200, (entry, answer.text)
    for more in ({"link": "x"}, {"link": [1]}, {"total": "3"}, {"type": 1}, {"total": None}):
        answer = post(client, view({"b12": {**searchset(B12), **more}}))
        assert answer.status_code == 200, (more, answer.text)


# --- whose results ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/other"},
        {"reference": "https://ehr.example.org/fhir/Patient/other"},
        {"reference": "Group/p"},
        {"reference": "Patient/P"},
        {"identifier": {"system": "urn:mrn", "value": "1"}},
        {"reference": "Patient/other", "identifier": {"system": "urn:mrn", "value": "1"}},
        {"reference": "#p"},
        {"reference": "urn:uuid:0d9a4f0f-5a01-4c5e-9d4c-2d3f1f5e0a05"},
        {"display": "Jane Doe"},
        {"reference": 1},
        "Patient/p",
        None,
    ],
)
def test_other_peoples_results_are_refused_whole(client: TestClient, subject: Any) -> None:
    stray = fhir.observation(fhir.MMA, 0.9, "umol/L", id="mma", subject=subject)
    (issue,) = refused(client, view({"b12": searchset(B12), "mma": searchset(stray)}), 422)
    assert issue["expression"][0].startswith("prefetch.mma.entry")
    assert "other" not in json.dumps(issue["expression"]) and "Jane" not in json.dumps(issue)


@pytest.mark.parametrize(
    "reference",
    ["Patient/p", "https://ehr.example.org/fhir/Patient/p", "Patient/p/_history/3"],
)
def test_one_person_by_any_of_their_references(client: TestClient, reference: str) -> None:
    mine = fhir.observation(subject={"reference": reference})
    assert cards(client, view({"patient": fhir.patient(), "b12": searchset(mine)}))


def test_a_number_that_is_not_the_patients_makes_two_people(client: TestClient) -> None:
    person = fhir.patient(identifier=[{"system": "urn:mrn", "value": "7"}])
    said = {"reference": "Patient/p", "identifier": {"system": "urn:mrn", "value": "7"}}
    mine = fhir.observation(subject=said)
    assert cards(client, view({"patient": person, "b12": searchset(mine)}))
    stray = fhir.observation(subject={**said, "identifier": {"system": "urn:mrn", "value": "8"}})
    refused(client, view({"patient": person, "b12": searchset(stray)}), 422)


def test_two_servers_with_one_id_are_two_people(client: TestClient) -> None:
    here = fhir.observation(subject={"reference": "https://a.example.org/fhir/Patient/p"})
    there = fhir.observation(
        fhir.MMA,
        0.9,
        "umol/L",
        id="m",
        subject={"reference": "https://b.example.org/fhir/Patient/p"},
    )
    refused(client, view({"b12": searchset(here), "mma": searchset(there)}), 422)


def test_a_patient_of_another_id_is_refused_without_telling_it(client: TestClient) -> None:
    body = view({"patient": fhir.patient(id="SECRET-1"), "b12": None})
    answer = post(client, body)
    assert answer.status_code == 422 and "SECRET" not in answer.text
    bundled = view({"patient": searchset(fhir.patient(id="SECRET-1")), "b12": None})
    answer = post(client, bundled)
    assert answer.status_code == 422 and "SECRET" not in answer.text


def test_a_draft_for_somebody_else_is_refused(client: TestClient) -> None:
    body = sample("order-sign")
    entry = body["context"]["draftOrders"]["entry"][0]
    entry["resource"]["subject"]["reference"] = "Patient/other"
    (issue,) = refused(client, body, 422, SIGN)
    assert issue["expression"][0].startswith("context.draftOrders.entry")


@pytest.mark.parametrize(
    "user",
    [
        *("PractitionerRole/r1", "https://ehr.example.org/fhir/Practitioner/1"),
        "Practitioner/1/_history/2",
    ],
)
def test_clinicians_by_any_of_their_references(client: TestClient, user: str) -> None:
    body = view({"b12": searchset(B12)})
    body["context"]["userId"] = user
    assert cards(client, body)


@pytest.mark.parametrize(
    "user", ["Patient/p", "RelatedPerson/r1", "https://ehr.example.org/fhir/Patient/p"]
)
def test_patients_and_relatives_get_no_card(client: TestClient, user: str) -> None:
    body = view({"b12": searchset(POTASSIUM)})
    body["context"]["userId"] = user
    assert cards(client, body) == []


# --- orders -------------------------------------------------------------------------------------


def test_a_test_on_order_is_not_proposed_again(client: TestClient) -> None:
    (card,) = cards(client, sample("order-sign"), SIGN)
    assert "suggestions" not in card
    assert "Already among the orders on the screen" in card["detail"]


def test_a_draft_of_b12_is_no_treatment(client: TestClient) -> None:
    """Even when its copy in the record says that it is active."""
    body = sample("order-sign")
    body["prefetch"]["b12"]["entry"][0]["resource"]["valueQuantity"]["value"] = 460
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    copy = {**draft, "status": "active", "authoredOn": "2026-09-01"}
    body["prefetch"]["medicationRequests"] = searchset(copy)
    (card,) = cards(client, body, SIGN)
    assert "unlikely" in card["summary"] and "taken as a plan" in card["detail"]
    # The same as a prescription of its own is treatment.
    body["prefetch"]["medicationRequests"] = searchset({**copy, "id": "given"})
    assert "B12 was given before the sample" in cards(client, body, SIGN)[0]["summary"]


def test_only_what_was_selected_counts(client: TestClient) -> None:
    body = sample("order-select")
    assert cards(client, body, SELECT)
    body["context"]["selections"] = ["ServiceRequest/draft-lipids"]
    assert cards(client, body, SELECT) == []


@pytest.mark.parametrize("form", ["{0}", "https://ehr.example.org/fhir/{1}", "{1}/_history/2"])
def test_a_selection_by_any_name_of_its_draft(client: TestClient, form: str) -> None:
    body = sample("order-select")
    for name, count in (("draft-b12", 1), ("draft-lipids", 0)):
        body["context"]["selections"] = [form.format(name, f"ServiceRequest/{name}")]
        assert len(cards(client, body, SELECT)) == count


@pytest.mark.parametrize("ids", [True, False])
def test_where_a_selection_is_not_among_the_drafts_all_count(client: TestClient, ids: bool) -> None:
    """Silence would say that nothing concerns the order; nobody can tell which it was."""
    body = sample("order-select")
    body["context"]["selections"] = ["ServiceRequest/another"]
    if not ids:
        for entry in body["context"]["draftOrders"]["entry"]:
            del entry["resource"]["id"]
    assert cards(client, body, SELECT)


def test_a_draft_without_id_is_selected_by_its_url(client: TestClient) -> None:
    body = sample("order-select")
    for at, entry in enumerate(body["context"]["draftOrders"]["entry"]):
        del entry["resource"]["id"]
        entry["fullUrl"] = f"urn:uuid:0d9a4f0f-5a01-4c5e-9d4c-2d3f1f5e0a0{at}"
    for at, count in ((0, 1), (1, 0)):
        url = f"urn:uuid:0d9a4f0f-5a01-4c5e-9d4c-2d3f1f5e0a0{at}"
        body["context"]["selections"] = [url]
        assert len(cards(client, body, SELECT)) == count


def test_a_draft_may_refer_to_a_medication_that_was_sent_along(client: TestClient) -> None:
    body = sample("order-select")
    draft = {"resourceType": "MedicationRequest", "id": "m", "status": "draft", "intent": "order"}
    draft |= {"subject": {"reference": "Patient/p1"}}
    draft |= {"medicationReference": {"reference": "Medication/m1"}}
    body["context"] |= {
        "draftOrders": {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft}],
        },
        "selections": ["MedicationRequest/m"],
    }
    assert cards(client, body, SELECT) == []
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "Hydroxocobalamin"}}
    body["prefetch"]["medicationRequests"] = searchset(medication)
    (card,) = cards(client, body, SELECT)
    assert "taken as a plan" in card["detail"]


def test_an_unselected_draft_still_asks_for_its_test(client: TestClient) -> None:
    body = sample("order-select")
    entries = body["context"]["draftOrders"]["entry"]
    entries[1]["resource"]["code"]["coding"][0]["code"] = fhir.MMA
    (card,) = cards(client, body, SELECT)
    assert "suggestions" not in card


def test_what_is_urgent_is_told_whatever_is_ordered(client: TestClient) -> None:
    body = sample("order-select")
    body["context"]["selections"] = ["ServiceRequest/draft-lipids"]
    mine = {**POTASSIUM, "subject": {"reference": "Patient/p1"}}
    body["prefetch"]["electrolytes"] = searchset(mine)
    assert [card["indicator"] for card in cards(client, body, SELECT)] == ["critical"]


def test_a_panel_asks_for_what_it_holds(client: TestClient) -> None:
    body = sample("order-sign")
    low = fhir.observation(
        fhir.HAEMOGLOBIN, 9.8, "g/dL", id="hb", subject={"reference": "Patient/p1"}
    )
    body["prefetch"]["haemoglobin"] = searchset(low)
    entries = body["context"]["draftOrders"]["entry"]
    del entries[0]
    entries[0]["resource"]["code"]["coding"][0]["code"] = "58410-2"
    assert "anaemia" in {c["source"]["topic"]["code"] for c in cards(client, body, SIGN)}


def test_drafts_of_any_shape_are_read(client: TestClient) -> None:
    body = sample("order-sign")
    for resource in (
        {"resourceType": "NutritionOrder", "patient": {"reference": "Patient/p1"}},
        {"resourceType": "ServiceRequest", "code": "B12"},
        {"resourceType": "ServiceRequest", "code": {"coding": [{"code": 1}]}},
        {"resourceType": "ServiceRequest", "code": {"text": "Vitamin B12"}},
        {"resourceType": "MedicationRequest", "medicationReference": {"reference": "#m"}},
        {"resourceType": "Nonsense"},
        {},
        None,
    ):
        body["context"]["draftOrders"]["entry"] = [{"resource": resource}]
        assert post(client, body, SIGN).status_code == 200
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection"}
    assert cards(client, body, SIGN) == []


# --- shape --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"hook": "order-sign"}, "hook"),
        ({"hook": None}, "hook"),
        ({"hook": ""}, "hook"),
        ({"hookInstance": "1"}, "hookInstance"),
        ({"hookInstance": None}, "hookInstance"),
        ({"context": None}, "context"),
        ({"context": {}}, "context"),
        ({"context": []}, "context"),
        ({"context": {"userId": "Practitioner/1"}}, "context.patientId"),
        ({"context": {"userId": "Practitioner/1", "patientId": ""}}, "context.patientId"),
        ({"context": {"userId": "Practitioner/1", "patientId": "Patient/p"}}, "context.patientId"),
        ({"context": {"userId": "Practitioner/1", "patientId": 1}}, "context.patientId"),
        ({"context": {"userId": "pr1", "patientId": "p"}}, "context.userId"),
        ({"context": {"userId": "Device/1", "patientId": "p"}}, "context.userId"),
        ({"prefetch": None}, "prefetch"),
        ({"prefetch": []}, "prefetch"),
        ({"extension": "x"}, "extension"),
        (
            {"extension": {"org.corrin.evaluationTime": "soon"}},
            "extension.org.corrin.evaluationTime",
        ),
        ({"extension": {"org.corrin.evaluationTime": 1}}, "extension.org.corrin.evaluationTime"),
        ({"extension": {"org.corrin.profile": ""}}, "extension.org.corrin.profile"),
    ],
)
def test_what_is_out_of_shape_is_400_with_its_place(
    client: TestClient, change: Json, path: str
) -> None:
    assert path in paths(refused(client, {**view({"b12": searchset(B12)}), **change}, 400))


@pytest.mark.parametrize("missing", ["hook", "hookInstance", "context"])
def test_what_is_missing_is_400(client: TestClient, missing: str) -> None:
    body = view({"b12": searchset(B12)})
    del body[missing]
    issues = refused(client, body, 400)
    assert missing in paths(issues) and "required" in {one["code"] for one in issues}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"draftOrders": None}, "context.draftOrders"),
        ({"draftOrders": {"resourceType": "ServiceRequest"}}, "context.draftOrders"),
        ({"selections": None}, "context.selections"),
        ({"selections": []}, "context.selections"),
        ({"selections": [""]}, "context.selections[0]"),
        ({"selections": [1]}, "context.selections[0]"),
    ],
)
def test_contexts_of_orders_are_checked(client: TestClient, change: Json, path: str) -> None:
    body = sample("order-select")
    body["context"].update(change)
    assert path in paths(refused(client, body, 400, SELECT))
    if "selections" in change:
        body["hook"] = "order-sign"
        assert post(client, body, SIGN).status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{", 400),
        (b'{"hook": "a", "hook": "b"}', 400),
        (b'{"hook": "\xff"}', 400),
        (b'{"hook": NaN}', 400),
        (b'{"hook": 1' + b"0" * 100 + b"}", 400),
        (b'{"a":' * 80 + b"1" + b"}" * 80, 400),
        (b'{"hook":"x"}\n{"hook":"y"}', 400),
    ],
)
def test_what_is_no_request_is_no_fault_of_ours(
    client: TestClient, data: bytes, status: int
) -> None:
    refused(client, data, status)


def test_what_we_do_not_know_is_passed_over(client: TestClient) -> None:
    """Additions of the 3.0 ballot, members of others, an empty encounter."""
    body = view({"b12": searchset(B12)})
    plain = cards(client, body)
    body |= {"hookVersion": "3.0.0", "fhirAuthorization": None, "fhirServer": 7, "x": [None]}
    body["context"] |= {"encounterId": None, "com.example": {}}
    body["extension"] = {**body["extension"], "com.example.x": {"a": 1}}
    assert cards(client, body) == plain


def test_the_answer_depends_on_the_request_alone(client: TestClient) -> None:
    body = view({"b12": searchset(B12), "mma": None})
    assert post(client, body).content == post(client, body).content
    other = {**body, "hookInstance": "0d9a4f0f-5a01-4c5e-9d4c-2d3f1f5e0a05"}
    assert post(client, body).content != post(client, other).content


def test_the_moment_and_the_profile_can_be_asked_for(client: TestClient) -> None:
    body = view({"b12": searchset(B12)})
    body["extension"] = {"org.corrin.evaluationTime": "2026-10-21", "org.corrin.profile": "us"}
    (card,) = cards(client, body)
    assert "as of 2026-10-21" in card["detail"] and "profile us" in card["detail"]
    body["extension"]["org.corrin.profile"] = "nowhere"
    refused(client, body, 422)


def test_numbers_keep_their_digits(client: TestClient) -> None:
    text = json.dumps(view({"b12": searchset(B12)})).replace("240", "240.10")
    answer = post(client, text.encode())
    assert "240.10 ng/L" in answer.json()["cards"][0]["summary"]


def test_other_paths_methods_and_forms(client: TestClient) -> None:
    def told(answer: Any, status: int) -> None:
        assert answer.status_code == status
        assert answer.json()["resourceType"] == "OperationOutcome"

    body = json.dumps(view({"b12": None}))
    told(client.post("/cds-services/nothing", content=body), 404)
    told(client.post("/cds-services/nothing/feedback", content=body), 404)
    told(client.get(f"/cds-services/{VIEW}"), 405)
    told(client.post("/cds-services", content=body), 405)
    told(post(client, body.encode(), **{"Content-Type": "text/xml"}), 415)
    told(post(client, body.encode(), **{"Accept": "text/html"}), 406)
    told(client.get("/cds-services", headers={"Accept": "text/html"}), 406)
    assert post(client, body.encode(), **{"Accept": "application/json, */*"}).status_code == 200
