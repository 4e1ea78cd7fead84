"""What of the content rests on each row of the clinical reference: the way back from a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from corrin import terminology
from corrin.api.page.rules import addresses
from corrin.content import read_document
from corrin.packs.library import Library
from corrin.packs.pack import Pack
from corrin.terminology.evidence import named_in

Kind = Literal[
    "rule", "decision", "restriction", "cut-off", "definition", "result", "calculation",
    "profile", "example",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """One part of the content that rests on a row.

    Attributes:
        kind: what it is.
        name: its id.
        says: what it is called; empty where the id says it all.
        pack: the pack it stands in; empty: none.
        href: the page it stands on; empty: none.
    """

    kind: Kind
    name: str
    says: str = ""
    pack: str = ""
    href: str = ""


def uses_of(library: Library) -> Mapping[str, tuple[Use, ...]]:
    """Row → its uses: those of the packs in their order, then those beside the packs."""
    found: dict[str, dict[Use, None]] = {}
    for rows, use in (*_in_packs(library), *_beside(library)):
        for row in rows:
            found.setdefault(row, {})[use] = None
    return {row: tuple(several) for row, several in found.items()}


Cited = Iterator[tuple[Iterable[str], Use]]


def _in_packs(library: Library) -> Cited:
    for bound in library.packs.values():
        yield from _of_pack(bound.pack)


def _of_pack(pack: Pack) -> Cited:
    id = pack.id
    for topic, decision in pack.decisions.items():
        use = Use("decision", topic, decision.title, id, addresses.entry(id, topic))
        yield (*decision.evidence, *(row for one in decision.rows for row in one.evidence)), use
    for rule in pack.rules:
        yield rule.evidence, Use("rule", rule.id, rule.title, id, addresses.entry(id, rule.id))
    for one in pack.restrictions:
        href = addresses.entry(id, one.id)
        yield one.evidence, Use("restriction", one.id, one.because, id, href)
    for name, cut in pack.thresholds.items():
        rows = [*cut.evidence, *(row for variant in cut.variants for row in variant.evidence)]
        rows += [row for dated in cut.earlier for row in dated.evidence]
        yield rows, Use("cut-off", name, cut.meaning, id, addresses.threshold(id, name))
    for name, definition in pack.definitions.items():
        href = addresses.definition(id, name)
        yield definition.evidence, Use("definition", name, definition.means, id, href)


def _beside(library: Library) -> Cited:
    root = library.root
    for profile in library.profiles.values():
        cited = [row for look in profile.head.look_back for row in look.evidence]
        yield cited, Use("profile", profile.head.id, profile.head.title, "", addresses.HOME)
    for one in terminology.load().analytes.values():
        limits = () if one.plausible is None else (one.plausible.evidence,)
        use = Use("result", one.id, one.name, "", addresses.analyte(one.id))
        yield (*one.sources, *limits), use
    for file in sorted((root / "derived").glob("*.yaml")):
        yield tuple(named_in(read_document(file))), Use("calculation", file.stem)
    tried = root / "evidence" / "tried.yaml"
    if tried.is_file():
        for row, examples in read_document(tried).items():
            for name in examples:
                yield (str(row),), Use("example", str(name))
