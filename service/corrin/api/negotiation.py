"""Which form a request is in and which it wants: Content-Type, Accept, ``_format``, Prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import Message

from starlette.requests import Request

from corrin.api.problem import Fault, Problem

JSON = "application/json"
FHIR = "application/fhir+json"
NDJSON = "application/x-ndjson"
TEXT = "text/plain"
HTML = "text/html"

_MOST_RANGES = 32  # of one Accept header


def content_type(request: Request, known: Sequence[str]) -> str:
    """The media type of the body; the first of ``known`` when the request names none.

    Raises:
        Problem: 415, for another type, another charset than UTF-8, or another FHIR version.
    """
    given = request.headers.get("content-type", "")
    if not given.strip():
        return known[0]
    kind, parameters = _parsed(given)
    charset = parameters.get("charset", "utf-8").lower()
    version = parameters.get("fhirversion", "4.0")
    if kind in known and charset in ("utf-8", "utf8", "us-ascii") and version in ("4.0", "4.0.1"):
        return kind
    raise Problem(
        415,
        Fault(
            "media-type-unsupported",
            "The body is in a form this door does not read.",
            f"Send a Content-Type header with {' or '.join(known)}; in UTF-8{_fhir(known)}.",
        ),
        headers={"Accept-Post": ", ".join(known)},
    )


def _fhir(known: Sequence[str]) -> str:
    return ", FHIR 4.0" if any("fhir" in one for one in known) else ""


def accepted(
    request: Request, offered: Sequence[str], names: Mapping[str, str] | None = None
) -> str:
    """The form to answer in: ``_format`` when given, else the best of ``Accept``.

    Args:
        offered: media types, the preferred first.
        names: short names that ``_format`` may use (``json``).

    Raises:
        Problem: 406, when none of the offered is wanted.
    """
    wanted = request.query_params.get("_format")
    if wanted is not None:
        found = (names or {}).get(wanted, _parsed(wanted.replace(" ", "+"))[0])
        if found in offered:
            return found
        raise _refused(offered)
    header = request.headers.get("accept", "")
    if not header.strip():
        return offered[0]
    best: tuple[float, int, str] | None = None
    ranges = [_parsed(part) for part in header.split(",", _MOST_RANGES)[:_MOST_RANGES]]
    for place, kind in enumerate(offered):
        quality = _quality(kind, ranges)
        if quality > 0 and (best is None or quality > best[0]):
            best = (quality, place, kind)
    if best is None:
        raise _refused(offered)
    return best[2]


def strict(request: Request) -> bool:
    """Whether ``Prefer: handling=strict`` is asked for; lenient is the default."""
    prefer = ",".join(request.headers.getlist("prefer")).lower().replace(" ", "")
    return "handling=strict" in prefer.replace(";", ",").replace('"', "").split(",")


def handling(request: Request) -> str | None:
    """What ``Prefer: handling=…`` asks for: ``strict``, ``lenient``, or ``None``."""
    if strict(request):
        return "strict"
    prefer = ",".join(request.headers.getlist("prefer")).lower().replace(" ", "")
    said = prefer.replace(";", ",").replace('"', "").split(",")
    return "lenient" if "handling=lenient" in said else None


def _quality(kind: str, ranges: Sequence[tuple[str, Mapping[str, str]]]) -> float:
    """The quality the most specific range gives a media type; 0 when none takes it."""
    quality, specific = 0.0, -1
    for given, parameters in ranges:
        if given == kind:
            rank = 2
        elif given == f"{kind.split('/')[0]}/*":
            rank = 1
        elif given in ("*/*", "*"):
            rank = 0
        else:
            continue
        if parameters.get("fhirversion", "4.0") not in ("4.0", "4.0.1"):
            continue
        if rank > specific:
            quality, specific = _number(parameters.get("q", "1")), rank
    return quality


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if 0 <= found <= 1 else 0.0


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["content-type"] = text.replace("\n", " ").replace("\r", " ")
    parameters = message.get_params(failobj=[])
    kind = parameters[0][0].strip().lower() if parameters else ""
    return kind, {name.lower(): str(value).strip() for name, value in parameters[1:]}


def _refused(offered: Sequence[str]) -> Problem:
    return Problem(
        406,
        Fault(
            "not-acceptable",
            "None of the forms asked for can be given.",
            f"Accept one of: {', '.join(offered)}.",
        ),
    )
