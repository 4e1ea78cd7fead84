"""``/page/why``: every condition behind a note, a status, or a rule that could not answer."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin.api.page import layout
from corrin.api.page.answered import Answered
from corrin.api.page.question import asking, conditions
from corrin.api.page.submission import fields_of, one

router = APIRouter(include_in_schema=False)


@router.post("/page/why")
async def why(request: Request) -> Response:
    """What the field ``why`` names, with the truth of every condition."""
    fields = await fields_of(request)

    def show(answered: Answered) -> Response:
        opened = conditions.opened(answered, one(fields, "why"))
        if not layout.in_part(request):
            questions = conditions.of(answered, opened)
            return asking.whole(request, answered, fields, questions=questions)
        return layout.show(
            request,
            "question/opened.html.j2",
            report=answered.report,
            questions=conditions.of(answered),
            opened=opened,
        )

    return await asking.asked(request, fields, show)
