"""``/page/compare``: what other guidelines say of the same person, and why they differ."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import interpretation
from corrin.api.frameworks import Frameworks, frameworks_of
from corrin.api.interpreter import Interpreter
from corrin.api.page import layout
from corrin.api.page.answered import Answered
from corrin.api.page.question import asking
from corrin.api.page.question.compare_view import Compared, compared
from corrin.api.page.submission import fields_of
from corrin.api.problem import Problem

router = APIRouter(include_in_schema=False)


@router.post("/page/compare")
async def compare(request: Request) -> Response:
    """The frameworks ticked (``packs``), asked about the case; the first is the one the others are
    held against. What cannot be compared is said in the section, below the answer."""
    fields, state = await fields_of(request), request.app.state
    names = tuple(dict.fromkeys(one.strip() for one in fields.get("packs", ()) if one.strip()))

    def show(answered: Answered) -> Response:
        found = _asked(frameworks_of(state), names, answered, state.interpreter)
        status = 200 if found.problem is None else found.problem.status
        if not layout.in_part(request):
            return asking.whole(request, answered, fields, status, compare=found)
        return layout.show(
            request, "question/compare.html.j2", status, compare=found, report=answered.report
        )

    return await asking.asked(request, fields, show)


def _asked(
    frameworks: Frameworks, names: tuple[str, ...], answered: Answered, interpreter: Interpreter
) -> Compared:
    profile = answered.report.profile.id
    try:
        comparer = frameworks.comparer(names, profile)
    except Problem as problem:
        return compared(answered, names, problem=problem)
    moment = interpreter.moment(answered.asked.as_of, answered.reading)
    case = interpretation.choose_reading(answered.reading, moment, profile)
    return compared(answered, names, comparer.compare(case))
