"""Bytes → site file: read with bounds, every fault with its line, fingerprinted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from corrin.content import ContentError, documents_in
from corrin.packs.finding import ContentProblem, Finding, Place, Unreadable, WrongShape
from corrin.packs.misshape import said
from corrin.packs.overlay import Overlay
from corrin.packs.pack import content_digest, line_of

# A site file is a page or two; these bounds are far beyond that.
MOST_BYTES = 256 * 1024
MOST_PARTS = 20_000
DEEPEST = 12
MOST_FINDINGS = 100
SEE = "see docs/site-files.md for what a site file holds"

_PLAIN = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(frozen=True, slots=True, eq=False)
class SiteFile:
    """A site file as read; two of the same content are equal, whatever they are called.

    ``digest`` is the SHA-256 of the parsed content, so white space and comments do not count.
    """

    overlay: Overlay
    digest: str
    name: str
    raw: Any = field(repr=False)

    def place(self, *location: str | int) -> Place:
        """Where a part stands: the innermost of ``location`` that the file has."""
        return Place(self.name, line_of(self.raw, location))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SiteFile) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def read_overlay(data: bytes, name: str = "overlay") -> SiteFile:
    """Read a site file.

    Args:
        name: what findings call the file.

    Raises:
        ContentProblem: it is no YAML, too large, or not of the shape of a site file; tells all.
    """
    raw = _raw(data, name)
    try:
        overlay = Overlay.model_validate(raw)
    except ValidationError as error:
        raise ContentProblem(tuple(_misshapen(error, raw, name))[:MOST_FINDINGS]) from None
    return SiteFile(overlay, content_digest(raw), name, raw)


def _misshapen(error: ValidationError, raw: Any, name: str) -> Iterator[Finding]:
    for detail in error.errors(include_url=False, include_input=False):
        yield WrongShape(
            Place(name, line_of(raw, detail["loc"])),
            "site file",
            said(detail),
            SEE if detail["type"] in ("missing", "extra_forbidden") else "",
        )


def _raw(data: bytes, name: str) -> Any:
    if len(data) > MOST_BYTES:
        raise _unreadable(name, 0, f"it is larger than {MOST_BYTES // 1024} KiB")
    try:
        text = data.decode("utf-8-sig")
        _look_through(text, name)
        documents = documents_in(text, name)
    except UnicodeDecodeError as error:
        raise _unreadable(name, 0, "it is not UTF-8") from error
    except ContentError as error:
        raise _unreadable(name, error.line, error.why) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _unreadable(name, line, error.problem or "not YAML") from error
    except (yaml.YAMLError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        why = "it is not the YAML of a site file; figures are written in plain digits (200, 0.28)"
        raise _unreadable(name, 0, why) from error
    if len(documents) != 1:
        raise _unreadable(name, 0, "one YAML document is expected")
    return documents[0]


def _look_through(text: str, name: str) -> None:
    """Refuse what could grow, nest or mean another number than it shows, before it is built."""
    depth = 0
    for parts, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if parts > MOST_PARTS:
            raise _unreadable(name, line, "it has too many parts")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _unreadable(name, line, "anchors and aliases are not read here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _unreadable(name, line, "it is nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _misleads(event.value):
            why = f"{event.value[:40]!r} would be read as another number than it shows"
            raise _unreadable(name, line, f"{why}; write plain digits, or put it in quotes")


def _misleads(text: str) -> bool:
    """Whether YAML takes a plain word for a number that is not written in plain digits (012)."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ())
    tag = next((tag for tag, form in resolvers if form.match(text)), None)
    return tag in _NUMBERS and _PLAIN.fullmatch(text) is None


def _unreadable(name: str, line: int, why: str) -> ContentProblem:
    return ContentProblem((Unreadable(Place(name, line), "site file", why, SEE),))
