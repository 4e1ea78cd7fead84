"""Any text, any number: never an exception, never an unlisted unit, always back again."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from corrin import terminology, units
from corrin.facts.interval import Interval
from corrin.units import Unit, UnitRefusal, aliases, table
from corrin.units.explain import explain
from corrin.units.spelling import LONGEST, plain
from corrin.units.ucum import read

ANALYTES = sorted(terminology.load().analytes.values(), key=lambda analyte: analyte.id)
SPELLINGS = sorted({text for group in aliases.load().groups for text in group.spellings})
PAIRS = [
    (analyte, source, target)
    for analyte in ANALYTES
    for source, targets in table.load().factors.get(analyte.id, {}).items()
    for target in targets
]

_MARKS = "µ,10,⁹,x,×,*,^,/,L,g,{,},[IU],%,m2,\\S\\,K,mmol,.,-1,(,), ,\u00a0"
pieces = st.sampled_from([*_MARKS.split(","), "1,73"])
anything = st.one_of(
    st.text(max_size=120),
    st.lists(pieces, max_size=12).map("".join),
    st.sampled_from(SPELLINGS),
    st.builds(
        lambda text, at, extra: text[:at] + extra + text[at:],
        st.sampled_from(SPELLINGS),
        st.integers(0, 20),
        st.text(max_size=3),
    ),
)
values = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=6).filter(
    lambda value: value == 0 or value > Decimal("1e-5")
)


@given(anything)
def test_normalised_text_is_plain_and_settled(text: str) -> None:
    found = plain(text)
    if found is not None:
        assert len(found) <= LONGEST
        assert all("!" <= character <= "~" for character in found)
        read(found, table.load().symbols)


@given(
    st.sampled_from(ANALYTES),
    st.none() | anything,
    st.none() | st.sampled_from(["http://unitsofmeasure.org", ""]) | st.text(max_size=20),
    st.none() | anything,
)
def test_only_whitelisted_units_come_out(
    analyte: terminology.Analyte, unit: str | None, system: str | None, code: str | None
) -> None:
    answer = units.normalise(analyte, unit=unit, system=system, code=code)
    if isinstance(answer, Unit):
        assert answer.ucum in analyte.units
        assert answer.dimension == analyte.dimension_of(answer.ucum)
    else:
        assert isinstance(answer, UnitRefusal)
        assert answer.reason in {"unit-missing", "unit-unknown", "unit-impossible"}
    if unit is not None:
        explain(analyte, unit)


@given(st.sampled_from(PAIRS), values)
def test_there_and_back(pair: tuple[terminology.Analyte, str, str], value: Decimal) -> None:
    analyte, source, target = pair
    there = units.convert(analyte, value, source, target)
    back = units.convert(analyte, there, target, source)
    assert abs(back - value) <= abs(value) * Decimal("1e-11")


@given(st.sampled_from(PAIRS), values, values)
def test_order_is_kept(
    pair: tuple[terminology.Analyte, str, str], one: Decimal, other: Decimal
) -> None:
    analyte, source, target = pair
    low, high = sorted((one, other))
    found = units.convert_interval(analyte, Interval(low, high), source, target)
    assert found.low is not None and found.high is not None
    assert found.low <= found.high


@given(st.sampled_from(PAIRS), values)
def test_text_and_number_are_the_same(
    pair: tuple[terminology.Analyte, str, str], value: Decimal
) -> None:
    found = units.convert(*pair[:1], value, *pair[1:])
    text = units.as_text(found)
    assert Decimal(text) == found
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))
