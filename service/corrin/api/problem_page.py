"""A problem as a page, for a person whose browser met one: a wrong address, a body too large."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from corrin.api.headers import policy
from corrin.render import page

if TYPE_CHECKING:
    from corrin.api.problem import Problem

_HERE = Path(__file__).parent
_STYLE = _HERE / "openapi" / "docs.css"
# What programs call; their errors are never pages.
_PROGRAMS = ("/v1", "/fhir", "/cds-services", "/metrics", "/livez", "/readyz", "/openapi.json")


def wanted(path: str, accept: str) -> bool:
    """Whether a browser asked for something people look at."""
    return accept.lstrip().startswith("text/html") and not path.startswith(_PROGRAMS)


def response(problem: Problem, title: str) -> Response:
    """The problem in words, with a way back."""
    style = page.style(_STYLE)
    html = page.template(_HERE / "problem.html.j2").render(problem=problem, title=title, **style)
    headers = {**problem.headers, "Cache-Control": "no-store", **policy(str(style["style"]))}
    return Response(html.encode(), problem.status, headers, "text/html")
