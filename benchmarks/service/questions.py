"""What is asked in a measurement: a request's path, headers and body."""

from __future__ import annotations

import http.client
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from support import ehr  # noqa: E402 - the tests' own EHR

AS_OF = "2026-11-01T09:00:00Z"
FHIR = "application/fhir+json"
TWENTY = ROOT / "benchmarks" / "twenty-observations.json"
DEMO = ROOT / "fixtures" / "fhir" / "demo" / "request.json"

MARK = "4242424242"
"""Ten digits that stand for a number which every request has for itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """One POST. With ``MARK`` in the body no two requests are the same."""

    name: str
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def ask(self, port: int) -> tuple[int, bytes]:
        """Ask it once: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", self.path, self.body, dict(self.headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def twenty() -> bytes:
    """The case of 20 Observations that ``benchmarks/run.py`` reads, as of the same moment."""
    return json.dumps(
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "evaluationTime", "valueDateTime": AS_OF},
                {"name": "data", "resource": json.loads(TWENTY.read_bytes())},
            ],
        }
    ).encode()


def doors() -> list[Question]:
    """The doors that are measured, each with the case of 20 Observations."""
    asked = twenty()
    operation = Question(
        "$interpret, lenient", "/fhir/$interpret", asked, (("Content-Type", FHIR),)
    )
    return [
        operation,
        replace(
            operation,
            name="$interpret, strict",
            headers=(("Content-Type", FHIR), ("Prefer", "handling=strict")),
        ),
        Question(
            "/v1/interpret",
            "/v1/interpret",
            asked,
            (("Content-Type", FHIR), ("Accept", "application/json")),
        ),
    ]


def baseline(path: str, size: int) -> Question:
    """One of the two doors of ``baseline.py``, which answers so many bytes."""
    name = f"({'a' if path == 'read' else 'b'}) {path}, {size} bytes"
    return Question(name, f"/baseline/{path}?bytes={size}", twenty(), (("Content-Type", FHIR),))


def hooks(port: int) -> Question:
    """A call of the service for patient-view, with the example's record prefetched."""
    service = _service(port)
    record = ehr.record(ehr.today(json.loads(DEMO.read_bytes())))
    patient = next(one["id"] for one in record if one["resourceType"] == "Patient")
    body = json.dumps(ehr.request(service, record, patient)).encode()
    path = f"/cds-services/{service['id']}"
    return Question("CDS Hooks, patient-view", path, body, (("Content-Type", "application/json"),))


def varied(question: Question) -> Question:
    """The same question with ids and figures that differ from one request to the next."""
    body = json.loads(question.body)
    _vary(body)
    return replace(question, body=json.dumps(body).encode())


def _vary(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _vary(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "family" or (name == "display" and isinstance(one, str)):
                value[name] = f"{one} {MARK}"
            elif name == "value" and isinstance(one, int | float):
                value[name] = float(f"{int(one)}.{MARK}")
            else:
                _vary(one)


def _service(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/cds-services")
    services = json.loads(connection.getresponse().read())["services"]
    connection.close()
    found: dict[str, Any] = next(one for one in services if one["hook"] == "patient-view")
    return found
