"""Mapping files: read with a line for every fault, shipped ones found by the header of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from corrin.batch.sources.mapping import Mapping
from corrin.content import Located, rules_root
from corrin.packs.finding import ContentProblem, Finding, Place, Unreadable, WrongShape
from corrin.packs.misshape import said
from corrin.packs.pack import line_of

MOST_BYTES = 4 * 1024 * 1024
DEEPEST = 8
MOST_FINDINGS = 100
ABOUT = "mapping file"
SEE = "see docs/batch-mapping.md for what a mapping file holds"
FOLDER = ("batch", "mappings")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


class MappingProblem(ContentProblem):
    """A mapping file that cannot be used; every fault with its line."""


def read_mapping(data: bytes, name: str = ABOUT) -> Mapping:
    """Read a mapping file; ``name`` is what findings call it.

    Raises:
        MappingProblem: it is no YAML, too large, or not of the shape of a mapping; tells all.
    """
    raw = _raw(data, name)
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        raise MappingProblem(tuple(_misshapen(error, raw, name))[:MOST_FINDINGS]) from None


def load(path: str) -> Mapping:
    """The mapping of a file, or the shipped one of that name (``mimic-iv-labevents``).

    Raises:
        MappingProblem: there is no such file, or it cannot be used.
    """
    file = Path(path)
    if not file.suffix and not file.exists() and path in shipped():
        return shipped()[path]
    try:
        stamp = file.stat()
    except OSError:
        names = ", ".join(sorted(shipped()))
        raise _unreadable(path, 0, "there is no such file", f"shipped mappings: {names}") from None
    return _loaded(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=32)
def _loaded(path: str, _changed: int, _size: int) -> Mapping:
    try:
        return read_mapping(Path(path).read_bytes(), path)
    except OSError as error:
        raise _unreadable(path, 0, error.strerror or "it cannot be read") from None


@lru_cache(maxsize=1)
def shipped() -> dict[str, Mapping]:
    """The mappings that come with the program, by name."""
    files = sorted(rules_root().joinpath(*FOLDER).glob("*.yaml"))
    return {file.stem: read_mapping(file.read_bytes(), file.name) for file in files}


def recognised(header: Sequence[str]) -> Mapping | None:
    """The shipped mapping a header fits; the one that knows most of its columns, if several."""
    there = {name.strip().lower() for name in header}
    fitting = [
        (len(one.recognise.columns), name)
        for name, one in shipped().items()
        if one.recognise is not None
        and there.issuperset(column.lower() for column in one.recognise.columns)
        and there.isdisjoint(column.lower() for column in one.recognise.without)
    ]
    return shipped()[max(fitting)[1]] if fitting else None


def _misshapen(error: ValidationError, raw: Any, name: str) -> Iterator[Finding]:
    for detail in error.errors(include_url=False, include_input=False):
        yield WrongShape(
            Place(name, line_of(raw, detail["loc"])),
            ABOUT,
            said(detail),
            SEE if detail["type"] in ("missing", "extra_forbidden") else "",
        )


def read_plain(data: bytes, name: str) -> Any:
    """YAML as texts, lists and mappings with their lines, for files of the same kind.

    Raises:
        MappingProblem: it is no YAML, too large, or not a mapping.
    """
    return _raw(data, name)


def _raw(data: bytes, name: str) -> Any:
    if len(data) > MOST_BYTES:
        raise _unreadable(name, 0, f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except UnicodeDecodeError:
        raise _unreadable(name, 0, "it is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _unreadable(name, line, error.problem or "not YAML") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _unreadable(name, 0, f"it is not YAML ({type(error).__name__})") from None
    if len(nodes) != 1 or not isinstance(nodes[0], yaml.MappingNode):
        raise _unreadable(name, 1, "names with a colon are expected, each with what belongs to it")
    return _plain(nodes[0], name, 0, set())


def _plain(node: yaml.Node, name: str, depth: int, seen: set[int]) -> Any:
    """A node as texts, lists and mappings with lines; nothing is guessed to be a number."""
    line = node.start_mark.line + 1
    if depth > DEEPEST:
        raise _unreadable(name, line, "it is nested too deep")
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in _NULL else str(node.value)
    if id(node) in seen:
        raise _unreadable(name, line, "anchors and aliases are not read here")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, name, depth + 1, seen) for one in node.value]
    found = Located()
    found.line, found.lines = line, {}
    for key_node, value_node in node.value:
        at = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise _unreadable(name, at, "a key is one word, not a list or a mapping")
        key = str(key_node.value)
        if key in found:
            raise _unreadable(name, at, f"the key {key[:40]!r} stands twice")
        found[key] = _plain(value_node, name, depth + 1, seen)
        found.lines[key] = at
    return found


def _unreadable(name: str, line: int, why: str, hint: str = SEE) -> MappingProblem:
    return MappingProblem((Unreadable(Place(name, line), ABOUT, why, hint),))
