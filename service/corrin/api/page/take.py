"""``/page/take/…``: an answer to take along, as text, JSON, FHIR or a page, and as a curl line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api import negotiation
from corrin.api.error import as_problem
from corrin.api.page import layout
from corrin.api.page.answered import Answered, answer
from corrin.api.page.submission import Submission, fields_of, submission_of
from corrin.api.problem import Fault, Problem
from corrin.intake import IntakeError
from corrin.intake.placed import pending
from corrin.render import html, json, text

router = APIRouter(include_in_schema=False)

_KEYS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Form:
    """A form an answer can be taken along in; ``shown`` in the browser, else downloaded."""

    media_type: str
    suffix: str
    write: Callable[[Answered, str, tzinfo], bytes]
    shown: bool = False


def _json(found: Answered, _: str, __: tzinfo) -> bytes:
    return json.render(found.given, indent=True)


def _text(found: Answered, _: str, __: tzinfo) -> bytes:
    return text.render(found.given).encode()


def _html(found: Answered, _: str, __: tzinfo) -> bytes:
    return html.render(found.given).encode()


def _fhir(found: Answered, base: str, zone: tzinfo) -> bytes:
    from corrin.render.fhir import bundle

    ordered = pending(found.reading, found.given.as_of, zone)
    about = found.reading.about
    return orjson.dumps(
        bundle(found.given, base=base, about=about, ordered=ordered, zone=zone),
        option=orjson.OPT_INDENT_2,
    )


FORMS: Mapping[str, Form] = {
    "text": Form("text/plain", "txt", _text, shown=True),
    "json": Form(negotiation.JSON, "json", _json),
    "fhir": Form("application/fhir+json; fhirVersion=4.0", "fhir.json", _fhir),
    "html": Form(negotiation.HTML, "html", _html),
}


@router.post("/page/take/curl")
async def curl(request: Request) -> Response:
    """The line that asks a program's door the same question; nothing is interpreted for it."""
    asked = submission_of(await fields_of(request))
    line = curl_line(asked, request.app.state.settings.base)
    return Response(line.encode(), 200, dict(_HEADERS), "text/plain; charset=utf-8")


@router.post("/page/take/{form}")
async def take(request: Request, form: str) -> Response:
    """The answer in one of its forms, the same as the doors of programs give it."""
    wanted = FORMS.get(form)
    if wanted is None:
        raise Problem(404, Fault("not-found", "An answer is not given in this form."))
    asked = submission_of(await fields_of(request))
    interpreter = layout.interpreter(request)
    base: str = request.app.state.settings.base
    try:
        body = await interpreter.work(
            len(asked.document),
            lambda: wanted.write(answer(asked, interpreter), base, interpreter.zone),
        )
    except (Problem, IntakeError, UsageError) as error:
        problem = as_problem(error)
        return layout.show(request, "refused.html.j2", problem.status, problem=problem)
    name = f"corrin-note.{wanted.suffix}"  # of no person: a file's name is seen by many
    kept = "inline" if wanted.shown else "attachment"
    headers = {**_HEADERS, "Content-Disposition": f'{kept}; filename="{name}"'}
    return Response(body, 200, headers, wanted.media_type)


_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": layout.POLICY}


def curl_line(asked: Submission, base: str) -> str:
    """A shell line that sends the document to the door of its kind and prints the note as text.

    HL7 v2 is read by the page only, so it goes there as a form.
    """
    query = {name: value for name, value in (("as_of", asked.as_of), ("profile", asked.profile))}
    query = {name: value for name, value in query.items() if value}
    options = ["curl", "-s"]
    match asked.kind:
        case "case" | "fhir":
            kind = negotiation.JSON if asked.kind == "case" else negotiation.FHIR
            url = f"{base}/v1/interpret" + (f"?{urlencode(query)}" if query else "")
            options += ["-H", f"Content-Type: {kind}", "-H", "Accept: text/plain"]
            options += ["--data-binary", "@-", url]
        case _:
            for name, value in {"kind": asked.kind, **query}.items():
                options += ["--data-urlencode", f"{name}={value}"]
            options += ["--data-urlencode", "document@-", f"{base}/page/take/text"]
    lines = asked.document.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    # A terminal acts on what it takes for keys; no result is written with one.
    lines = _KEYS.sub("", lines)
    end = next(word for word in _ends() if not re.search(rf"^{word}$", lines, re.MULTILINE))
    return f"{shlex.join(options)} <<'{end}'\n{lines}\n{end}\n"


def _ends() -> Iterator[str]:
    """Words that may end a document in a shell, without end."""
    yield "END"
    number = 1
    while True:
        yield f"END{number}"
        number += 1
