"""What the pages know: the catalogue, and the ways back through it, prepared once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from anyio import to_thread
from starlette.datastructures import State
from starlette.requests import Request

from corrin.api.catalogue import form
from corrin.api.catalogue.entries import Entry
from corrin.api.catalogue.parts import Parts
from corrin.api.catalogue.shelf import Shelf, shelf_of
from corrin.api.interpreter import Interpreter
from corrin.api.page.rules.history import Version, history
from corrin.api.page.rules.observed import Observed, observed
from corrin.api.page.rules.search import Index, index
from corrin.api.page.rules.uses import Use, uses_of
from corrin.content import read_document
from corrin.packs.library import Library
from corrin.packs.overlay_lint import always_first
from corrin.terminology.evidence import Row

_PREPARING = Lock()
_VERIFIED = re.compile(r"V2?\b")

Check = str
# How a row was checked, in short: the letter it is found by, and what it means.
CHECKS: Mapping[Check, str] = {
    "V": "read in the source",
    "V2": "read in a page that names the source",
    "part": "read in part: what else it says was not verified",
    "G": "general knowledge, not verified",
    "project": "this project's own",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the reference; whether every row of it has to be used or excused."""

    name: str
    title: str
    covered: bool
    rows: tuple[form.Row, ...]


@dataclass(frozen=True, slots=True)
class Browser:
    """The content of one service with every way back.

    Attributes:
        rows: every row of the reference, in its order.
        cited: row → what it says it rests on, and its section.
        uses: row → what rests on it.
        resting: row → rows that rest on it.
        excused: row → why nothing uses it.
        by_cut: pack and name of a cut-off → what compares with it.
        by_definition: pack and name of a definition → what uses it.
        families: kind of test → the results of it.
        always: packs that always run, whose cut-offs a site may move only within bounds.
        kept: pages written last, by template and address.
    """

    shelf: Shelf
    entries: Mapping[str, Mapping[str, Entry]]
    rows: Mapping[str, form.Row]
    cited: Mapping[str, Row]
    uses: Mapping[str, tuple[Use, ...]]
    resting: Mapping[str, tuple[str, ...]]
    sections: tuple[Section, ...]
    excused: Mapping[str, str]
    by_cut: Mapping[tuple[str, str], tuple[Entry, ...]]
    by_definition: Mapping[tuple[str, str], tuple[Entry, ...]]
    families: Mapping[str, tuple[form.Analyte, ...]]
    analyte_ids: Mapping[str, str]
    observed: Observed | None
    versions: Mapping[str, tuple[Version, ...]]
    index: Index
    always: frozenset[str]
    kept: dict[tuple[str, str, bool], str] = field(default_factory=dict)

    @property
    def ordered(self) -> tuple[form.PackBrief, ...]:
        """The packs: those of the profile used by default in its order, then the others."""
        profiles = sorted(self.shelf.profiles.profiles, key=lambda one: not one.default)
        briefs = {one.id: one for one in self.shelf.briefs}
        first = dict.fromkeys(id for one in profiles for id in one.packs)
        return tuple(briefs[id] for id in (*first, *(id for id in briefs if id not in first)))

    def counted_otherwise(self, profile: str) -> tuple[str, ...]:
        """Packs that are another content here than the counts of a profile were made with."""
        if self.observed is None:
            return ()
        counted = self.observed.profiles[profile].packs
        here = next((one for one in self.shelf.profiles.profiles if one.id == profile), None)
        packs = counted if here is None else dict.fromkeys((*counted, *here.packs))
        return tuple(
            id
            for id in packs
            if id not in counted
            or id not in self.shelf.packs
            or (here is not None and id not in here.packs)
            or self.shelf.packs[id].digest != counted[id][1]
            or self.shelf.packs[id].set_by_site > 0
        )


def check_of(row: form.Row) -> Check:
    """Under which of :data:`CHECKS` a row is found."""
    said = row.check
    if row.verified:
        return "V2" if said.startswith("V2") else "V"
    if _VERIFIED.match(said):
        return "part"
    return "G" if said.startswith("G") else "project"


async def browser_of(request: Request) -> Browser:
    """What the pages of the service asked know, prepared when it is first asked for."""
    state = request.app.state
    found: Browser | None = getattr(state, "browser", None)
    if found is None:
        shelf, threads = await shelf_of(request), state.interpreter.threads
        found = await to_thread.run_sync(_once, state, shelf, limiter=threads)
    return found


def _once(state: State, shelf: Shelf) -> Browser:
    with _PREPARING:
        if not hasattr(state, "browser"):
            state.browser = prepare(state.interpreter, shelf)
        found: Browser = state.browser
        return found


def prepare(interpreter: Interpreter, shelf: Shelf) -> Browser:
    """Everything the pages know of the rules an interpreter runs."""
    engines = {name: engine for name, (engine, _) in interpreter.engines.items()}
    parts = Parts(engines, interpreter.default)
    library, evidence = parts.library, parts.library.rows()
    rows = {row.row: row for row in parts.evidence(evidence.rows)}
    entries: dict[str, dict[str, Entry]] = {pack: {} for pack in shelf.packs}
    for brief in shelf.listed:
        entries[brief.pack][brief.id] = next(
            one for one in shelf.rules[brief.id] if one.pack == brief.pack
        )
    resting: dict[str, list[str]] = {}
    for row in evidence.rows.values():
        for key in row.sources:
            if key in rows:
                resting.setdefault(key, []).append(row.id)
    families: dict[str, list[form.Analyte]] = {}
    for one in parts.terms.analytes.values():
        families.setdefault(one.family, []).append(shelf.analytes[one.id])
    listed = tuple(one for several in entries.values() for one in several.values())
    excused = library.root / "evidence" / "unused.yaml"
    return Browser(
        shelf=shelf,
        entries=entries,
        rows=rows,
        cited=evidence.rows,
        uses=uses_of(library),
        resting={row: tuple(several) for row, several in resting.items()},
        sections=_sections(library, rows, evidence.rows.values()),
        excused={str(row): str(why) for row, why in read_document(excused).items()},
        by_cut=_by_cut(listed),
        by_definition=_by_definition(listed, shelf, library),
        families={family: tuple(several) for family, several in families.items()},
        analyte_ids={one.short: one.id for one in parts.terms.analytes.values()},
        observed=observed(library.root),
        versions={
            id: history((library.root / bound.pack.places["pack"].file).parent)
            for id, bound in library.packs.items()
        },
        index=index(shelf, listed, rows.values()),
        always=frozenset(always_first(library)),
    )


def _sections(
    library: Library, rows: Mapping[str, form.Row], cited: Iterable[Row]
) -> tuple[Section, ...]:
    """The sections in the order of the reference; rows of one's own packs have one of theirs."""
    known = read_document(library.root / "evidence" / "sections.yaml")
    within: dict[str, list[form.Row]] = {name: [] for name in known}
    for row in cited:
        within.setdefault(row.section, []).append(rows[row.id])
    return tuple(
        Section(
            name=name,
            title=known[name]["title"] if name in known else "Rows of packs of the site's own",
            covered=name in known and known[name]["covered"],
            rows=tuple(several),
        )
        for name, several in within.items()
    )


def _by_cut(entries: Iterable[Entry]) -> dict[tuple[str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for cut in entry.thresholds:
            found.setdefault((cut.pack, cut.name), []).append(entry)
    return {key: tuple(several) for key, several in found.items()}


def _by_definition(
    entries: Iterable[Entry], shelf: Shelf, library: Library
) -> dict[tuple[str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for one in entry.definitions:
            owner = owner_of(one.name, entry.pack, shelf)
            found.setdefault((owner, one.name), []).append(entry)
    return {key: tuple(several) for key, several in found.items()}


def owner_of(definition: str, pack: str, shelf: Shelf) -> str:
    """The pack a definition stands in that an entry of ``pack`` uses: its own first."""
    waiting, seen = [pack], set[str]()
    while waiting:
        id = waiting.pop(0)
        seen.add(id)
        found = shelf.packs[id]
        if any(one.name == definition for one in found.definitions):
            return id
        waiting += [one for one in found.uses if one not in seen]
    return pack
