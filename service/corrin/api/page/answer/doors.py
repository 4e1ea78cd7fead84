"""``/page/unsaid``: what of an answer is long, and fetched only when it is asked for."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api.error import as_problem
from corrin.api.interpreter import Interpreter
from corrin.api.page import layout
from corrin.api.page.answer.view import view
from corrin.api.page.answered import answer
from corrin.api.page.enter import form
from corrin.api.page.submission import fields_of, submission_of
from corrin.api.problem import Problem
from corrin.intake import IntakeError

router = APIRouter(include_in_schema=False)


@router.post("/page/unsaid")
async def unsaid(request: Request) -> Response:
    """Every rule that could not answer: as a part, or with the whole answer around it."""
    interpreter: Interpreter = request.app.state.interpreter
    fields = await fields_of(request)
    try:
        asked = submission_of(fields)
        found = await interpreter.work(len(asked.document), lambda: answer(asked, interpreter))
    except (Problem, IntakeError, UsageError) as error:
        problem = as_problem(error)
        name = "faults.html.j2" if layout.in_part(request) else "refused.html.j2"
        return layout.show(request, name, problem.status, problem=problem)
    if layout.in_part(request):
        return layout.show(request, "answer/unsaid.html.j2", report=found.report)
    filled = form.form_of(fields, interpreter, settled=True)
    return layout.show(request, "home.html.j2", form=filled, unsaid=True, **view(found))
