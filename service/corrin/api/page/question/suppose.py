"""``/page/suppose`` and ``/page/turns``: an answer asked again with one value supposed.

Neither is an interpretation of anybody: nothing is counted, logged or kept of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api.error import as_problem
from corrin.api.page import layout
from corrin.api.page.answered import Answered, answer
from corrin.api.page.enter import again
from corrin.api.page.question.suppose_panels import Panel, panel, way_of, why
from corrin.api.page.question.suppose_strip import strip
from corrin.api.page.question.suppose_view import Moved, moved
from corrin.api.page.submission import Fields, fields_of, one, submission_of
from corrin.api.problem import Problem
from corrin.facts.case import Case
from corrin.facts.fact import Measured
from corrin.intake import IntakeError, number
from corrin.intake.text import printable
from corrin.question.supposed import CannotSuppose, Supposed, marked, not_used, suppose
from corrin.question.turns import turns_of
from corrin.terminology import load

router = APIRouter(include_in_schema=False)

T = TypeVar("T")
_PAGE = "question/supposed_page.html.j2"


@router.post("/page/suppose")
async def supposed(request: Request) -> Response:
    """The answer beside the one to a supposition."""

    def job(answered: Answered, found: Panel, fields: Fields) -> dict[str, Any]:
        return {"moved": _moved(answered, found, fields), "opened": "supposed"}

    return await _answered(request, job, "question/supposed.html.j2")


@router.post("/page/turns")
async def turned(request: Request) -> Response:
    """Where along the values of one analyte anything turns, with its slider."""

    def job(answered: Answered, found: Panel, _: Fields) -> dict[str, Any]:
        if found.cannot:
            raise Refused(found.cannot)
        turns = turns_of(way_of(answered, found.name, found.unit))
        return {"strip": strip(turns, found, answered), "opened": "turns"}

    return await _answered(request, job, "question/turns_part.html.j2", heavy=True)


class Refused(ValueError):
    """A supposition that is not made, with the sentence that says why."""


async def _answered(
    request: Request,
    job: Callable[[Answered, Panel, Fields], dict[str, Any]],
    part: str,
    *,
    heavy: bool = False,
) -> Response:
    """What a job makes of the answer a request asks about: a part of the page, or a page."""
    interpreter = layout.interpreter(request)
    in_part = layout.in_part(request)
    try:
        fields = await fields_of(request)
        asked = submission_of(fields)
        # What is long is done in a thread, however small the submission.
        size = interpreter.inline_bytes + 1 if heavy else len(asked.document)

        def work() -> tuple[Answered, dict[str, Any]]:
            answered = answer(asked, interpreter)
            seen: dict[str, Any] = {}
            try:
                found = _panel(answered, fields)
                seen = {"panel": found, "typed": _typed(fields, found)}
                return answered, seen | job(answered, found, fields)
            except CannotSuppose as refused:
                says = why(refused)
            except Refused as refused:
                says = str(refused)
            return answered, seen | {"refused": says, "opened": "refused"}

        answered, seen = await interpreter.work(size, work)
    except (Problem, IntakeError, UsageError) as error:
        problem = as_problem(error)
        template = "faults.html.j2" if in_part else _PAGE
        return layout.show(request, template, problem.status, problem=problem)
    is_refused = "refused" in seen
    part = "question/not_supposed.html.j2" if is_refused else part
    if in_part:
        # While somebody types, what is not yet a value is no fault of theirs.
        return layout.show(request, part, **seen)
    status = 422 if is_refused else 200
    seen |= {"asked": answered.asked, "entered": one(fields, again.CARRIED)}
    return layout.show(request, _PAGE, status, part=part, **seen)


def _panel(answered: Answered, fields: Fields) -> Panel:
    name = one(fields, "analyte")
    return panel(answered, name, one(fields, f"supposed-unit.{name}") or one(fields, "unit"))


def _typed(fields: Fields, panel: Panel) -> str:
    """What stands in the field of a panel; at first the value reported."""
    return one(fields, f"supposed.{panel.name}") or one(fields, "value") or panel.start


def _moved(answered: Answered, panel: Panel, fields: Fields) -> Moved:
    text = _typed(fields, panel)
    case = answered.evaluation.case
    if not text or (panel.reported and text == panel.start):
        fact = case.facts.get(panel.name)
        if not isinstance(fact, Measured):
            raise Refused("Write a value to suppose.")
        made = suppose(answered.reading, case, panel.name, fact.interval, fact.unit)
        return moved(panel, made, answered, answered.evaluation)
    made = _made(answered, panel, text)
    chosen = way_of(answered, panel.name, panel.unit).choose(made.reading)
    _see_that_used(made, chosen)
    chosen = marked(made, case, chosen)
    return moved(panel, made, answered, answered.engine.evaluate(chosen))


def _made(answered: Answered, panel: Panel, text: str) -> Supposed:
    """What a person typed (``170``, ``<150``, ``7,5``), supposed.

    Raises:
        Refused, CannotSuppose: it is no value, or none that could be reported.
    """
    said = number.read(text)
    if isinstance(said, str):
        reason = load().reasons[said]
        raise Refused(f"{reason.sentence} It was: {printable(text)[:40]}.")
    if said.unit is not None:
        raise Refused("Write the number alone, and choose its unit beside it.")
    return suppose(
        answered.reading, answered.evaluation.case, panel.name, said.interval, panel.unit
    )


def _see_that_used(made: Supposed, chosen: Case) -> None:
    reason = not_used(made, chosen)
    if reason is not None:
        raise CannotSuppose(reason)
