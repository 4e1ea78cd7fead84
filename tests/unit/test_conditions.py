"""Why a note was given, why a rule could not say, how a table was read: over every golden case."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from corrin import interpretation
from corrin.evaluate.engine import Engine, Evaluation
from corrin.evaluate.given import case_of
from corrin.facts.fact import Measured
from corrin.intake.reader import read
from corrin.notes import report
from corrin.notes.compose import Composer
from corrin.packs.bound import BoundRule
from corrin.question.conditions import Node
from corrin.question.rule import RuleAsked, Rules, behind
from corrin.question.table import TableAsked, Tables
from golden.cases import Case, every_case
from support import conditions as held
from support import places
from support.site import site

CASES = [case for case in every_case() if not case.refused_whole]
IDS = [case.name for case in CASES]
SITE = places.ROOT / "fixtures" / "site" / "example.yaml"

Asked = tuple[Engine, Composer, Evaluation, report.Report]


@lru_cache(maxsize=256)
def asked(name: str, overlay: bytes | None = None) -> Asked:
    """A golden case evaluated, with a site file where one is given."""
    case = next(one for one in CASES if one.name == name)
    profile, packs = case.expected["profile"], tuple(case.expected.get("packs") or ())
    engine, composer = interpretation.prepared(
        profile, packs, (), interpretation.site_file(overlay)
    )
    reading = read(case.request_file.read_bytes())
    as_of = case.expected["as_of"]
    said = None if as_of is None else str(getattr(as_of, "isoformat", lambda: as_of)())
    moment = interpretation.moment_of(said and said.replace("+00:00", "Z"), reading)
    evaluation = engine.evaluate(interpretation.choose_case(reading, moment, engine))
    return engine, composer, evaluation, composer.compose(evaluation)


@pytest.fixture(params=CASES, ids=IDS)
def golden(request: pytest.FixtureRequest) -> Asked:
    case: Case = request.param
    return asked(case.name)


def hold(one: RuleAsked, worlds: list[Any], engine: Engine) -> None:
    """Assert that a rule's trees are its conditions, in one of the worlds it may be asked in."""
    for world in worlds:
        try:
            held.hold(one.when, one.bound.when, world, engine.compiler)
            if one.bound.unless is not None:
                assert one.unless is not None
                held.hold(one.unless, one.bound.unless, world, engine.compiler)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{one.bound.rule.id} shows no world it was asked in")


def outcome(one: RuleAsked) -> bool | None:
    """As ``Compiled.outcome`` has it, of the roots alone."""
    excepted = one.unless is not None and one.unless.truth is True
    return False if excepted and one.when.truth is not False else one.when.truth


def compiled(engine: Engine, bound: BoundRule) -> Any:
    return next(r for r in (*engine.rules, *engine.guards) if r.bound is bound)


def test_of_every_note_the_condition_is_true(golden: Asked) -> None:
    engine, composer, evaluation, written = golden
    rules = Rules(engine, composer)
    fired = behind(evaluation, written.notes)
    assert sorted(map(id, fired)) == sorted(map(id, evaluation.fired)), "each note has its own"
    for note, one in zip(written.notes, fired, strict=True):
        again = rules.note(one, evaluation)
        assert (note.rule, note.pack) == (one.bound.rule.id, one.pack.id)
        assert again, note.rule
        for part in again:
            assert part.when.truth is True
            assert part.outcome is True is outcome(part)
            assert part.unless is None or part.unless.truth is not True
            assert all(beside.holds for beside in part.beside)
        hold(again[0], [one.world], engine)
        assert compiled(engine, one.bound).outcome(one.world) is True
        if one.bound.rule.reads_every is not None:
            assert tuple(part.value for part in again) == one.results
        # What the note says of it stands in the tree too, and is marked there.
        marked = {(_plain(leaf.says), leaf.word) for leaf in _marked(again[0].when)}
        for reason in note.why:
            said = _plain(reason.says)
            assert any(
                (said.startswith(says) or said.endswith(f": {says}")) and truth == reason.truth
                for says, truth in marked
            ), reason


def _plain(text: str) -> str:
    return text.lower()


def _marked(node: Node) -> Iterator[Node]:
    return (one for one in node.walk() if one.decided)


def test_of_every_rule_that_could_not_say_the_condition_is_unknown(golden: Asked) -> None:
    engine, composer, evaluation, written = golden
    rules = Rules(engine, composer)
    told: set[str] = set()
    for unsaid in evaluation.unsaid:
        again = rules.unsaid(unsaid, evaluation)
        assert again, unsaid.bound.rule.id
        for part in again:
            assert part.when.truth is None is part.outcome
            assert part.unless is None or part.unless.truth is not True
            names = {name for leaf in _open(part.when) for name in _names(leaf)}
            assert names, "what left it unknown is named"
            assert names <= {*unsaid.because, *_of_other_values(evaluation, unsaid)}
        told.add(unsaid.bound.rule.id)
    assert told == {one.rule for one in written.cannot_say}


def _open(node: Node) -> Iterator[Node]:
    return (one for one in node.walk() if one.decided)


def _names(leaf: Node) -> set[str]:
    return {missing.name for missing in leaf.because}


def _of_other_values(evaluation: Evaluation, unsaid: Any) -> set[str]:
    """A rule that reads each value may be unsure of several, each for reasons of its own."""
    return {name for one in evaluation.unsaid if one.bound is unsaid.bound for name in one.because}


def test_a_table_is_read_as_it_decided(golden: Asked) -> None:
    engine, composer, evaluation, _ = golden
    tables = Tables(engine, composer)
    for topic, decided in evaluation.decided.items():
        table = tables.table(topic, evaluation)
        decision = engine.deciders[topic].decision
        assert [row.id for row in table.rows] == [r.row.id for r in decision.rows] + ["otherwise"]
        gave = [row for row in table.rows if row.standing in ("decided", "may decide")]
        assert gave
        for row in gave:
            assert row.node is None or row.node.truth is True, (topic, row.id)
        first = table.rows[-1 if decided.verdict.row is None else decided.verdict.row]
        assert first in gave
        if all(row.standing == "decided" for row in gave):
            assert gave == [first]
        _first_match_wins(table)
        _rows_hold(table, engine, evaluation)
        withdrew = {one.id for one in table.restrictions if one.standing == "decided"}
        if decided.status is not None and all(row.standing == "decided" for row in gave):
            assert withdrew == {one.restriction.id for one in decided.verdict.restrictions}
        for one in table.restrictions:
            if one.standing != "no match":
                assert one.node.truth is True
            elif not any(row.supposing for row in table.rows):
                assert one.node.truth is not True


def _first_match_wins(table: TableAsked) -> None:
    standings = [row.standing for row in table.rows]
    last = max(i for i, one in enumerate(standings) if one in ("decided", "may decide"))
    assert all(one == "not reached" for one in standings[last + 1 :])
    assert "not reached" not in standings[:last]
    for row in table.rows[:last]:
        if row.standing == "no match" and not any(other.supposing for other in table.rows):
            assert row.node is not None and row.node.truth is not True


def _rows_hold(table: TableAsked, engine: Engine, evaluation: Evaluation) -> None:
    decision = engine.deciders[table.topic].decision
    for row, bound in zip(table.rows, decision.rows, strict=False):
        if not row.supposing:
            assert row.node is not None
            held.hold(row.node, bound.when, evaluation.world, engine.compiler)


def test_an_emergency_over_several_values_shows_each() -> None:
    engine, composer, evaluation, _ = asked("potassium-old-not-repeated")
    rules = Rules(engine, composer)
    several = [f for f in evaluation.fired if f.bound.rule.reads_every is not None]
    assert several
    for one in several:
        shown = rules.note(one, evaluation)
        assert [part.value for part in shown] == list(one.results)
        assert all(isinstance(part.value, Measured) for part in shown)


def test_a_partly_known_value_shows_for_which_part_each_row_decides() -> None:
    engine, composer, evaluation, _ = asked("b12-below-200")
    table = Tables(engine, composer).table("b12_status", evaluation)
    gave = {row.id: row for row in table.rows if row.standing == "may decide"}
    assert set(gave) == {"total-deficient", "indeterminate-band"}
    assert gave["total-deficient"].supposing == "B12 below 180 ng/L"
    assert gave["indeterminate-band"].supposing == "B12 above 180 to below 200 ng/L"
    assert all(row.node is not None and row.node.truth is True for row in gave.values())


def test_what_left_a_leaf_unknown_is_said() -> None:
    engine, composer, evaluation, _ = asked("b12-unit-missing")
    table = Tables(engine, composer).table("b12_status", evaluation)
    row = next(row for row in table.rows if row.id == "total-deficient")
    assert row.node is not None
    leaf = next(one for one in row.node.walk() if one.uses and one.kind == "leaf")
    assert leaf.truth is None
    (missing,) = leaf.because
    assert missing.name == "total_b12" and missing.reason != "not-measured"
    assert missing.says.endswith(".")


def given_case(**given: Any) -> tuple[Engine, Composer, Evaluation]:
    engine, composer = interpretation.prepared("uk")
    case = case_of(given, engine.library.vocabulary)
    return engine, composer, engine.evaluate(case)


def test_a_leaf_says_what_was_met_and_the_figure_used() -> None:
    engine, composer, evaluation = given_case(total_b12="120 pmol/L", age="70 a")
    table = Tables(engine, composer).table("b12_status", evaluation)
    row = next(row for row in table.rows if row.standing == "decided")
    assert row.node is not None
    leaf = next(one for one in row.node.walk() if one.decided and one.uses)
    assert leaf.met == "120 pmol/L"
    assert leaf.uses[0].used == "133 pmol/L"
    assert {(one.pack, one.name) for one in leaf.uses} <= {
        (one.pack, one.name) for one in table.thresholds
    }


def test_a_site_file_changes_the_trees_as_it_changes_the_notes() -> None:
    for name in ("demo", "potassium-below-3-censored", "b12-160-framework-named"):
        engine, composer, evaluation, written = asked(name, SITE.read_bytes())
        rules = Rules(engine, composer)
        for note, one in zip(written.notes, behind(evaluation, written.notes), strict=True):
            shown = rules.note(one, evaluation)
            assert shown and all(part.outcome is True for part in shown), note.rule


def test_a_note_kept_by_published_cut_offs_shows_those() -> None:
    """The status beside which it speaks is another by the site's figures, and is said to be."""
    moved = site(
        "thresholds:\n  ng239:\n"
        "    total_b12_low: {value: {ng/L: 11, pmol/L: 10}, because: x, source: y}\n"
        "    total_b12_high: {value: {ng/L: 12, pmol/L: 11}, because: x, source: y}\n"
        "    mma_upper: {value: {umol/L: 90}, because: x, source: y}\n"
        "    mma_marked: {value: {umol/L: 95}, because: x, source: y}\n"
    )
    engine, composer, evaluation, written = asked("demo", moved)
    behind_each = dict(zip(written.notes, behind(evaluation, written.notes), strict=True))
    (note,) = [one for one in written.notes if one.rule == "sensory-symptom-with-deficiency"]
    (shown,) = Rules(engine, composer).note(behind_each[note], evaluation)
    assert shown.outcome is True and shown.when.truth is True
    assert [part.holds for part in shown.beside] == [False]
