"""Which cut-off makes two frameworks differ on one case: found by putting it into the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from corrin.comparison.framework import Framework
from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import Engine
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs import schema
from corrin.packs.binding import bind_pack

_FIGURES = ("value", "variants", "laboratory_limit", "laboratory_between", "earlier")


def same_figures(one: schema.Threshold, other: schema.Threshold) -> bool:
    """Whether two cut-offs hold the same figures, for the same people and days."""
    return all(getattr(one, name) == getattr(other, name) for name in _FIGURES)


class Swapped:
    """One framework, decided again with cut-offs of others in the place of its own.

    What is compiled for it goes with it; the engine keeps nothing of it. So many cases can be
    asked of one: each set of cut-offs is put in once.
    """

    def __init__(self, framework: Framework, topic: str) -> None:
        self._framework, self._topic = framework, topic
        self._compiler = Compiler(framework.engine.library.vocabulary.analytes)
        self._restrictions = tuple(
            restriction
            for pack in framework.engine.packs
            for restriction in pack.restrictions
            if restriction.restriction.topic == topic
        )
        self._deciders: dict[tuple[tuple[str, int], ...], Decider | None] = {}
        self._put_in: list[Mapping[str, schema.Threshold]] = []

    @property
    def kept(self) -> int:
        """How many sets of cut-offs were put in, and stay."""
        return len(self._deciders)

    def thresholds(self) -> dict[str, schema.Threshold]:
        """Every cut-off this framework can use, by name."""
        found = {}
        for name in self._framework.bound.visible_cuts():
            located = self._framework.bound.threshold(name)
            if located is not None:
                found[name] = located[1]
        return found

    def possible(
        self, world: World, thresholds: Mapping[str, schema.Threshold]
    ) -> tuple[str, ...] | None:
        """The statuses possible with some cut-offs replaced; ``None`` where they do not fit.

        Args:
            world: one that is not used any longer than this (:meth:`World.apart`).
        """
        key = tuple(sorted((name, id(one)) for name, one in thresholds.items()))
        if key not in self._deciders:
            self._put_in.append(thresholds)  # what is known by its id must live as long
            self._deciders[key] = self._decider(thresholds)
        decider = self._deciders[key]
        return None if decider is None else decider.possible(world)

    def _decider(self, thresholds: Mapping[str, schema.Threshold]) -> Decider | None:
        bound, engine = self._framework.bound, self._framework.engine
        pack = replace(bound.pack, thresholds={**bound.pack.thresholds, **thresholds})
        rebound, findings = bind_pack(pack, bound.uses, engine.library.vocabulary)
        if any(finding.severity == "error" for finding in findings):
            return None
        return Decider(rebound.decisions[self._topic], bound.id, self._restrictions, self._compiler)


def exchanged(
    one: Framework,
    other: Framework,
    topic: str,
    world: World,
    swaps: tuple[Swapped, Swapped] | None = None,
) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The cut-offs that make two frameworks differ on a world, and whether only together.

    Each shared name with different figures is tried alone, in the one and then in the other; a
    figure makes the difference when it turns the status of the one into that of the other. If
    none does alone, all are tried together, and those that are not needed are left out.

    Args:
        swaps: the two frameworks, where a caller keeps them for many worlds.

    Returns:
        (name, name of the framework that it turns), and true when all of them are needed.
    """
    swaps = swaps or (Swapped(one, topic), Swapped(other, topic))
    cuts = tuple(swap.thresholds() for swap in swaps)
    names = [
        name
        for name in cuts[0]
        if name in cuts[1]
        and cuts[0][name].analyte == cuts[1][name].analyte
        and not same_figures(cuts[0][name], cuts[1][name])
    ]
    said = tuple(_possible(f.engine, topic, world) for f in (one, other))
    world = world.apart()

    def turns(which: int, tried: Iterable[str]) -> bool:
        given = {name: cuts[1 - which][name] for name in tried}
        return bool(given) and swaps[which].possible(world, given) == said[1 - which]

    sides = (one.name, other.name)
    alone = [
        (name, sides[which])
        for name in names
        for which in (0, 1)
        if turns(which, (name,)) and not (which == 1 and turns(0, (name,)))
    ]
    if alone:
        return tuple(alone), False
    for which in (0, 1):
        if not turns(which, names):
            continue
        needed = list(names)
        for name in names:
            rest = [kept for kept in needed if kept != name]
            if turns(which, rest):
                needed = rest
        return tuple((name, sides[which]) for name in needed), True
    return (), False


def _possible(engine: Engine, topic: str, world: World) -> tuple[str, ...]:
    return engine.deciders[topic].possible(world)
