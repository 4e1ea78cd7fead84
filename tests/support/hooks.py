"""CDS Hooks requests for tests, and the judge of what is answered."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from support import places

FIXTURES = places.ROOT / "fixtures" / "hooks"
SCHEMA = places.ROOT / "tests" / "conformance" / "cds_hooks.schema.json"
VIEW, SELECT, SIGN = "b12-patient-view", "b12-order-select", "b12-order-sign"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
AT = {"org.corrin.evaluationTime": "2026-11-01T09:00:00Z"}

Json = dict[str, Any]


def sample(name: str) -> Json:
    """A request of ``fixtures/hooks``, free to be changed."""
    return deepcopy(_sample(name))


@lru_cache
def _sample(name: str) -> Json:
    found: Json = json.loads((FIXTURES / f"{name}.json").read_bytes())
    return found


def searchset(*resources: Json, **more: Any) -> Json:
    """What a search gives."""
    entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    found = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return {**found, **({"entry": entries} if entries else {}), **more}


def view(prefetch: Json, patient: str = "p", **more: Any) -> Json:
    """A patient-view request of 1 November 2026."""
    return {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/1", "patientId": patient},
        "prefetch": prefetch,
        "extension": AT,
        **more,
    }


def faults(part: str, found: Any) -> list[str]:
    """What is wrong with a discovery, request, response or feedback; empty when nothing is."""
    told = [
        f"{'/'.join(map(str, one.absolute_path))}: {one.message[:120]}"
        for one in _validator(part).iter_errors(found)
    ]
    return told + list(_empty(found, "", allowed=("cards", "services", "prefetch")))


@lru_cache
def _validator(part: str) -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_bytes())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{part}"})


def _empty(found: Any, path: str, allowed: tuple[str, ...]) -> list[str]:
    """Members that are null or empty, which CDS Hooks 2.0.1 allows nowhere but where it says so."""
    if isinstance(found, dict):
        return [
            fault
            for name, value in found.items()
            for fault in (
                [f"{path}.{name} is empty"]
                if value in (None, "", [], {}) and name not in allowed and path != ".prefetch"
                else _empty(value, f"{path}.{name}", allowed)
            )
        ]
    if isinstance(found, list):
        return [
            fault
            for at, value in enumerate(found)
            for fault in _empty(value, f"{path}[{at}]", allowed)
        ]
    return []
