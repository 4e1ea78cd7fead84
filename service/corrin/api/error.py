"""Any error a door lets through, as the problem it tells; of an unknown one nothing is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from corrin import UsageError
from corrin.api import problem
from corrin.api.problem import Fault, Problem
from corrin.intake import IntakeError
from corrin.packs.misshape import reason

# What a path or method says that no door knows; FastAPI's own words are not repeated.
_SAID = {
    404: ("not-found", "There is nothing at this path.", "See /docs for what there is."),
    405: (
        "method-not-allowed",
        "This path does not take this method.",
        "Use {}.",
    ),
}


def as_problem(error: Exception) -> Problem:
    """Any error a door lets through, as what it tells; of an unknown one nothing is told."""
    match error:
        case Problem():
            return error
        case IntakeError():
            return problem.of_intake(error)
        case UsageError(message=message, hint=hint):
            return Problem(422, Fault("usage", message, hint))
        case RequestValidationError():
            return Problem(422, *map(_of_parameter, error.errors()))
        case HTTPException(status_code=status) if status in _SAID:
            word, says, remedy = _SAID[status]
            allowed = (error.headers or {}).get("Allow", "")
            return Problem(status, Fault(word, says, remedy.format(allowed)), headers=error.headers)
        case HTTPException(status_code=status):
            return Problem(
                status, Fault("http", "The request cannot be answered."), headers=error.headers
            )
        case _:
            return Problem(
                500,
                Fault(
                    "fault",
                    "A fault of the service itself; nothing was interpreted.",
                    "Report the request id to whoever operates this service.",
                ),
            )


def _of_parameter(detail: Mapping[str, Any]) -> Fault:
    """What is wrong with a parameter of the path or the query; repeats nothing of it."""
    why = reason(detail) or "it is not usable"
    name = ".".join(str(part) for part in detail["loc"][1:])  # the first says path or query
    return Fault("value-invalid", f"A parameter: {why}.", path=name, in_url=True)
