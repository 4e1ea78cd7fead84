"""``GET /openapi.json``, ``/docs`` and ``/``: the service describes itself, asking nobody else."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from anyio import to_thread
from fastapi import APIRouter, FastAPI
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from corrin import __version__
from corrin.api import negotiation
from corrin.api.content import content
from corrin.api.headers import policy
from corrin.api.openapi.document import document
from corrin.render import page
from corrin.render.safe import visible

router = APIRouter(tags=["operation"])
landing = APIRouter(tags=["operation"])

_HERE = Path(__file__).parent
_STYLE = _HERE / "docs.css"
_POLICY = policy(str(page.style(_STYLE)["style"]))
_READ = ["GET", "HEAD"]
_CODE = re.compile(r"`([^`]+)`")
_FORMS = (negotiation.JSON, negotiation.HTML)


def _answers(media: str, *statuses: int) -> dict[int | str, Any]:
    schema = {"type": "object"} if media == negotiation.JSON else {"type": "string"}
    found: dict[int | str, Any] = {
        200: {"description": "As this service runs.", "content": {media: {"schema": schema}}},
        304: {},
    }
    return found | {status: {} for status in statuses}


@router.api_route(
    "/openapi.json",
    methods=_READ,
    operation_id="openapi",
    summary="This description, for programs",
    responses=_answers(negotiation.JSON),
    response_class=Response,
)
async def openapi(request: Request) -> Response:
    """The OpenAPI 3.1 document of this service."""
    return content(request, orjson.dumps(await _document(request)), negotiation.JSON)


@router.api_route(
    "/docs",
    methods=_READ,
    operation_id="docs",
    summary="This description, for people",
    responses=_answers(negotiation.HTML),
    response_class=Response,
)
async def docs(request: Request) -> Response:
    """Every door with its parameters, bodies and examples: a page without script, made here."""
    state = request.app.state
    if not hasattr(state, "docs_page"):
        found = await _document(request)
        whole = await to_thread.run_sync(shown, found, state.settings.base)
        state.docs_page = whole.encode()
    answer = content(request, state.docs_page, negotiation.HTML)
    answer.headers.update(_POLICY)
    return answer


@landing.api_route(
    "/",
    methods=_READ,
    operation_id="landing",
    summary="What this is, and where its doors are",
    responses={
        200: {
            "description": "The doors.",
            "content": {
                negotiation.JSON: {"schema": {"type": "object"}},
                negotiation.HTML: {"schema": {"type": "string"}},
            },
        },
        304: {},
        406: {},
    },
    response_class=Response,
)
async def root(request: Request) -> Response:
    """What this service is and where its doors are."""
    kind = negotiation.accepted(request, _FORMS)
    app = request.app
    doors = tuple(
        (str(path), operation["summary"], method.upper())
        for path, item in (await _document(request))["paths"].items()
        for method, operation in item.items()
        if path != "/"
    )
    shows, prefix = app.state.settings.docs, _prefix(app.state.settings.base)
    if kind == negotiation.JSON:
        told = {
            "name": app.title,
            "version": __version__,
            "summary": app.summary,
            **({"docs": f"{prefix}/docs", "openapi": f"{prefix}/openapi.json"} if shows else {}),
            "doors": [
                {"path": path, "method": method, "summary": says} for path, says, method in doors
            ],
        }
        return content(request, orjson.dumps(told), kind, varies=True)
    html = page.template(_HERE / "landing.html.j2").render(
        title=app.title,
        summary=app.summary,
        version=__version__,
        doors=doors,
        shows=shows,
        prefix=prefix,
        **page.style(_STYLE),
    )
    answer = content(request, html.encode(), kind, varies=True)
    answer.headers.update(_POLICY)
    return answer


async def _document(request: Request) -> dict[str, Any]:
    """The document; making it takes a while, once."""
    app: FastAPI = request.app
    if app.openapi_schema is not None:
        return app.openapi_schema
    return await to_thread.run_sync(document, app, limiter=app.state.interpreter.threads)


def shown(found: dict[str, Any], base: str) -> str:
    """The document as a page: no script, no request, readable and printable anywhere."""
    operations: dict[str, list[dict[str, Any]]] = {one["name"]: [] for one in found["tags"]}
    for path, item in found["paths"].items():
        for method, operation in item.items():
            tag = (operation.get("tags") or ["operation"])[0]
            operations.setdefault(tag, []).append(
                {"path": path, "method": method.upper(), **operation}
            )
    return page.template(_HERE / "docs.html.j2").render(
        found=found,
        operations=operations,
        says={one["name"]: one["description"] for one in found["tags"]},
        kind_of=_kind_of,
        written=_written,
        lines=_lines,
        marked=_marked,
        curl=partial(_curl, base),
        prefix=_prefix(base),
        **page.style(_STYLE),
    )


def _prefix(base: str) -> str:
    """What stands before every path where a proxy takes it off: ``/corrin``, or nothing."""
    return urlsplit(base).path


def _kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: ``Report``, ``list of string``, ``string or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(_kind_of(one) for one in schema[word]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(json.dumps(one) for one in schema["enum"])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_kind_of(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind_of(schema['additionalProperties'])}"
    return str(kind)


def _curl(base: str, operation: dict[str, Any]) -> str:
    """How to call an operation that takes a body, from a shell."""
    media = next(iter(operation["requestBody"]["content"]))
    wanted = [
        f"{one['name']}=…"
        for one in operation.get("parameters", ())
        if one.get("required") and one["in"] == "query"
    ]
    query = "?" + "&".join(wanted) if wanted else ""
    url = f"{base}{operation['path']}{query}"
    return f"curl -H 'Content-Type: {media}' --data-binary @file.json '{url}'"


def _marked(text: str) -> Markup:
    """A text in which what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(visible(text)))))


def _lines(text: str) -> Markup:
    """A text of several lines, each made fit to show, its indent kept."""
    shown = (
        f"{line[: len(line) - len(line.lstrip(' '))]}{visible(line)}" for line in text.splitlines()
    )
    return Markup("\n").join(shown)


def _written(example: Any) -> str:
    """An example as it is sent or answered."""
    value = example.get("value") if isinstance(example, dict) and "value" in example else example
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
