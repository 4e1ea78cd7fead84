"""``GET /v1/analytes``, ``/v1/packs``, ``/v1/profiles``, ``/v1/rules``: what the service knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from corrin import terminology
from corrin.api import negotiation
from corrin.api.catalogue import form, pages
from corrin.api.catalogue.shelf import as_json, filtered, shelf_of
from corrin.api.content import content, nearest, only
from corrin.api.problem import Fault, Problem
from corrin.packs.schema import Urgency
from corrin.terminology.table import fold

router = APIRouter(tags=["catalogue"])

_READ = ["GET", "HEAD"]
_FORMS = (negotiation.JSON, negotiation.HTML, negotiation.TEXT)
_NAMES = {"json": negotiation.JSON, "html": negotiation.HTML, "text": negotiation.TEXT}


def _id(says: str, example: str) -> Any:
    """A part of the path that is an id."""
    shown = {example: {"value": example}}
    return Path(max_length=120, description=says, openapi_examples=shown)  # type: ignore[arg-type]


AnalyteId = Annotated[str, _id("our id, a LOINC code or a name", "total_b12")]
PackId = Annotated[str, _id("id of a pack", "ng239")]
RuleId = Annotated[str, _id("id of a rule, restriction or decision", "b12-confirmed-total")]
Filter = Annotated[str | None, Query(max_length=120)]
Near = Annotated[
    str | None,
    Query(max_length=120, description="a part of an id, a name or a code, without regard to case"),
]


def _answers(model: Any, *statuses: int, forms: Iterable[str] = ()) -> dict[int | str, Any]:
    """What an operation answers: its model, 304, and the statuses of its problems."""
    found: dict[int | str, Any] = {
        200: {"model": model, "description": "As it runs at this site."},
        304: {"description": "The client has it already (If-None-Match)."},
    }
    if forms:
        found[200]["content"] = {one: {"schema": {"type": "string"}} for one in forms}
    return found | {status: {} for status in (*statuses, 406, 422)}


@router.api_route(
    "/v1/analytes",
    methods=_READ,
    operation_id="listAnalytes",
    summary="Results that are read",
    responses=_answers(form.AnalyteList),
)
async def analytes(request: Request, q: Near = None) -> Response:
    """Every laboratory result that is read: names, LOINC codes, units, and what is plausible."""
    only(request, "q")
    _wants_json(request)
    shelf = await shelf_of(request)
    sought = fold(q or "")
    found = tuple(one for one in shelf.analytes.values() if sought in _texts(one))
    return _json(request, form.AnalyteList(count=len(found), analytes=found))


@router.api_route(
    "/v1/analytes/{id}",
    methods=_READ,
    operation_id="readAnalyte",
    summary="One result that is read",
    responses=_answers(form.Analyte, 404),
)
async def analyte(request: Request, id: AnalyteId) -> Response:
    """One laboratory result, by our id, a LOINC code or a name."""
    only(request)
    _wants_json(request)
    shelf, terms = await shelf_of(request), terminology.load()
    found = terms.find_analyte(id)
    if found is None:
        why = terms.rejected_loinc(id) or "It is read neither as an id nor as a code nor as a name."
        raise _unknown("result", why, tuple(terms.nearest(id[:100])), "/v1/analytes")
    return _json(request, shelf.analytes[found.id])


@router.api_route(
    "/v1/packs",
    methods=_READ,
    operation_id="listPacks",
    summary="Packs of rules that are installed",
    responses=_answers(form.PackList),
)
async def packs(request: Request) -> Response:
    """Every pack: its guideline, its version, since when it is in force, where it runs."""
    only(request)
    _wants_json(request)
    shelf = await shelf_of(request)
    return _json(request, form.PackList(count=len(shelf.briefs), packs=shelf.briefs))


@router.api_route(
    "/v1/packs/{id}",
    methods=_READ,
    operation_id="readPack",
    summary="One pack",
    responses=_answers(form.Pack, 404),
)
async def pack(request: Request, id: PackId) -> Response:
    """One pack: purpose, sources, cut-offs with their published figures, ids of its rules."""
    only(request)
    _wants_json(request)
    shelf = await shelf_of(request)
    if id not in shelf.packs:
        raise _unknown("pack", "", nearest(id, shelf.packs), "/v1/packs")
    return _json(request, shelf.packs[id])


@router.api_route(
    "/v1/packs/{id}/source-attributes",
    methods=_READ,
    operation_id="readSourceAttributes",
    summary="The thirteen source attributes of a pack",
    responses=_answers(form.SourceAttributesOf, 404),
)
async def source_attributes(request: Request, id: PackId) -> Response:
    """What 45 CFR 170.315(b)(11)(iv)(A) asks to be shown of an evidence-based intervention:
    citation, developer, funding, dates, and whether nine kinds of data are used."""
    only(request)
    _wants_json(request)
    shelf = await shelf_of(request)
    if id not in shelf.attributes:
        raise _unknown("pack", "", nearest(id, shelf.attributes), "/v1/packs")
    return _json(request, shelf.attributes[id])


@router.api_route(
    "/v1/profiles",
    methods=_READ,
    operation_id="listProfiles",
    summary="Profiles, and the site file in effect",
    responses=_answers(form.ProfileList),
)
async def profiles(request: Request) -> Response:
    """Which packs run together, which of them decides what, and what the site has set."""
    only(request)
    _wants_json(request)
    return _json(request, (await shelf_of(request)).profiles)


@router.api_route(
    "/v1/rules",
    methods=_READ,
    operation_id="listRules",
    summary="Rules, restrictions and decisions",
    responses=_answers(form.RuleList),
)
async def rules(
    request: Request,
    pack: Filter = None,
    topic: Filter = None,
    urgency: Annotated[Urgency | None, Query()] = None,
    kind: Annotated[form.Kind | None, Query()] = None,
) -> Response:
    """Every rule in brief, pack by pack; only those of a pack, topic, urgency or kind if asked."""
    only(request, "pack", "topic", "urgency", "kind")
    _wants_json(request)
    shelf = await shelf_of(request)
    _known("pack", pack, shelf.packs)
    _known("topic", topic, {one.topic for one in shelf.listed})
    found = filtered(shelf.listed, pack=pack, topic=topic, urgency=urgency, kind=kind)
    return _json(request, found)


@router.api_route(
    "/v1/rules/{id}",
    methods=_READ,
    operation_id="readRule",
    summary="One rule in words, with what it rests on",
    responses=_answers(form.Entry, 404, forms=(negotiation.HTML, negotiation.TEXT)),
)
async def rule(
    request: Request,
    id: RuleId,
    pack: Annotated[
        str | None,
        Query(max_length=120, description="of which pack, where several hold one of this id"),
    ] = None,
    form_: Annotated[
        str | None,
        Query(alias="_format", max_length=120, description="json, html, text or a media type"),
    ] = None,
) -> Response:
    """The condition in words, cut-offs with their published figures, evidence with its sources and
    how it was checked, urgency, wording, and the examples it is tested by. A page for people where
    ``Accept`` asks for ``text/html``: cards and notes link here."""
    only(request, "pack")
    kind = negotiation.accepted(request, _FORMS, _NAMES)
    shelf = await shelf_of(request)
    several = shelf.rules.get(id)
    if several is None:
        raise _unknown("rule", "", nearest(id, shelf.rules), "/v1/rules")
    _known("pack", pack, {one.pack for one in several})
    found = next(one for one in several if pack in (None, one.pack))
    if kind == negotiation.JSON:
        return _json(request, found, varies=True)
    whole = shelf.packs[found.pack]
    if kind == negotiation.TEXT:
        return content(request, pages.text(found, whole).encode(), kind, varies=True)
    answer = content(request, pages.html(found, whole).encode(), kind, varies=True)
    answer.headers.update(pages.POLICY)
    return answer


def _json(request: Request, found: Any, *, varies: bool = False) -> Response:
    return content(request, as_json(found), negotiation.JSON, varies=varies)


def _wants_json(request: Request) -> None:
    negotiation.accepted(request, (negotiation.JSON,), {"json": negotiation.JSON})


def _texts(one: form.Analyte) -> str:
    codes = (code.code for code in one.loinc)
    return "\n".join(map(fold, (one.id, one.label, one.short, *one.names, *codes)))


def _known(name: str, given: str | None, known: Iterable[str]) -> None:
    """Refuse a filter that names nothing there is.

    Raises:
        Problem: 422.
    """
    there = sorted(known)
    if given is not None and given not in there:
        near = nearest(given, there)
        raise Problem(
            422,
            Fault(
                "value-unknown",
                f"There is no {name} of this id.",
                f"Use one of: {', '.join(there)}.",
                path=name,
                nearest=near,
                in_url=True,
            ),
        )


def _unknown(what: str, why: str, near: tuple[str, ...], where: str) -> Problem:
    says = f"There is no {what} of this id." if what != "result" else "No result is called this."
    return Problem(
        404,
        Fault(
            "not-found",
            f"{says} {why}".strip(),
            f"{where} names them all.",
            nearest=near,
        ),
    )
