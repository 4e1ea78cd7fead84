"""What the page answers to what was entered: the answer, or why there is none."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corrin.api import telemetry
from corrin.api.error import as_problem
from corrin.api.page import layout
from corrin.api.page.answer import view
from corrin.api.page.answered import Answered, answer
from corrin.api.page.enter import form
from corrin.api.page.submission import Fields, Submission


async def answer_to(request: Request, asked: Submission) -> Answered:
    """A submission interpreted, counted like any other interpretation.

    Raises:
        corrin.intake.IntakeError, corrin.UsageError, corrin.api.problem.Problem: it is refused.
    """
    interpreter = layout.interpreter(request)
    found = await interpreter.work(len(asked.document), lambda: answer(asked, interpreter))
    telemetry.noted(request, found.report, door="page")
    return found


async def shown(request: Request, answered: Answered, fields: Fields) -> Response:
    """An answer below its form; alone where script asks for it."""
    interpreter = layout.interpreter(request)

    def job() -> Response:
        seen = view.view(answered)
        filled = form.form_of(fields, interpreter, settled=True)
        name = "enter/answered.html.j2" if layout.in_part(request) else "home.html.j2"
        return layout.show(request, name, form=filled, **seen)

    return await interpreter.work(len(answered.asked.document), job)


async def refused(request: Request, error: Exception, fields: Fields) -> Response:
    """What is wrong with what was entered, each thing with its place; the form keeps it all."""
    problem = as_problem(error)
    interpreter = layout.interpreter(request)

    def job() -> Response:
        filled = form.form_of(fields, interpreter, problem)
        name = "enter/refused.html.j2" if layout.in_part(request) else "home.html.j2"
        return layout.show(request, name, problem.status, form=filled, problem=problem)

    return await interpreter.work(len(fields.get("document", [""])[0]), job)
