"""The terminology answers what a code, a unit's analyte or a text means."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from corrin import terminology
from corrin.content import ContentError
from corrin.terminology import evidence
from corrin.terminology.systems import ATC, ICD10, ICD10CM, RXNORM, SNOMED, canonical_system
from corrin.terminology.table import fold
from support import places

TERMS = terminology.load()
EVIDENCE = evidence.load()
CRITICAL = {
    "sodium", "potassium", "calcium", "adjusted_calcium", "ionised_calcium", "magnesium",
    "phosphate", "glucose", "ck", "haemoglobin", "platelets", "neutrophils",
}  # fmt: skip
MASSES = {
    "total_b12": "1355.37", "mma": "118.09", "homocysteine": "135.18", "folate": "441.40",
    "ferritin": "445000", "haemoglobin": "16114.5", "mch": "16114.5", "mchc": "16114.5",
    "creatinine": "113.12", "calcium": "40.078", "magnesium": "24.305", "phosphate": "30.974",
    "glucose": "180.156", "bilirubin_total": "584.66", "urine_mma_creatinine": "118.09",
    "copper": "63.546",
}  # fmt: skip


def ids(system: str, code: str) -> list[str]:
    return [concept.id for concept in TERMS.concepts_for(system, code)]


def test_every_analyte_has_a_dimension_or_is_qualitative() -> None:
    for analyte in TERMS.analytes.values():
        assert bool(analyte.dimensions) == (analyte.kind == "quantity"), analyte.id
        for dimension in analyte.dimensions.values():
            assert dimension.canonical == dimension.accept[0]
        assert len(analyte.units) == len(set(analyte.units)), analyte.id


def test_what_a_code_promises_is_a_dimension_of_its_analyte() -> None:
    for analyte in TERMS.analytes.values():
        for code in analyte.codes:
            # 26582-7 promises a creatinine ratio and is met on plasma results: always a mismatch
            if analyte.kind == "quantity" and code.promised and code.code != "26582-7":
                shared = set(code.promised) & set(analyte.dimensions)
                assert shared, f"{analyte.id} {code.code} {code.promised}"


def test_plausible_limits_are_in_an_accepted_unit_and_sourced() -> None:
    for analyte in TERMS.analytes.values():
        if (window := analyte.plausible) is not None:
            assert window.unit in analyte.units, analyte.id
            assert window.evidence in EVIDENCE.rows, analyte.id
            assert window.low < window.high


def test_sources_of_analytes_are_evidence_rows() -> None:
    for analyte in TERMS.analytes.values():
        assert set(analyte.sources) <= set(EVIDENCE.rows), analyte.id


def test_molar_masses_and_charges() -> None:
    assert {name: TERMS.analytes[name].molar_mass for name in MASSES} == {
        name: Decimal(mass) for name, mass in MASSES.items()
    }
    assert TERMS.analytes["urine_mma_creatinine"].second_molar_mass == Decimal("113.12")
    charges = {a.id: a.charge for a in TERMS.analytes.values() if a.charge is not None}
    assert charges == {
        "potassium": 1, "sodium": 1, "calcium": 2, "ionised_calcium": 2, "magnesium": 2,
        "bicarbonate": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "analyte",
    ["active_b12", "gastrin", "haptoglobin", "albumin", "free_t4", "urea_nitrogen", "tsh", "ck"],
)
def test_never_converted_from_moles(analyte: str) -> None:
    assert TERMS.analytes[analyte].molar_mass is None


@pytest.mark.parametrize(
    ("analyte", "unit"),
    [
        ("active_b12", "pg/mL"),
        ("creatinine", "mmol/L"),
        ("egfr", "mL/min"),
        ("gastrin", "pmol/L"),
        ("albumin", "umol/L"),
        ("phosphate", "meq/L"),
        ("tsh", "mU/L"),
        ("homocysteine", "mmol/mol{creat}"),
    ],
)
def test_units_that_stay_impossible(analyte: str, unit: str) -> None:
    assert unit not in TERMS.analytes[analyte].units


def test_critical_analytes() -> None:
    assert {analyte.id for analyte in TERMS.analytes.values() if analyte.critical} == CRITICAL


def test_names_of_analytes_are_unique() -> None:
    owner: dict[str, str] = {}
    for analyte in TERMS.analytes.values():
        for text in (analyte.id, analyte.name, analyte.short, *analyte.names):
            assert owner.setdefault(fold(text), analyte.id) == analyte.id, text


def test_names_of_concepts_are_unique() -> None:
    owner: dict[str, str] = {}
    for concept in TERMS.concepts.values():
        for text in (concept.id, concept.name, *concept.names):
            known = owner.setdefault(fold(text), concept.id)
            # A product may share its name with the medicine it is one of.
            assert known in (concept.id, *concept.within), f"{text}: {known} and {concept.id}"


def test_concepts_lie_within_others_without_going_round() -> None:
    for concept in TERMS.concepts.values():
        wider = TERMS.wider(concept.id)
        assert set(concept.within) <= {wide.id for wide in wider}
        assert concept.id not in {back.id for wide in wider for back in TERMS.wider(wide.id)}
        assert not concept.gives_b12 or all(wide.gives_b12 for wide in wider)


def test_what_lies_within_what() -> None:
    assert [one.id for one in TERMS.wider("hydroxocobalamin")] == ["b12_medicine"]
    wider = {one.id for one in TERMS.wider("type_1_diabetes")}
    assert wider == {"diabetes", "autoimmune_disease"}
    given = [TERMS.concepts[id] for id in ("b12_medicine", "hydroxocobalamin", "folic_acid")]
    assert [one.id for one in TERMS.narrowest(given)] == ["hydroxocobalamin", "folic_acid"]


def test_a_concept_within_an_unknown_one_is_a_fault(tmp_path: Path) -> None:
    file = copied(tmp_path) / "conditions.yaml"
    old = "within: [thyroid_disease]"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, "within: [thyroid]"), encoding="utf-8")
    with pytest.raises(ContentError, match="no concept is called 'thyroid'"):
        terminology.load(tmp_path)


def test_ids_of_analytes_and_concepts_do_not_meet() -> None:
    assert not set(TERMS.analytes) & set(TERMS.concepts)


@pytest.mark.parametrize(
    ("typed", "analyte"),
    [
        ("B12", "total_b12"),
        ("vitamin  b12", "total_b12"),
        ("COBALAMIN", "total_b12"),
        ("2132-9", "total_b12"),
        ("total_b12", "total_b12"),
        ("holotranscobalamin", "active_b12"),
        ("Active B12", "active_b12"),
        ("holoTC", "active_b12"),
        ("MMA", "mma"),
        ("methylmalonate", "mma"),
        ("Hgb", "haemoglobin"),
        ("hemoglobin", "haemoglobin"),
        ("k", "potassium"),
        ("RDW", "rdw_cv"),
        ("21000-5", "rdw_sd"),
        ("38483-4", "creatinine"),
        ("BUN", "urea_nitrogen"),
    ],
)
def test_finding_an_analyte(typed: str, analyte: str) -> None:
    found = TERMS.find_analyte(typed)
    assert found is not None
    assert found.id == analyte


def test_a_misspelt_analyte_has_near_ones() -> None:
    assert TERMS.find_analyte("homocystein") is None
    assert TERMS.nearest("homocystein") == ["homocysteine"]
    assert TERMS.nearest("potasium")[0] == "potassium"
    assert TERMS.nearest("xqzw") == []


@pytest.mark.parametrize(
    "code",
    ["2171-7", "1888-7", "30904-7", "2607-0", "11156-7", "5909-7", "13056-7", "51419-0", "35246-8",
     "54347-0", "70209-2", "2488-5", "8087-9", "25428-4", "28390-3"],
)  # fmt: skip
def test_look_alikes_are_rejected_with_a_reason(code: str) -> None:
    assert TERMS.analyte_for_loinc(code) is None
    assert TERMS.find_analyte(code) is None
    assert (TERMS.rejected_loinc(code) or "").endswith(".")


def test_unknown_codes_are_neither_ours_nor_rejected() -> None:
    assert TERMS.analyte_for_loinc("8480-6") is None
    assert TERMS.rejected_loinc("8480-6") is None
    assert TERMS.coded("http://example.org", "84027009") == ()
    assert TERMS.coded(None, "84027009") == ()


def test_deprecated_and_unverified_codes_say_so() -> None:
    for code in ("15039-1", "30384-2"):
        found = TERMS.loinc(code)
        assert found is not None
        assert found.flags == ("loinc-deprecated",)
    for analyte in TERMS.analytes.values():
        for entry in analyte.codes:
            assert entry.verified != ("code-unverified" in entry.flags), entry.code


def test_every_flag_of_a_code_is_a_reason() -> None:
    flags = {f for a in TERMS.analytes.values() for c in a.codes for f in c.flags}
    flags |= {f for k in TERMS.concepts.values() for c in k.codes for f in c.flags}
    assert flags == {"loinc-deprecated", "code-unverified", "code-unspecific"}
    assert all("flag" in TERMS.reasons[flag].kinds for flag in flags)


def test_panels_are_known() -> None:
    assert TERMS.is_panel("58410-2")
    assert not TERMS.is_panel("718-7")


@pytest.mark.parametrize(
    ("system", "uri"),
    [
        ("http://snomed.info/sct", SNOMED),
        ("http://snomed.info/sct/", SNOMED),
        ("http://snomed.info/sct/83821000000107/version/20260101", SNOMED),
        ("http://snomed.info/sct|20260101", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("2.16.840.1.113883.6.90", ICD10CM),
        ("URN:OID:2.16.840.1.113883.6.3", ICD10),
        ("https://www.whocc.no/atc", ATC),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("http://snomed.info", None),
        ("", None),
        (None, None),
    ],
)
def test_code_systems_by_other_names(system: str | None, uri: str | None) -> None:
    assert canonical_system(system) == uri


@pytest.mark.parametrize(
    ("system", "code", "concepts"),
    [
        (SNOMED, "84027009", ["pernicious_anaemia"]),
        (SNOMED, "52448006", ["cognitive_impairment"]),
        (SNOMED, "13791008", ["fatigue"]),
        (ICD10CM, "d51.0", ["pernicious_anaemia"]),
        (ICD10CM, "D510", ["pernicious_anaemia"]),
        (ICD10CM, "R53.1", ["fatigue"]),
        (ICD10CM, "K50.011", ["crohns_disease"]),
        (ICD10CM, "K50.90", ["crohns_disease"]),
        (ICD10CM, "E53.8", ["b12_deficiency_known", "folate_deficiency_known"]),
        (ICD10CM, "D51.2", ["b12_deficiency_anaemia", "inborn_cobalamin_disorder"]),
        (ICD10CM, "O26.01", ["pregnant"]),
        (ICD10CM, "O90.3", []),
        (ICD10CM, "D64.9", []),
        (ICD10CM, "Z34.03", ["pregnant"]),
        (ICD10CM, "F18.10", ["inhalant_misuse"]),
        (ICD10, "N18.3", ["ckd_stage_3"]),
        (ICD10, "D51.0", ["pernicious_anaemia"]),
        (ICD10, "R53", ["fatigue"]),
        (ICD10, "Z33", ["pregnant"]),
        (ICD10, "O24.4", ["pregnant"]),
        (ICD10, "K31.8", []),
        (ICD10, "E71.1", []),
        (ICD10, "D61.8", []),
        (SNOMED, "26452005", ["gastrectomy", "total_gastrectomy"]),
        (SNOMED, "111132001", ["nitrous_oxide"]),
        (RXNORM, "6809", ["metformin"]),
        (RXNORM, "860975", ["metformin"]),
        (RXNORM, "9997", ["diuretic", "spironolactone"]),
        (ATC, "A10BD07", ["metformin"]),
        (ATC, "A10BD06", []),
        (ATC, "A02BC05", ["ppi"]),
        (ATC, "A02BD08", []),
        (ATC, "B03BA03", ["b12_medicine", "hydroxocobalamin"]),
        (ATC, "B03BA01", ["b12_medicine", "cyanocobalamin"]),
        (ATC, "B03BA05", ["b12_medicine"]),
        (RXNORM, "2001499", ["b12_medicine", "b12_injection"]),
        (ATC, "C03AA03", ["diuretic", "thiazide"]),
        (ATC, "C03CA04", ["loop_diuretic"]),
        (SNOMED, "84568007", ["atrophic_gastritis"]),
        (SNOMED, "46635009", ["type_1_diabetes"]),
        (ICD10CM, "K70.31", ["cirrhosis"]),
        (ICD10CM, "E06.3", ["hypothyroidism", "thyroid_disease"]),
        (ICD10CM, "C91.10", []),
        (ICD10, "E10.9", ["type_1_diabetes"]),
        (ATC, "V03AB33", []),
        (ATC, "G03AC09", []),
        (ATC, "A11EA01", ["multivitamin_with_b12"]),
    ],
)
def test_what_a_code_states(system: str, code: str, concepts: list[str]) -> None:
    assert ids(system, code) == concepts


def test_the_cyanide_antidote_is_no_treatment() -> None:
    assert "cyanide" in (TERMS.rejected_code(ATC, "V03AB33") or "")
    assert TERMS.concepts_for_text("Cyanokit hydroxocobalamin 5 g powder") == ()


def test_not_pregnant_denies() -> None:
    ((concept, code),) = TERMS.coded(SNOMED, "60001007")
    assert concept.id == "pregnant"
    assert code.denies


def test_unspecific_codes_are_marked() -> None:
    for system, code in ((ICD10CM, "E53.8"), (ICD10CM, "O26.01"), (ICD10CM, "Z90.49")):
        assert all(entry.unspecific for _, entry in TERMS.coded(system, code))


@pytest.mark.parametrize(
    ("text", "medicines"),
    [
        ("metformin 500 mg tablet", ["metformin"]),
        ("24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", ["metformin"]),
        ("Esomeprazole magnesium 20 mg", ["ppi"]),
        ("Vitamin B-12 1000 mcg / folic acid 400 mcg", ["b12_medicine", "folic_acid"]),
        ("hydroxocobalamin 1 mg/mL injection", ["b12_medicine", "hydroxocobalamin"]),
        ("bendroflumethiazide 2.5 mg tablet", ["diuretic", "thiazide"]),
        ("primidone 250 mg", ["anticonvulsant", "primidone"]),
        ("co-careldopa 25/100", ["levodopa"]),
        ("Vitamin B complex", ["multivitamin_with_b12"]),
        ("multivitamin with B12", ["multivitamin_with_b12"]),
        ("Multivitamins + vitamin B-12 tablets", ["multivitamin_with_b12"]),
        (
            "multivitamin with B12 / cyanocobalamin 1 mg",
            [
                "b12_medicine",
                "multivitamin_with_b12",
                "cyanocobalamin",
            ],
        ),
        ("vitamin B6 50 mg", []),
        ("metforminum", []),
        ("", []),
    ],
)
def test_medicines_by_their_text(text: str, medicines: list[str]) -> None:
    assert [concept.id for concept in TERMS.concepts_for_text(text)] == medicines


def test_a_text_that_is_a_name() -> None:
    assert [one.id for one in TERMS.concepts_named("  Pernicious   ANEMIA ")] == [
        "pernicious_anaemia"
    ]
    assert [one.id for one in TERMS.concepts_named("Confusion")] == [
        "cognitive_impairment", "confusion",
    ]  # fmt: skip
    assert TERMS.concepts_named("no pernicious anaemia") == ()


def test_only_vitamin_b12_gives_vitamin_b12() -> None:
    giving = {concept.id for concept in TERMS.concepts.values() if concept.gives_b12}
    assert giving == {
        "b12_medicine", "multivitamin_with_b12", "hydroxocobalamin", "cyanocobalamin",
        "b12_injection", "b12_oral",
    }  # fmt: skip


def test_a_concept_without_a_code_says_so() -> None:
    for concept in TERMS.concepts.values():
        assert concept.codes or concept.notes, concept.id


def test_reasons_are_plain_sentences() -> None:
    for reason in TERMS.reasons.values():
        assert reason.sentence.endswith("."), reason.code
        assert reason.remedy.endswith("."), reason.code
        assert "{" not in reason.sentence + reason.remedy
    assert TERMS.reasons["implausible"].kinds == ("refusal", "flag")
    assert TERMS.reasons["date-imprecise"].kinds == ("absent", "refusal")


def test_importing_is_light() -> None:
    code = (
        "import sys, corrin.terminology\n"
        "print({'pint', 'pydantic', 'fhir', 'polars', 'lark', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(places.SERVICE)},
    )  # fmt: skip
    assert done.stdout.strip() == "set()"


def copied(folder: Path) -> Path:
    target = folder / "terminology"
    target.mkdir()
    for file in (places.RULES / "terminology").glob("*.yaml"):
        (target / file.name).write_bytes(file.read_bytes())
    return target


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("analytes.yaml", "kind: quantity", "kind: number", "a quantity has dimensions"),
        ("analytes.yaml", "molar_mass:", "molar_weight:", "'molar_weight' is unknown"),
        ("analytes.yaml", "low: 10,", "low: 10000000,", "low must be below high"),
        ("findings.yaml", "[unspecific]", "[vague]", "unknown marks"),
        ("reasons.yaml", "kind: call", "kind: cry", "the kind is one of"),
        ("conditions.yaml", "id: short_bowel", "id: total_b12", "stands twice"),
        ("medicines.yaml", "rxnorm:", "rxnrm:", "'rxnrm'"),
    ],
)
def test_a_fault_in_the_content_says_where(
    tmp_path: Path, file: str, old: str, new: str, why: str
) -> None:
    changed = copied(tmp_path) / file
    changed.write_text(changed.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError, match=why) as error:
        terminology.load(tmp_path)
    assert error.value.file.endswith(file)
    assert error.value.line > 0
