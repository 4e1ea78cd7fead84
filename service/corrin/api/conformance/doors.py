"""``GET /fhir/metadata`` and reading and searching of what describes the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from corrin.api import negotiation
from corrin.api.conformance.common import Resource
from corrin.api.conformance.service import KINDS, SEARCH
from corrin.api.conformance.shelf import shelf_of
from corrin.api.content import content, nearest, only
from corrin.api.operation import FORMS, NAMES, media_type
from corrin.api.problem import Fault, Problem

router = APIRouter(tags=["fhir"])

_READ = ["GET", "HEAD"]

Id = Annotated[str, Path(max_length=64, description="id, as the search gives it")]
Text = Annotated[str | None, Query(max_length=1024)]
Mode = Annotated[
    Literal["full", "normative", "terminology"],
    Query(description="terminology: what can be read of code systems"),
]


def _answers(says: str, schema: str, *statuses: int) -> dict[int | str, Any]:
    body = {"schema": {"type": "object"} if not schema else {"$ref": schema}}
    found: dict[int | str, Any] = {
        200: {"description": says, "content": {form: body for form in FORMS}},
        304: {"description": "The client has it already (If-None-Match)."},
    }
    return found | {status: {} for status in (*statuses, 406, 422)}


@router.api_route(
    "/fhir/metadata",
    methods=_READ,
    operation_id="fhirCapabilities",
    summary="What the FHIR door can do",
    responses=_answers("A CapabilityStatement, or TerminologyCapabilities.", ""),
    response_class=Response,
)
async def metadata(request: Request, mode: Mode = "full") -> Response:
    """The CapabilityStatement (FHIR 4.0.1) of this service."""
    only(request, "mode")
    shelf = shelf_of(request)
    return _told(request, shelf.terminology if mode == "terminology" else shelf.capabilities)


def _reader(kind: str) -> Callable[..., Awaitable[Response]]:
    async def read(request: Request, id: Id) -> Response:
        only(request)
        known = shelf_of(request).resources[kind]
        found = known.get(id)
        if found is None:
            raise Problem(
                404,
                Fault(
                    "not-found",
                    f"There is no {kind} of this id.",
                    f"GET /fhir/{kind} lists them.",
                    nearest=nearest(id, known),
                ),
            )
        return _told(request, found)

    return read


def _searcher(kind: str) -> Callable[..., Awaitable[Response]]:
    async def search(
        request: Request,
        id: Annotated[str | None, Query(alias="_id", max_length=64)] = None,
        url: Text = None,
        version: Text = None,
        name: Text = None,
        status: Text = None,
    ) -> Response:
        only(request, *SEARCH)
        given = {"_id": id, "url": url, "version": version, "name": name, "status": status}
        wanted = {key: value for key, value in given.items() if value is not None}
        found = shelf_of(request).find(kind, wanted)
        own = f"{request.app.state.settings.base}/fhir/{kind}"
        query = f"?{urlencode(wanted)}" if wanted else ""
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
            "link": [{"relation": "self", "url": own + query}],
        }
        if found:
            bundle["entry"] = [
                {
                    "fullUrl": f"{own}/{one['id']}",
                    "resource": one,
                    "search": {"mode": "match"},
                }
                for one in found
            ]
        return _told(request, bundle)

    return search


# One route per type, so that another method at one of them is a 405 and another type a 404.
for _kind in KINDS:
    router.add_api_route(
        f"/fhir/{_kind}",
        _searcher(_kind),
        methods=_READ,
        operation_id=f"search{_kind}",
        summary=f"Every {_kind} of this service",
        description=f"A searchset of each {_kind}; all parameters compare the whole text.",
        responses=_answers("A searchset Bundle.", "#/components/schemas/FhirBundle"),
        response_class=Response,
    )
    router.add_api_route(
        f"/fhir/{_kind}/{{id}}",
        _reader(_kind),
        methods=_READ,
        operation_id=f"read{_kind}",
        summary=f"One {_kind}",
        description=f"One {_kind} by its id.",
        responses=_answers(f"The {_kind}.", "", 404),
        response_class=Response,
    )


def _told(request: Request, resource: Resource) -> Response:
    wanted = negotiation.accepted(request, FORMS, NAMES)
    return content(request, orjson.dumps(resource), media_type(wanted), varies=True)
