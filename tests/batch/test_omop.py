"""Tables of the OMOP common data model, as text and as Parquet, with and without CONCEPT."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.reading import Run, run
from corrin import terminology
from corrin.batch.row import Read
from corrin.batch.sources import omop_concepts
from corrin.batch.sources.cdm_table import CdmTable
from corrin.batch.sources.omop import OmopSource, recognise_folder
from corrin.batch.sources.source import InputError, Options, Source, Span
from corrin.intake.gathered import gather

_NAMES = (
    "measurement_id person_id measurement_concept_id measurement_date measurement_datetime "
    "measurement_time measurement_type_concept_id operator_concept_id value_as_number "
    "value_as_concept_id unit_concept_id range_low range_high measurement_source_value "
    "measurement_source_concept_id unit_source_value value_source_value"
)
MEASUREMENT = _NAMES.split()
PLAIN = {
    "measurement_id": "1",
    "person_id": "7",
    "measurement_concept_id": "3000593",
    "measurement_date": "2026-05-01",
    "value_as_number": "150.0",
    "unit_concept_id": "8845",
    "measurement_source_concept_id": "0",
}
CONCEPTS = """concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code
3000593,Cobalamin [Mass/volume],Measurement,LOINC,Lab Test,S,2132-9
3000594,MCV,Measurement,LOINC,Lab Test,S,787-2
99,Something of the site,Measurement,SITE,Lab Test,,X1
8845,picogram per milliliter,Unit,UCUM,Unit,S,pg/mL
8736,picomole per liter,Unit,UCUM,Unit,S,pmol/L
4172703,=,Meas Value Operator,SNOMED,Qualifier Value,S,276136004
9189,Negative,Meas Value,SNOMED,Qualifier Value,S,260385009
9191,Positive,Meas Value,SNOMED,Qualifier Value,S,10828004
312,Pernicious anaemia,Condition,SNOMED,Disorder,S,84027009
32899,Preliminary diagnosis,Condition Status,Condition Status,Condition Status,S,OMOP4976983
38000179,Physician administered drug (identified as procedure),Type Concept,Drug Type,Drug Type,S,x
1308738,hydroxocobalamin,Drug,RxNorm,Ingredient,S,5514
"""  # noqa: E501


def table(rows: list[Mapping[str, str]], columns: list[str], mark: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=mark, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def measured(*rows: Mapping[str, str], mark: str = ",") -> str:
    return table([PLAIN | dict(row) for row in rows], MEASUREMENT, mark)


def folder(path: Path, **tables: str | bytes) -> list[Source]:
    for name, text in tables.items():
        data = text.encode() if isinstance(text, str) else text
        (path / name.replace("__", ".")).write_bytes(data)
    return recognise_folder({one.name: one for one in path.iterdir()})


def reading(path: Path, *rows: Mapping[str, str], concepts: str = CONCEPTS, **options: Any) -> Run:
    return run(folder(path, MEASUREMENT__csv=measured(*rows), CONCEPT__csv=concepts), **options)


def values(found: Run) -> list[str]:
    """Values taken, then reasons of what was refused."""
    return [one[2] for one in found.taken()] + [one[3] for one in found.refused()]


def test_a_measurement_is_read_by_its_concepts(tmp_path: Path) -> None:
    found = reading(tmp_path, {}, {"measurement_id": "2", "measurement_concept_id": "99"})
    assert found.taken() == [("Patient/7", "total_b12", "150.0 pg/mL", "2026-05-01", 2)]
    assert found.refused() == []
    counts = {
        one: (read.rows, read.used, read.not_ours)
        for one, read in zip(("CONCEPT", "MEASUREMENT"), found.reads, strict=True)
    }
    assert counts == {"CONCEPT": (12, 12, 0), "MEASUREMENT": (2, 0, 1)}


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_delimiters_and_the_case_of_the_header_vary(tmp_path: Path, mark: str) -> None:
    text = measured({}, mark=mark)
    head, _, rest = text.partition("\n")
    sources = folder(tmp_path, m__tsv=f"\ufeff{head.upper()}\n{rest}", Concept__csv=CONCEPTS)
    assert values(run(sources)) == ["150.0 pg/mL"]


def test_the_vocabularies_may_come_tab_separated_with_stray_quotes(tmp_path: Path) -> None:
    concepts = CONCEPTS.replace(",", "\t").replace("MCV", 'MCV, "mean" of 5" tubes')
    assert values(reading(tmp_path, {}, concepts=concepts)) == ["150.0 pg/mL"]


def test_packed_tables_are_read(tmp_path: Path) -> None:
    sources = folder(
        tmp_path,
        measurement__csv__gz=gzip.compress(measured({}).encode()),
        concept__csv__gz=gzip.compress(CONCEPTS.encode()),
    )
    assert [one.name for one in sources] == ["concept.csv.gz", "measurement.csv.gz"]
    assert values(run(sources)) == ["150.0 pg/mL"]


def test_parquet_says_the_same(tmp_path: Path) -> None:
    rows = [
        {**PLAIN, "measurement_id": str(at), "value_as_number": f"{150 + at}"} for at in range(9)
    ]
    columns: dict[str, pa.Array] = {}
    for name in MEASUREMENT:
        given = [row.get(name, "") for row in rows]
        if name.endswith("_id"):
            columns[name] = pa.array([int(one) if one else None for one in given], pa.int64())
        elif name == "value_as_number":
            columns[name] = pa.array([float(one) for one in given])
        else:
            columns[name] = pa.array([one or None for one in given], pa.string())
    pq.write_table(pa.table(columns), tmp_path / "measurement.parquet", row_group_size=2)
    dictionary = [line.split(",") for line in CONCEPTS.strip().split("\n")]
    made = {
        name: pa.array([row[at] for row in dictionary[1:]]) for at, name in enumerate(dictionary[0])
    }
    made["concept_id"] = made["concept_id"].cast(pa.int64())
    pq.write_table(pa.table(made), tmp_path / "concept.parquet")
    sources = recognise_folder({one.name: one for one in tmp_path.iterdir()})
    whole, pieces = run(sources), run(sources, most_bytes=10)
    assert [one[2] for one in whole.taken()] == [f"{150 + at} pg/mL" for at in range(9)]
    assert [one[4] for one in whole.taken()] == list(range(1, 10))
    assert len(pieces.reads) > len(whole.reads)
    assert pieces.tables == whole.tables


def test_ids_kept_as_floats_are_ids(tmp_path: Path) -> None:
    row = {"measurement_concept_id": "3000593.0", "unit_concept_id": "8845.0", "person_id": "7.0"}
    assert reading(tmp_path, row).taken()[0][:3] == ("Patient/7", "total_b12", "150.0 pg/mL")


def test_a_few_concepts_are_known_without_their_table(tmp_path: Path) -> None:
    found = run(folder(tmp_path, m__csv=measured({}, {"measurement_concept_id": "3000594"})))
    assert values(found) == ["150.0 pg/mL"]
    assert found.reads[0].notes[-1].startswith("no CONCEPT table")


def test_the_source_concept_counts_where_the_standard_one_is_missing(tmp_path: Path) -> None:
    row = {"measurement_concept_id": "0", "measurement_source_concept_id": "3000593"}
    assert values(reading(tmp_path, row)) == ["150.0 pg/mL"]


def test_two_concepts_of_two_tests_are_refused(tmp_path: Path) -> None:
    assert values(reading(tmp_path, {"measurement_source_concept_id": "3000594"})) == [
        "code-conflict"
    ]


def test_what_the_source_itself_wrote_can_be_named_by_a_file(tmp_path: Path) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("system: urn:corrin:omop:source\ncodes:\n  - {code: LAB_B12, loinc: 2132-9}\n")
    row = {"measurement_concept_id": "0", "measurement_source_value": "LAB_B12"}
    sources = folder(tmp_path, m__csv=measured(row), concept__csv=CONCEPTS)
    assert values(run(sources)) == []
    named = [OmopSource(one.name, one.path, Options(codes=str(codes))) for one in sources]
    assert values(run(named)) == ["150.0 pg/mL"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"value_source_value": "150"}, "150 pg/mL"),
        ({"value_source_value": "150.00"}, "150.00 pg/mL"),
        ({"value_as_number": "", "value_source_value": "<150"}, "<150 pg/mL"),
        ({"operator_concept_id": "4171756"}, "<150.0 pg/mL"),
        ({"operator_concept_id": "4171755"}, ">=150.0 pg/mL"),
        ({"operator_concept_id": "4172703"}, "150.0 pg/mL"),
        ({"operator_concept_id": "0"}, "150.0 pg/mL"),
        ({"operator_concept_id": "4171756", "value_source_value": "<150"}, "<150 pg/mL"),
        ({"operator_concept_id": "4172703", "value_source_value": "<150"}, "<150 pg/mL"),
        ({"operator_concept_id": "4171756", "value_source_value": "150"}, "input-operator"),
        ({"operator_concept_id": "4171756", "value_source_value": ">150"}, "input-operator"),
        ({"operator_concept_id": "12345"}, "input-operator"),
        ({"value_source_value": "151", "unit_source_value": "pg/mL"}, "151 pg/mL"),
        ({"value_source_value": "111", "unit_source_value": "pmol/L"}, "111 pmol/L"),
        ({"value_source_value": "111 pmol/L"}, "111 pmol/L"),
        ({"value_source_value": "151"}, "input-value-differs"),
        ({"value_source_value": "see comment"}, "value-unreadable"),
        ({"value_as_number": ""}, "no-value"),
        ({"unit_concept_id": "0"}, "unit-missing"),
        ({"unit_concept_id": ""}, "unit-missing"),
        ({"unit_concept_id": "0", "unit_source_value": "ng/L"}, "150.0 ng/L"),
        ({"unit_concept_id": "8736", "unit_source_value": "pmol/l"}, "150.0 pmol/l"),
        ({"unit_concept_id": "4711", "unit_source_value": ""}, "unit-missing"),
        ({"measurement_date": "2026-02-30"}, "date-invalid"),
        ({"measurement_date": ""}, "date-missing"),
        ({"person_id": ""}, "subject-missing"),
    ],
)
def test_value_operator_and_unit(tmp_path: Path, row: dict[str, str], said: str) -> None:
    assert values(reading(tmp_path, row)) == [said]


def test_a_difference_that_was_settled_is_told(tmp_path: Path) -> None:
    found = reading(tmp_path, {"value_source_value": "151", "unit_source_value": "pg/mL"})
    assert found.reads[1].notes == [
        "1 values as the source wrote them differ from the column for numbers; they were taken "
        "as written, with the unit as written"
    ]


def test_a_range_converted_with_the_number_is_not_put_beside_the_text(tmp_path: Path) -> None:
    row = {"range_low": "200", "range_high": "900"}
    [(_, _, plain)] = reading(tmp_path, row).results
    assert plain.reference_text == "200-900 pg/mL"
    text = {**row, "value_source_value": "111", "unit_source_value": "pmol/L"}
    [(_, _, other)] = reading(tmp_path, text).results
    assert other.reference_text == "200 - 900 pg/mL"
    assert (other.reference_range is None) or other.reference_range != plain.reference_range


def test_a_coded_value_answers_a_question(tmp_path: Path) -> None:
    concepts = CONCEPTS + "555,Intrinsic factor Ab,Measurement,LOINC,Lab Test,S,IFA_CODE\n"
    code = next(one.code for one in terminology.load().analytes["intrinsic_factor_antibody"].codes)
    row = {"measurement_concept_id": "555", "value_as_number": "", "unit_concept_id": ""}
    for answer, truth in (("9189", False), ("9191", True)):
        sources = folder(
            tmp_path,
            m__csv=measured({**row, "value_as_concept_id": answer}),
            concept__csv=concepts.replace("IFA_CODE", code),
        )
        [made] = next(one for one in sources if one.name == "m.csv").rows(Span(), Read())
        [said] = gather([json.loads(made.body)]).reading.statements
        assert (said.name, said.value) == ("intrinsic_factor_antibody", truth)


@pytest.mark.parametrize(
    ("row", "when"),
    [
        ({"measurement_datetime": "2026-05-01 00:00:00"}, "2026-05-01"),
        ({"measurement_datetime": "2026-05-01 09:30:00"}, "2026-05-01T09:30:00"),
        ({"measurement_datetime": "2026-05-01T09:30:00Z"}, "2026-05-01T09:30:00Z"),
        ({"measurement_time": "09:30"}, "2026-05-01T09:30"),
        ({"measurement_time": "2026-05-01"}, "2026-05-01"),
        ({"measurement_datetime": "2026-05-02 09:30:00"}, "2026-05-01"),
        ({"measurement_date": "20260501"}, "2026-05-01"),
        ({"measurement_date": "2026-05-01 00:00:00.000"}, "2026-05-01"),
    ],
)
def test_midnight_and_another_day_say_the_date_alone(
    tmp_path: Path, row: dict[str, str], when: str
) -> None:
    assert [one[3] for one in reading(tmp_path, row).taken()] == [when]


def test_rows_that_cannot_be_read_cost_nothing_but_themselves(tmp_path: Path) -> None:
    lines = measured({}, {"measurement_id": "2"}).splitlines()
    lines.insert(2, "1,2,3")
    lines.insert(3, '9,7,"open,3000593')
    found = run(folder(tmp_path, m__csv="\n".join(lines) + "\n", concept__csv=CONCEPTS))
    assert [one[4] for one in found.taken()] == [2, 5]
    assert [(one[1], one[3]) for one in found.refused()] == [
        (3, "input-row-ragged"),
        (4, "input-quote-open"),
    ]


def test_a_text_duckdb_does_not_read_is_read_exactly(tmp_path: Path) -> None:
    folder(tmp_path, concept__csv=CONCEPTS)
    (tmp_path / "m.csv").write_bytes(
        "\ufeff".encode("utf-16-le") + measured({}).encode("utf-16-le")
    )
    sources = recognise_folder({one.name: one for one in tmp_path.iterdir()})
    assert values(run(sources)) == ["150.0 pg/mL"]


def test_both_ways_to_find_concepts_find_the_same(tmp_path: Path) -> None:
    folder(tmp_path, m__csv=measured({}, {"measurement_concept_id": "99"}), concept__csv=CONCEPTS)
    data = CdmTable(str(tmp_path / "m.csv"), "m.csv", Options())
    concepts = CdmTable(str(tmp_path / "concept.csv"), "c", Options(), quoted=False)
    names = ("measurement_concept_id", "unit_concept_id", "value_as_concept_id")
    joined = omop_concepts._joined(data, concepts, names)
    assert joined == omop_concepts._looked_up(data, concepts, names)
    assert sorted(joined) == ["3000593", "8845", "99"]


PERSON = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,gender_source_value\n"  # noqa: E501


@pytest.mark.parametrize(
    ("row", "sex", "birth"),
    [
        ("7,8507,1956,4,1,1956-04-01 00:00:00,M", "male", "1956-04-01"),
        ("7,8532,1956,4,,,F", "female", "1956-04"),
        ("7,8532,1956,,3,,F", "female", "1956"),
        ("7,0,1956,,,,female", "female", "1956"),
        ("7,0,,,,1956-04-01 00:00:00,", "", "1956-04-01"),
        ("7,8532.0,1956.0,4.0,1.0,,F", "female", "1956-04-01"),
    ],
)
def test_a_person_is_as_precise_as_the_table(
    tmp_path: Path, row: str, sex: str, birth: str
) -> None:
    [one] = folder(tmp_path, person__csv=f"{PERSON}{row}\n")
    [made] = one.rows(Span(), Read())
    body = json.loads(made.body)
    assert (made.subject, body.get("gender", ""), body["birthDate"]) == ("Patient/7", sex, birth)


def test_a_birth_date_that_is_none_is_refused(tmp_path: Path) -> None:
    found = run(folder(tmp_path, person__csv=f"{PERSON}7,8507,1956,13,40,,M\n"))
    assert found.refused() == [("person.csv", 2, "year_of_birth", "date-invalid")]


def test_conditions_and_medicines_are_stated_with_their_times(tmp_path: Path) -> None:
    conditions = (
        "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
        "condition_end_date,condition_status_concept_id\n"
        "1,7,312,2020-01-01,,\n2,8,312,2020-01-01,2020-01-01,\n3,9,312,2020-01-01,,32899\n"
    )
    drugs = (
        "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,"
        "drug_exposure_end_date,drug_type_concept_id,drug_source_value,route_source_value\n"
        "1,7,1308738,2026-01-01,2026-12-31,,hydroxocobalamin,\n"
        "2,8,1308738,2026-01-01,2026-01-01,38000179,hydroxocobalamin 1 mg,intramuscular\n"
    )
    found = run(folder(tmp_path, c__csv=conditions, d__csv=drugs, CONCEPT__csv=CONCEPTS))
    assert [(one[0], one[1], one[2], one[3]) for one in found.refused()] == [
        ("c.csv", 4, "condition_status_concept_id", "statement-unclear")
    ]
    assert found.went == (4, 0, 0, 1)


def test_a_table_of_something_else_is_not_taken(tmp_path: Path) -> None:
    assert folder(tmp_path, x__csv="a,b\n1,2\n", y__csv="", z__ndjson='{"a":1}\n') == []
    with pytest.raises(InputError, match="input-unrecognised"):
        list(OmopSource("x.csv", str(tmp_path / "x.csv")).spans())
        OmopSource("x.csv", str(tmp_path / "x.csv")).native  # noqa: B018


@pytest.mark.samples
def test_the_sample_is_read_whole(samples: Path) -> None:
    sources = recognise_folder({one.name: one for one in (samples / "omop").iterdir()})
    assert [one.name for one in sources] == ["concept.csv", "measurement.csv", "person.csv"]
    found = run(sources, as_of="2020-01-01")
    assert [(one.rows, one.used, one.not_ours) for one in found.reads] == [
        (152, 152, 0),
        (1727, 0, 1397),
        (7, 0, 0),
    ]
    assert found.went == (337, 0, 0, 0)
    assert found.refused() == []
    assert len(found.tables["reports"]) == 7
    with open(samples / "omop" / "measurement.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    haemoglobin = [row for row in rows if row["measurement_concept_id"] == "3000963"]
    read = [one for one in found.taken() if one[1] == "haemoglobin"]
    assert sorted(one[2] for one in read) == sorted(
        f"{row['value_source_value']} g/dL" for row in haemoglobin
    )
    assert all(
        rows[line - 2]["value_source_value"] == reported.split()[0]
        and rows[line - 2]["measurement_date"] == when
        and subject == f"Patient/{rows[line - 2]['person_id']}"
        for subject, _, reported, when, line in found.taken()
    )
    pieces = run(sources, as_of="2020-01-01", most_bytes=20_000)
    assert pieces.tables == found.tables
    assert Counter(one[1] for one in found.taken())["mcv"] == 26
