"""What the service emits, judged by others."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from support.validator import Validator

BASE = "https://corrin.example.org"
FHIR = {"Content-Type": "application/fhir+json"}

Resource = dict[str, Any]


def errors(validator: Validator, resource: Resource, profile: str | None = None) -> list[str]:
    """What the validator calls wrong, in words."""
    return [str(one) for one in validator.judge(resource, profile) if one.severity != "information"]


def read_by_models(resource: Resource) -> None:
    """Let ``fhir.resources`` read it; raises what it finds wrong."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
