"""What ``rules/derived`` names is there: rows, reasons, analytes, units; and it is light."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from corrin import interpret, terminology
from corrin.content import read_document, rules_root
from corrin.facts import calculated, combined_indicator, duration, gestation, trend
from corrin.terminology import evidence
from support import work
from support.fhir import bundle, observation, patient
from support.results import AS_OF, chosen, result

FILES = sorted((rules_root() / "derived").glob("*.yaml"))


def rows_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "evidence":
                yield from [value] if isinstance(value, str) else value
            else:
                yield from rows_in(value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_evidence_rows_are_there(file: Any) -> None:
    known = evidence.load().rows
    assert [row for row in rows_in(read_document(file)) if row not in known] == []


def test_every_name_and_unit_is_known() -> None:
    terms = terminology.load()
    for rule in calculated.calculations():
        assert rule.marks is None or rule.marks in terms.reasons
        for unit, constants in rule.by_unit.items():
            for name, its in (
                (rule.first, unit),
                (rule.second, constants.second_unit),
                (rule.name, constants.unit),
            ):
                assert its in terms.analytes[name].units, (name, its)
        canonical = {d.canonical for d in terms.analytes[rule.first].dimensions.values()}
        assert canonical == set(rule.by_unit), rule.name
    indicator = combined_indicator.formula()
    for name, unit in {**indicator.above, **indicator.below}.items():
        assert unit in terms.analytes[name].units
    for name in duration.counting().leaves_out:
        assert terms.concepts[name].gives_b12
    assert duration.counting().earlier_possible in terms.reasons
    assert gestation.reading().read_with in terms.analytes
    for code in (calculated.CALCULATED, combined_indicator.NEEDS_ALL, "not-paired", "ambiguous"):
        assert code in terms.reasons


def test_where_nothing_applies_it_costs_next_to_nothing() -> None:
    given = [("haemoglobin", "110 g/L"), ("mcv", "101 fL"), ("potassium", "4 mmol/L")]
    case = chosen(*(result(name, text) for name, text in given))
    by_name = {name: list(found) for name, found in case.earlier.items()}

    def once() -> None:
        calculated.add(dict(by_name))
        facts = dict(case.facts)
        combined_indicator.found(facts)
        gestation.at_sample(facts)
        duration.time_on_b12((), AS_OF)
        trend.add(facts, case.earlier)

    assert work.lines(once) < 300


def test_a_report_of_all_of_them() -> None:
    day = {"early": "2026-09-20T08:00:00Z", "late": "2026-10-20T08:00:00Z"}
    results = [
        ("2000-8", 1.9, "mmol/L", "late"),
        ("1751-7", 20, "g/L", "late"),
        ("6690-2", 3.2, "10*9/L", "late"),
        ("770-8", 25, "%", "late"),
        ("2132-9", 240, "ng/L", "early"),
        ("2132-9", 180, "ng/L", "late"),
        ("13964-2", 0.5, "umol/L", "late"),
    ]
    found = interpret(
        bundle(
            patient(),
            *(
                observation(code, value, unit, id=f"o{at}", effectiveDateTime=day[when])
                for at, (code, value, unit, when) in enumerate(results)
            ),
        ),
        as_of="2026-10-22",
    )
    values = {value.name: value for value in found.values}
    assert values["adjusted_calcium"].reported == "2.30 mmol/L"
    assert [flag.code for flag in values["adjusted_calcium"].flags] == ["calculated-here"]
    assert [one.name for one in found.values].count("total_b12") == 1
    assert [one.reported for one in values["total_b12"].earlier] == ["240 ng/L"]
    assert not any(one.name.endswith(("_rising", "_falling")) for one in found.context)
    # Neutrophils of 0.8, which nobody reported as such, are a critical value.
    assert any("neutrophil" in note.rule for note in found.notes if note.urgency != "routine")
