"""Results written as text."""

from __future__ import annotations

import pytest

from corrin.facts.interval import Interval
from corrin.intake.number import TextNumber, read

TEXT, GROUPS, COMMA = "comparator-in-text", "thousands-separator", "decimal-comma"


@pytest.mark.parametrize(
    ("text", "shown", "unit", "flags"),
    [
        ("240", "240", None, ()),
        (" 240 ", "240", None, ()),
        ("0.40", "0.40", None, ()),
        (".5", "0.5", None, ()),
        ("<150", "<150", None, (TEXT,)),
        ("< 150", "<150", None, (TEXT,)),
        ("<=150", "≤150", None, (TEXT,)),
        ("≤150", "≤150", None, (TEXT,)),
        (">=2000 ng/L", "≥2000", "ng/L", (TEXT,)),
        ("> 2,000", ">2000", None, (GROUPS, TEXT)),
        ("less than 150", "<150", None, (TEXT,)),
        ("Greater Than 2000 pg/mL", ">2000", "pg/mL", (TEXT,)),
        ("up to 5", "≤5", None, (TEXT,)),
        ("1 234", "1234", None, (GROUPS,)),
        ("1\u00a0234", "1234", None, (GROUPS,)),
        ("1\u202f234,5", "1234.5", None, (COMMA, GROUPS)),
        ("1'234", "1234", None, (GROUPS,)),
        ("1,234", "1234", None, (GROUPS,)),
        ("1,234.5", "1234.5", None, (GROUPS,)),
        ("2,000,000", "2000000", None, (GROUPS,)),
        ("1.234.567", "1234567", None, (GROUPS,)),
        ("1.234,5", "1234.5", None, (COMMA, GROUPS)),
        ("1.234", "1.234", None, ()),
        ("7,5", "7.5", None, (COMMA,)),
        ("12,34", "12.34", None, (COMMA,)),
        ("1234,567", "1234.567", None, (COMMA,)),
        ("0,400", "0.400", None, (COMMA,)),
        ("1.2e3", "1200", None, ()),
        ("150 pg/mL", "150", "pg/mL", ()),
        ("150pg/mL", "150", "pg/mL", ()),
        ("5.4 10*3/uL", "5.4", "10*3/uL", ()),
        ("39%", "39", "%", ()),
        ("180-220", "180 to 220", None, ()),
        ("180 - 220 ng/L", "180 to 220", "ng/L", ()),
        ("180–220 ng/L", "180 to 220", "ng/L", ()),
        ("180 to 220", "180 to 220", None, ()),
        ("0-0.40", "0 to 0.40", None, ()),
    ],
)
def test_a_text_is_a_number(
    text: str, shown: str, unit: str | None, flags: tuple[str, ...]
) -> None:
    found = read(text)
    assert isinstance(found, TextNumber), found
    assert (str(found.interval), found.unit, found.flags) == (shown, unit, flags)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "value-unreadable"),
        ("pending", "value-unreadable"),
        ("see comment", "value-unreadable"),
        ("<", "value-unreadable"),
        ("5.", "value-unreadable"),
        ("1 23", "value-unreadable"),
        ("1,2,3", "value-unreadable"),
        ("1.2.3", "value-unreadable"),
        ("0,123,456", "value-unreadable"),
        ("1:80", "value-unreadable"),
        ("1 : 80", "value-unreadable"),
        ("+5", "value-unreadable"),
        ("=5", "value-unreadable"),
        ("220-180", "value-unreadable"),
        ("<180-220", "value-unreadable"),
        ("0,270-4,200", "value-unreadable"),
        ("1,234-7,5", "value-unreadable"),
        ("٢٤٠", "value-unreadable"),
        ("²40", "value-unreadable"),
        ("NaN", "value-unreadable"),
        ("inf", "value-unreadable"),
        ("9" * 65, "value-unreadable"),
        ("-5", "value-negative"),
        ("<-5", "value-negative"),
        ("−5", "value-negative"),
        ("~150", "comparator-unknown"),
        ("approx. 150", "comparator-unknown"),
        ("=<150", "comparator-unknown"),
        ("<>150", "comparator-unknown"),
        ("<<150", "comparator-unknown"),
    ],
)
def test_a_text_is_refused(text: str, reason: str) -> None:
    assert read(text) == reason


def test_a_bound_is_open_or_closed_as_written() -> None:
    below, at_most = read("<150"), read("<=150")
    assert isinstance(below, TextNumber) and isinstance(at_most, TextNumber)
    assert below.interval == Interval(None, below.interval.high, False, False)
    assert at_most.interval.high_closed
