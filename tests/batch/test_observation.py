"""What a source says of a result becomes an Observation that says the same, digit for digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from corrin.batch.sources import resources
from corrin.batch.sources.observation import Record, differ, observation
from corrin.batch.sources.resources import Code
from corrin.batch.subject import key_of
from corrin.intake.gathered import gather

B12 = [Code("http://loinc.org", "2132-9", "Vitamin B12")]


def made(**said: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        observation(Record("p1", codes=B12, when="2026-05-01", **said)),
        parse_float=Decimal,
        parse_int=Decimal,
    )
    return found


def read(**said: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """What the reader takes and refuses of a result."""
    found = gather([made(**said)]).reading
    assert found.refusals or found.results
    taken = [f"{one.interval} {one.unit} <- {one.reported}" for one in found.results]
    return taken, [(one.reason, one.reported) for one in found.refusals]


def test_digits_stay_as_they_were_written() -> None:
    body = observation(Record("p1", value_text="150.00", unit_text="ng/L", low="0.40"))
    assert b'"value":150.00' in body
    assert b'"low":{"value":0.40' in body
    number = observation(Record("p1", value_number=Decimal("0.40"), unit_text="ng/L"))
    assert b'"value":0.40' in number


@pytest.mark.parametrize(
    ("text", "figure", "sign"),
    [("<150", "150", "<"), ("> 2000", "2000", ">"), ("<=5", "5", "<="), (">=7.0", "7.0", ">=")],
)
def test_a_comparator_before_a_number_is_kept(text: str, figure: str, sign: str) -> None:
    found = made(value_text=text, unit_text="ng/L")["valueQuantity"]
    assert (str(found["value"]), found["comparator"]) == (figure, sign)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("7,5", "ng/L", "7,5 ng/L"),
        ("180-220", "ng/L", "180-220 ng/L"),
        ("GREATER THAN 2000", "pg/mL", "GREATER THAN 2000 pg/mL"),
        ("150 ng/L", "ng/L", "150 ng/L"),
        ("150 pmol/L", "ng/L", "150 pmol/L [ng/L]"),
        ("see comment", "ng/L", "see comment"),
        ("007", "ng/L", "007 ng/L"),
        ("1e40", "ng/L", "1e40 ng/L"),
        ("NaN", "ng/L", "NaN"),
        ("___", "", "___"),
    ],
)
def test_what_is_no_plain_number_stays_a_text(text: str, unit: str, said: str) -> None:
    assert made(value_text=text, unit_text=unit)["valueString"] == said


def test_a_text_of_two_units_is_refused_and_not_read_in_either() -> None:
    taken, refused = read(value_text="150 pmol/L", unit_text="ng/L")
    assert (taken, refused) == ([], [("unit-unknown", "150 pmol/L [ng/L]")])


def test_a_comparator_of_its_own_joins_a_text_without_one() -> None:
    found = made(value_text="150", comparator="<", unit_text="ng/L")["valueQuantity"]
    assert found["comparator"] == "<"
    assert "comparator" not in made(value_text="150", comparator="=")["valueQuantity"]


def test_two_comparators_that_contradict_are_refused() -> None:
    taken, refused = read(value_text="<150", comparator=">", unit_text="ng/L")
    assert (taken, refused) == ([], [("value-unreadable", "> <150")])


def test_an_unknown_comparator_is_refused_by_the_reader() -> None:
    assert read(value_text="150", comparator="~", unit_text="ng/L")[1][0][0] == "comparator-unknown"


def test_the_text_wins_over_the_number_and_the_difference_is_seen() -> None:
    record = Record("p1", value_text="150", value_number="151")
    assert differ(record)
    assert made(value_text="150", value_number="151")["valueQuantity"]["value"] == Decimal(150)
    assert not differ(Record("p1", value_text="150.0", value_number="150"))
    assert not differ(Record("p1", value_text="<150", value_number="150"))
    assert not differ(Record("p1", value_text="see comment", value_number="150"))
    assert differ(Record("p1", value_text="<150", value_number="15"))


def test_a_unit_that_is_said_to_be_ucum_says_so() -> None:
    found = made(value_text="150", unit_text="pg/ml", unit_code="pg/mL")["valueQuantity"]
    assert found["unit"] == "pg/ml"
    assert (found["system"], found["code"]) == ("http://unitsofmeasure.org", "pg/mL")
    assert "system" not in made(value_text="150", unit_text="pg/mL")["valueQuantity"]


def test_no_value_is_no_value_and_says_why_where_it_is_known() -> None:
    assert "valueQuantity" not in made()
    assert read()[1] == [("no-value", "")]
    reason = made(absent="not-asked")["dataAbsentReason"]["coding"][0]["code"]
    assert reason == "not-asked"


def test_a_value_beside_a_reason_for_none_is_refused() -> None:
    taken, refused = read(value_text="150", unit_text="ng/L", absent="not-asked")
    assert (taken, [one[0] for one in refused]) == ([], ["malformed"])


@pytest.mark.parametrize(
    ("low", "high", "text", "said"),
    [
        ("200", "900", "", {"low": Decimal(200), "high": Decimal(900)}),
        ("", "900", "", {"high": Decimal(900)}),
        ("", "", "200-900 pg/mL", {"text": "200-900 pg/mL"}),
        ("<200", "", "", {"text": "<200"}),
        ("1,5", "3,5", "", {"text": "1,5 - 3,5"}),
    ],
)
def test_ends_of_a_range_are_numbers_or_a_text(
    low: str, high: str, text: str, said: dict[str, Any]
) -> None:
    found = made(value_text="300", unit_text="pg/mL", low=low, high=high, range_text=text)
    between = found["referenceRange"][0]
    assert {name: one if name == "text" else one["value"] for name, one in between.items()} == said


def test_everything_else_is_handed_on() -> None:
    found = made(
        value_text="150",
        unit_text="ng/L",
        status="corrected",
        issued="2026-05-02T08:00:00Z",
        interpretation=["H", "", "A"],
        specimen="serum",
        comment=["haemolysed"],
        identifier=[("urn:x", "17")],
        id="lab-17",
    )
    assert (found["id"], found["status"]) == ("lab-17", "corrected")
    assert [one["coding"][0]["code"] for one in found["interpretation"]] == ["H", "A"]
    assert found["specimen"] == {"display": "serum"}
    assert found["identifier"] == [{"system": "urn:x", "value": "17"}]
    taken = gather([found]).reading.results[0]
    assert taken.specimen == "serum"
    assert {"corrected", "haemolysed"} <= set(taken.flags)


def test_a_coded_specimen_is_judged() -> None:
    urine = [Code("http://terminology.hl7.org/CodeSystem/v2-0487", "UR")]
    assert read(value_text="150", unit_text="ng/L", specimen_codes=urine)[1] == [
        ("wrong-specimen", "")
    ]


@pytest.mark.parametrize(
    "name", ["1", "a b/c", "A|1", "x#y?z", "ÄÖ", "6F1B7C1E-0D3E-4C8F-9B1A-2F6C0A1B2C3D", "100%"]
)
def test_rows_of_a_person_have_one_key_whatever_the_name(name: str) -> None:
    patient = json.loads(resources.patient(name, gender="female"))
    result = json.loads(observation(Record(name, codes=B12)))
    assert key_of(patient) == key_of(result) == resources.key(name) != ""


def test_names_that_differ_in_what_a_reference_cannot_hold_stay_two() -> None:
    names = ["a b", "a%20b", "a/b", "a?b", "a#b", "ab", "a.20b", "a.20b..", "a.2E20b", ""]
    assert len({resources.key(name) for name in names}) == len(names)
