"""The answers of the guard. None tells anything about the body but how it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corrin.api import problem
from corrin.api.guard.unpack import KNOWN
from corrin.api.problem import Fault, Problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

RETRY_SECONDS = 1

_CLOSE = {"Connection": "close"}


def too_large(most: int) -> Problem:
    """413: the body, or what it unpacks to, is larger than the door takes."""
    return Problem(
        413,
        Fault(
            "too-large",
            f"The body is larger than {most} bytes, which is the most this door takes.",
            "Send fewer results in one request.",
        ),
    )


def busy() -> Problem:
    """429: as much is in work, or held, as the service takes at once."""
    return Problem(
        429,
        Fault(
            "busy",
            "As many requests are in work as this service takes at once.",
            "Send it again after the seconds Retry-After names.",
        ),
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def waited_too_long() -> Problem:
    """429: the request waited for its turn for so long that nobody may want its answer now."""
    return Problem(
        429,
        Fault(
            "busy",
            "The request waited too long for its turn: more comes than this service answers.",
            "Send it again after the seconds Retry-After names.",
        ),
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def too_slow() -> Problem:
    """408: the body did not come in time."""
    return Problem(
        408,
        Fault("body-too-slow", "The body of the request took too long to come.", "Send it again."),
        headers=_CLOSE,
    )


def too_costly(seconds: float) -> Problem:
    """422: worked on for so long without an answer, while nobody else was in the way."""
    return Problem(
        422,
        Fault(
            "too-costly",
            f"The request was not answered within {seconds:g} seconds.",
            "Send fewer results in one request.",
        ),
        headers=_CLOSE,
    )


def encoding_unknown() -> Problem:
    """415: packed in a way that is not unpacked here, or packed twice."""
    return Problem(
        415,
        Fault(
            "encoding-unsupported",
            "The body is packed in a way this service does not unpack.",
            f"Pack it once as {' or '.join(KNOWN)}, or not at all.",
        ),
        headers={"Accept-Encoding": ", ".join(KNOWN)},
    )


def encoding_broken() -> Problem:
    """400: the body is not what its Content-Encoding says, or not whole."""
    return Problem(
        400,
        Fault(
            "encoding-broken",
            "The body cannot be unpacked as its Content-Encoding says, or is not whole.",
            "Check how the client packs it, or send it unpacked.",
        ),
    )


def framing_unknown() -> Problem:
    """400: the length is no number, or the transfer is coded otherwise than in chunks."""
    return Problem(
        400,
        Fault(
            "framing-unsupported",
            "The length of the body cannot be told from Content-Length or Transfer-Encoding.",
            "Send a Content-Length, or Transfer-Encoding: chunked.",
        ),
        headers=_CLOSE,
    )


async def answer(error: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Tell a problem. Where the body was not asked for yet, no other request can follow it."""
    accept = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = value
        elif name == b"expect":
            error.headers["Connection"] = "close"
    told = problem.response(error, scope["path"], accept.decode("latin-1"))
    await told(scope, receive, send)
