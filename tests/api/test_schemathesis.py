"""Requests made from the description itself: never a fault, never an answer it does not tell of.

The number of requests is bounded and they are the same every time.
"""

from __future__ import annotations

import json

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from corrin.api import Settings, create_app
from corrin.api.interpreter import open_interpreter

# Without the page for people, whose forms are no part of the description for programs.
_APP = create_app(Settings(log_level="error", page=False), open_interpreter(Settings()))
_SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", _APP)


@schemathesis.serializer("application/x-ndjson", "application/fhir+ndjson")
def lines(_: object, value: object) -> bytes:
    """Three lines of what one line is described as, or the example as it is."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode() + b"\n{}\n\n"


# What a schema cannot tell: which ids there are; and FHIR is read leniently where nothing is used.
_NOT_TOLD = [positive_data_acceptance, negative_data_rejection]


@_SCHEMA.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_those_described(case: Case) -> None:
    case.call_and_validate(excluded_checks=_NOT_TOLD)
