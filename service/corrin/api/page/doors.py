"""``/``: the page itself, and what its form sends."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api import negotiation, openapi, telemetry
from corrin.api.error import as_problem
from corrin.api.interpreter import Interpreter
from corrin.api.page import assets, layout, take
from corrin.api.page.answer import view
from corrin.api.page.answered import Answered, answer
from corrin.api.page.enter import doors as entered
from corrin.api.page.enter import form
from corrin.api.page.question import compare, suppose, why
from corrin.api.page.rules import router as browsing
from corrin.api.page.submission import Fields, Submission, fields_of
from corrin.api.problem import Problem
from corrin.intake import IntakeError

router = APIRouter(include_in_schema=False)
router.include_router(assets.router)
router.include_router(browsing)
router.include_router(entered.router)
router.include_router(take.router)
router.include_router(suppose.router)
router.include_router(why.router)
router.include_router(compare.router)

_FORMS = (negotiation.JSON, negotiation.HTML)


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request) -> Response:
    """The page with its form empty; for programs what this service is."""
    if negotiation.accepted(request, _FORMS) == negotiation.JSON:
        return await openapi.root(request)
    return layout.show(request, "home.html.j2", form=form.form_of({}, _interpreter(request)))


@router.post("/")
async def interpret(request: Request) -> Response:
    """What was entered, interpreted: the page with the answer, or the answer alone."""
    fields = await fields_of(request)
    try:
        size = len(fields.get("document", [""])[0])
        asked = await _interpreter(request).work(size, lambda: form.submission(fields))
        answered = await answer_to(request, asked)
    except (Problem, IntakeError, UsageError) as error:
        return refused(request, error, fields)
    return await shown(request, answered, fields)


async def answer_to(request: Request, asked: Submission) -> Answered:
    """A submission interpreted, counted like any other interpretation.

    Raises:
        corrin.intake.IntakeError, corrin.UsageError, corrin.api.problem.Problem: it is refused.
    """
    interpreter = _interpreter(request)
    found = await interpreter.work(len(asked.document), lambda: answer(asked, interpreter))
    telemetry.noted(request, found.report, door="page")
    return found


async def shown(request: Request, answered: Answered, fields: Fields) -> Response:
    """An answer below its form; alone where script asks for it."""
    interpreter = _interpreter(request)

    def job() -> Response:
        seen = view.view(answered)
        filled = form.form_of(fields, interpreter, settled=True)
        name = "enter/answered.html.j2" if layout.in_part(request) else "home.html.j2"
        return layout.show(request, name, form=filled, **seen)

    return await interpreter.work(len(answered.asked.document), job)


def refused(request: Request, error: Exception, fields: Fields) -> Response:
    """What is wrong with what was entered, each thing with its place; the form keeps it all."""
    problem = as_problem(error)
    filled = form.form_of(fields, _interpreter(request), problem)
    name = "enter/refused.html.j2" if layout.in_part(request) else "home.html.j2"
    return layout.show(request, name, problem.status, form=filled, problem=problem)


def _interpreter(request: Request) -> Interpreter:
    found: Interpreter = request.app.state.interpreter
    return found
