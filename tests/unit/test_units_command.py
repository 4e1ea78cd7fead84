"""``corrin units convert`` and ``corrin units explain``, run as a person or a program would."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from corrin.cli import units as command
from corrin.cli.units import app


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def bulk(*lines: Any) -> list[dict[str, str]]:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    done = run("convert", "-", given=text)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask(
    value: Any, analyte: str = "total_b12", source: str = "pg/mL", target: str = "pmol/L"
) -> Any:
    return {"analyte": analyte, "value": value, "from": source, "to": target}


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("240", "pg/mL", "pmol/L", "--analyte", "total_b12"), "177.073419066"),
        (("200", "pg/mL", "ng/L", "--analyte", "total_b12"), "200"),
        (("200", "pg/mL", "ng/L", "-a", "2132-9"), "200"),
        (("200", "pg/ml", "NG/L", "-a", "Vitamin B12"), "200"),
        (("0", "pg/mL", "pmol/L", "-a", "total_b12"), "0"),
        (("0.50", "umol/L", "nmol/L", "-a", "mma"), "500"),
        (("<150", "pg/mL", "pmol/L", "-a", "total_b12"), "<110.670886916"),
        ((">=2000", "pg/mL", "ng/L", "-a", "total_b12"), ">=2000"),
        (("190", "K/uL", "10*9/L", "-a", "platelets"), "190"),
        (("1.9", "lakhs/cumm", "10*9/L", "-a", "platelets"), "190"),
        (("4.8", "mEq/L", "mmol/L", "-a", "calcium"), "2.4"),
        (("1", "mg/g creat", "mmol/mol Cr", "-a", "urine_mma_creatinine"), "0.957913455839"),
        (("200.10", "ng/L", "ng/L", "-a", "total_b12"), "200.1"),
    ],
)
def test_convert(arguments: tuple[str, ...], answer: str) -> None:
    done = run("convert", *arguments)
    assert (done.exit_code, done.stdout) == (0, answer + "\n")


@pytest.mark.parametrize(
    ("arguments", "reason", "says"),
    [
        (("-5", "pg/mL", "ng/L", "-a", "total_b12"), "value-negative", "negative"),
        (("240", "pg/mL", "pmol/L", "-a", "totl_b12"), "analyte-unknown", "total_b12"),
        (("240", "pg/mL", "pmol/L"), "analyte-unknown", "No analyte"),
        (("240", "pg/mL", "pmol/L", "-a", "2171-7"), "code-rejected", "binding capacity"),
        (("35", "g/L", "umol/L", "-a", "albumin"), "unit-unconvertible", "g/L, g/dL"),
        (("60", "mL/min/1.73m2", "mL/min", "-a", "egfr"), "unit-unconvertible", "mL/min/{1.73_m2}"),
        (("1", "ng/dL", "pmol/L", "-a", "free_t4"), "unit-unconvertible", "no safe conversion"),
        (("4", "mmol/L", "10*9/L", "-a", "neutrophils"), "unit-impossible", "10*9/L"),
        (("4", "", "10*9/L", "-a", "neutrophils"), "unit-missing", "no unit"),
        (("4", "furlong", "10*9/L", "-a", "neutrophils"), "unit-unknown", "furlong"),
        (("2.1", "mmol/L", "g/L", "-a", "haemoglobin"), "tetramer-suspect", "tetramer"),
        (("abc", "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "number"),
        (("NaN", "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "number"),
        (("1e999999999", "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "number"),
        (("9" * 10_000, "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "number"),
        (("180-220", "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "range"),
        (("180 pg/mL", "pg/mL", "ng/L", "-a", "total_b12"), "value-unreadable", "place of its own"),
        (("\x1b[31m", "pg/mL", "ng/L", "-a", "\x1b[31mred"), "analyte-unknown", "red"),
    ],
)
def test_convert_refuses(arguments: tuple[str, ...], reason: str, says: str) -> None:
    done = run("convert", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    told = " ".join(done.stderr.split())
    assert f"[{reason}]" in told
    assert says in told
    assert "\x1b" not in told
    assert all(len(line) <= 80 for line in done.stderr.splitlines())
    assert len(done.stderr.splitlines()) >= 2, "what to do is said as well"


def test_convert_needs_all_three() -> None:
    done = run("convert", "240", "-a", "total_b12")
    assert done.exit_code == 2
    assert "corrin units convert 240 pg/mL pmol/L" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("190", "K/uL", "10*9/L", "-a", "platelets"), "something else in UCUM"),
        (("190000", "thou/mm3", "10*9/L", "-a", "platelets"), "plausible"),
    ],
)
def test_convert_remarks_on_standard_error(arguments: tuple[str, ...], note: str) -> None:
    done = run("convert", *arguments)
    assert done.exit_code == 0
    assert note in " ".join(done.stderr.split())


def test_bulk_answers_each_line_in_its_place() -> None:
    answers = bulk(
        ask(240),
        "not json",
        ask("<150"),
        ask(1, "gastrin"),
        ask("4.10", "2823-3", "mEq/L", "mmol/L"),
    )
    assert answers[0] == {"value": "177.073419066"}
    assert answers[1]["refused"] == "not-json"
    assert answers[2] == {"value": "<110.670886916"}
    assert answers[3]["refused"] == "unit-unconvertible"
    assert answers[4] == {"value": "4.1"}


def test_bulk_loses_no_digit() -> None:
    line = '{"analyte":"total_b12","value":200.1000000000000000001,"from":"ng/L","to":"ng/L"}'
    assert bulk(line) == [{"value": "200.1000000000000000001"}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "empty"),
        ("{", "not-json"),
        ('{"a":1} {"b":2}', "not-json"),
        ("[]", "malformed"),
        ("3", "malformed"),
        ("null", "malformed"),
        ("[" * 60_000, "too-deep"),
        ("[" * 70_000, "too-large"),
        ('{"value":1,"value":2}', "duplicate-key"),
        ('{"analyte":"total_b12","value":NaN,"from":"pg/mL","to":"ng/L"}', "number-not-finite"),
        (
            '{"analyte":"total_b12","value":-Infinity,"from":"pg/mL","to":"ng/L"}',
            "number-not-finite",
        ),
        (
            '{"analyte":"total_b12","value":1e999999999,"from":"pg/mL","to":"ng/L"}',
            "number-too-long",
        ),
        ('{"analyte":"total_b12","value":' + "9" * 10_000 + "}", "number-too-long"),
        (ask("1e999999999"), "value-unreadable"),
        (ask("9" * 10_000), "value-unreadable"),
        (ask("NaN"), "value-unreadable"),
        (ask(-1), "value-negative"),
        (ask("-1"), "value-negative"),
        (ask("~5"), "comparator-unknown"),
        (ask(True), "value-type"),
        (ask([1]), "value-type"),
        (ask(None), "no-value"),
        ({"analyte": "total_b12", "from": "pg/mL", "to": "ng/L"}, "no-value"),
        ({"analyte": "total_b12", "value": 1, "to": "ng/L"}, "unit-missing"),
        ({"analyte": "total_b12", "value": 1, "from": "ng/L"}, "unit-missing"),
        ({"value": 1, "from": "ng/L", "to": "ng/L"}, "analyte-unknown"),
        (ask(1, "unobtainium"), "analyte-unknown"),
        (ask(1, "2171-7"), "code-rejected"),
        ({"analyte": 7, "value": 1, "from": "ng/L", "to": "ng/L"}, "malformed"),
        ({"analyte": "total_b12", "value": 1, "from": 5, "to": "ng/L"}, "malformed"),
        (ask(1, source=""), "unit-missing"),
        (ask(1, source="furlong"), "unit-unknown"),
        (ask(1, source="a" * 5000), "unit-unknown"),
        (ask(1, source="mmol/L"), "unit-impossible"),
        (ask(1, target="mmol/L"), "unit-unconvertible"),
        (ask(3, "haemoglobin", "mmol/L", "g/L"), "tetramer-suspect"),
    ],
)
def test_bulk_refuses_a_line_and_goes_on(line: Any, reason: str) -> None:
    answers = bulk(ask(200, target="ng/L"), line, ask(200, target="ng/L"))
    assert len(answers) == 3
    assert answers[0] == answers[2] == {"value": "200"}
    assert set(answers[1]) == {"refused", "why"}
    assert answers[1]["refused"] == reason
    assert answers[1]["why"].endswith(".")
    assert len(answers[1]["why"]) < 400


def test_bulk_refuses_what_is_not_text() -> None:
    done = run("convert", "-", given=b'\xff\xfe\n{"analyte":"k","value":"\\ud800"}\n')
    assert [json.loads(line)["refused"] for line in done.stdout.splitlines()] == ["not-utf8"] * 2


def test_bulk_takes_one_analyte_for_all_lines() -> None:
    line = json.dumps({"value": 200, "from": "pg/mL", "to": "ng/L"})
    done = run("convert", "-", "--analyte", "total_b12", given=line)
    assert done.stdout == '{"value": "200"}\n'


def test_bulk_holds_one_line_at_a_time() -> None:
    class Endless(io.RawIOBase):
        """Ten lines of a megabyte each, never more than was asked for."""

        def __init__(self) -> None:
            self.most, self.left = 0, 10

        def readline(self, size: int | None = -1) -> bytes:
            assert size is not None and size > 0
            self.most = max(self.most, size)
            if self.left <= 0:
                return b""
            self.left -= 1
            return b" " * (size - 1) + b"\n"

    stream, out = Endless(), io.StringIO()
    command._bulk(stream, out, "")  # type: ignore[arg-type]
    assert stream.most <= 65 * 1024
    assert all(json.loads(line)["refused"] for line in out.getvalue().splitlines())


def test_bulk_answers_before_the_next_line_is_there() -> None:
    class Asked(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    out = Asked()
    command._bulk(io.BytesIO(b"{}\n{}\n"), out, "")
    assert out.flushed == 2


@pytest.mark.parametrize(
    ("unit", "analyte", "says"),
    [
        ("K/uL", "platelets", ["10*3/uL", "10^3 per microlitre", "cell-counts", "= 1 10*9/L",
                               "kelvin per microlitre", "unit-also-ucum"]),
        ("pg/ml", "total_b12", ["pg/mL", "picogram per millilitre", "molar mass 1355.37 g/mol",
                                "0.737805912777 pmol/L", "100000/135537"]),
        ("mEq/L", "calcium", ["meq/L", "charge 2", "0.5 mmol/L"]),
        ("mg/g creat", "urine_mma_creatinine", ["118.09 g/mol over 113.12 g/mol"]),
        ("ng/dL", "free_t4", ["never into", "pmol/L"]),
        ("pM", "total_b12", ["pmol/L", "b12-and-gastrin"]),
        ("mmol/L", "platelets", ["refused", "unit-impossible", "millimole per litre", "10*9/L"]),
        ("furlong", "platelets", ["unit-unknown", "alias table"]),
        ("N/A", "total_b12", ["unit-missing", "newton per ampere"]),
        ("", "total_b12", ["unit-missing"]),
        ("µg/L\x1b[31m", "ferritin", ["refused", "cannot be a unit"]),
        ("[IU]/L", "ck", ["U/L"]),
        ("mmol/l", "2823-3", ["potassium"]),
    ],
)  # fmt: skip
def test_explain(unit: str, analyte: str, says: list[str]) -> None:
    done = run("explain", unit, "--analyte", analyte)
    assert done.exit_code == 0
    told = " ".join(done.stdout.split())
    for part in says:
        assert part in told, told
    assert "\x1b" not in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_explain_needs_an_analyte() -> None:
    done = run("explain", "K/uL")
    assert done.exit_code == 2
    assert "analyte-unknown" in done.stderr
