"""What the form offers (``rules/page/form.yaml``), checked against the terminology when read."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from corrin import terminology
from corrin.content import ContentError, Located, read_document, rules_root
from corrin.intake import family
from corrin.intake.plain import context
from corrin.notes.sentence import capital

_KINDS: Mapping[str, tuple[str, ...]] = {
    "symptoms": ("finding",),
    "conditions": ("condition",),
    "medicines": ("medicine",),
    "diet": ("diet",),
    "procedures": ("procedure",),
    "family_history": ("condition",),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as the case has it (UCUM), and as people write it."""

    code: str
    shown: str


@dataclass(frozen=True, slots=True)
class Test:
    """A test with a row of its own.

    Attributes:
        id: our id.
        label: what the row is called.
        more: its name in full, where that is another; else empty.
        measured: whether its value is a number with a unit; else present or absent.
        units: those the terminology accepts, in its order.
    """

    id: str
    label: str
    more: str
    measured: bool
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Tests under one heading; ``shown``: they stand open."""

    title: str
    shown: bool
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that is present, absent or not stated; ``asks`` names the date it may have."""

    id: str
    label: str
    asks: str


@dataclass(frozen=True, slots=True)
class Part:
    """One list of a case's context; ``complete`` says what declaring it complete says."""

    name: str
    title: str
    shown: bool
    entries: tuple[Entry, ...]
    complete: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """Everything the form offers.

    Attributes:
        groups: tests, in clinical order.
        parts: context, by part of the case.
        free_rows: rows for other tests that are there without being asked for.
        names: names of every test that is read, to choose from.
        spelt: unit of the terminology → as people write it.
        remedies: reason → what to do about it here.
        untold: flags that are not told beside a row.
    """

    groups: tuple[Group, ...]
    parts: tuple[Part, ...]
    free_rows: int
    names: tuple[str, ...]
    units: tuple[Unit, ...]
    spelt: Mapping[str, str]
    remedies: Mapping[str, str]
    untold: frozenset[str]
    tests: Mapping[str, Test] = field(default_factory=dict)


@lru_cache(maxsize=2)
def load(root: Path | None = None) -> Menu:
    """The form's content; ``root`` is a folder of rules, else our own.

    Raises:
        ContentError: it names what the terminology does not have, or the reader does not read.
    """
    file = (root or rules_root()) / "page" / "form.yaml"
    given = read_document(file)
    known = terminology.load().analytes
    spelt: Mapping[str, str] = given["spelt"]
    _within(file, given["spelt"], {unit for one in known.values() for unit in one.units}, "unit")
    _within(file, given["remedies"], terminology.load().reasons, "reason")
    _within(file, dict.fromkeys(given["untold"]), terminology.load().reasons, "reason")
    _within(file, given["complete"], context.CLOSABLE, "list that can be complete")
    groups = tuple(_group(file, one, spelt) for one in given["groups"])
    parts = tuple(_part(file, one, given["complete"]) for one in given["context"])
    tests = {test.id: test for group in groups for test in group.tests}
    _once(file, [test.id for group in groups for test in group.tests])
    _once(file, [part.name for part in parts])
    readable = [one for one in known.values() if one.codes]
    units = dict.fromkeys(unit for one in readable for unit in one.units)
    return Menu(
        groups=groups,
        parts=parts,
        free_rows=int(given["free_rows"]),
        names=tuple(dict.fromkeys(name for one in readable for name in (one.short, one.name))),
        units=tuple(Unit(unit, spelt.get(unit, unit)) for unit in units),
        spelt=spelt,
        remedies=dict(given["remedies"]),
        untold=frozenset(given["untold"]),
        tests=tests,
    )


def _group(file: Path, given: Located, spelt: Mapping[str, str]) -> Group:
    analytes = terminology.load().analytes
    tests = []
    for name in given["tests"]:
        found = analytes.get(name)
        if found is None or not found.codes:
            raise ContentError(file, given.lines["tests"], f"{name} is no test that is read")
        units = tuple(Unit(unit, spelt.get(unit, unit)) for unit in found.units)
        more = "" if found.name.casefold() == found.short.casefold() else found.name
        measured = found.kind == "quantity"
        tests.append(Test(found.id, capital(found.short), more, measured, units))
    return Group(given["title"], bool(given.get("shown", False)), tuple(tests))


def _part(file: Path, given: Located, complete: Mapping[str, str]) -> Part:
    name = given["part"]
    if name not in _KINDS:
        raise ContentError(file, given.lines["part"], f"{name} is no list of a case's context")
    entries = tuple(_entries(file, name, given["entries"]))
    _once(file, [one.id for one in entries])
    shown = bool(given.get("shown", False))
    return Part(name, given["title"], shown, entries, complete.get(name, ""))


def _entries(file: Path, part: str, given: list[Any]) -> Iterator[Entry]:
    concepts = terminology.load().concepts
    for one in given:
        found = concepts.get(one["id"])
        if found is None or found.kind not in _KINDS[part]:
            raise ContentError(file, one.line, f"{one['id']} does not belong under {part}")
        asks = one.get("asks", "")
        if asks and (asks == "name" or asks not in context.ENTRY[part]):
            raise ContentError(file, one.line, f"an entry of {part} has no {asks}")
        if part == "family_history" and not family.history_of(found.id):
            raise ContentError(file, one.line, f"{found.id} makes no family history")
        yield Entry(found.id, capital(found.name), asks)


def _within(file: Path, given: Mapping[str, Any], known: Container[str], what: str) -> None:
    lines = given.lines if isinstance(given, Located) else {}
    for name in given:
        if name not in known:
            raise ContentError(file, lines.get(name, 0), f"{name} is no {what}")


def _once(file: Path, ids: list[str]) -> None:
    twice = next((name for at, name in enumerate(ids) if name in ids[:at]), None)
    if twice is not None:
        raise ContentError(file, 0, f"{twice} stands twice")
