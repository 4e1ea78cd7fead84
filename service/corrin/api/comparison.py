"""``POST /v1/compare``: several guidelines asked about one patient, and what makes them differ."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import interpretation
from corrin.abreast import html, text
from corrin.api import negotiation, telemetry
from corrin.api.clinician import PREFER, PROFILE, moment, parameter, read
from corrin.api.content import only
from corrin.api.frameworks import MOST, frameworks_of
from corrin.api.headers import policy
from corrin.comparison.side_by_side import Comparison
from corrin.render.sheet import Sheet

router = APIRouter(tags=["clinician"])

_FORMS = (negotiation.JSON, negotiation.TEXT, negotiation.HTML)
_NAMES = {"json": negotiation.JSON, "text": negotiation.TEXT, "html": negotiation.HTML}
_POLICY = policy(html.style())
_WIDTH = 100

_BODY = {
    "required": True,
    "description": "A case written by hand, or with the Content-Type application/fhir+json a FHIR "
    "Bundle, Parameters or resource of one patient.",
    "content": {
        negotiation.JSON: {"schema": {"$ref": "#/components/schemas/Case"}},
        negotiation.FHIR: {"schema": {"$ref": "#/components/schemas/FhirInput"}},
    },
}


_PARAMETERS = [
    {
        **parameter(
            "packs",
            f"two to {MOST} packs that decide the B12 status, with commas between: `id` or "
            "`id@version`, earlier versions too; the others are held against the first",
        ),
        "required": True,
    },
    PROFILE,
    parameter("as_of", "FHIR date or dateTime to ask about; else what the body says, else now"),
    parameter("_format", "json, text, html or a media type; goes before Accept"),
    PREFER,
]


@router.post(
    "/v1/compare",
    operation_id="compare",
    summary="Several guidelines next to each other",
    openapi_extra={"requestBody": _BODY, "parameters": _PARAMETERS},
    responses={
        200: {
            "model": Comparison,
            "description": "What each says, which cut-offs decided, and what makes them differ.",
            "content": {
                negotiation.TEXT: {"schema": {"type": "string"}},
                negotiation.HTML: {"schema": {"type": "string"}},
            },
        },
        **{status: {} for status in (400, 406, 413, 415, 422)},
    },
)
async def compare(request: Request) -> Response:
    """Ask each of several guidelines about one patient, and say which figure or row makes the
    difference. Guidelines are compared as they are published, without what a site has set.
    Earlier versions that are kept can be named too."""
    only(request, "packs", "profile", "as_of")
    kind = negotiation.content_type(request, (negotiation.JSON, negotiation.FHIR))
    wanted = negotiation.accepted(request, _FORMS, _NAMES)
    data = await request.body()
    state, query = request.app.state, request.query_params
    names = tuple(one.strip() for one in query.get("packs", "").split(",", 2 * MOST) if one.strip())
    handling, as_of = negotiation.handling(request), moment(request)

    def job() -> Comparison:
        frameworks = frameworks_of(state)
        profile = query.get("profile") or frameworks.default
        comparer = frameworks.comparer(names, profile)
        reading = read(data, kind, state.interpreter, as_of=as_of, handling=handling)
        asked = state.interpreter.moment(as_of, reading)
        return comparer.compare(interpretation.choose_reading(reading, asked, profile))

    found = await to_thread.run_sync(job, limiter=state.interpreter.threads)
    telemetry.event("compared", frameworks=len(names))
    return _answer(found, wanted)


def _answer(found: Comparison, wanted: str) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Prefer"}
    if wanted == negotiation.JSON:
        return Response(found.to_json(), 200, headers, wanted)
    if wanted == negotiation.HTML:
        return Response(html.render(found), 200, {**headers, **_POLICY}, wanted)
    sheet = Sheet(_WIDTH)
    text.put(sheet, found)
    return Response(sheet.plain(), 200, headers, wanted)
