"""Strict handling: fhir.resources (R4B) judges every whole resource before anything is read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from corrin.facts.case import Refusal
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, Problem, problem

# Refusals of the narrow reader that mean invalid FHIR, which the library lets pass.
_INVALID = frozenset(
    {
        "malformed",
        "status-unknown-code",
        "comparator-unknown",
        "date-invalid",
        "resource-unknown",
        "modifier-extension",
    }
)


def judge(data: bytes, lines: tuple[int, ...], limits: Limits) -> None:
    """Validate every top-level resource of a request that was parsed before.

    Raises:
        IntakeError: strict-invalid, one problem per element.
    """
    text = data.decode("utf-8-sig")
    if lines:
        rows = text.split("\n")
        values = [
            (json.loads(rows[line - 1], parse_float=Decimal), f"line({line})") for line in lines
        ]
    else:
        value = json.loads(text, parse_float=Decimal)
        values = (
            [(one, f"$this[{at}]") for at, one in enumerate(value)]
            if isinstance(value, list)
            else [(value, str(value.get("resourceType")))]
        )
    problems: list[Problem] = []
    for value, path in values:
        problems += [problem("strict-invalid", place) for place in _faults(value, path)]
        if len(problems) >= limits.problems:
            break
    if problems:
        raise IntakeError(tuple(problems[: limits.problems]))


def _faults(value: Any, path: str) -> list[str]:
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return [f"{path}.resourceType"]
    try:
        model = get_fhir_model_class(value["resourceType"])
        model.model_validate(value)
    except ValidationError as error:
        places = {_place(path, value, found["loc"]) for found in error.errors(include_input=False)}
        return sorted(places)
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError):
        return [path]
    return []


def _place(path: str, value: Any, location: tuple[int | str, ...]) -> str:
    """A validator's location as FHIRPath, following only what is in the resource."""
    for step in location:
        if isinstance(step, int):
            path = f"{path}[{step}]"
        elif step.isidentifier() and (
            not isinstance(value, dict) or step in value or step[0].islower()
        ):
            path = f"{path}.{step}"
        value = _step(value, step)
    return path


def _step(value: Any, step: int | str) -> Any:
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return value.get(step) if isinstance(value, dict) and isinstance(step, str) else None


def refuse_invalid(refusals: list[Refusal], limits: Limits) -> None:
    """In strict handling, what the narrow reader found invalid refuses the call too.

    Raises:
        IntakeError: strict-invalid.
    """
    invalid = sorted({one.path for one in refusals if one.reason in _INVALID})
    if invalid:
        raise IntakeError(
            tuple(problem("strict-invalid", path) for path in invalid[: limits.problems])
        )
