"""A service set to a zone: what is sent to any of its doors without a zone is of that one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from corrin import interpretation
from corrin.api import Settings, create_app
from support.fhir import bundle, observation, patient, quantity
from support.hooks import searchset, view
from support.service import service

SYDNEY = "Australia/Sydney"
MORNING = "2026-11-21T22:00:00Z"  # 09:00 of 22 November in Sydney
TODAY = "2026-11-22"
FHIR, JSON = "application/fhir+json", "application/json"
CONFIRMED, NOT_ASSESSABLE = "deficiency_confirmed", "not_assessable"

CASE: Final[dict[str, Any]] = {
    "patient": {"sex": "female", "age": 68},
    "results": [{"test": "B12", "value": 120, "unit": "ng/L", "date": TODAY}],
}
BUNDLE = bundle(patient(), observation(effectiveDateTime=TODAY, valueQuantity=quantity(120)))
CALL = view(
    {"totalB12": None},
    patient="p",
    extension={"org.corrin.evaluationTime": MORNING},
)
MESSAGE = (
    "MSH|^~\\&|LAB|X|Y|Z|20261122090000||ORU^R01|1|P|2.5\r"
    "PID|1||123^^^HOSP^MR||DOE^J||19560203|F\r"
    "OBR|1||77|CBC\r"
    "OBX|1|NM|2132-9^B12^LN||120|ng/L^ng/L^UCUM|180-900|L|||F|||20261122083000\r"
)


@pytest.fixture(scope="module")
def sydney() -> Iterator[TestClient]:
    """A client of a service set to Sydney."""
    with TestClient(create_app(Settings(zone=SYDNEY)), base_url="http://127.0.0.1:8000") as found:
        yield found


def posted(client: TestClient, door: str, body: Any, kind: str = JSON, **query: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(door, content=text, params=query or None, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    return answer


def by_case(client: TestClient) -> str:
    return _status(posted(client, "/v1/interpret", CASE, as_of=MORNING).json())


def by_fhir(client: TestClient) -> str:
    return _status(posted(client, "/v1/interpret", BUNDLE, FHIR, as_of=MORNING).json())


def by_lines(client: TestClient) -> str:
    line = json.dumps({**CASE, "as_of": MORNING}) + "\n"
    return _status(
        posted(client, "/v1/interpret/batch", line, "application/x-ndjson").json()["report"]
    )


def by_comparison(client: TestClient) -> str:
    found = posted(client, "/v1/compare", CASE, packs="ng239,aafp-2025", as_of=MORNING).json()
    return str(found["columns"][0]["status"]["status"])


def by_operation(client: TestClient) -> str:
    moment = {"name": "evaluationTime", "valueDateTime": MORNING}
    asked = {
        "resourceType": "Parameters",
        "parameter": [moment, {"name": "data", "resource": BUNDLE}],
    }
    return _in_text(posted(client, "/fhir/$interpret", asked, FHIR).text)


def by_hook(client: TestClient) -> str:
    found = posted(client, "/cds-services/b12-patient-view", _call(client)).json()
    return _in_text(json.dumps(found))


def _call(client: TestClient) -> dict[str, Any]:
    """A call that sends the result under every key of the service."""
    services = client.get("/cds-services").json()["services"]
    keys = next(one for one in services if one["id"] == "b12-patient-view")["prefetch"]
    who, result = (deepcopy(entry["resource"]) for entry in BUNDLE["entry"])
    result["subject"] = {"reference": f"Patient/{who['id']}"}
    sent = {name: searchset() for name in keys}
    sent |= {name: who for name, query in keys.items() if query.startswith("Patient/")}
    key = next(name for name, query in keys.items() if "2132-9" in query)
    return view(sent | {key: searchset(result)}, patient=who["id"], extension=CALL["extension"])


def _status(report: Any) -> str:
    return str(report["statuses"]["b12_status"]["status"])


def _in_text(text: str) -> str:
    """Which of the two a text tells, by the rules it names."""
    said = [rule in text for rule in ("b12-confirmed-total", "b12-not-assessable-nothing")]
    assert sum(said) == 1
    return CONFIRMED if said[0] else NOT_ASSESSABLE


def on_page(**fields: str) -> Any:
    def ask(client: TestClient) -> str:
        answer = client.post("/", data=fields, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.text
        return _in_text(answer.text)

    return ask


def by_pasted_call(client: TestClient) -> str:
    return str(on_page(document=json.dumps(_call(client)))(client))


TYPED = {"value.total_b12": "120", "unit.total_b12": "ng/L", "date": TODAY, "as_of": MORNING}
DOORS = {
    "case": by_case,
    "fhir": by_fhir,
    "lines": by_lines,
    "comparison": by_comparison,
    "operation": by_operation,
    "hook": by_hook,
    "typed": on_page(**TYPED),
    "pasted case": on_page(document=json.dumps(CASE), as_of=MORNING),
    "pasted fhir": on_page(document=json.dumps(BUNDLE), as_of=MORNING),
    "pasted message": on_page(document=MESSAGE, as_of=MORNING),
    "pasted call": by_pasted_call,
}


@pytest.mark.parametrize("door", DOORS)
def test_a_sample_of_this_morning_is_read_at_every_door(
    sydney: TestClient, client: TestClient, door: str
) -> None:
    assert DOORS[door](sydney) == CONFIRMED
    assert DOORS[door](client) == NOT_ASSESSABLE


def test_without_the_setting_the_sample_is_told_as_future(client: TestClient) -> None:
    answer = posted(client, "/v1/interpret", CASE, as_of=MORNING)
    assert "dated after the moment" in answer.text


@pytest.mark.parametrize(("day", "status"), [("2026-11-21", NOT_ASSESSABLE), (TODAY, CONFIRMED)])
def test_a_moment_without_a_zone_is_of_the_zone_too(
    sydney: TestClient, day: str, status: str
) -> None:
    assert _status(posted(sydney, "/v1/interpret", CASE, as_of=day).json()) == status
    assert _status(posted(sydney, "/v1/interpret", {**CASE, "as_of": day}).json()) == status
    assert on_page(**{**TYPED, "as_of": day})(sydney) == status


def test_now_is_this_morning_there(sydney: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime(2026, 11, 21, 22, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(interpretation, "datetime", Clock)
    report = posted(sydney, "/v1/interpret", CASE).json()
    assert (report["as_of"], _status(report)) == ("2026-11-22T09:00:00+11:00", CONFIRMED)
    page = sydney.post("/", data={**TYPED, "as_of": ""}, headers={"HX-Request": "true"}).text
    assert 'name="as_of" value="2026-11-22T09:00:00+11:00"' in page
    assert "As of 2026-11-22 09:00 +11:00" in page
    line = json.dumps(CASE)
    asked = posted(sydney, "/v1/interpret/batch", line, "application/x-ndjson").json()
    assert asked["report"]["as_of"] == report["as_of"]


def test_what_is_typed_is_read_beside_the_field_as_it_will_be(
    sydney: TestClient, client: TestClient
) -> None:
    def beside(asked: TestClient) -> str:
        answer = asked.post("/page/check", data=TYPED, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return html.unescape(answer.text)

    assert "after the moment" not in beside(sydney)
    assert "after the moment" in beside(client)


@pytest.mark.parametrize("kind", ["case", "fhir", "hl7v2"])
def test_an_answer_is_taken_along_as_it_was_given(sydney: TestClient, kind: str) -> None:
    document = {"case": json.dumps(CASE), "fhir": json.dumps(BUNDLE), "hl7v2": MESSAGE}[kind]
    fields = {"kind": kind, "document": document, "profile": "uk", "as_of": TODAY}
    taken = sydney.post("/page/take/json", data=fields).json()
    assert (taken["as_of"], _status(taken)) == (TODAY, CONFIRMED)
    line = sydney.post("/page/take/curl", data=fields).text
    if kind == "hl7v2":
        assert "as_of=2026-11-22" in line
        return
    url = re.search(r"'?http://127[^\s']+as_of=[^\s']+", line)
    assert url is not None
    path = url[0].lstrip("'").partition("8000")[2]
    again = posted(sydney, path, document, FHIR if kind == "fhir" else JSON).json()
    assert again == taken
    bundled = sydney.post("/page/take/fhir", data=fields).json()
    assert bundled["timestamp"] == "2026-11-22T12:59:59Z"
    asked = {"Content-Type": FHIR if kind == "fhir" else JSON, "Accept": FHIR}
    query = {"as_of": TODAY, "profile": "uk"}
    door = sydney.post("/v1/interpret", content=document, params=query, headers=asked)
    assert door.json() == bundled


@pytest.mark.parametrize(
    ("door", "more"),
    [
        ("/page/suppose", {"analyte": "total_b12", "value": "300", "unit": "ng/L"}),
        ("/page/compare", {"packs": "ng239"}),
    ],
)
def test_questions_about_an_answer_are_asked_in_the_zone(
    sydney: TestClient, client: TestClient, door: str, more: dict[str, str]
) -> None:
    fields = {"kind": "case", "document": json.dumps(CASE), "profile": "", "as_of": MORNING}
    sent: dict[str, Any] = {**fields, **more}
    if door.endswith("compare"):
        sent["packs"] = ["ng239", "aafp-2025"]
    there, here = (
        one.post(door, data=sent, headers={"HX-Request": "true"}) for one in (sydney, client)
    )
    assert there.status_code == here.status_code == 200
    assert "deficiency confirmed" in there.text
    assert "deficiency confirmed" not in here.text


def test_orders_of_this_morning_are_on_order(sydney: TestClient, client: TestClient) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "mma",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "13964-2"}]},
        "authoredOn": TODAY,
    }
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "evaluationTime", "valueDateTime": MORNING},
            {"name": "data", "resource": bundle(observation(valueQuantity=quantity(240)), order)},
        ],
    }

    def proposed(one: TestClient) -> bool:
        answer = posted(one, "/fhir/$interpret", asked, FHIR).json()
        found = [entry["resource"] for entry in answer["entry"]]
        return "13964-2" in json.dumps([r for r in found if r["resourceType"] == "ServiceRequest"])

    assert not proposed(sydney)
    assert proposed(client)


def test_the_page_names_a_zone_that_is_not_utc(sydney: TestClient, client: TestClient) -> None:
    accept = {"Accept": "text/html"}
    assert f"is of {SYDNEY}." in sydney.get("/", headers=accept).text
    assert "names no zone" not in client.get("/", headers=accept).text


@pytest.mark.parametrize("name", [SYDNEY, "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tehran"])
def test_the_service_is_ready_wherever_it_is(name: str) -> None:
    app = create_app(Settings(zone=name))
    assert all(not one.why for one in app.state.readiness.checks())


def test_a_server_reads_its_zone_from_the_environment() -> None:
    with service(zone=SYDNEY) as running:
        asked = json.dumps({**CASE, "as_of": MORNING}).encode()
        status, _, body = running.ask("/v1/interpret", asked, {"Content-Type": JSON})
        assert (status, _status(json.loads(body))) == (200, CONFIRMED)
        assert f"zone {SYDNEY}" in running.said()
