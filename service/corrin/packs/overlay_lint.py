"""Everything that can be wrong with a site file, told at once with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from difflib import get_close_matches

from corrin.packs import overlay_cutoffs, placeholder, schema
from corrin.packs.bound import BoundPack
from corrin.packs.finding import (
    Finding,
    LongDetail,
    Place,
    UnknownEvidence,
    UnknownPack,
    VariantGap,
)
from corrin.packs.library import Library
from corrin.packs.overlay import SetWording, Site
from corrin.packs.overlay_file import SiteFile
from corrin.packs.overlay_finding import (
    DroppedValue,
    FixedWording,
    ImplausibleFigure,
    NotRun,
    UnknownProfile,
    UnknownRule,
    UnknownTest,
    UnknownThreshold,
    WrongUnit,
)
from corrin.packs.variants import gaps
from corrin.packs.wording import wording
from corrin.terminology.analyte import Analyte

MOST_WORDS = 120
FEW = 20  # as many names as a hint lists
RULES = "`corrin rules list` names them all"
TESTS = "`corrin analytes list` names them all"
WHOLE = Decimal(1)


def always_first(library: Library) -> tuple[str, ...]:
    """The packs that run before all others in any profile, which no site can take away."""
    named = (p for profile in library.profiles.values() for p in profile.head.always_first)
    return tuple(name for name in dict.fromkeys(named) if name in library.packs)


def before_applying(library: Library, file: SiteFile) -> Iterator[Finding]:
    """What can be seen of the file beside the published content."""
    yield from _profile(library, file)
    first = always_first(library)
    for name, thresholds in file.overlay.thresholds.items():
        place = file.place("thresholds", name)
        bound = library.packs.get(name)
        if bound is None:
            yield UnknownPack(place, name, "there is no such pack", _near(name, library.packs))
            continue
        for key, given in thresholds.items():
            place = file.place("thresholds", name, key)
            content = bound.pack.thresholds.get(key)
            if content is None:
                hint = _near(key, bound.pack.thresholds)
                yield UnknownThreshold(place, f"{name}.{key}", f"{name} has no such cut-off", hint)
                continue
            analyte = library.vocabulary.analytes[content.analyte]
            yield from overlay_cutoffs.figures(f"{name}.{key}", given, content, analyte, place)
            if name in first:
                yield from overlay_cutoffs.window(f"{name}.{key}", given, content, analyte, place)
            for row in given.evidence:
                if row not in library.rows().rows:
                    yield UnknownEvidence(place, key, f"{row} is no row of the reference")
    yield from _words(library, file, first)
    yield from _tests(library, file)
    yield from _imprecision(library, file)


def once_applied(library: Library, bound: Library, file: SiteFile, site: Site) -> Iterator[Finding]:
    """What only the changed content shows: gaps, crossings, wording that no longer fits."""
    for name, key in site.moved:
        place = file.place("thresholds", name, key)
        cut = bound.packs[name].cuts[key]
        for why in gaps(cut, library.vocabulary):
            yield VariantGap(place, f"{name}.{key}", why)
        yield from overlay_cutoffs.crossings(name, key, library, bound, place)
        yield from overlay_cutoffs.stale(name, key, bound, site, place)
    for pack in bound.packs.values():
        for rule in pack.pack.rules:
            if rule.id in site.reworded:
                yield from wording(pack, rule, library.vocabulary)


def _profile(library: Library, file: SiteFile) -> Iterator[Finding]:
    wanted = file.overlay.based_on
    if wanted is None:
        return
    profile = library.profiles.get(wanted)
    if profile is None:
        place = file.place("based_on")
        hint = _near(wanted, library.profiles)
        yield UnknownProfile(place, wanted, "there is no such profile", hint)
        return
    run = {*profile.head.packs, *profile.head.always_first}
    run |= {used for name in run if name in library.packs for used in _used(library.packs[name])}
    for name in file.overlay.thresholds:
        if name in library.packs and name not in run:
            place = file.place("thresholds", name)
            yield NotRun(place, name, f"profile {wanted} does not run this pack")


def _used(pack: BoundPack) -> Iterator[str]:
    for used in pack.uses:
        yield used.id
        yield from _used(used)


def _words(library: Library, file: SiteFile, first: tuple[str, ...]) -> Iterator[Finding]:
    rules = {rule.id: (p.id, rule) for p in library.packs.values() for rule in p.pack.rules}
    for name, given in file.overlay.wording.items():
        place = file.place("wording", name)
        found = rules.get(name)
        if found is None:
            yield UnknownRule(place, name, "no pack has such a rule", _near(name, rules, RULES))
            continue
        pack, rule = found
        if pack in first and (given.summary is not None or given.detail is not None):
            why = f"the summary and detail of a rule of {pack} stay as they are"
            yield FixedWording(place, name, why, "add to its limits instead")
        yield from _text(name, rule, given, place)


def _text(name: str, rule: schema.Rule, given: SetWording, place: Place) -> Iterator[Finding]:
    for limit in given.limits:
        if len(limit.split()) > MOST_WORDS:
            yield LongDetail(place, name, f"a limit of {len(limit.split())} words")
    if given.summary is not None:
        shown = {one for one, _ in placeholder.names_in(given.summary)}
        gone = {one for one, _ in placeholder.names_in(rule.note.summary)} - shown
        if gone:
            why = f"its summary no longer shows {', '.join(sorted(gone))}"
            yield DroppedValue(place, name, why, "name the value in braces")


def _tests(library: Library, file: SiteFile) -> Iterator[Finding]:
    tests = file.overlay.tests
    for part, names in (("unavailable", tests.unavailable), ("available", tests.available)):
        for index, name in enumerate(names or ()):
            if name not in analytes(library):
                place = file.place("tests", part, index)
                hint = _near(name, analytes(library), TESTS)
                yield UnknownTest(place, name, "nothing measured is called so", hint)


def _imprecision(library: Library, file: SiteFile) -> Iterator[Finding]:
    for name, given in file.overlay.imprecision.items():
        place = file.place("imprecision", name)
        analyte = analytes(library).get(name)
        if analyte is None or analyte.kind != "quantity":
            hint = _near(name, analytes(library), TESTS)
            yield UnknownTest(place, name, "nothing measured in figures is called so", hint)
            continue
        spread = given.spread()
        if spread.amount <= 0 or (spread.unit is None and spread.amount >= WHOLE):
            why = "an imprecision is above 0, and a CV below 100 %"
            yield ImplausibleFigure(place, name, why)
        if spread.unit is not None and spread.unit not in analyte.units:
            hint = f"use one of {', '.join(analyte.units)}"
            yield WrongUnit(place, name, f"{spread.unit} is no unit of {analyte.name}", hint)


def analytes(library: Library) -> dict[str, Analyte]:
    """What is measured, without the other results of one (``mma_previous``)."""
    return {name: found for name, found in library.vocabulary.analytes.items() if found.id == name}


def _near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    names = sorted(known)
    if near := get_close_matches(name, names, n=3):
        return f"did you mean {' or '.join(near)}?"
    return f"there are: {', '.join(names)}" if len(names) <= FEW else otherwise
