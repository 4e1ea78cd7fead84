"""A note marked with what of it a site file set: cut-offs, words, tests that cannot be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from corrin.evaluate.engine import Fired
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.site import parts_of, told
from corrin.packs import placeholder
from corrin.packs.overlay import Site

_PUBLISHED = "by-published-cut-offs"


def told_of(
    note: report.Note,
    fired: Fired,
    statuses: Mapping[str, report.Status],
    site: Site,
    basis: Basis,
) -> report.Note:
    """The note as it is, or marked: it then is not verified, and each figure set is a limit."""
    used = {one.name: one for one in _cut_offs(note, fired, statuses, basis)}
    parts = parts_of(site, note.rule, used.values())
    limits = told(used.values())
    if fired.pack is site.guards.get(fired.pack.id):
        limits = (basis.reason(_PUBLISHED), *limits)
    missing = tuple(sorted(note.missing, key=lambda one: not one.available))
    if not parts and not limits and missing == note.missing:
        return note
    return note.model_copy(
        update={
            "by_site": parts,
            "verified": note.verified and not used,
            "limits": (*note.limits, *limits),
            "missing": missing,
        }
    )


def _cut_offs(
    note: report.Note, fired: Fired, statuses: Mapping[str, report.Status], basis: Basis
) -> Iterator[report.ThresholdUsed]:
    """Cut-offs of the site that the condition, the words or the status of a note rest on."""
    for used in note.thresholds:
        if used.set_by is not None:
            yield used
    cuts = fired.pack.visible_cuts()
    for text in placeholder.texts_of(fired.bound.rule.note):
        for name, _ in placeholder.names_in(text):
            if name in cuts:
                named = basis.threshold(cuts[name], cuts[name].analyte, fired.world, fired.pack)
                if named is not None and named.set_by is not None:
                    yield named
    for topic in fired.bound.rule.belongs_to:
        if topic in statuses:
            yield from (one for one in statuses[topic].thresholds if one.set_by is not None)
