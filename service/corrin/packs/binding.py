"""Pack → bound pack: conditions parsed, names bound, every misfit a finding with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from corrin import units
from corrin.language import tree
from corrin.language.bind import RESULT, Vocabulary, bind, canonical_values
from corrin.language.parse import ConditionError, parse
from corrin.packs import schema
from corrin.packs.bound import BoundDecision, BoundPack, BoundRestriction, BoundRow, BoundRule
from corrin.packs.finding import (
    BadCondition,
    CircularDefinition,
    Finding,
    Misfitting,
    Place,
    UnknownUse,
)
from corrin.packs.pack import Pack

# Definitions that use each other twice over double with every step.
MOST_WRITTEN_OUT = 20_000


def bind_pack(
    pack: Pack, uses: tuple[BoundPack, ...], vocabulary: Vocabulary
) -> tuple[BoundPack, tuple[Finding, ...]]:
    """Bind one pack; ``vocabulary`` holds the analytes, concepts and codes all packs share."""
    cuts: dict[str, tree.Cut] = {}
    definitions: dict[str, tree.Expression] = {}
    for used in uses:
        cuts.update(used.visible_cuts())
        definitions.update(used.visible_definitions())
    binder = _Binder(pack, replace(vocabulary, cuts=cuts, definitions=definitions))
    own_cuts = binder.cuts()
    binder.vocabulary = replace(binder.vocabulary, cuts={**cuts, **own_cuts})
    own_definitions = binder.definitions()
    # Selectors of thresholds may use definitions, so the cut-offs are bound once more with them.
    own_cuts = binder.cuts()
    binder.vocabulary = replace(binder.vocabulary, cuts={**cuts, **own_cuts})
    own_definitions = binder.definitions()
    bound = BoundPack(
        pack=pack,
        cuts=own_cuts,
        definitions=own_definitions,
        decisions={topic: binder.decision(topic) for topic in pack.decisions},
        restrictions=tuple(binder.restriction(r) for r in pack.restrictions),
        rules=tuple(bound for rule in pack.rules for bound in binder.rule(rule)),
        scope=binder.scope(),
        uses=uses,
    )
    return bound, tuple(dict.fromkeys(binder.findings))


def _written_out(node: tree.Expression, sizes: Mapping[str, int]) -> int:
    """Parts of a condition when every definition in it is written out; ``sizes`` are theirs."""
    match node:
        case tree.All(terms) | tree.Any(terms) | tree.AtLeast(_, terms):
            return 1 + sum(_written_out(term, sizes) for term in terms)
        case tree.Not(term):
            return 1 + _written_out(term, sizes)
        case tree.Is(expression):
            return 1 + _written_out(expression, sizes)
        case tree.Truth(name, definition) if definition is not None:
            return 1 + (sizes[name] if name in sizes else _written_out(definition, sizes))
        case _:
            return 1


@dataclass(slots=True)
class _Binder:
    pack: Pack
    vocabulary: Vocabulary
    findings: list[Finding] = field(default_factory=list)

    def condition(
        self, text: str, place: Place, about: str, vocabulary: Vocabulary | None = None
    ) -> tree.Expression:
        try:
            parsed = parse(text)
        except ConditionError as error:
            self.findings.append(BadCondition(place, about, str(error)))
            return tree.Always()
        bound, misfits = bind(parsed, vocabulary or self.vocabulary)
        self.findings.extend(Misfitting(place, about, m.why, m.hint) for m in misfits)
        return bound

    def scope(self) -> tree.Expression | None:
        text = self.pack.head.scope
        return self.condition(text, self.pack.places["pack"], "scope") if text else None

    def cuts(self) -> dict[str, tree.Cut]:
        return {name: self._cut(name, t) for name, t in self.pack.thresholds.items()}

    def _cut(self, name: str, threshold: schema.Threshold) -> tree.Cut:
        place = self.pack.place("threshold", name)
        return tree.Cut(
            name=name,
            analyte=threshold.analyte,
            values=self._values(threshold.value or {}, threshold.analyte, place, name),
            variants=tuple(
                tree.CutVariant(
                    self.condition(variant.when, place, name),
                    self._values(variant.value, threshold.analyte, place, name),
                )
                for variant in threshold.variants
            ),
            earlier=tuple(
                tree.CutPeriod(
                    dated.in_force.start,
                    dated.in_force.end,
                    self._values(dated.value, threshold.analyte, place, name),
                )
                for dated in threshold.earlier
            ),
            laboratory_limit=threshold.laboratory_limit,
            laboratory_between=self._window(threshold, place, name),
            pack=self.pack.id,
        )

    def _window(
        self, threshold: schema.Threshold, place: Place, about: str
    ) -> tuple[Decimal, Decimal, str] | None:
        window = threshold.laboratory_between
        if window is None:
            return None
        low = self._values({window.unit: window.low}, threshold.analyte, place, about)
        high = self._values({window.unit: window.high}, threshold.analyte, place, about)
        return (low[0][1], high[0][1], low[0][0]) if low and high else None

    def _values(
        self, values: dict[str, Decimal], analyte_id: str, place: Place, about: str
    ) -> tuple[tuple[str, Decimal], ...]:
        analyte = self.vocabulary.analytes.get(analyte_id)
        if analyte is None:
            self.findings.append(Misfitting(place, about, f"nothing measured is {analyte_id}"))
            return ()
        try:
            # In the order of the units' names: the order they were written in must decide nothing.
            return tuple(sorted((u, v) for v, u in canonical_values(analyte, values)))
        except units.UnitError as error:
            self.findings.append(Misfitting(place, about, f"a unit does not fit: {error}"))
            return ()

    def definitions(self) -> dict[str, tree.Expression]:
        """Bind definitions in the order they need each other."""
        pending = dict(self.pack.definitions)
        found: dict[str, tree.Expression] = {}
        sizes: dict[str, int] = {}
        while pending:
            ready = [n for n, d in pending.items() if not self._needs(d.when, pending)]
            if not ready:
                for name in pending:
                    place = self.pack.place("definition", name)
                    self.findings.append(CircularDefinition(place, name, "it uses itself"))
                break
            for name in ready:
                vocabulary = replace(
                    self.vocabulary, definitions={**self.vocabulary.definitions, **found}
                )
                place = self.pack.place("definition", name)
                bound = self.condition(pending.pop(name).when, place, name, vocabulary)
                sizes[name] = _written_out(bound, sizes)
                if sizes[name] > MOST_WRITTEN_OUT:
                    why = f"written out it has more than {MOST_WRITTEN_OUT:,} parts"
                    self.findings.append(BadCondition(place, name, why))
                    bound = tree.Always()
                found[name] = bound
        self.vocabulary = replace(
            self.vocabulary, definitions={**self.vocabulary.definitions, **found}
        )
        return found

    def _needs(self, text: str, names: Iterable[str]) -> bool:
        try:
            used = set(tree.facts_of(parse(text)))
        except ConditionError:
            return False
        return not used.isdisjoint(names)

    def decision(self, topic: str) -> BoundDecision:
        decision = self.pack.decisions[topic]
        place = self.pack.place("decision", topic)
        rows = []
        for row in decision.rows:
            name = f"{topic}.{row.id}"
            when = self.condition(row.when, self.pack.place("decision", name), name)
            rows.append(BoundRow(row, when))
        self._facts((*decision.assumes, *decision.settled_by), place, topic)
        return BoundDecision(topic, decision, tuple(rows))

    def restriction(self, restriction: schema.Restriction) -> BoundRestriction:
        place = self.pack.place("restriction", f"{restriction.id}.when")
        when = self.condition(restriction.when, place, restriction.id)
        return BoundRestriction(self.pack.id, restriction, when)

    def rule(self, rule: schema.Rule) -> tuple[BoundRule, ...]:
        place = self.pack.place("rule", rule.id)
        named = (rule.reads_every,) if rule.reads_every else rule.each
        self._facts((*rule.asks, *named), place, rule.id)
        bound = []
        for name in named or (None,):
            vocabulary = self.vocabulary
            if name is not None:
                analyte = vocabulary.analytes.get(name)
                if analyte is not None:
                    vocabulary = replace(vocabulary, result=analyte)
                elif name in vocabulary.concepts and not rule.reads_every:
                    vocabulary = replace(vocabulary, concepts=vocabulary.concepts | {RESULT})
                else:
                    continue
            at = self.pack.place("rule", f"{rule.id}.when")
            when = self.condition(rule.when, at, rule.id, vocabulary)
            unless = None
            if rule.unless:
                at = self.pack.place("rule", f"{rule.id}.unless")
                unless = self.condition(rule.unless, at, rule.id, vocabulary)
            bound.append(BoundRule(rule, when, unless, name))
        return tuple(bound)

    def _facts(self, names: tuple[str, ...], place: Place, about: str) -> None:
        known = self.vocabulary
        for name in names:
            if name not in known.analytes and name not in known.concepts:
                self.findings.append(UnknownUse(place, about, f"{name} is no fact"))
