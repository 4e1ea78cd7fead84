"""Strict handling: fhir.resources (R4B) judges every whole resource before anything is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from corrin.facts.case import Refusal
from corrin.intake.item import Item, placed
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

# As FHIR names elements. A key of another shape is not repeated: it may be anything.
_ELEMENT = re.compile(r"_?[a-z][A-Za-z0-9]{0,63}", re.ASCII)


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
        places = sorted({*_faults(value, path), *_empty(value, path)})
        problems += [problem("strict-invalid", place) for place in places]
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
        elif _ELEMENT.fullmatch(step) is not None and step != "root":  # the library's own word
            path = f"{path}.{step}"
        value = _step(value, step)
    return path


def _step(value: Any, step: int | str) -> Any:
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return value.get(step) if isinstance(value, dict) and isinstance(step, str) else None


def _empty(value: Any, path: str) -> Iterator[str]:
    """Places of nulls, empty objects and empty arrays, which the library lets through.

    A null may stand in an array of primitives beside the array of their extensions.
    """
    stack = [(path, value)]
    while stack:
        path, found = stack.pop()
        members: list[tuple[str, Any]] = []
        if isinstance(found, dict):
            for name, inner in found.items():
                place = f"{path}.{name}" if _ELEMENT.fullmatch(name) is not None else path
                if isinstance(inner, list) and inner:
                    twin = found.get(name[1:] if name.startswith("_") else f"_{name}")
                    members += [
                        (f"{place}[{at}]", one)
                        for at, one in enumerate(inner)
                        if one is not None or not isinstance(twin, list)
                    ]
                else:
                    members.append((place, inner))
        for place, inner in members:
            if inner is None or (isinstance(inner, dict | list) and not inner):
                yield place
            else:
                stack.append((place, inner))


def refuse_invalid(refusals: list[Refusal], items: list[Item], limits: Limits) -> None:
    """In strict handling, what the narrow reader found invalid refuses the call too.

    Raises:
        IntakeError: strict-invalid.
    """
    invalid = sorted({placed(one.path, items) for one in refusals if one.reason in _INVALID})
    if invalid:
        raise IntakeError(
            tuple(problem("strict-invalid", path) for path in invalid[: limits.problems])
        )
