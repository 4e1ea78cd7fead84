"""The frameworks side by side: none reassures where it must not, each names itself."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from corrin.evaluate.decide import Decider
from corrin.evaluate.given import case_of
from corrin.interpretation import prepared
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.library import open_library

FRAMEWORKS = ("aafp-2025", "mayo-acasm", "labcorp-141503", "bsh-2014", "nih-ods", "ng239")
NAMES = {
    "aafp-2025": "AAFP",
    "mayo-acasm": "Mayo",
    "labcorp-141503": "Labcorp",
    "bsh-2014": "BSH 2014",
    "nih-ods": "NIH ODS",
}

TOTALS = ("60 ng/L", "160 ng/L", "190 ng/L", "240 ng/L", "375 ng/L", "600 ng/L", "<200 ng/L", None)
METABOLITES = ("0.20 umol/L", "0.30 umol/L", "0.52 umol/L", "0.90 umol/L", None)
ACTIVE = ("20 pmol/L", "50 pmol/L", "90 pmol/L", None)


def decider(framework: str) -> Decider:
    """A framework's table with the restrictions that every profile puts after it."""
    library = open_library()
    return Decider(
        library.packs[framework].decisions["b12_status"],
        framework,
        library.packs["confounders"].restrictions,
        Compiler(library.vocabulary.analytes),
    )


def possible(table: Decider, given: dict[str, Any]) -> tuple[str, ...]:
    """Every status a table leaves open for an example."""
    known = {name: value for name, value in given.items() if value is not None}
    return table.decide(World.of(case_of(known, open_library().vocabulary))).possible


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    "stated", ["on_b12_treatment", "nitrous_oxide", "inhalant_misuse", "pregnant"]
)
def test_none_says_unlikely_over_a_confounder(framework: str, stated: str) -> None:
    table = decider(framework)
    for total, mma, active in itertools.product(TOTALS, METABOLITES, ACTIVE):
        if stated == "pregnant" and active == "90 pmol/L" and framework == "ng239":
            continue  # an active B12 in its upper band classifies in pregnancy
        given = {"total_b12": total, "mma": mma, "active_b12": active, "age": "40 a", stated: True}
        assert "deficiency_unlikely" not in possible(table, given), given


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_none_says_unlikely_over_a_neurological_sign(framework: str) -> None:
    table = decider(framework)
    for total, mma in itertools.product(TOTALS, METABOLITES):
        given = {"total_b12": total, "mma": mma, "age": "40 a", "ataxia": True}
        assert "deficiency_unlikely" not in possible(table, given), given


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_none_says_unlikely_over_a_deficient_active_b12(framework: str) -> None:
    table = decider(framework)
    for total in ("375 ng/L", "600 ng/L"):
        given = {"total_b12": total, "active_b12": "20 pmol/L"}
        assert "deficiency_unlikely" not in possible(table, given), given


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_missing_mma_is_never_a_normal_one(framework: str) -> None:
    table = decider(framework)
    grey = "130 pmol/L" if framework == "bsh-2014" else "240 ng/L"
    for mma in ({"absent": "stale"}, {"refused": "unit-missing"}, None):
        assert possible(table, {"total_b12": grey, "mma": mma}) == ("indeterminate",)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_kidney_function_takes_certainty_from_a_raised_mma(framework: str) -> None:
    table = decider(framework)
    grey = "140 pmol/L" if framework == "bsh-2014" else "240 ng/L"
    for mma, egfr in (("0.52 umol/L", "45"), ("0.52 umol/L", "20"), ("0.90 umol/L", "20")):
        given = {"total_b12": grey, "mma": mma, "age": "40 a", "egfr": egfr + " mL/min/{1.73_m2}"}
        assert possible(table, given) == ("indeterminate",), given


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_very_low_total_b12_stays_low_whatever_the_kidneys_do(framework: str) -> None:
    table = decider(framework)
    given = {"total_b12": "100 ng/L", "mma": "0.90 umol/L", "egfr": "20 mL/min/{1.73_m2}"}
    assert set(possible(table, given)) <= {"deficiency_confirmed", "deficiency_probable"}


def test_the_same_result_takes_different_branches() -> None:
    found = {f: possible(decider(f), {"total_b12": "190 ng/L"}) for f in FRAMEWORKS}
    assert found == {
        "aafp-2025": ("indeterminate",),
        "mayo-acasm": ("indeterminate",),
        "labcorp-141503": ("deficiency_probable",),
        "bsh-2014": ("indeterminate",),
        "nih-ods": ("deficiency_probable",),
        "ng239": ("indeterminate",),
    }
    assert possible(decider("ng239"), {"total_b12": "160 ng/L"}) == ("deficiency_confirmed",)
    assert possible(decider("mayo-acasm"), {"total_b12": "160 ng/L"}) == ("indeterminate",)


@pytest.mark.parametrize("framework", NAMES)
def test_status_notes_name_the_framework(framework: str) -> None:
    pack = open_library().packs[framework].pack
    named = [rule for rule in pack.rules if rule.belongs_to]
    status = [r for r in named if pack.place("rule", r.id).file.endswith("rules/status.yaml")]
    assert {s for r in status for s in r.belongs_to["b12_status"]} >= {
        *(row.status for row in pack.decisions["b12_status"].rows),
        "cannot_classify",
    }
    for rule in status:
        assert NAMES[framework] in rule.note.summary, rule.id


def test_shared_threshold_names_stand_for_the_same_analytes() -> None:
    packs = open_library().packs
    for framework in NAMES:
        for name, threshold in packs[framework].pack.thresholds.items():
            known = packs["ng239"].pack.thresholds.get(name)
            assert known is None or known.analyte == threshold.analyte, (framework, name)
        assert {"total_b12_low", "total_b12_high", "mma_upper"} <= set(packs[framework].cuts)


def test_us_runs_aafp_and_looks_back_as_uk_does() -> None:
    profiles = open_library().profiles
    us, uk = profiles["us"].head, profiles["uk"].head
    assert "ng239" not in us.packs and us.owns["b12_status"] == "aafp-2025"
    assert tuple(p for p in us.packs if p != "aafp-2025") == tuple(
        p for p in uk.packs if p != "ng239"
    )
    assert (us.look_back, us.look_back_otherwise) == (uk.look_back, uk.look_back_otherwise)
    assert (us.pairing, us.critical_days, us.notices) == (uk.pairing, uk.critical_days, uk.notices)


@pytest.mark.parametrize(
    ("day", "status", "row"),
    [
        (date(2025, 8, 31), "indeterminate", "B12-15"),
        (date(2025, 9, 1), "deficiency_confirmed", "B12-14"),
    ],
)
def test_the_figures_of_the_day_are_used_with_their_own_source(
    day: date, status: str, row: str
) -> None:
    engine, composer = prepared("us")
    given = {"as_of": day, "total_b12": "170 pg/mL"}
    report = composer.compose(engine.evaluate(case_of(given, engine.library.vocabulary)))
    found = report.statuses["b12_status"]
    assert found.status == status
    assert {e.row for t in found.thresholds for e in t.evidence} == {row}
    assert any("have been replaced since" in said for said in report.notices) == (row == "B12-15")
    assert any(n.rule == "aafp-figures-of-2017" for n in report.notes) == (row == "B12-15")
