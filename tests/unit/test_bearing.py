"""A rule that is not asked answers as it would have done; no answer depends on an earlier one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corrin.evaluate.bearing import nothing_known
from corrin.evaluate.engine import Engine, Evaluation, every_value
from corrin.evaluate.given import GivenError, case_of
from corrin.evaluate.trace import Unknowns
from corrin.facts.case import Case
from corrin.facts.fact import Absent
from corrin.interpretation import prepared
from corrin.language.compare import Condition
from corrin.language.world import World
from corrin.packs.bound import BoundRule


def examples(engine: Engine) -> Iterator[Case]:
    """The cases of every rule and decision: values, flags, reasons, refusals and statements."""
    contents = [rule for pack in engine.packs for rule in pack.pack.rules]
    tables = [table for pack in engine.packs for table in pack.pack.decisions.values()]
    for content in (*contents, *tables):
        for example in content.cases:
            try:
                yield case_of(example.given, engine.library.vocabulary)
            except GivenError:
                continue


Asked = tuple[BoundRule, Condition, Condition | None]


def compiled(engine: Engine) -> list[Asked]:
    """Every rule that may speak, with its conditions compiled."""
    condition = engine.compiler.condition
    return [
        (bound, condition(bound.when), None if bound.unless is None else condition(bound.unless))
        for pack in engine.packs
        for bound in pack.rules
        if bound.rule.status != "retired"
    ]


def asked_one_by_one(
    engine: Engine, rules: list[Asked], unknowns: Unknowns, evaluation: Evaluation
) -> list[tuple[object, ...]]:
    """What every rule says that belongs to the statuses decided, each asked of the case itself."""
    case, world = evaluation.case, evaluation.world
    said: list[tuple[object, ...]] = []
    for bound, when, unless in rules:
        if belongs(bound, evaluation):
            for here in worlds(engine, bound, case, world):
                answer = when(here)
                if answer is False:
                    continue
                if unless is not None and unless(here) is True:
                    continue
                names = () if answer is True else unknowns.left_by(bound.when, here)
                because = tuple(str(bound.result) if n == "result" else n for n in names)
                said.append((bound.rule.id, bound.result, answer, tuple(dict.fromkeys(because))))
    return said


def belongs(bound: BoundRule, evaluation: Evaluation) -> bool:
    return all(
        (evaluation.decided[topic].status or "cannot_classify") in statuses
        for topic, statuses in bound.rule.belongs_to.items()
    )


def worlds(engine: Engine, bound: BoundRule, case: Case, world: World) -> list[World]:
    if bound.rule.reads_every is not None:
        days = engine.profile.head.critical_days
        return list(every_value(case, world, bound.rule.reads_every, days))
    if bound.result is None:
        return [world]
    return [world.given(result=world.facts.get(bound.result) or Absent(bound.result))]


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.soak), 3])
def test_every_rule_says_what_it_says_when_asked(share: int) -> None:
    """By every third example; for long, by all of them."""
    engine, _ = prepared("uk")
    cases = list(examples(engine))[::share]
    assert len(cases) > 300 // share
    rules, unknowns = compiled(engine), Unknowns(engine.compiler)
    for case in cases:
        evaluation = engine.evaluate(case)
        if not evaluation.in_scope:
            continue
        said = asked_one_by_one(engine, rules, unknowns, evaluation)
        fires = {(rule, result) for rule, result, answer, _ in said if answer is True}
        assert {(f.bound.rule.id, f.bound.result) for f in evaluation.fired} == fires
        unsaid = [(rule, result, because) for rule, result, answer, because in said if not answer]
        assert [(u.bound.rule.id, u.bound.result, u.because) for u in evaluation.unsaid] == unsaid


def test_no_answer_depends_on_an_earlier_one() -> None:
    shared, _ = prepared("uk")
    cases = list(examples(shared))[:60]

    def said(engine: Engine, case: Case) -> list[tuple[object, ...]]:
        return [(u.bound.rule.id, u.because) for u in engine.evaluate(case).unsaid]

    forwards = [said(shared, case) for case in cases]
    fresh = Engine(shared.library, shared.profile, shared.profile.head.packs)
    assert [said(fresh, case) for case in reversed(cases)] == forwards[::-1]


@pytest.mark.parametrize("result", [None, "potassium"])
def test_nothing_known_holds_only_the_moment_and_what_is_not_measured(result: str | None) -> None:
    facts = dict(nothing_known(result).facts)
    assert facts.pop("as_of") is not None
    assert facts == ({} if result is None else {"result": Absent("potassium")})
