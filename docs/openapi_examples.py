"""Requests of the fixtures and the answers the service gives to them: examples of the OpenAPI
document, which is written from the service too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from fastapi.testclient import TestClient

ROOT = Path(__file__).resolve().parent.parent
BASE = "https://corrin.example.org"
DOCUMENT = ROOT / "openapi" / "openapi.json"
EXAMPLES = ROOT / "service" / "corrin" / "api" / "openapi" / "examples.json"

JSON, FHIR, TEXT = "application/json", "application/fhir+json", "text/plain"
NDJSON = "application/x-ndjson"
MOST_UNSAID = 2
NOW = "2026-11-01T09:00:00Z"  # where a request has no moment of its own


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it is an example of; ``body`` is a file below ``fixtures``, or bytes."""

    operation: str
    name: str
    says: str
    path: str
    method: str = "GET"
    body: str | bytes = ""
    media: str = JSON
    accept: str = ""


TWO = b"""\
{"id": "child", "as_of": "2026-05-20", "patient": {"age": 12}, "results": [{"test": "MMA", \
"value": 0.5, "unit": "umol/L", "date": "2026-05-01"}]}
{"id": "misspelt", "as_of": "2026-05-20", "results": [{"tset": "B12", "value": 190}]}
"""

ASKED = (
    Asked(
        "interpret",
        "potassium",
        "A critical potassium",
        "/v1/interpret",
        "POST",
        "cases/critical-potassium.json",
    ),
    Asked(
        "interpret",
        "as-text",
        "A bound, answered as text",
        "/v1/interpret",
        "POST",
        "cases/below-the-scale.json",
        accept=TEXT,
    ),
    Asked(
        "interpretBatch",
        "two",
        "Two cases: one outside the scope of the rules, one not readable",
        "/v1/interpret/batch",
        "POST",
        TWO,
        NDJSON,
        NDJSON,
    ),
    Asked(
        "compare",
        "differ",
        "Two guidelines that differ over one cut-off",
        "/v1/compare?packs=ng239,mayo-acasm&as_of=2026-11-01",
        "POST",
        "fhir/b12-160-framework-named/request.json",
        FHIR,
    ),
    Asked(
        "fhirInterpret",
        "bundle",
        "A Bundle of one patient",
        "/fhir/$interpret",
        "POST",
        "fhir/b12-160-framework-named/request.json",
        FHIR,
        FHIR,
    ),
    Asked("fhirCapabilities", "ours", "What this server can do", "/fhir/metadata", accept=FHIR),
    Asked("discoverHooks", "services", "The services", "/cds-services"),
    Asked(
        "callHook",
        "patient-view",
        "A patient is opened",
        "/cds-services/b12-patient-view",
        "POST",
        "hooks/patient-view.json",
    ),
    Asked(
        "tellFeedback",
        "overridden",
        "What became of cards",
        "/cds-services/b12-patient-view/feedback",
        "POST",
        "hooks/feedback.json",
    ),
    Asked("readAnalyte", "b12", "Total vitamin B12", "/v1/analytes/total_b12"),
    Asked("readAnalyte", "misspelt", "A misspelt name", "/v1/analytes/potasium"),
    Asked(
        "readSourceAttributes",
        "ng239",
        "Those of the pack of NICE NG239",
        "/v1/packs/ng239/source-attributes",
    ),
    Asked("readRule", "confirmed", "A rule", "/v1/rules/b12-confirmed-total"),
    Asked(
        "readRule",
        "confirmed-text",
        "The same as text",
        "/v1/rules/b12-confirmed-total",
        accept=TEXT,
    ),
    Asked("readRule", "misspelt", "A misspelt id", "/v1/rules/b12-confirmed-totl"),
    Asked("listRules", "decisions", "Decision tables", "/v1/rules?kind=decision"),
    Asked("listRules", "misspelt", "A filter that filters nothing", "/v1/rules?urgncy=soon"),
)


def app() -> FastAPI:
    """The service as it is by default, whatever the environment says, under a public URL."""
    from corrin.api import Settings, create_app
    from corrin.api.interpreter import open_interpreter

    settings = Settings.model_construct(public_url=BASE, log_level="error")
    return create_app(settings, open_interpreter(settings))


@lru_cache(maxsize=1)
def written() -> tuple[str, str]:
    """The examples, and the document with them, as JSON texts."""
    from corrin.api.openapi import document

    service = app()
    found = made(service)
    whole = document.made(service, found)
    return _json(found), _json(whole)


def made(service: FastAPI) -> dict[str, Any]:
    """Every request with the answer it gets, by operation, status and media type.

    Raises:
        AssertionError: an answer is a fault of the service.
    """
    from corrin.facts.moment import Moment

    with patch("corrin.interpretation.now", return_value=Moment.parse(NOW)):
        return _made(TestClient(service, base_url=BASE))


def _made(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for asked in ASKED:
        body = asked.body or None
        if isinstance(body, str):
            body = (ROOT / "fixtures" / body).read_bytes()
        headers = {"Accept": asked.accept or JSON}
        if body is not None:
            headers["Content-Type"] = asked.media
        answer = client.request(asked.method, asked.path, content=body, headers=headers)
        assert answer.status_code < 500, asked.path
        kept = found.setdefault(asked.operation, {"requests": {}, "responses": {}})
        if body is not None:
            named = kept["requests"].setdefault(asked.media, {})
            named[asked.name] = {"summary": asked.says, "value": _value(body, asked.media)}
        media = answer.headers.get("content-type", "").partition(";")[0]
        if not answer.content:
            continue
        by_status = kept["responses"].setdefault(str(answer.status_code), {})
        value, cut = _shortened(_value(answer.content, media))
        by_status.setdefault(media, {})[asked.name] = {"summary": asked.says + cut, "value": value}
    return found


def _shortened(value: Any) -> tuple[Any, str]:
    """An answer without most of the rules that could not say, and a word on that."""
    unsaid = value.get("cannot_say", ()) if isinstance(value, dict) else ()
    if len(unsaid) <= MOST_UNSAID:
        return value, ""
    said = f" (`cannot_say` has {len(unsaid)} entries, the first {MOST_UNSAID} stand here)"
    return {**value, "cannot_say": unsaid[:MOST_UNSAID]}, said


def _value(body: bytes, media: str) -> Any:
    return json.loads(body) if media.endswith("json") and media != NDJSON else body.decode()


def _json(found: Any) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
