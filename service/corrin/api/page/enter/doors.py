"""The doors of the form: what is told beside a row while it is typed, and one row more."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin.api.page import layout
from corrin.api.page.enter import form, hint
from corrin.api.page.submission import fields_of

router = APIRouter(include_in_schema=False)


@router.post("/page/check")
async def check(request: Request) -> Response:
    """How the reader takes one row: never more than a hint, and nothing of what it means."""
    fields = await fields_of(request)
    interpreter = layout.interpreter(request)
    if layout.in_part(request):
        told = hint.hints_of(fields, interpreter, typing=True)
        first = next(iter(told.values()), ())
        return layout.show(request, "enter/check.html.j2", hints=first)
    filled = form.form_of(fields, interpreter, settled=True)
    return layout.show(request, "home.html.j2", form=filled)


@router.post("/page/row")
async def row(request: Request) -> Response:
    """The form with free rows for other tests added."""
    fields = await fields_of(request)
    filled = form.form_of(fields, layout.interpreter(request), more=1)
    name = "enter/free.html.j2" if layout.in_part(request) else "home.html.j2"
    return layout.show(request, name, form=filled)
