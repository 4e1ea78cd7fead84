"""The OpenAPI 3.1 document: what the doors say of themselves, completed in one place.

It depends on the doors and the settings that change them; never on machine, time or order.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from corrin.api.auth.paths import METRICS, is_open
from corrin.api.openapi import parts
from corrin.api.settings import Settings

_EXAMPLES = Path(__file__).parent / "examples.json"
_FHIR_DOORS = ("/fhir", "/cds-services")

Json = dict[str, Any]


def describe(app: FastAPI) -> None:
    """Have the app give this document wherever its description is asked for."""
    app.openapi = lambda: document(app)  # type: ignore[method-assign]


def document(app: FastAPI) -> Json:
    """The document of an app, made when it is first asked for."""
    if app.openapi_schema is None:
        app.openapi_schema = made(app, _examples())
    return app.openapi_schema


def made(app: FastAPI, examples: Json) -> Json:
    """The document with some examples.

    Args:
        examples: kept requests and answers, by operation: ``requests`` by media type and name,
            ``responses`` by status, media type and name.
    """
    settings: Settings = app.state.settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # GET and HEAD are one operation of one id
        found = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=parts.DESCRIPTION,
            routes=app.routes,
            servers=[{"url": settings.public_url.rstrip("/") or "/"}],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            tags=[{"name": name, "description": says} for name, says in parts.TAGS],
        )
    components = found.setdefault("components", {})
    schemas = {**components.get("schemas", {}), **parts.schemas()}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = dict(parts.SECURITY)
    for path, method, operation in _operations(found):
        if method == "head":
            del found["paths"][path]["head"]
            continue
        _complete(operation, path, method, settings)
        _exemplify(operation, examples.get(operation["operationId"], {}))
    _used_only(found)
    return found


def _operations(found: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in found["paths"].items():
        for method in tuple(item):
            yield path, method, item[method]


def _asks(settings: Settings, path: str, method: str) -> bool:
    """Whether an operation asks for a token where the site asks for tokens at all."""
    return path != METRICS and not is_open(path, method.upper(), catalogue=settings.open_catalogue)


def _complete(operation: Json, path: str, method: str, settings: Settings) -> None:
    """Every status the operation can answer, each with its content and what it means."""
    fhir = path.startswith(_FHIR_DOORS)
    answers = operation["responses"]
    wanted = [*parts.EVERYWHERE]
    if method == "post":
        wanted += parts.WITH_BODY
    if _asks(settings, path, method):
        wanted += parts.WITH_TOKEN
        scheme = "hooksClient" if path.startswith("/cds-services") else "accessToken"
        # An empty one first says that it works without a token too, as this process runs.
        without: list[Json] = [{}] if settings.auth == "none" else []
        operation["security"] = [*without, {scheme: []}]
    for status in wanted:
        answers.setdefault(str(status), {})
    for text, answer in answers.items():
        status = int(text)
        says = parts.SAYS.get(status)
        if says is not None and _unsaid(answer):
            answer["description"] = says
        content = answer.get("content", {})
        is_default = "HTTPValidationError" in json.dumps(content)
        if status >= 400 and (not content or is_default):
            answer["content"] = parts.problems(fhir)
        if status == 429:
            answer.setdefault("headers", {"Retry-After": {"schema": {"type": "integer"}}})
        if content.get("application/json") == {"schema": {}}:  # FastAPI's word, not the door's
            del content["application/json"]
            if not content:
                del answer["content"]
    operation["responses"] = dict(sorted(answers.items()))


def _unsaid(answer: Json) -> bool:
    """Whether the door left its description to the phrase every status has."""
    from http import HTTPStatus

    phrases = {one.phrase for one in HTTPStatus} | {"Additional Response", "Validation Error", ""}
    return answer.get("description", "") in phrases


def _exemplify(operation: Json, kept: Json) -> None:
    """Put kept examples beside those an operation has of its own."""
    for media, named in kept.get("requests", {}).items():
        content = operation.get("requestBody", {}).get("content", {}).get(media)
        if content is not None:
            content.pop("example", None)
            content["examples"] = {**content.get("examples", {}), **named}
    for status, contents in kept.get("responses", {}).items():
        answer = operation["responses"].get(status, {})
        for media, named in contents.items():
            content = answer.get("content", {}).get(media)
            if content is not None:
                content.pop("example", None)
                content["examples"] = {**content.get("examples", {}), **named}


@lru_cache(maxsize=1)
def _examples() -> Json:
    """Kept requests and the answers the service gave to them, by operation; none when not made."""
    if not _EXAMPLES.is_file():
        return {}
    found: Json = json.loads(_EXAMPLES.read_bytes())
    return found


def _used_only(found: Json) -> None:
    """Leave out schemas nothing refers to."""
    schemas = found["components"]["schemas"]
    waiting = [found["paths"]]
    used: set[str] = {"Report", "Comparison", "Problem", "OperationOutcome", "Case"}
    waiting += [schemas[name] for name in used if name in schemas]
    while waiting:
        for name in _references(waiting.pop()):
            if name in schemas and name not in used:
                used.add(name)
                waiting.append(schemas[name])
    found["components"]["schemas"] = {n: one for n, one in schemas.items() if n in used}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            elif key not in ("examples", "example"):
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
