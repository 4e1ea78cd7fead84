"""``/examples``: the list of examples, and each with its answer. Only they have addresses."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api.page import layout
from corrin.api.page.enter import examples
from corrin.api.page.reply import answer_to, refused, shown
from corrin.api.problem import Fault, Problem
from corrin.intake import IntakeError

router = APIRouter(include_in_schema=False)

_LONGEST = 200  # characters of a search


@router.api_route("/examples", methods=["GET", "HEAD"])
async def listed(request: Request) -> Response:
    """Every example with what it shows, or those that speak of some words."""
    words = request.query_params.get("q", "")[:_LONGEST]
    found = examples.matching(words)
    many = sum(len(one.examples) for one in found)
    return layout.show(request, "examples.html.j2", shelves=found, words_asked=words, many=many)


@router.api_route("/examples/{name}", methods=["GET", "HEAD"])
async def picked(request: Request, name: str) -> Response:
    """One example: its request in the form, and its answer for its own moment."""
    found = examples.by_name().get(name)
    if found is None:
        raise Problem(404, Fault("not-found", "There is no such example.", "See /examples."))
    asked = found.submission()
    fields = {"document": [asked.document], "as_of": [asked.as_of], "profile": [asked.profile]}
    try:
        answered = await answer_to(request, asked)
    except (Problem, IntakeError, UsageError) as error:
        return await refused(request, error, fields)
    return await shown(request, answered, fields)
