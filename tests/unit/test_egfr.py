"""CKD-EPI 2021 against published vectors; an often copied wrong branch is not followed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from corrin.facts import egfr
from corrin.facts.interval import Interval

VECTORS = [
    ("0.5", 30, "female", "129.3"),
    ("0.7", 50, "female", "105.3"),
    ("1.0", 50, "female", "68.6"),
    ("1.5", 70, "female", "37.3"),
    ("3.0", 65, "female", "16.7"),
    ("0.6", 25, "male", "137.4"),
    ("0.9", 50, "male", "104.0"),
    ("1.2", 60, "male", "69.2"),
    ("2.0", 75, "male", "34.2"),
    ("5.0", 55, "male", "12.9"),
]
WRONG = [("0.6", 25, "127.3"), ("0.9", 50, "96.4")]


@pytest.mark.parametrize(("creatinine", "age", "sex", "expected"), VECTORS)
def test_published_vectors(creatinine: str, age: int, sex: str, expected: str) -> None:
    found = egfr.point(Decimal(creatinine), Decimal(age), sex)
    assert found.quantize(Decimal("0.1")) == Decimal(expected)


@pytest.mark.parametrize(("creatinine", "age", "wrong"), WRONG)
def test_the_wrong_oracle_is_not_followed(creatinine: str, age: int, wrong: str) -> None:
    found = egfr.point(Decimal(creatinine), Decimal(age), "male")
    assert abs(found - Decimal(wrong)) > 5


def test_rounded_once_to_twelve_digits() -> None:
    found = egfr.point(Decimal("1.1"), Decimal(47), "male")
    assert len(found.as_tuple().digits) == 12
    # The same in binary floating point, to its own precision.
    plain = 142 * (1.1 / 0.9) ** -1.2 * 0.9938**47
    assert abs(float(found) - plain) < 1e-9


def test_an_interval_falls_as_its_inputs_rise() -> None:
    creatinine = Interval(Decimal("0.8"), Decimal("1.2"))
    found = egfr.interval(creatinine, Interval(Decimal(60), Decimal(61)), "male")
    assert found is not None
    assert found.low == egfr.point(Decimal("1.2"), Decimal(61), "male")
    assert found.high == egfr.point(Decimal("0.8"), Decimal(60), "male")


def test_open_ends_stay_open() -> None:
    age = Interval.point(Decimal(60))
    below = egfr.interval(Interval.from_comparator("<", Decimal("0.5")), age, "female")
    assert below is not None and below.high is None and not below.low_closed
    above = egfr.interval(Interval.from_comparator(">", Decimal(5)), age, "female")
    assert above is not None and above.low == 0 and not above.low_closed and not above.high_closed
    assert egfr.interval(Interval(None, Decimal(0)), age, "female") is None
