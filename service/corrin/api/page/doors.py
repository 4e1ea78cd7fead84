"""``/``: the page itself, and what its form sends."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api import negotiation, openapi
from corrin.api.page import assets, layout, take
from corrin.api.page.enter import again, form, picked
from corrin.api.page.enter import doors as entered
from corrin.api.page.question import compare, suppose, why
from corrin.api.page.reply import answer_to, refused, shown
from corrin.api.page.rules import router as browsing
from corrin.api.page.submission import Fields, Submission, fields_of, submission_of
from corrin.api.problem import Problem
from corrin.intake import IntakeError

router = APIRouter(include_in_schema=False)
router.include_router(assets.router)
router.include_router(browsing)
router.include_router(entered.router)
router.include_router(picked.router)
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
    return layout.show(request, "home.html.j2", form=form.form_of({}, layout.interpreter(request)))


@router.post("/")
async def interpret(request: Request) -> Response:
    """What was entered, interpreted: the page with the answer, or the answer alone."""
    fields = await fields_of(request)
    try:
        size = len(fields.get("document", [""])[0])
        asked, fields = await layout.interpreter(request).work(size, lambda: _asked(fields))
        answered = await answer_to(request, asked)
    except (Problem, IntakeError, UsageError) as error:
        return await refused(request, error, fields)
    return await shown(request, answered, fields)


def _asked(fields: Fields) -> tuple[Submission, Fields]:
    """What is asked for, and what stands in the form: of the form itself, or of the case that an
    answer carries, which leads back to it."""
    if "kind" in fields:
        return submission_of(fields), again.entered(fields)
    return form.submission(fields), fields
