"""Factors against published ones, exactness, refusals, limits, threads, and the committed table."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, getcontext, localcontext
from pathlib import Path
from typing import Any

import pytest

from corrin import terminology, units
from corrin.content import ContentError, read_document, rules_root
from corrin.facts.interval import Interval
from corrin.units import UnitError, aliases, derive, table

DATA = read_document(Path(__file__).parent / "data" / "conversions.yaml")


@pytest.mark.parametrize(("analyte", "source", "target", "factor", "tolerance"), DATA["published"])
def test_published_factors(
    analyte: str, source: str, target: str, factor: str, tolerance: str
) -> None:
    of = terminology.load().analytes[analyte]
    wanted = Decimal(factor)
    found = units.convert(of, Decimal(1), source, target)
    assert abs(found - wanted) <= Decimal(tolerance) * wanted


@pytest.mark.parametrize(("analyte", "value", "source", "target", "wanted"), DATA["exact"])
def test_exact(analyte: str, value: str, source: str, target: str, wanted: str) -> None:
    of = terminology.load().analytes[analyte]
    found = units.convert(of, Decimal(value), source, target)
    assert found == Decimal(wanted)
    assert units.as_text(found) == wanted


@pytest.mark.parametrize(("analyte", "source", "target"), DATA["never"])
def test_no_rule_leads_there(analyte: str, source: str, target: str) -> None:
    of = terminology.load().analytes[analyte]
    assert {source, target} <= set(of.units)
    for pair in ((source, target), (target, source)):
        with pytest.raises(UnitError) as refused:
            units.convert(of, Decimal(1), *pair)
        assert refused.value.reason == "unit-unconvertible"


@pytest.mark.parametrize(("analyte", "unit"), DATA["impossible"])
def test_not_a_unit_of_the_analyte(analyte: str, unit: str) -> None:
    of = terminology.load().analytes[analyte]
    for pair in ((of.units[0], unit), (unit, of.units[0]), (unit, unit)):
        with pytest.raises(UnitError) as refused:
            units.convert(of, Decimal(1), *pair)
        assert refused.value.reason == "unit-impossible"


def test_protein_mixtures_never_have_moles() -> None:
    analytes = terminology.load().analytes
    for name in ("albumin", "haptoglobin", "gastrin"):
        assert not any("mol" in unit for unit in analytes[name].units)
        assert analytes[name].molar_mass is None


def test_rounded_once_to_twelve_digits_whatever_the_context() -> None:
    b12 = terminology.load().analytes["total_b12"]
    value = Decimal("123456789012345678901234567890.123456789")
    wanted = units.convert(b12, value, "pg/mL", "pmol/L")
    assert len(wanted.as_tuple().digits) == 12
    with localcontext() as context:
        context.prec = 3
        context.clear_flags()
        assert units.convert(b12, value, "pg/mL", "pmol/L") == wanted
        assert not any(context.flags.values())
    assert getcontext().prec == 28


def test_between_equal_units_nothing_is_touched() -> None:
    b12 = terminology.load().analytes["total_b12"]
    value = Decimal("200.1000000000000000001")
    assert units.convert(b12, value, "ng/L", "ng/L") is value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", "number-not-finite"),
        ("Infinity", "number-not-finite"),
        ("1e999999", "number-too-long"),
        ("1e-999999", "number-too-long"),
        ("9" * 10_000, "number-too-long"),
    ],
)
def test_numbers_that_are_no_measurement(value: str, reason: str) -> None:
    b12 = terminology.load().analytes["total_b12"]
    with pytest.raises(UnitError) as refused:
        units.convert(b12, Decimal(value), "pg/mL", "pmol/L")
    assert refused.value.reason == reason


def test_intervals_keep_their_ends() -> None:
    b12 = terminology.load().analytes["total_b12"]
    below = units.convert_interval(
        b12, Interval.from_comparator("<", Decimal(150)), "pg/mL", "pmol/L"
    )
    assert (below.low, below.high, below.high_closed) == (None, Decimal("110.670886916"), False)
    between = Interval(Decimal(180), Decimal(350), True, False)
    found, unit = units.canonical(b12, between, "pg/mL")
    assert (found, unit) == (between, "ng/L")
    tight = Interval(Decimal("1.0000000000001"), Decimal("1.0000000000002"), False, False)
    assert units.convert_interval(b12, tight, "pg/mL", "ng/L").is_point
    with pytest.raises(UnitError):
        units.canonical(b12, between, "mmol/L")


def test_each_dimension_keeps_its_own_canonical_unit() -> None:
    analytes = terminology.load().analytes
    point = Interval.point(Decimal("0.5"))
    assert units.canonical(analytes["mma"], point, "nmol/mL") == (point, "umol/L")
    assert units.canonical(analytes["mma"], point, "ng/mL") == (point, "ug/L")
    assert units.canonical(analytes["total_b12"], point, "pmol/L") == (point, "pmol/L")


@pytest.mark.parametrize(
    ("analyte", "comparator", "value", "unit", "wanted"),
    [
        ("platelets", None, "190000", "10*3/uL", False),  # "190000 thou/mm3"
        ("platelets", None, "190000", "/uL", True),
        ("mma", None, "300", "umol/L", True),
        ("mma", None, "380", "umol/L", False),  # nmol/L typed as umol/L
        ("mma", None, "380", "nmol/L", True),
        ("haemoglobin", None, "13", "g/L", False),
        ("haemoglobin", None, "13", "g/dL", True),
        ("total_b12", ">", "2000", "pg/mL", True),
        ("total_b12", "<", "10", "pg/mL", False),
        ("total_b12", "<=", "10", "pg/mL", True),
        ("total_b12", "<", "150", "pmol/L", True),
        ("total_b12", ">", "50000", "ng/L", False),
        ("potassium", None, "0", "mmol/L", False),
        ("potassium", None, "10", "meq/L", True),
        ("ck", None, "1000000", "U/L", True),  # no window set
    ],
)
def test_plausible(
    analyte: str, comparator: str | None, value: str, unit: str, wanted: bool
) -> None:
    of = terminology.load().analytes[analyte]
    interval = Interval.from_comparator(comparator, Decimal(value))
    assert units.plausible(of, interval, unit) is wanted


@pytest.mark.parametrize(
    ("analyte", "comparator", "value", "unit", "wanted"),
    [
        ("haemoglobin", None, "2.1", "mmol/L", "tetramer-suspect"),
        ("haemoglobin", None, "3.99", "mmol/L", "tetramer-suspect"),
        ("haemoglobin", "<", "4", "mmol/L", "tetramer-suspect"),
        ("haemoglobin", None, "4", "mmol/L", None),
        ("haemoglobin", None, "8.4", "mmol/L", None),
        ("haemoglobin", "<", "5", "mmol/L", None),
        ("haemoglobin", None, "2.1", "g/dL", None),
        ("potassium", None, "2.1", "mmol/L", None),
    ],
)
def test_suspicious(
    analyte: str, comparator: str | None, value: str, unit: str, wanted: str | None
) -> None:
    of = terminology.load().analytes[analyte]
    interval = Interval.from_comparator(comparator, Decimal(value))
    assert units.suspicious(of, interval, unit) == wanted


def test_suspicions_name_what_exists() -> None:
    from corrin.units.limits import suspicions

    terms = terminology.load()
    for analyte, listed in suspicions().items():
        for one in listed:
            assert one.unit in terms.analytes[analyte].units
            assert one.reason in terms.reasons


def test_eight_threads_mix_substances_without_one_wrong_answer() -> None:
    analytes = terminology.load().analytes
    jobs = [
        (analytes[name], Decimal(value), source, target)
        for name, source, target in (
            ("total_b12", "pg/mL", "pmol/L"),
            ("folate", "ng/mL", "nmol/L"),
            ("mma", "ug/L", "nmol/L"),
            ("calcium", "mg/dL", "mmol/L"),
            ("creatinine", "mg/dL", "umol/L"),
            ("urine_mma_creatinine", "mg/g{creat}", "mmol/mol{creat}"),
        )
        for value in range(1, 11)
    ]
    wanted = [units.convert(*job) for job in jobs]
    spelled = {"total_b12": "PG/ML", "folate": "NG/ML", "mma": "mcg/L"}

    def work(start: int) -> int:
        wrong = 0
        for step in range(1700):
            at = (start * 7 + step) % len(jobs)
            wrong += units.convert(*jobs[at]) != wanted[at]
            of = jobs[at][0]
            if of.id in spelled:
                answer = units.normalise(of, unit=spelled[of.id])
                wrong += not (isinstance(answer, units.Unit) and answer.ucum == jobs[at][2])
        return wrong

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(8))) == 0
    finally:
        sys.setswitchinterval(before)


def test_the_committed_table_is_what_pint_and_ucumvert_derive() -> None:
    committed = (rules_root() / "units" / "factors.json").read_text(encoding="utf-8")
    fresh = derive.derive(terminology.load().analytes, aliases.load())
    assert committed == fresh, "run `python -m corrin.units.derive`"


def test_every_pair_goes_there_and_back() -> None:
    for analyte, sources in table.load().factors.items():
        for source, targets in sources.items():
            for target, factor in targets.items():
                back = sources[target][source]
                assert factor.num * back.num == factor.den * back.den, (analyte, source, target)


def test_the_table_cannot_be_changed() -> None:
    rows: Any = table.load().factors
    with pytest.raises(TypeError):
        rows["total_b12"] = {}
    with pytest.raises(TypeError):
        rows["total_b12"]["ng/L"]["pmol/L"] = None


def test_drift_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    monkeypatch.setattr(derive, "rules_root", lambda: tmp_path)
    monkeypatch.setattr(derive, "derive", lambda *_: "{}")
    assert derive.main(["--check"]) == 1
    assert "python -m corrin.units.derive" in capsys.readouterr().err
    assert derive.main([]) == 0
    assert derive.main(["--check"]) == 0


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"factors": {"a": 1}})])
def test_a_broken_table_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "factors.json").write_text(text)
    with pytest.raises(ContentError, match=r"corrin\.units\.derive"):
        table.load(tmp_path)


def test_a_spelling_with_two_meanings_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "aliases.yaml").write_text(
        "ucum_systems: []\nmissing: []\nmeaningful_annotations: []\nalso_read: []\n"
        "parts: {g: [g], mg: [g], L: [L]}\n"
        "groups:\n  - {id: bad, families: [x], compose: [g/L, mg/L]}\n"
    )
    with pytest.raises(ContentError, match=r"aliases\.yaml:7: bad: 'g/L' stands for both"):
        aliases.load(tmp_path)


def test_pint_is_not_imported_at_run_time() -> None:
    import subprocess

    program = (
        "import sys; from corrin import terminology, units; from decimal import Decimal;"
        "b = terminology.load().analytes['total_b12'];"
        "units.normalise(b, unit='PG/ML'); units.convert(b, Decimal(1), 'ng/L', 'pmol/L');"
        "sys.exit(bool({'pint', 'ucumvert', 'lark'} & set(sys.modules)))"
    )
    path = str(rules_root().parent / "service")
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": path}, check=False, timeout=60
    )
    assert done.returncode == 0
