"""Why: of each note, status and rule that could not answer, what can be opened and what it holds.

The trees of one answer weigh more than the answer, so each is made when it is opened. It is named
by a key that says the same of another process: of a note its pack, its rule and which of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from corrin.api.page.answered import Answered
from corrin.api.problem import Fault, Problem
from corrin.evaluate.engine import Evaluation, Fired
from corrin.notes.report import CannotSay, Report, ThresholdUsed
from corrin.question.conditions import Node
from corrin.question.rule import RuleAsked, Rules, behind
from corrin.question.table import TableAsked, Tables
from corrin.render.safe import clean

NOTE, STATUS, RULE, UNSAID = "note", "status", "rule", "unsaid"

# Of terms that say no more than their names, so many are told in one line.
_MANY = 3


@dataclass(frozen=True, slots=True)
class Question:
    """Something that can be opened: ``key`` asks for it, ``id`` is its place on the page."""

    key: str

    @property
    def id(self) -> str:
        """Its place on the page."""
        return f"why-{self.key.replace('/', '-')}"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is shown of a question.

    Attributes:
        rules: a rule, for each value it was asked for.
        table: a decision table.
    """

    key: str
    rules: tuple[RuleAsked, ...] = ()
    table: TableAsked | None = None

    def grouped(self, terms: Iterable[Node]) -> tuple[tuple[Node, ...], ...]:
        """Terms in their order; many of one truth that say no more than their names, together."""
        alike: dict[object, list[Node]] = {}
        for term in terms:
            plain = term.kind == "leaf" and not (term.met or term.uses)
            because = tuple(one.says for one in term.because if not (one.reported or one.when))
            told = len(because) == len(term.because) <= 1
            key = (term.truth, term.decided, because) if plain and told else id(term)
            alike.setdefault(key, []).append(term)
        return tuple(
            part
            for several in alike.values()
            for part in ([tuple(several)] if len(several) >= _MANY else [(t,) for t in several])
        )

    def leads(self, node: Node) -> bool:
        """Whether something below a node decided."""
        return any(one.decided for one in node.walk())


@dataclass(frozen=True, slots=True)
class Questions:
    """Everything of one answer that can be opened, and what is open.

    Attributes:
        notes: by number, from 1.
        tables: by topic.
        unsaid: the rules that could not answer, with what each wants.
        every: all of ``unsaid`` together.
        open_unsaid: whether they are listed.
    """

    notes: Mapping[int, Question]
    tables: Mapping[str, Question]
    unsaid: tuple[tuple[Question, CannotSay], ...]
    every: Question
    opened: Opened | None = None

    @property
    def open_unsaid(self) -> bool:
        """Whether the rules that could not answer are listed."""
        return self.opened is not None and self.opened.key.startswith((UNSAID, f"{RULE}/"))

    def open(self, question: Question) -> Opened | None:
        """What is shown of a question, when that is the one that is open."""
        return self.opened if self.opened and self.opened.key == question.key else None


def of(answered: Answered, opened: Opened | None = None) -> Questions:
    """What of an answer can be opened; costs nothing."""
    report = answered.report
    return Questions(
        notes={number: Question(key) for number, key in enumerate(_keys(report), 1)},
        tables={topic: Question(f"{STATUS}/{topic}") for topic in report.statuses},
        unsaid=tuple((Question(f"{RULE}/{one.pack}/{one.rule}"), one) for one in report.cannot_say),
        every=Question(UNSAID),
        opened=opened,
    )


def _keys(report: Report) -> Iterable[str]:
    met: dict[tuple[str, str], int] = {}
    for note in report.notes:
        rule = (note.pack, note.rule)
        met[rule] = met.get(rule, 0) + 1
        yield f"{NOTE}/{note.pack}/{note.rule}/{met[rule]}"


def opened(answered: Answered, key: str) -> Opened:
    """What a key asks for, made.

    Raises:
        Problem: 404, this answer holds nothing of that key.
    """
    evaluation = answered.evaluation
    kind, _, name = key.partition("/")
    if key == UNSAID:
        return Opened(key)
    if kind == STATUS and name in evaluation.decided:
        table = Tables(answered.engine, answered.composer).table(name, evaluation)
        return Opened(key, table=replace(table, thresholds=_fit(table.thresholds)))
    rules = Rules(answered.engine, answered.composer)
    fired = _fired(answered, key) if kind == NOTE else None
    if fired is not None:
        return Opened(key, rules=_shown(rules.note(fired, evaluation)))
    if kind == RULE:
        shown = _shown(_unsaid(rules, evaluation, key))
        if shown:
            return Opened(key, rules=shown)
    raise Problem(
        404,
        Fault(
            "not-found",
            "This answer holds nothing of that name.",
            "The rules may have changed since: interpret the results again.",
        ),
    )


def _fired(answered: Answered, key: str) -> Fired | None:
    """The rule that fired behind a note."""
    behind_each = behind(answered.evaluation, answered.given.notes)
    return dict(zip(_keys(answered.given), behind_each, strict=True)).get(key)


def _unsaid(rules: Rules, evaluation: Evaluation, key: str) -> Iterable[RuleAsked]:
    """A rule that could not answer, for each of what it was asked for."""
    met: set[int] = set()
    for one in evaluation.unsaid:
        if f"{RULE}/{one.pack.id}/{one.bound.rule.id}" == key and id(one.bound) not in met:
            met.add(id(one.bound))
            yield from rules.unsaid(one, evaluation)


def _shown(rules: Iterable[RuleAsked]) -> tuple[RuleAsked, ...]:
    return tuple(replace(one, thresholds=_fit(one.thresholds)) for one in rules)


def _fit(used: Iterable[ThresholdUsed]) -> tuple[ThresholdUsed, ...]:
    """Cut-offs as the report has them, every text fit to show."""
    return tuple(map(clean, used))
