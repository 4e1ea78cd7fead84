"""What is taken of one result, and why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from corrin import intake
from corrin.facts.interval import Interval
from support.fhir import (
    ANTIBODY,
    B12,
    B12_MOLES,
    HAEMOGLOBIN,
    LOINC,
    MMA,
    POTASSIUM,
    SNOMED,
    URINE_MMA,
    Resource,
    coded,
    dumps,
    observation,
    quantity,
    read,
    refused,
    result,
    statement,
)


@pytest.mark.parametrize(
    ("changes", "reported", "shown", "unit", "flags"),
    [
        ({}, "240 ng/L", "240", "ng/L", ()),
        ({"valueQuantity": quantity(240, "pg/mL")}, "240 pg/mL", "240", "ng/L", ()),
        ({"valueQuantity": quantity(150, comparator="<")}, "<150 ng/L", "<150", "ng/L", ()),
        ({"valueQuantity": quantity(2000, comparator=">")}, ">2000 ng/L", ">2000", "ng/L", ()),
        (
            {"valueQuantity": {"value": 240, "unit": "pg/mL"}},
            "240 pg/mL",
            "240",
            "ng/L",
            ("unit-from-text",),
        ),
        (
            {
                "valueQuantity": {
                    "value": 240,
                    "code": "pg/mL",
                    "system": "http://unitsofmeasure.org",
                }
            },
            "240 pg/mL",
            "240",
            "ng/L",
            (),
        ),
        (
            {"valueString": "<150 ng/L"},
            "<150 ng/L",
            "<150",
            "ng/L",
            ("comparator-in-text", "unit-from-text"),
        ),
        (
            {"valueString": "1 234 pg/mL"},
            "1 234 pg/mL",
            "1234",
            "ng/L",
            ("thousands-separator", "unit-from-text"),
        ),
        (
            {"valueRange": {"low": quantity(180), "high": quantity(220)}},
            "180 ng/L - 220 ng/L",
            "180 to 220",
            "ng/L",
            (),
        ),
        ({"valueRange": {"high": quantity(220)}}, "≤220 ng/L", "≤220", "ng/L", ()),
        (
            {"valueRange": {"low": quantity(180), "high": quantity(22, "ng/dL")}},
            "180 ng/L - 22 ng/dL",
            "180 to 220",
            "ng/L",
            (),
        ),
    ],
)
def test_a_value_is_taken(
    changes: Resource, reported: str, shown: str, unit: str, flags: tuple[str, ...]
) -> None:
    found = result(read(observation(**changes)))
    assert (found.reported, str(found.interval), found.unit) == (reported, shown, unit)
    assert found.flags == flags
    assert (found.analyte, found.origin, found.path) == (
        "total_b12",
        "Observation/o1",
        "Observation",
    )


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"valueQuantity": {}}, "no-value", ".value"),
        ({"valueQuantity": quantity("240")}, "malformed", ".value.value"),
        ({"valueQuantity": quantity(True)}, "malformed", ".value.value"),
        ({"valueQuantity": [quantity()]}, "malformed", ".value"),
        ({"valueQuantity": quantity(240, None)}, "unit-missing", ".value.unit"),
        ({"valueQuantity": quantity(240, "smoots")}, "unit-unknown", ".value.unit"),
        ({"valueQuantity": quantity(240, "mm[Hg]")}, "unit-impossible", ".value.unit"),
        ({"valueQuantity": {"value": 240, "unit": 5}}, "malformed", ".value.unit"),
        ({"valueQuantity": quantity(-1)}, "value-negative", ".value.value"),
        ({"valueQuantity": quantity(240, comparator="ad")}, "comparator-ad", ".value.comparator"),
        (
            {"valueQuantity": quantity(240, comparator="~")},
            "comparator-unknown",
            ".value.comparator",
        ),
        (
            {"valueQuantity": quantity(240, comparator="")},
            "comparator-unknown",
            ".value.comparator",
        ),
        ({"valueQuantity": quantity(240, comparator=1)}, "malformed", ".value.comparator"),
        ({"valueString": 240}, "malformed", ".value"),
        ({"valueString": "240"}, "unit-missing", ".value"),
        ({"valueString": "pending"}, "value-unreadable", ".value"),
        ({"valueInteger": 240}, "unit-missing", ".value.unit"),
        ({"valueInteger": "240"}, "malformed", ".value"),
        ({"valueRange": {}}, "no-value", ".value"),
        ({"valueRange": {"low": quantity(3), "high": quantity(2)}}, "value-unreadable", ".value"),
        ({"valueRange": {"low": {"value": "3"}}}, "malformed", ".value.low"),
        ({"valueRange": {"low": {"value": 3}}}, "unit-missing", ".value.low.unit"),
        (
            {"valueRatio": {"numerator": quantity(1), "denominator": quantity(80)}},
            "value-type",
            ".value",
        ),
        ({"valueCodeableConcept": coded("260385009", SNOMED)}, "value-type", ".value"),
        ({"valueBoolean": True}, "value-type", ".value"),
        ({"valueSampledData": {}}, "value-type", ".value"),
        ({"valueTime": "08:15:00"}, "value-type", ".value"),
        ({"valueDateTime": "2026-10-20"}, "value-type", ".value"),
        ({"valuePeriod": {}}, "value-type", ".value"),
        ({"valueAttachment": {}}, "value-type", ".value"),
        ({"valueString": "240 ng/L", "valueQuantity": quantity()}, "malformed", ".value"),
        ({"dataAbsentReason": coded("unknown", None)}, "no-value", ""),
        (
            {"dataAbsentReason": coded("unknown", None), "valueQuantity": quantity()},
            "malformed",
            ".dataAbsentReason",
        ),
        ({"valueQuantity": None}, "no-value", ""),
        ({"valueQuantity": quantity(9)}, "implausible", ".value"),
    ],
)
def test_a_value_is_refused(changes: Resource, reason: str, path: str) -> None:
    found = read(observation(**changes))
    assert refused(found) == [(reason, f"Observation{path}")]
    assert found.refusals[0].name == "total_b12"
    assert found.counts["refused"] == 1


def test_an_implausible_value_is_kept_for_critical_reading() -> None:
    found = read(observation(POTASSIUM, 23, "mmol/L"))
    assert [one.flags for one in found.results] == [("implausible",)]
    assert found.refusals[0].reported == "23 mmol/L"


def test_a_censored_value_is_implausible_only_as_a_whole() -> None:
    def flags(value: Any, comparator: str) -> tuple[str, ...]:
        return (
            read(observation(valueQuantity=quantity(value, comparator=comparator))).results[0].flags
        )

    assert flags(15, "<") == ()
    assert flags(5, "<") == ("implausible",)
    assert flags(5, ">") == ()


def test_haemoglobin_that_may_be_per_tetramer() -> None:
    found = read(observation(HAEMOGLOBIN, 2.1, "mmol/L"))
    assert refused(found) == [("tetramer-suspect", "Observation.value")]
    assert found.results[0].flags == ("code-unit-mismatch", "implausible")


def test_equal_figures_keep_their_own_digits() -> None:
    for value in ("0.40", "0.4", "0.400"):
        given = observation(MMA, 7, "umol/L", referenceRange=[{"high": {"value": 8}}])
        data = dumps(given).replace(b'"value": 7', f'"value": {value}'.encode())
        data = data.replace(b'"value": 8', f'"value": {value}'.encode())
        found = result(intake.read(data))
        assert (str(found.interval), found.reported) == (value, f"{value} umol/L")
        assert found.reference_text == f"≤{value} umol/L" and found.reference_range is not None
        assert str(found.reference_range.high) == value


def test_the_unit_decides_and_the_code_is_flagged() -> None:
    found = result(read(observation(B12, 300, "pmol/L")))
    assert (found.unit, found.flags) == ("pmol/L", ("code-unit-mismatch",))
    assert result(read(observation(B12_MOLES, 300, "pmol/L"))).flags == ()


def test_mma_spellings_of_one_quantity() -> None:
    found = [
        result(read(observation(MMA, value, unit)))
        for value, unit in ((400, "nmol/L"), (0.4, "nmol/mL"), (0.4, "umol/L"))
    ]
    assert {(one.interval.low, one.unit) for one in found} == {(Decimal("0.4"), "umol/L")}


def test_a_ratio_is_read_where_the_analyte_is_one() -> None:
    ratio = {
        "numerator": {"value": 2.1, "code": "mg", "system": "http://unitsofmeasure.org"},
        "denominator": {"value": 1, "code": "g{creat}", "system": "http://unitsofmeasure.org"},
    }
    found = result(read(observation(URINE_MMA, valueRatio=ratio)))
    assert (str(found.interval), found.unit) == ("2.1", "mg/g{creat}")
    ratio["denominator"]["value"] = 2
    assert refused(read(observation(URINE_MMA, valueRatio=ratio))) == [
        ("value-unreadable", "Observation.value.denominator")
    ]


def test_off_the_scale_of_the_instrument() -> None:
    sign = [coded("<", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")]
    found = result(read(observation(value=150, interpretation=sign)))
    assert str(found.interval) == "≤150" and found.flags == ("comparator-in-text",)


# --- codes -----------------------------------------------------------------------------------


def test_every_coding_is_looked_at() -> None:
    local = {"system": "http://example.org/lab", "code": "B12"}
    code = {"coding": [local, {"system": "urn:oid:2.16.840.1.113883.6.1", "code": B12}]}
    assert result(read(observation(code))).analyte == "total_b12"


@pytest.mark.parametrize(
    ("code", "reason", "path"),
    [
        (
            {"coding": [{"system": LOINC, "code": B12}, {"system": LOINC, "code": MMA}]},
            "code-conflict",
            ".code",
        ),
        (
            {"coding": [{"system": LOINC, "code": B12}, {"system": LOINC, "code": "2171-7"}]},
            "code-conflict",
            ".code",
        ),
        (coded("2171-7"), "code-rejected", ".code"),
        (coded("14685-4"), "code-rejected", ".code"),
        ({"coding": [{"code": B12}]}, "code-rejected", ".code"),
        (coded("58410-2"), "panel-value", ".value"),
        ({"coding": B12}, "malformed", ".code"),
        ({"coding": [B12]}, "malformed", ".code"),
        ({"coding": [{"system": LOINC, "code": 2132}]}, "malformed", ".code"),
        (["x"], "malformed", ".code"),
    ],
)
def test_a_code_is_refused(code: Any, reason: str, path: str) -> None:
    found = read(observation(code=code))
    assert refused(found) == [(reason, f"Observation{path}")] and not found.results


def test_two_codes_of_one_analyte_agree() -> None:
    code = {"coding": [{"system": LOINC, "code": B12}, {"system": LOINC, "code": B12_MOLES}]}
    assert result(read(observation(code))).analyte == "total_b12"


@pytest.mark.parametrize(
    "code",
    [
        coded("8302-2"),
        coded("B12", "http://example.org/lab"),
        {"text": "Vitamin B12"},
        coded("X", "http://example.org/lab", text="Potassium"),
        None,
    ],
)
def test_what_is_not_ours_is_passed_over(code: Any) -> None:
    given = observation(code=code)
    if code is None:
        given["code"] = {}
    found = read(given)
    assert (found.results, found.refusals) == ((), ())
    assert dict(found.counts) == {"used": 0, "superseded": 0, "not-ours": 1, "refused": 0}


# --- status ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("final", ()),
        ("amended", ("amended",)),
        ("corrected", ("corrected",)),
        ("preliminary", ("preliminary",)),
    ],
)
def test_a_status_that_counts(status: str, flags: tuple[str, ...]) -> None:
    found = result(read(observation(status=status)))
    assert (found.status, found.flags) == (status, flags)


@pytest.mark.parametrize(
    ("status", "reason", "kept"),
    [
        ("registered", "status-unusable", ("registered", ())),
        ("unknown", "status-unusable", ("unknown", ())),
        (None, "status-unknown-code", ("unknown", ("status-as-unknown",))),
        ("done", "status-unknown-code", ("unknown", ("status-as-unknown",))),
        ("Final", "status-unknown-code", ("unknown", ("status-as-unknown",))),
        ("cancelled", "cancelled", None),
        ("entered-in-error", "entered-in-error", None),
        (1, "malformed", None),
    ],
)
def test_a_status_that_does_not(status: Any, reason: str, kept: Any) -> None:
    found = read(observation(status=status))
    assert refused(found) == [(reason, "Observation.status")]
    assert [(one.status, one.flags) for one in found.results] == ([] if kept is None else [kept])


def test_what_is_contained_shares_the_fate_of_its_report() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "entered-in-error",
        "code": coded("58410-2"),
        "contained": [observation()],
    }
    found = read(report)
    assert not found.results and found.refusals[0].reason == "entered-in-error"


@pytest.mark.parametrize("element", ["modifierExtension", "implicitRules"])
def test_what_may_change_the_meaning_bars_the_result(element: str) -> None:
    found = read(
        observation(**{element: [{"url": "http://example.org/negated", "valueBoolean": True}]})
    )
    assert (
        refused(found) == [("modifier-extension", f"Observation.{element}")] and not found.results
    )


def test_a_modifier_that_says_haemolysed_is_understood() -> None:
    url = (
        "https://www.medizininformatik-initiative.de/fhir/core/modul-labor/"
        "StructureDefinition/InterpretationsbeeinflussendeEigenschaft"
    )
    modifier = {"url": url, "valueCoding": {"system": SNOMED, "code": "118128002"}}
    assert result(read(observation(modifierExtension=[modifier]))).flags == ("haemolysed",)
    other = {"url": url, "valueCoding": {"system": SNOMED, "code": "1"}}
    assert refused(read(observation(modifierExtension=[modifier, other])))


# --- specimen, range, interpretation ---------------------------------------------------------


@pytest.mark.parametrize(
    ("specimen", "code", "reason"),
    [
        ({"display": "Urine"}, B12, "wrong-specimen"),
        ({"display": "CSF"}, B12, "wrong-specimen"),
        ({"display": "Serum"}, URINE_MMA, "wrong-specimen"),
        ({"display": "Serum"}, B12, None),
        ({"display": "tube 4"}, B12, None),
        ({"reference": "Specimen/elsewhere"}, B12, None),
        ("serum", B12, "malformed"),
    ],
)
def test_the_specimen_must_not_be_another_fluid(
    specimen: Any, code: str, reason: str | None
) -> None:
    unit = "mg/g{creat}" if code == URINE_MMA else "ng/L"
    found = read(observation(code, unit=unit, specimen=specimen))
    assert [one.reason for one in found.refusals] == ([reason] if reason else [])


def test_a_specimen_is_found_contained_or_in_the_bundle() -> None:
    urine = {"resourceType": "Specimen", "id": "s", "type": coded("122575003", SNOMED)}
    inside = observation(specimen={"reference": "#s"}, contained=[urine])
    assert [one.reason for one in read(inside).refusals] == ["wrong-specimen"]
    beside = observation(specimen={"reference": "Specimen/s"})
    assert [one.reason for one in read(beside, urine).refusals] == ["wrong-specimen"]
    broken = {
        "resourceType": "Specimen",
        "id": "s",
        "condition": [coded("HEM", "http://terminology.hl7.org/CodeSystem/v2-0493")],
    }
    assert result(read(beside, broken)).flags == ("haemolysed",)


@pytest.mark.parametrize(
    "note", [[{"text": "Sample haemolysed."}], [{"text": "Hemolyzed specimen"}]]
)
def test_a_comment_that_says_haemolysed(note: Any) -> None:
    assert result(read(observation(note=note))).flags == ("haemolysed",)
    assert result(read(observation(note=[{"text": "not haemolysed"}]))).flags == ()


NORMAL = {"type": coded("normal", "http://terminology.hl7.org/CodeSystem/referencerange-meaning")}


@pytest.mark.parametrize(
    ("ranges", "interval", "text", "flags"),
    [
        (
            [{"low": quantity(180), "high": quantity(914)}],
            Interval(Decimal(180), Decimal(914)),
            "180-914 ng/L",
            (),
        ),
        (
            [{"low": {"value": 18}, "high": {"value": 91}}],
            Interval(Decimal(18), Decimal(91)),
            "18-91 ng/L",
            (),
        ),
        ([{"low": quantity(18, "ng/dL")}], Interval(Decimal(180), None), "≥18 ng/dL", ()),
        ([{"high": quantity(914), "text": "< 914"}], Interval(None, Decimal(914)), "< 914", ()),
        ([{"text": "180-914"}], Interval(Decimal(180), Decimal(914)), "180-914", ()),
        (
            [{"text": "180 - 914 pg/mL"}],
            Interval(Decimal(180), Decimal(914)),
            "180 - 914 pg/mL",
            (),
        ),
        ([{"text": "<0.40"}], Interval(None, Decimal("0.40"), False, False), "<0.40", ()),
        ([{"text": "adults"}], None, "adults", ("reference-range-unreadable",)),
        ([{}], None, None, ("reference-range-unreadable",)),
        ([{"low": {"value": "180"}}], None, None, ("reference-range-unreadable",)),
        (
            [{"low": quantity(46), "high": quantity(38)}],
            None,
            None,
            ("reference-range-unreadable",),
        ),
        ([{"low": quantity(1, "smoots")}], None, None, ("reference-range-unreadable",)),
        ({"low": quantity(1)}, None, None, ("reference-range-unreadable",)),
        (
            [{"low": quantity(5), "appliesTo": [coded("x")]}, {"low": quantity(180)}],
            Interval(Decimal(180), None),
            "≥180 ng/L",
            (),
        ),
        (
            [{"low": quantity(5)}, {"low": quantity(180), **NORMAL}],
            Interval(Decimal(180), None),
            "≥180 ng/L",
            (),
        ),
        ([{"low": quantity(5), "type": coded("therapeutic")}], None, None, ()),
        ([], None, None, ()),
    ],
)
def test_the_laboratory_s_own_range(ranges: Any, interval: Any, text: Any, flags: Any) -> None:
    found = result(read(observation(referenceRange=ranges)))
    assert (found.reference_range, found.reference_text, found.flags) == (interval, text, flags)


@pytest.mark.parametrize(
    ("value", "sign", "disagrees"),
    [
        (150, "L", False),
        (150, "N", True),
        (150, "H", True),
        (240, "N", False),
        (240, "L", True),
        (240, "HH", True),
        (1000, "H", False),
        (1000, "L", True),
        (150, "A", False),
    ],
)
def test_an_interpretation_against_its_own_range(value: int, sign: str, disagrees: bool) -> None:
    ranges = [{"low": quantity(180), "high": quantity(914)}]
    found = result(
        read(observation(value=value, referenceRange=ranges, interpretation=[coded(sign)]))
    )
    assert found.flags == (("outside-lab-range-disagrees",) if disagrees else ())


def test_interpretation_codes_of_both_shapes() -> None:
    assert result(read(observation(interpretation=[coded("L"), coded("LL")]))).interpretation == (
        "L",
        "LL",
    )
    assert result(read(observation(interpretation=coded("L")))).interpretation == ("L",)
    found = read(observation(interpretation=["L"]))
    assert refused(found) == [("malformed", "Observation.interpretation")] and found.results


def test_a_fault_elsewhere_hides_nothing() -> None:
    found = read(
        observation(
            POTASSIUM, 2.1, "mmol/L", performer="nobody", encounter=[], text=5, meta="x", bodySite=1
        )
    )
    assert result(found).reported == "2.1 mmol/L"


# --- present/absent tests --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"valueCodeableConcept": coded("10828004", SNOMED)}, True),
        ({"valueCodeableConcept": coded("260385009", SNOMED)}, False),
        ({"valueCodeableConcept": coded("LA6576-8")}, True),
        ({"valueCodeableConcept": coded("LA6577-6")}, False),
        ({"valueCodeableConcept": {"text": "Positive"}}, True),
        ({"valueBoolean": False}, False),
        ({"valueString": "NEGATIVE"}, False),
        ({"valueQuantity": quantity(12, "U/mL"), "interpretation": [coded("POS")]}, True),
        ({"dataAbsentReason": coded("unknown"), "interpretation": [coded("NEG")]}, False),
    ],
)
def test_an_antibody_is_present_or_absent(changes: Resource, value: bool) -> None:
    found = statement(read(observation(ANTIBODY, **changes)))
    assert (found.name, found.value, found.since is not None) == (
        "intrinsic_factor_antibody",
        value,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"valueString": "equivocal"}, "qualitative-unclear"),
        ({"valueString": "not positive"}, "qualitative-unclear"),
        ({"valueString": "1:80"}, "qualitative-unclear"),
        ({"valueQuantity": quantity(12, "U/mL")}, "qualitative-unclear"),
        ({"valueString": "positive", "interpretation": [coded("NEG")]}, "qualitative-unclear"),
        ({"dataAbsentReason": coded("unknown")}, "no-value"),
        ({"valueBoolean": "true"}, "malformed"),
        ({"valueBoolean": True, "effectiveDateTime": None}, "date-missing"),
        ({"valueBoolean": True, "status": "unknown"}, "status-unusable"),
        ({"valueBoolean": True, "status": "entered-in-error"}, "entered-in-error"),
    ],
)
def test_an_antibody_is_unclear(changes: Resource, reason: str) -> None:
    found = read(observation(ANTIBODY, **changes))
    assert [one.reason for one in found.refusals] == [reason] and not found.statements


# --- components ------------------------------------------------------------------------------


def test_components_are_results() -> None:
    parts = [
        {"code": coded(HAEMOGLOBIN), "valueQuantity": quantity(72, "g/L")},
        {"code": coded("8302-2"), "valueQuantity": quantity(1, "m")},
        {"code": coded(POTASSIUM), "valueQuantity": quantity(4, "mmol/L", comparator="~")},
        {"code": coded(B12), "valueQuantity": quantity(), "modifierExtension": [{"url": "x"}]},
        "rubbish",
    ]
    found = read(observation(coded("58410-2"), valueQuantity=None, component=parts))
    assert [(one.analyte, one.path) for one in found.results] == [
        ("haemoglobin", "Observation.component[0]")
    ]
    assert sorted(refused(found)) == [
        ("comparator-unknown", "Observation.component[2].value.comparator"),
        ("malformed", "Observation.component[4]"),
        ("modifier-extension", "Observation.component[3].modifierExtension"),
    ]
    assert found.counts["used"] == 1


def test_a_panel_that_names_itself_as_a_member() -> None:
    panel = observation(
        coded("58410-2"), valueQuantity=None, hasMember=[{"reference": "Observation/o1"}]
    )
    assert read(panel).refusals == ()
