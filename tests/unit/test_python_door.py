"""What may be handed to ``interpret``, and what it answers to a wrong question."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from corrin import UsageError, interpret
from support.fhir import dumps, observation, patient, quantity

GIVEN = [patient(), observation(valueQuantity=quantity(200.5))]
AS_OF = "2026-11-01"


def test_every_way_to_hand_over_the_same_data() -> None:
    text = dumps(GIVEN)
    said = interpret(text, as_of=AS_OF).model_dump_json()
    for same in (text.decode(), bytearray(text), memoryview(text), GIVEN):
        assert interpret(same, as_of=AS_OF).model_dump_json() == said  # type: ignore[arg-type]


@pytest.mark.parametrize("figure", ["200", "200.10", "2.0E+2", "0.20E3"])
def test_a_decimal_keeps_its_digits(figure: str) -> None:
    text = dumps(GIVEN).replace(b"200.5", figure.encode())
    parsed: Any = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    said = interpret(text, as_of=AS_OF)
    assert interpret(parsed, as_of=AS_OF).model_dump_json() == said.model_dump_json()
    assert not said.refusals


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("Infinity"), "\0", {"value": Decimal(3), "unit": "\0"}]
)
def test_what_is_no_number_never_becomes_one(value: Any) -> None:
    given = {**observation(), "valueQuantity": value}
    try:
        assert interpret(given, as_of=AS_OF).refusals
    except UsageError as error:
        assert "NUL" in error.message


@pytest.mark.parametrize(
    "moment",
    ["", "x", "2026-13", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001", "9999"],
)
def test_a_moment_that_is_none(moment: str) -> None:
    with pytest.raises(UsageError):
        interpret(dumps(GIVEN), as_of=moment)


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_evaluation_times_the_latest_counts(order: int) -> None:
    times = ["2026-11-01", "2026-10-25"][::order]
    said = interpret(
        {
            "resourceType": "Parameters",
            "parameter": [
                *({"name": "evaluationTime", "valueDate": time} for time in times),
                {"name": "observation", "resource": observation()},
            ],
        }
    )
    assert said.as_of == "2026-11-01"
    assert [one.reason for one in said.refusals] == ["malformed"]
