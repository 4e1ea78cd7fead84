"""All packs and profiles of a content folder, read and bound, with every finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from corrin import terminology
from corrin.content import ContentError, read_document, rules_root
from corrin.facts import trend
from corrin.language.bind import Vocabulary, bind
from corrin.language.parse import ConditionError, parse
from corrin.packs import misshape, schema
from corrin.packs.binding import bind_pack
from corrin.packs.bound import BoundPack
from corrin.packs.finding import (
    BadCondition,
    CircularUse,
    ContentProblem,
    Finding,
    Misfitting,
    Place,
    UnknownPack,
    UnknownUse,
    Unreadable,
    WrongShape,
)
from corrin.packs.overlay import Site
from corrin.packs.own import NOTHING, placed, read_folders, together
from corrin.packs.pack import Pack, content_digest, line_of, read_pack
from corrin.terminology import evidence
from corrin.unswept import unswept

SEXES = frozenset({"male", "female", "other", "unknown"})


@dataclass(frozen=True, slots=True)
class Profile:
    """Which packs run together; ``digest`` covers the profile's own content."""

    head: schema.ProfileHead
    digest: str


@dataclass(frozen=True, slots=True)
class Library:
    """Packs and profiles by id, bound; ``findings`` tells all that is wrong with them.

    ``truths`` names what the program works out itself (``on_b12_treatment``) in words; ``root`` is
    the content folder all came from. ``own`` names the packs of folders of one's own, which stand
    beside the shipped ones with ``own_rows`` of evidence; ``versions`` holds, by ``id@version``,
    those that are another version of a shipped pack, which none of the packs uses. ``site`` is the
    site file whose changes the packs carry.
    """

    packs: Mapping[str, BoundPack]
    profiles: Mapping[str, Profile]
    vocabulary: Vocabulary
    findings: tuple[Finding, ...]
    truths: Mapping[str, str]
    root: Path
    own: tuple[str, ...] = ()
    versions: Mapping[str, Pack] = field(default_factory=dict)
    own_rows: evidence.Evidence = NOTHING
    site: Site | None = None

    def sound(self) -> Library:
        """The library itself.

        Raises:
            ContentProblem: some content cannot be used.
        """
        errors = tuple(f for f in self.findings if f.severity == "error")
        if errors:
            raise ContentProblem(errors)
        return self

    def rows(self) -> evidence.Evidence:
        """The evidence of the content, and that of one's own packs."""
        shipped = evidence.load(None if self.root == rules_root() else self.root)
        return together(shipped, self.own_rows)

    def with_packs(self, replaced: Mapping[str, Pack]) -> Library:
        """The library with the content of some packs replaced, or packs added, by id.

        Every pack that uses one of them, at first or second hand, is bound anew. What is wrong
        with the new content is added to the findings, which may then name it beside what it
        replaced.
        """
        read = {**{name: bound.pack for name, bound in self.packs.items()}, **replaced}
        stale = set(replaced)
        while more := {n for n in set(read) - stale if not stale.isdisjoint(read[n].head.uses)}:
            stale |= more
        bound = {name: pack for name, pack in self.packs.items() if name not in stale}
        findings: list[Finding] = []
        for name in read:
            _bind(name, read, bound, self.vocabulary, findings, ())
        return replace(
            self,
            packs=MappingProxyType({name: bound[name] for name in read}),
            findings=tuple(dict.fromkeys((*self.findings, *findings))),
        )


def open_library(root: Path | None = None, extra: tuple[Path, ...] = ()) -> Library:
    """Read and bind a content folder (the shipped one by default, once per process).

    Args:
        extra: folders of packs of one's own, or packs, which stand beside those of the folder.
    """
    library = _shipped() if root is None else _open(root, terminology.load(root))
    return _beside(library, extra) if extra else library


def _beside(library: Library, folders: tuple[Path, ...]) -> Library:
    own = read_folders(folders, library.root, library.rows())
    shipped = {name: bound.pack for name, bound in library.packs.items()}
    beside, versions, wrong = placed(own, shipped)
    joined = library.with_packs(beside)
    return replace(
        joined,
        findings=tuple(dict.fromkeys((*joined.findings, *own.findings, *wrong))),
        own=tuple(beside),
        versions=MappingProxyType(versions),
        own_rows=own.rows,
    )


_OPENING = RLock()  # who asks while another reads waits for it, and does not read as well


def _shipped() -> Library:
    with _OPENING:
        return _read_once()


@lru_cache(maxsize=1)
def _read_once() -> Library:
    return _open(rules_root(), terminology.load())  # the one the process has already


def vocabulary_of(
    terms: terminology.Terminology,
    truths: Iterable[str] = (),
    results: Iterable[tuple[str, str]] = (),
) -> Vocabulary:
    """The names all packs share; ``truths`` are those the program works out for a case, and
    ``results`` other results of an analyte (``mma_previous`` of ``mma``)."""
    qualitative = {a.id for a in terms.analytes.values() if a.kind == "qualitative"}
    others = {name: terms.analytes[one] for name, one in results if one in terms.analytes}
    return Vocabulary(
        analytes=MappingProxyType({**terms.analytes, **others}),
        concepts=frozenset(terms.concepts) | qualitative | frozenset(truths),
        coded=MappingProxyType({"sex": SEXES}),
        reasons=frozenset(terms.reasons),
    )


@unswept()
def _open(root: Path, terms: terminology.Terminology) -> Library:
    truths = read_document(root / "derived" / "truths.yaml")
    followed = trend.read(root)
    shared = vocabulary_of(terms, (*truths["case"], *followed.directions()), followed.previous())
    findings: list[Finding] = []
    read: dict[str, Pack] = {}
    for folder in sorted(path.parent for path in (root / "packs").glob("*/pack.yaml")):
        pack, found = read_pack(folder, root)
        findings.extend(found)
        if pack is not None:
            read[pack.id] = pack
    bound: dict[str, BoundPack] = {}
    for pack_id in read:
        _bind(pack_id, read, bound, shared, findings, ())
    profiles: dict[str, Profile] = {}
    for file in sorted((root / "profiles").glob("*.yaml")):
        profile = _profile(file, root, bound, shared, findings)
        if profile is not None:
            profiles[profile.head.id] = profile
    return Library(
        MappingProxyType(bound),
        MappingProxyType(profiles),
        shared,
        tuple(dict.fromkeys(findings)),
        MappingProxyType({**truths["case"], **truths["result"], **followed.labels(terms.analytes)}),
        root,
    )


def _bind(
    pack_id: str,
    read: Mapping[str, Pack],
    bound: dict[str, BoundPack],
    shared: Vocabulary,
    findings: list[Finding],
    above: tuple[str, ...],
) -> BoundPack | None:
    if pack_id in bound:
        return bound[pack_id]
    pack = read.get(pack_id)
    if pack is None:
        return None
    uses = []
    for name in pack.head.uses:
        chain = (*above, pack_id)
        if name in chain:
            way = " uses ".join((*chain[chain.index(name) :], name))
            findings.append(
                CircularUse(pack.places["pack"], pack_id, way, "let only one use the other")
            )
            continue
        used = _bind(name, read, bound, shared, findings, (*above, pack_id))
        if used is None:
            why = f"it uses {name}"
            findings.append(UnknownPack(pack.places["pack"], pack_id, why, _near(name, read)))
        else:
            uses.append(used)
    bound[pack_id], found = bind_pack(pack, tuple(uses), shared)
    findings.extend(found)
    return bound[pack_id]


def _near(name: str, known: Iterable[str]) -> str:
    return "use one of " + ", ".join(sorted(set(known) - {name}))


def _profile(
    file: Path,
    root: Path,
    packs: Mapping[str, BoundPack],
    shared: Vocabulary,
    findings: list[Finding],
) -> Profile | None:
    name = file.relative_to(root).as_posix()
    try:
        raw = read_document(file)
        head = schema.ProfileHead.model_validate(raw)
    except ContentError as error:
        findings.append(Unreadable(Place(name, error.line), file.name, error.why))
        return None
    except ValidationError as error:
        for detail in error.errors():
            place = Place(name, line_of(raw, detail["loc"]))
            findings.append(WrongShape(place, file.stem, misshape.said(detail)))
        return None
    wrong = list(_of_profile(head, raw, name, packs, shared))
    findings.extend(wrong)
    return None if wrong else Profile(head, content_digest(raw))


def _of_profile(
    head: schema.ProfileHead,
    raw: Any,
    file: str,
    packs: Mapping[str, BoundPack],
    shared: Vocabulary,
) -> Iterator[Finding]:
    """What a profile names that is not there: packs, words of its scope, facts it chooses."""

    def at(*location: str | int) -> Place:
        return Place(file, line_of(raw, location))

    for part, named in (("packs", head.packs), ("owns", tuple(head.owns.values()))):
        for pack_id in named:
            if pack_id not in packs:
                yield UnknownPack(at(part), head.id, f"it runs {pack_id}", _near(pack_id, packs))
    try:
        _, misfits = bind(parse(head.scope), shared)
        for misfit in misfits:
            yield Misfitting(at("scope"), "scope", misfit.why, misfit.hint)
    except ConditionError as error:
        yield BadCondition(at("scope"), "scope", str(error))
    known = {*shared.analytes, *shared.concepts}
    for index, look in enumerate(head.look_back):
        for one in look.analytes:
            if one not in known:
                place = at("look_back", index, "analytes")
                yield UnknownUse(place, "look_back", f"{one} is no fact", _alike(one, known))
    for index, pair in enumerate(head.pairing):
        for one in (*pair.markers, *pair.metabolites):
            if one not in known:
                yield UnknownUse(
                    at("pairing", index), "pairing", f"{one} is no fact", _alike(one, known)
                )


def _alike(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), n=2)
    return f"did you mean {' or '.join(near)}?" if near else ""
