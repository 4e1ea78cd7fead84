"""Every condition of a rule or of a row with its truth for one case: the whole tree, in words.

A note names the leaves that decided it; here all are shown, those that did not matter too, and of
each that is unknown what left it so. Nothing is decided anew: each node is asked of the closure
that the engine itself asks, in the world it asked it in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from corrin.evaluate.engine import Engine
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.language import kleene, tree
from corrin.language.kleene import Kleene
from corrin.language.to_prose import Prose
from corrin.language.world import World, time_of
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.compose import Composer
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, quantity, short_digits
from corrin.packs.bound import BoundPack

Kind = Literal["all", "any", "at-least", "not", "is", "definition", "leaf"]

TRUTH: dict[Kleene, report.Truth] = {True: "true", False: "false", None: "unknown"}

_RESULT = "result"


@dataclass(frozen=True, slots=True)
class Node:
    """One condition, with those it is made of.

    Attributes:
        kind: how its truth follows from that of its ``terms``; a leaf has none.
        says: a leaf or a definition in words; else what has to hold of the terms.
        terms: in the order written; of a definition what it stands for.
        decided: whether it is one of the leaves that gave the whole its truth.
        met: what was found where a leaf looked: the value as reported and as compared, a statement,
            dates; empty where that is nothing.
        uses: the cut-offs a leaf compares with, each with the figure that holds for this person.
        because: of an unknown leaf, what left it unknown.
    """

    kind: Kind
    says: str
    truth: Kleene
    terms: tuple[Node, ...] = ()
    decided: bool = False
    met: str = ""
    uses: tuple[report.ThresholdUsed, ...] = ()
    because: tuple[report.Missing, ...] = ()

    @property
    def word(self) -> report.Truth:
        """Its truth in a word."""
        return TRUTH[self.truth]

    def walk(self) -> Iterator[Node]:
        """Itself and every node below it."""
        yield self
        for term in self.terms:
            yield from term.walk()


class Trees:
    """Makes the trees of one engine's conditions; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine = engine
        self._words: Dictionary = composer.words
        self._basis: Basis = composer.basis
        self._prose: dict[str | None, Prose] = {None: self._basis.prose}

    def reader(self, world: World, pack: BoundPack, result: str | None = None) -> Reader:
        """What reads conditions in a world.

        Args:
            pack: the pack that speaks: its words of a cut-off come first.
            result: the analyte a rule is asked for under the name ``result``.
        """
        prose = self._prose.get(result)
        if prose is None:
            prose = self._prose[result] = self._basis.prose_for(result)
        return Reader(self._engine, self._words, self._basis, prose, world, pack, result)


class Reader:
    """Reads conditions in one world, in one pack's words."""

    def __init__(
        self,
        engine: Engine,
        words: Dictionary,
        basis: Basis,
        prose: Prose,
        world: World,
        pack: BoundPack,
        result: str | None,
    ) -> None:
        self.prose = prose
        self._engine, self._words, self._basis = engine, words, basis
        self._world, self._pack, self._result = world, pack, result
        # A definition stands in many conditions. By identity, which the content keeps taken.
        self._known: dict[tuple[int, bool], Node] = {}

    def of(self, condition: tree.Expression) -> Node:
        """The tree of a condition."""
        return self._node(condition, True)

    def given(self, facts: Mapping[str, Fact]) -> Reader:
        """The same where some facts are others."""
        world = self._world.given(**facts)
        return Reader(
            self._engine, self._words, self._basis, self.prose, world, self._pack, self._result
        )

    def _holds(self, condition: tree.Expression) -> Kleene:
        return self._engine.compiler.condition(condition)(self._world)

    def _node(self, condition: tree.Expression, decides: bool) -> Node:
        """A condition and all below it.

        Args:
            decides: whether its truth is one that the truth of the whole rests on.
        """
        truth = self._holds(condition)
        match condition:
            case tree.All(terms):
                return Node("all", "all of these", truth, self._below(terms, truth, decides))
            case tree.Any(terms):
                return Node("any", "any of these", truth, self._below(terms, truth, decides))
            case tree.AtLeast(count, terms):
                says = f"at least {count} of these"
                return Node("at-least", says, truth, self._below(terms, truth, decides))
            case tree.Not(term):
                within = self._below((term,), kleene.negate(truth), decides)
                return Node("not", "not", truth, within)
            case tree.Is(inner, wanted, negated):
                # It decides as one leaf: what is known, whatever it is known by.
                says = self._is(inner, wanted, negated)
                return Node("is", says, truth, (self._node(inner, False),), decided=decides)
            case tree.Truth(_, definition) if definition is not None:
                return self._definition(condition, definition, truth, decides)
            case _:
                return self._leaf(condition, truth, decides)

    def _below(
        self, terms: tuple[tree.Expression, ...], sharing: Kleene, decides: bool
    ) -> tuple[Node, ...]:
        """The terms of a condition, which rests on those that share the truth it has of them."""
        return tuple(self._node(term, decides and self._holds(term) is sharing) for term in terms)

    def _definition(
        self, named: tree.Truth, definition: tree.Expression, truth: Kleene, decides: bool
    ) -> Node:
        key = id(definition), decides
        found = self._known.get(key)
        if found is None:
            says, inside = self.prose.of(named), self._node(definition, decides)
            found = self._known[key] = Node("definition", says, truth, (inside,))
        return found

    def _is(self, inner: tree.Expression, wanted: bool, negated: bool) -> str:
        if isinstance(inner, tree.Truth) or not tree.parts_of(inner):
            said = self.prose.of(tree.Is(inner, wanted, negated))
            asked = self.prose.of(inner)
            return readable(asked) + said.removeprefix(asked)
        return f"{'not ' if negated else ''}known to be {'true' if wanted else 'false'}"

    def _leaf(self, leaf: tree.Leaf, truth: Kleene, decides: bool) -> Node:
        uses: tuple[report.ThresholdUsed, ...] = ()
        if isinstance(leaf, tree.Compare | tree.Between):
            used = self._basis.thresholds_of(leaf, self._world, self._pack)
            uses = tuple(map(_readable, used))
        return Node(
            "leaf",
            readable(self.prose.of(leaf)),
            truth,
            decided=decides,
            met=readable(self._met(leaf)),
            uses=uses,
            because=self._because(leaf) if truth is None else (),
        )

    def _named(self, fact: str) -> str:
        """The name of a fact; of ``result`` that of the analyte it stands for."""
        return self._result if fact == _RESULT and self._result is not None else fact

    def _met(self, leaf: tree.Leaf) -> str:
        match leaf:
            case tree.Compare(fact) | tree.Between(fact):
                return _value(self._world.facts.get(fact))
            case tree.Truth(name):
                found = self._world.facts.get(name)
                if not isinstance(found, Stated) or name in self._engine.library.truths:
                    return ""
                since = f", from {found.since.text}" if found.since is not None else ""
                history = ", in the history" if found.history else ""
                return f"{self._words.said(found, name, None)}{history}{since}"
            case tree.CompareText(fact):
                return self._world.coded.get(fact, "")
            case tree.IsNull(fact) | tree.Flagged(fact):
                if fact in self._world.coded:
                    return self._world.coded[fact]
                return self._words.said(self._world.facts.get(fact), self._named(fact), None)
            case tree.Within(fact, _, _, anchor):
                return "; ".join(
                    f"{self.prose.name(name)}: {self._words.said(found, name, 'date')}"
                    for name in (fact, anchor)
                    for found in [self._world.facts.get(name)]
                    if isinstance(found, Measured | Stated)
                )
            case _:
                return ""

    def _because(self, leaf: tree.Leaf) -> tuple[report.Missing, ...]:
        names = self._engine.unknowns.left_by(leaf, self._world)
        found = [self._missing(leaf, name, self._world.facts.get(name)) for name in names]
        return tuple(found)

    def _missing(self, leaf: tree.Leaf, name: str, fact: Fact | None) -> report.Missing:
        if not isinstance(leaf, tree.Within) or fact is None or isinstance(fact, Absent):
            return self._words.missing(self._named(name), fact)
        # It is there: it is its date that is not, or that is not exact enough.
        when = time_of(fact)
        reason = "date-missing" if when is None else "date-partial"
        return report.Missing(
            name=self._named(name),
            label=self._words.label(self._named(name)),
            reason=reason,
            says=self._words.reason(reason),
            when=None if when is None else when.text,
        )


def _readable(used: report.ThresholdUsed) -> report.ThresholdUsed:
    """A cut-off with its figure put as people read it, as the leaf has it."""
    said = readable(used.used)
    return used if said == used.used else used.model_copy(update={"used": said})


def _value(fact: Fact | None) -> str:
    """A measured value as reported and, where that is other, as compared."""
    if not isinstance(fact, Measured):
        return ""
    compared = short_digits(quantity(fact.interval, fact.unit))
    same = not fact.reported or fact.reported == compared
    return compared if same else f"{fact.reported}, compared as {compared}"


def once(used: Iterable[report.ThresholdUsed]) -> tuple[report.ThresholdUsed, ...]:
    """Cut-offs, each once."""
    return tuple({(one.pack, one.name): one for one in used}.values())
