"""One rule that fired, put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import Engine, Evaluation, Fired
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Measured
from corrin.language import tree
from corrin.notes import fit, report
from corrin.notes.basis import Basis
from corrin.notes.sentence import capital, readable
from corrin.notes.words import Dictionary, stretch
from corrin.packs import placeholder
from corrin.packs.bound import BoundRule
from corrin.packs.topics import topics


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one note: in a line, in a paragraph, and what limits it."""

    summary: str
    detail: str
    limits: tuple[str, ...]


class NoteWriter:
    """Writes the notes of one engine."""

    def __init__(self, engine: Engine, words: Dictionary, basis: Basis) -> None:
        self._engine, self._words, self._basis = engine, words, basis
        # By identity; the rule is kept beside, so that its identity stays taken.
        self._names: dict[int, tuple[BoundRule, tuple[str, ...]]] = {}
        self._topics = topics(engine.library.root)
        site = engine.library.site
        packs = (*engine.packs, *(site.guards.values() if site is not None else ()))
        # By identity: of a pack that always runs there may be two, over different cut-offs.
        self._cuts = {id(pack): pack.visible_cuts() for pack in packs}

    def write(
        self, fired: Fired, evaluation: Evaluation, values: Mapping[int, report.Value]
    ) -> report.Note:
        """The note of one rule that fired; ``values`` are those in words already, by identity."""
        rule, head = fired.bound.rule, fired.pack.pack.head
        leaves = self._basis.leaves(fired.bound.when, fired.world)
        rows = self._words.evidence(rule.evidence)
        texts = self.texts(fired, evaluation)
        inputs = self._inputs(fired, values)
        return report.Note(
            rule=rule.id,
            title=rule.title,
            pack=fired.pack.id,
            pack_version=head.version,
            pack_date=str(head.date),
            rule_status=rule.status,
            verified=all(row.verified for row in rows) and not _calculated(inputs),
            topic=rule.note.topic,
            topic_title=self._topics.get(rule.note.topic, rule.note.topic),
            urgency=rule.note.urgency,
            summary=texts.summary,
            detail=texts.detail,
            why=self._basis.why(leaves, fired.world, fired.bound.result),
            inputs=inputs,
            thresholds=self._basis.thresholds(leaves, fired.world, fired.pack),
            evidence=rows,
            missing=self._basis.missing(rule.asks, fired.world),
            limits=texts.limits,
        )

    def texts(self, fired: Fired, evaluation: Evaluation) -> Texts:
        """The sentences of a note, filled."""
        note = fired.bound.rule.note

        def said(name: str, aspect: str | None) -> str:
            return self.said(name, aspect, fired, evaluation)

        def brief(name: str, aspect: str | None) -> str:
            return self._brief(name, aspect, fired) or said(name, aspect)

        def finish(text: str) -> str:
            return capital(readable(text))

        def fill(text: str) -> str:
            return finish(placeholder.fill(text, said))

        return Texts(
            summary=fit.summary(note.summary, said, brief, finish),
            detail=fit.detail(note.detail, said, brief, finish),
            limits=(*(fill(limit) for limit in note.limits), *self._unless(fired)),
        )

    def _unless(self, fired: Fired) -> tuple[str, ...]:
        """An exception that is not known is a limit of the note."""
        unless = fired.bound.unless
        if unless is None:
            return ()
        names = self._engine.unknowns.names(unless, fired.world)
        if not names:
            return ()
        labels = ", ".join(self._words.label(name) for name in names)
        return (f"This would not hold if: {self._basis.prose.of(unless)} (not known: {labels}).",)

    def _inputs(self, fired: Fired, values: Mapping[int, report.Value]) -> tuple[report.Value, ...]:
        """Every measured value the condition or the text looks at, each once."""
        said = []
        for value in self.measured(fired):
            known = values.get(id(value))  # without its history, which stands with the values
            said.append(self._words.value(value) if known is None or known.earlier else known)
        return tuple(said)

    def measured(self, fired: Fired) -> tuple[Measured, ...]:
        """The values behind a note: what it fired for, and what its condition or text looks at."""
        found = self.every_measured(fired)
        return tuple({(one.analyte, one.origin, one.reported): one for one in found}.values())

    def every_measured(self, fired: Fired) -> Iterator[Measured]:
        """As :meth:`measured`; a value that is met twice comes twice."""
        yield from fired.results
        for name in self.looked_at(fired.bound):
            fact = fired.world.facts.get(name)
            for one in fact.among if isinstance(fact, Absent) else (fact,):
                if isinstance(one, Measured) and one.analyte != "age":
                    yield one

    def looked_at(self, bound: BoundRule) -> tuple[str, ...]:
        """The facts that the condition or the text of a rule names."""
        known = self._names.get(id(bound))
        if known is None:
            names = list(tree.facts_of(bound.when))
            for text in placeholder.texts_of(bound.rule.note):
                names += [name for name, _ in placeholder.names_in(text)]
            known = self._names[id(bound)] = (bound, tuple(names))
        return known[1]

    def said(self, name: str, aspect: str | None, fired: Fired, evaluation: Evaluation) -> str:
        """What stands for one placeholder of a note's texts."""
        if name == "result":
            return self._result(aspect, fired)
        decided = evaluation.decided.get(fired.bound.rule.note.topic)
        if decided is not None and name == "because":
            return self._because(decided)
        if decided is not None and name in ("possible", "status", "separated_by"):
            pack = self._engine.library.packs[decided.pack]
            statuses = pack.decisions[decided.topic].decision.statuses
            if name == "separated_by":
                said = "; ".join(
                    f"{self._words.short(f.fact)} {stretch(b.interval, b.unit)}: "
                    + " or ".join(statuses[s].says for s in b.statuses)
                    for f in decided.separated_by
                    for b in f.bands
                    if b.interval is not None
                )
                return said or "no single result"
            return " or ".join(statuses[s].says for s in decided.possible)
        cut = self._cuts[id(fired.pack)].get(name)
        if cut is not None:
            return self._basis.figure_in_text(cut, fired.world, fired.pack)
        return self._words.said(fired.world.facts.get(name), name, aspect)

    def _brief(self, name: str, aspect: str | None, fired: Fired) -> str:
        """A value in few words; empty where it is no shorter than it is said anyway."""
        of = str(fired.bound.result) if name == "result" else name
        fact = fired.world.facts.get(name)
        if aspect not in (None, "date") or name in self._cuts[id(fired.pack)]:
            return ""
        return self._words.brief(fact, of, aspect)

    def _because(self, decided: Decided) -> str:
        """Why the table says what it says, for notes that belong to one status."""
        if decided.verdict.restrictions:
            return decided.verdict.restrictions[-1].restriction.because
        bound = self._engine.library.packs[decided.pack].decisions[decided.topic]
        index = decided.verdict.row
        return bound.decision.otherwise_because if index is None else bound.rows[index].row.because

    def _result(self, aspect: str | None, fired: Fired) -> str:
        name = str(fired.bound.result)
        if aspect == "name":
            return self._words.short(name)
        if len(fired.results) > 1:
            return " and ".join(self._words.said(v, name, aspect) for v in fired.results)
        return self._words.said(fired.world.facts.get("result"), name, aspect)


def _calculated(inputs: tuple[report.Value, ...]) -> bool:
    """Whether a figure was worked out here, by a formula of which not every form was verified."""
    return any(flag.code == CALCULATED for value in inputs for flag in value.flags)
