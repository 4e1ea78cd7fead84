"""Which worked examples a site file's cut-offs turn, apart from those that have to hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from corrin.evaluate import worked
from corrin.evaluate.worked import CaseRun, LeafSeen, WorkedReport
from corrin.packs.bound import BoundPack
from corrin.packs.finding import Place
from corrin.packs.library import Library
from corrin.packs.overlay_cutoffs import uses


@dataclass(frozen=True, slots=True)
class Turned:
    """Examples that come out otherwise by the site's figures, and leaves and rows they no longer
    reach; ``kept`` is everything else, which has to hold as it does upstream."""

    kept: WorkedReport
    cases: tuple[CaseRun, ...]
    leaves: tuple[LeafSeen, ...]
    rows: tuple[tuple[str, str, Place], ...]


def run(library: Library, published: Library, rules: Iterable[str] = ()) -> Turned:
    """Run the examples of a library that carries a site file, beside the ``published`` one.

    Packs that always run are tried as they are guarded. What fails counts as turned when it
    belongs to something that looks at a cut-off the site moved, and holds by published figures.
    """
    site = library.site
    assert site is not None
    packs = MappingProxyType({**library.packs, **site.guards})
    ran = worked.run(replace(library, packs=packs), rules)
    touched = {name for pack in packs.values() for name in _touched(pack, site.moved)}
    if not touched or ran.sound:
        return Turned(ran, (), (), ())
    was = worked.run(published, touched)
    failing = {(case.pack, case.subject, case.number) for case in was.failed}
    unseen = {(leaf.pack, leaf.subject) for leaf in was.unseen}
    cases = tuple(
        case
        for case in ran.failed
        if case.subject in touched and (case.pack, case.subject, case.number) not in failing
    )
    leaves = tuple(
        leaf
        for leaf in ran.unseen
        if leaf.subject in touched and (leaf.pack, leaf.subject) not in unseen
    )
    rows = tuple(row for row in ran.rows if row[0] in touched and row not in was.rows)
    aside = {id(leaf) for leaf in leaves}
    kept = WorkedReport(
        tuple(case for case in ran.cases if case not in cases),
        tuple(leaf for leaf in ran.leaves if id(leaf) not in aside),
        tuple(row for row in ran.rows if row not in rows),
    )
    return Turned(kept, cases, leaves, rows)


def _touched(pack: BoundPack, moved: Collection[tuple[str, str]]) -> Iterator[str]:
    """What of a pack looks at a cut-off the site moved: rules, restrictions, decisions."""
    for bound in pack.rules:
        if uses((bound.when, bound.unless), moved):
            yield bound.rule.id
    for restriction in pack.restrictions:
        if uses((restriction.when,), moved):
            yield restriction.restriction.id
    for topic, decision in pack.decisions.items():
        if uses(decision.conditions, moved):
            yield topic
