"""What can be wrong with the cut-offs a site sets: units, bounds, order, words left behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from corrin import units
from corrin.language import tree
from corrin.packs import placeholder, schema
from corrin.packs.bound import BoundPack
from corrin.packs.finding import Finding, Place
from corrin.packs.library import Library
from corrin.packs.overlay import SetThreshold, Site
from corrin.packs.overlay_finding import (
    CrossedCutOffs,
    FixedThreshold,
    ImplausibleFigure,
    MissingUnit,
    NothingMoved,
    OutsideWindow,
    StaleWording,
    WrongUnit,
)
from corrin.terminology.analyte import Analyte


def figures(
    about: str, given: SetThreshold, content: schema.Threshold, analyte: Analyte, place: Place
) -> Iterator[Finding]:
    """Figures whose unit does not fit, is missing, or which lie where no result can."""
    published = {analyte.canonical_of(u): u for value in _values(content) for u in value}
    if given.figures() == tuple(dict(value) for value in _values(content)) and (
        tuple(v.when for v in given.variants) == tuple(v.when for v in content.variants)
    ):
        yield NothingMoved(place, about, "it has this figure already", "leave it out")
    for figures in given.figures():
        kinds: dict[str, str] = {}
        for unit, figure in figures.items():
            canonical = analyte.canonical_of(unit)
            if canonical is None:
                hint = f"use one of {', '.join(analyte.units)}"
                yield WrongUnit(place, about, f"{unit} is no unit of {analyte.name}", hint)
                continue
            if canonical in kinds:
                why = f"{unit} and {kinds[canonical]} are units of one kind"
                yield WrongUnit(place, about, why, "give one figure for each kind of quantity")
            kinds[canonical] = unit
            yield from _plausible(about, figure, unit, analyte, place)
        for canonical, unit in published.items():
            if canonical not in kinds:
                yield MissingUnit(
                    place,
                    about,
                    f"it is published in {unit} too, and no figure is set for that",
                    "results are compared in the unit they came in; set both (GL-01)",
                )


def _values(content: schema.Threshold) -> tuple[Mapping[str, Decimal], ...]:
    own = () if content.value is None else (content.value,)
    return (*own, *(variant.value for variant in content.variants))


def _plausible(
    about: str, figure: Decimal, unit: str, analyte: Analyte, place: Place
) -> Iterator[Finding]:
    window = analyte.plausible
    if window is None:
        return
    try:
        seen = units.convert(analyte, figure, unit, window.unit)
    except units.UnitError:
        return
    if not window.low <= seen <= window.high:
        yield ImplausibleFigure(
            place,
            about,
            f"{figure:f} {unit} lies where no result of {analyte.name} is believed "
            f"({window.low:f} to {window.high:f} {window.unit})",
            "a cut-off there would switch off what uses it",
        )


def window(
    about: str, given: SetThreshold, content: schema.Threshold, analyte: Analyte, place: Place
) -> Iterator[Finding]:
    """A cut-off of a pack that always runs, moved although it is fixed, or too far."""
    window = content.may_be_set
    if window is None:
        yield FixedThreshold(place, about, "a site cannot move this cut-off", "leave it out")
        return
    same = [v.when for v in given.variants] == [v.when for v in content.variants]
    if given.variants and not same:
        why = "it cannot be made to depend on who the person is"
        yield FixedThreshold(place, about, why, "give one value")
    for figures in given.figures():
        for unit, figure in figures.items():
            if analyte.canonical_of(unit) is None:
                continue  # told already
            try:
                seen = units.convert(analyte, figure, unit, window.unit)
            except units.UnitError as error:
                yield WrongUnit(place, about, f"{unit} does not convert to {window.unit}: {error}")
                continue
            if not window.low <= seen <= window.high:
                allowed = f"{window.low:f} to {window.high:f} {window.unit}"
                yield OutsideWindow(
                    place, about, f"{figure:f} {unit} is outside {allowed}", f"stay in {allowed}"
                )


def crossings(
    name: str, key: str, library: Library, bound: Library, place: Place
) -> Iterator[Finding]:
    """Other cut-offs of the analyte, seen by the same pack, that it has been moved past."""
    was, now = library.packs[name].visible_cuts(), bound.packs[name].visible_cuts()
    for other in was:
        if other == key or was[other].analyte != was[key].analyte:
            continue
        for unit in dict.fromkeys(u for u, _ in _all(now[key])):
            before = _order(was[key], was[other], unit)
            after = _order(now[key], now[other], unit)
            if before is not None and after is not None and before != after:
                side = "above" if after == "above" else "not above"
                why = f"in {unit} it is now {side} {other}, and was {before} it"
                hint = "check both, and move the other too if it is meant"
                yield CrossedCutOffs(place, f"{name}.{key}", why, hint)
                break


def _all(cut: tree.Cut) -> tuple[tuple[str, Decimal], ...]:
    return (*cut.values, *(pair for variant in cut.variants for pair in variant.values))


def _order(one: tree.Cut, other: tree.Cut, unit: str) -> str | None:
    """Whether all figures of one cut-off lie below, or above, all of another; else ``None``."""
    left = [value for u, value in _all(one) if u == unit]
    right = [value for u, value in _all(other) if u == unit]
    if not left or not right:
        return None
    if max(left) < min(right):
        return "below"
    if min(left) > max(right):
        return "above"
    return None if min(left) == max(right) or max(left) == min(right) else "across"


def stale(name: str, key: str, bound: Library, site: Site, place: Place) -> Iterator[Finding]:
    """Texts of what uses a moved cut-off that name its published figure in plain words."""
    moved = site.moved[name, key]
    now = {figure for value in moved.set.figures() for figure in value.values()}
    gone = {f for value in _values(moved.upstream) for f in value.values()} - now
    if not gone:
        return
    said = "|".join(re.escape(f"{figure:f}") for figure in sorted(gone))
    form = re.compile(rf"(?<![\d.])(?:{said})(?![\d]|\.\d)")
    for pack in bound.packs.values():
        for subject, texts in _texts(pack, name, key):
            found = next((form.search(t) for t in texts if form.search(t)), None)
            if found is not None:
                why = f"the words of {subject} in {pack.id} still say {found[0]}"
                hint = f"see `corrin rules show {subject}`; a rule can be worded by the site"
                yield StaleWording(place, f"{name}.{key}", why, hint)


def _texts(pack: BoundPack, name: str, key: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for bound in pack.rules:
        if uses((bound.when, bound.unless), {(name, key)}):
            yield bound.rule.id, placeholder.texts_of(bound.rule.note)
    for topic, decision in pack.decisions.items():
        for row in decision.rows:
            if uses((row.when,), {(name, key)}):
                yield topic, (row.row.because,)
    for restriction in pack.restrictions:
        if uses((restriction.when,), {(name, key)}):
            yield restriction.restriction.id, (restriction.restriction.because,)


def uses(conditions: Iterable[tree.Expression | None], cuts: Iterable[tuple[str, str]]) -> bool:
    """Whether a condition looks at any of some cut-offs (pack, name), through definitions too."""
    wanted = frozenset(cuts)
    return any(
        (cut.pack, cut.name) in wanted
        for condition in conditions
        if condition is not None
        for node in tree.walk(condition)
        if isinstance(node, tree.Compare | tree.Between)
        for cut in tree.cuts_of(node)
    )
