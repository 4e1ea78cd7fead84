"""When much is known only in part: nothing is excluded that could be, and it does not take long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from corrin.evaluate.decide import MOST_CELLS
from corrin.evaluate.given import case_of
from corrin.facts.fact import Absent
from corrin.interpretation import prepared
from corrin.notes.report import Report

CENSORED: dict[str, Any] = {
    "total_b12": "<5000 ng/L",
    "active_b12": "<900 pmol/L",
    "mma": "<200 umol/L",
    "egfr": "<200 mL/min/{1.73_m2}",
    "homocysteine": "<400 umol/L",
    "mcv": "<150 fL",
    "wbc": "<90 10*9/L",
    "neutrophils": "<80 10*9/L",
    "platelets": "<2000 10*9/L",
}


def answer(given: dict[str, Any]) -> Report:
    engine, composer = prepared("uk")
    return composer.compose(engine.evaluate(case_of(given, engine.library.vocabulary)))


def test_too_many_open_results_leave_every_status_possible() -> None:
    engine, _ = prepared("uk")
    decided = engine.evaluate(case_of(CENSORED, engine.library.vocabulary)).decided["b12_status"]
    statuses = engine.library.packs["ng239"].decisions["b12_status"].decision.statuses
    assert decided.status is None
    assert decided.possible == tuple(statuses)
    assert decided.settle == () and decided.separated_by == ()


def test_it_says_so_in_words() -> None:
    status = answer(CENSORED).statuses["b12_status"]
    assert status.status is None
    assert status.because.startswith("Several results are known only in part")
    notes = [note for note in answer(CENSORED).notes if note.rule == "b12-cannot-classify"]
    assert notes and "What separates them: no single result" in notes[0].detail


def test_a_flood_of_disagreeing_results_is_bounded() -> None:
    engine, _ = prepared("uk")
    case = case_of({"total_b12": "240 ng/L"}, engine.library.vocabulary)
    value = case.every["total_b12"][0]
    tied = Absent("total_b12", "ambiguous", among=(value,) * (MOST_CELLS + 1))
    flooded = replace(case, facts={**case.facts, "total_b12": tied})
    assert engine.evaluate(flooded).decided["b12_status"].status is None


def test_two_open_results_are_looked_through() -> None:
    status = answer({"total_b12": "<200 ng/L", "mma": "<0.50 umol/L"}).statuses["b12_status"]
    codes = {words.code for words in status.possible}
    assert "deficiency_confirmed" in codes and "deficiency_unlikely" in codes
    assert {settles.name for settles in status.separated_by} == {"total_b12", "mma"}
