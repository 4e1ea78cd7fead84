"""Bytes → JSON values with exact decimals, after every guard that needs no knowledge of FHIR.

Python's parser is used as it is; what it lets pass (duplicate keys, NaN, numbers without bound,
lone surrogates, any depth short of its own limit) is caught here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, refuse

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_NEITHER = bytes(sorted(set(range(256)) - set(b'{}[]"')))
_CURLY = bytes.maketrans(b"[]", b"{}")  # one kind of bracket: a layer is then one replacement
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# As FHIR names elements and types. A key of another shape is not repeated: it may be anything.
_PLAIN_NAME = re.compile(r"_?[a-z][A-Za-z0-9_]{0,63}", re.ASCII)
_PLAIN_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The values of one request: one for a JSON text, one per line for NDJSON (with ``lines``)."""

    values: tuple[Any, ...]
    lines: tuple[int, ...] = ()


class _Stop(Exception):
    """Raised inside the parser's hooks: the text holds something that is never accepted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Bad:
    """Stands in the tree, on a second parse, where the first one stopped."""

    reason: str


def parse(data: bytes, limits: Limits) -> Parsed:
    """Parse a request.

    Numbers come out as ``Decimal``, objects as ``dict``.

    Raises:
        IntakeError: too-large, not-utf8, empty, too-deep, not-json, duplicate-key,
            number-not-finite or number-too-long.
    """
    if len(data) > limits.bytes:
        raise refuse("too-large")
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse("not-utf8", line=data.count(b"\n", 0, error.start) + 1) from None
    if not data.strip(_BLANK):
        raise refuse("empty")
    if depth_exceeds(data, limits.depth):
        raise refuse("too-deep")
    found = _values(text, limits)
    if b"\\u" in data and _SURROGATE.search(data) is not None:
        for value, line in zip(found.values, found.lines or (None,), strict=True):
            for path, leaf in _leaves(value):
                if isinstance(leaf, str) and not _encodes(leaf):
                    raise refuse("not-utf8", path, line)
    return found


def depth_exceeds(data: bytes, limit: int) -> bool:
    """Whether objects and arrays nest deeper than ``limit``; exact, without recursion.

    All but brackets and quotes is dropped, then what stands between quotes, then innermost pairs
    are peeled off one layer at a time: every step is one pass at the speed of C.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side can go: no bracket changes from inside a string to outside by it.
    rest = data.translate(_CURLY, _NEITHER).replace(b'""', b"")
    if b'"' in rest:
        rest = b"".join(rest.split(b'"')[::2])
    for _ in range(limit):
        peeled = rest.replace(b"{}", b"")
        if len(peeled) == len(rest):  # nothing left, or not balanced: then no JSON, or too deep
            return rest.count(b"{") > limit
        rest = peeled
    return bool(rest)


def _values(text: str, limits: Limits) -> Parsed:
    try:
        return Parsed((_decode(text, limits),))
    except _ExtraData:
        pass
    values: list[Any] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip(" \t\r"):
            continue
        if len(values) >= limits.entries:
            raise refuse("too-many-entries", line=number)
        try:
            values.append(_decode(line, limits, number))
        except _ExtraData:
            raise refuse("not-json", line=number) from None
        lines.append(number)
    return Parsed(tuple(values), tuple(lines))


class _ExtraData(Exception):
    """A whole JSON value was read and more follows: NDJSON, or rubbish."""


def _decode(text: str, limits: Limits, line: int | None = None) -> Any:
    try:
        return _decoder(limits).decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise _ExtraData from None
        raise refuse("not-json", line=line or error.lineno) from None
    except RecursionError:
        raise refuse("too-deep", line=line) from None
    except _Stop as stop:
        raise _located(text, limits, stop.reason, line) from None


def _decoder(limits: Limits) -> json.JSONDecoder:
    found = _DECODERS.get(limits)
    if found is None:
        if len(_DECODERS) > 32:
            _DECODERS.clear()
        number = _number(limits)
        found = _DECODERS[limits] = json.JSONDecoder(
            object_pairs_hook=_object,
            parse_float=number,
            parse_int=_integer(limits),
            parse_constant=_constant,
        )
    return found


_DECODERS: dict[Limits, json.JSONDecoder] = {}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Stop("duplicate-key")
    return found


def _number(limits: Limits) -> Callable[[str], Decimal]:
    longest, farthest = limits.number_length, limits.number_exponent

    def number(text: str) -> Decimal:
        if len(text) > longest:
            raise _Stop("number-too-long")
        if "e" in text or "E" in text:
            exponent = text.replace("E", "e").partition("e")[2].lstrip("+-").lstrip("0")
            if len(exponent) > 6 or int(exponent or "0") > farthest:
                raise _Stop("number-too-long")
        return Decimal(text)

    return number


def _integer(limits: Limits) -> Callable[[str], Decimal]:
    longest = limits.number_length

    def integer(text: str) -> Decimal:
        if len(text) > longest:
            raise _Stop("number-too-long")
        return Decimal(text)

    return integer


def _constant(_text: str) -> Any:
    raise _Stop("number-not-finite")


def _located(text: str, limits: Limits, reason: str, line: int | None) -> IntakeError:
    """The error with the path of the first thing the hooks refused."""
    number = _number(limits)

    def pairs(found: list[tuple[str, Any]]) -> Any:
        keys = [key for key, _ in found]
        twice = next((key for at, key in enumerate(keys) if key in keys[:at]), None)
        return dict(found) if twice is None else dict(found) | {twice: _Bad("duplicate-key")}

    def checked(literal: str) -> Any:
        try:
            return number(literal)
        except _Stop as stop:
            return _Bad(stop.reason)

    decoder = json.JSONDecoder(
        object_pairs_hook=pairs,
        parse_float=checked,
        parse_int=checked,
        parse_constant=lambda _: _Bad("number-not-finite"),
    )
    try:
        tree = decoder.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return refuse(reason, line=line)
    for path, leaf in _leaves(tree):
        if isinstance(leaf, _Bad):
            return refuse(leaf.reason, path, line)
    return refuse(reason, line=line)


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Keys (as leaves of their object) and scalars with their tree path, without recursion."""
    root = value.get("resourceType") if isinstance(value, dict) else None
    start = root if isinstance(root, str) and _PLAIN_TYPE.fullmatch(root) else "$this"
    stack: list[tuple[str, Any]] = [(start, value)]
    while stack:
        path, found = stack.pop()
        if isinstance(found, dict):
            for key in found:
                yield path, key
            stack.extend(
                (f"{path}.{key}" if _PLAIN_NAME.fullmatch(key) else path, item)
                for key, item in reversed(found.items())
            )
        elif isinstance(found, list):
            stack.extend((f"{path}[{at}]", found[at]) for at in range(len(found) - 1, -1, -1))
        else:
            yield path, found


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
