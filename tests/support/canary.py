"""Requests in which a group of values is replaced by marks that may come out nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

WORD = "qzx"
DIGITS = "904177361"
DAY = "1887-04-17"
_MARKS = re.compile(f"{WORD}|{DIGITS}|{DAY}", re.IGNORECASE)

_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:]+(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_REFERENCE = re.compile(r"(.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]+)")
_CODED = ("status", "gender", "use", "mode", "intent", "comparator", "type", "name")
_IDENTITY = ("id", "reference", "fullUrl", "url", "value", "patientId", "userId", "selections")


def found_in(text: str | bytes) -> list[str]:
    """The marks in a text, whole with what surrounds them."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return [text[max(0, one.start() - 60) : one.end() + 30] for one in _MARKS.finditer(text)]


def word(number: int) -> str:
    """A mark that may stand where an id or a name stands."""
    return f"Qzx{number}Jvw"


@dataclass
class Poison:
    """Replaces the values of one group; equal ones by equal marks, so that references hold."""

    group: str
    known: dict[str, str] = field(default_factory=dict)

    def mark(self, text: str) -> str:
        """The mark of a text."""
        return self.known.setdefault(text, word(len(self.known)))

    def reference(self, text: str) -> str:
        """A reference to the same, marked."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            return text[:1] + self.mark(text[1:]) if text[:1] == "#" else self.mark(text)
        return f"{found[1] or ''}{found[2]}/{self.mark(found[3])}"

    def text(self, text: str, kind: str) -> str:
        """The replacement of a text of a kind."""
        if kind == "identity":
            return self.reference(text)
        if kind == "time":
            return text[:19] + f".{DIGITS}" + ("Z" if text.endswith("Z") else text[-6:])
        return DAY if kind == "day" else self.mark(text)


def kind_of(path: tuple[str | int, ...], leaf: object, parent: object) -> str:
    """Which group a leaf belongs to."""
    if isinstance(leaf, bool):
        return "flag"
    if isinstance(leaf, int | float | Decimal):
        return "number"
    keys = [step for step in path if isinstance(step, str)]
    key = keys[-1] if keys else ""
    assert isinstance(leaf, str)
    if key in ("resourceType", "hook", "hookInstance"):
        return "type"
    if _TIME.fullmatch(leaf):
        return "time"
    if _DAY.fullmatch(leaf):
        return "day"
    if key == "unit" or (key == "code" and isinstance(parent, dict) and "value" in parent):
        return "unit"
    if key in _IDENTITY or "identifier" in keys:
        return "identity"
    if key in ("code", "system", "version") or key.endswith("Code"):
        return "code"
    return "coded" if key in _CODED else "text"


GROUPS = (
    *("number", "type", "time", "day", "unit", "identity", "code", "coded", "text"),
    *("harmless", "all", "turned"),
)
"""``harmless`` leaves codes, types, statuses and units, so that rules fire over marked data;
``turned`` puts marked texts where numbers stand, and marked numbers where texts stand."""

_HARMLESS = ("number", "time", "identity", "text")


def poisoned(value: Any, group: str) -> bytes:
    """A request with one group marked."""
    poison = Poison(group)

    def taken(kind: str) -> bool:
        if group in ("all", "turned"):
            return kind != "type"
        return kind in _HARMLESS if group == "harmless" else kind == group

    def leaf(kind: str, one: Any) -> Any:
        if not taken(kind):
            return one
        if kind in ("number", "flag"):
            return word(1) if group == "turned" else _number(one)
        return int(DIGITS) if group == "turned" else poison.text(one, kind)

    return json.dumps(_mapped(value, (), None, leaf), default=_exact).encode()


def _number(one: Any) -> Any:
    return one if isinstance(one, bool) else float(f"{int(one)}.{DIGITS}")


def _exact(one: object) -> object:
    return float(str(one))


def _mapped(
    value: Any, path: tuple[str | int, ...], parent: Any, leaf: Callable[[str, Any], Any]
) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(one, (*path, key), value, leaf) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, (*path, at), parent, leaf) for at, one in enumerate(value)]
    return value if value is None else leaf(kind_of(path, value, parent), value)


def each_leaf(value: Any) -> Iterator[bytes]:
    """The request once for every element of it (each path once), with only that one marked: by a
    text and by a number in turn."""
    paths: dict[tuple[str, ...], None] = {}

    def note(path: tuple[str | int, ...], one: Any) -> None:
        if isinstance(one, dict):
            for key, inner in one.items():
                note((*path, key), inner)
        elif isinstance(one, list):
            for at, inner in enumerate(one):
                note((*path, at), inner)
        elif one is not None:
            paths[tuple(step for step in path if isinstance(step, str))] = None

    note((), value)
    for at, wanted in enumerate(paths):
        put = word(at) if at % 2 else int(DIGITS)
        yield json.dumps(_put(value, (), wanted, put), default=_exact).encode()


def _put(value: Any, path: tuple[str, ...], wanted: tuple[str, ...], put: Any) -> Any:
    if path == wanted and not isinstance(value, dict | list):
        return put
    if wanted[: len(path)] != path:
        return value
    if isinstance(value, dict):
        return {key: _put(one, (*path, key), wanted, put) for key, one in value.items()}
    if isinstance(value, list):
        return [_put(one, path, wanted, put) for one in value]
    return value
