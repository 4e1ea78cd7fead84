"""A site file put over a library: content replaced, bound anew, every difference told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from corrin.content import read_document
from corrin.packs import schema
from corrin.packs.binding import bind_pack
from corrin.packs.bound import BoundPack
from corrin.packs.finding import ContentProblem, Finding
from corrin.packs.library import Library
from corrin.packs.overlay import Coverage, Moved, SetThreshold, SetWording, Site
from corrin.packs.overlay_changes import changes
from corrin.packs.overlay_file import SiteFile
from corrin.packs.overlay_lint import always_first, analytes, before_applying, once_applied
from corrin.packs.pack import Pack


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A library with a site file over it, and all that is wrong with the file.

    Where something is, ``library`` carries no site file.
    """

    library: Library
    findings: tuple[Finding, ...]

    def sound(self) -> Library:
        """The library itself.

        Raises:
            ContentProblem: the site file cannot be used.
        """
        errors = tuple(f for f in self.findings if f.severity == "error")
        if errors:
            raise ContentProblem(errors)
        return self.library


def apply(library: Library, file: SiteFile) -> Overlaid:
    """Put a site file over a sound library; the library itself stays as it is.

    Packs keep their digests: these name the published content. What the site changed is told by
    ``Library.site``.
    """
    wrong = tuple(before_applying(library, file))
    if any(finding.severity == "error" for finding in wrong):
        return Overlaid(library, wrong)
    replaced = _replaced(library, file)
    bound = library.with_packs(replaced)
    site = _site(library, file, replaced, bound)
    new = [finding for finding in bound.findings if finding not in set(library.findings)]
    findings = (*wrong, *new, *once_applied(library, bound, file, site))
    if any(finding.severity == "error" for finding in findings):
        return Overlaid(library, tuple(dict.fromkeys(findings)))
    carrying = replace(bound, site=site, findings=library.findings)
    return Overlaid(carrying, tuple(dict.fromkeys(findings)))


def _replaced(library: Library, file: SiteFile) -> dict[str, Pack]:
    """The packs the site file changes, with its figures, wording and places in them."""
    overlay = file.overlay
    found: dict[str, Pack] = {}
    for name, bound in library.packs.items():
        pack = bound.pack
        moved = overlay.thresholds.get(name, {})
        reworded = [rule.id for rule in pack.rules if rule.id in overlay.wording]
        if not moved and not reworded:
            continue
        places = dict(pack.places)
        for threshold in moved:
            places[f"threshold:{threshold}"] = file.place("thresholds", name, threshold)
        for rule in reworded:
            places[f"rule:{rule}"] = file.place("wording", rule)
        found[name] = replace(
            pack,
            thresholds=MappingProxyType(
                {
                    key: _moved(threshold, moved[key]) if key in moved else threshold
                    for key, threshold in pack.thresholds.items()
                }
            ),
            rules=tuple(
                _reworded(rule, overlay.wording[rule.id]) if rule.id in overlay.wording else rule
                for rule in pack.rules
            ),
            places=MappingProxyType(places),
        )
    return found


def _moved(threshold: schema.Threshold, given: SetThreshold) -> schema.Threshold:
    """A cut-off with the site's figures, which hold at every time asked about."""
    variants = tuple(schema.Variant(when=v.when, value=dict(v.value)) for v in given.variants)
    value = None if given.value is None else dict(given.value)
    figures = {"value": value, "variants": variants, "earlier": (), "in_force": None}
    return threshold.model_copy(update=figures)


def _reworded(rule: schema.Rule, given: SetWording) -> schema.Rule:
    """A rule with the site's words; a limit is only ever added."""
    words: dict[str, object] = {"limits": (*rule.note.limits, *given.limits)}
    if given.summary is not None:
        words["summary"] = given.summary
    if given.detail is not None:
        words["detail"] = given.detail
    return rule.model_copy(update={"note": rule.note.model_copy(update=words)})


def _site(library: Library, file: SiteFile, replaced: Mapping[str, Pack], bound: Library) -> Site:
    overlay = file.overlay
    moved = {
        (name, key): Moved(
            library.packs[name].pack.thresholds[key], replaced[name].thresholds[key], given
        )
        for name, thresholds in overlay.thresholds.items()
        for key, given in thresholds.items()
    }
    raw = read_document(library.root / "derived" / "imprecision.yaml")["coverage"]
    coverage = Coverage(Decimal(raw["factor"]), str(raw["says"]))
    return Site(
        overlay=overlay,
        digest=file.digest,
        moved=MappingProxyType(moved),
        reworded=MappingProxyType({name: _parts(w) for name, w in overlay.wording.items()}),
        unavailable=_unavailable(library, file),
        imprecision=MappingProxyType({n: i.spread() for n, i in overlay.imprecision.items()}),
        coverage=coverage,
        guards=MappingProxyType(_guards(library, bound)),
        published=library.packs,
        changes=tuple(changes(library, file, coverage)),
    )


def _parts(given: SetWording) -> tuple[str, ...]:
    named = (("summary", given.summary), ("detail", given.detail), ("limits", given.limits))
    return tuple(name for name, text in named if text)


def _unavailable(library: Library, file: SiteFile) -> frozenset[str]:
    tests = file.overlay.tests
    if tests.available is not None:
        return frozenset(analytes(library)) - frozenset(tests.available)
    return frozenset(tests.unavailable or ())


def _guards(library: Library, bound: Library) -> dict[str, BoundPack]:
    """The packs that always run, over the published form of the packs they use."""
    found: dict[str, BoundPack] = {}
    for name in always_first(library):
        used = tuple(library.packs[one] for one in library.packs[name].pack.head.uses)
        found[name], _ = bind_pack(bound.packs[name].pack, used, library.vocabulary)
    return found
