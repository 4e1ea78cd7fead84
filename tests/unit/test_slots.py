"""A class made by its slots is the dataclass it was, and is made as it was."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

import pytest

from corrin.facts.case import Refusal
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.facts.slots import by_slots

CLASSES: list[type[Any]] = [Absent, Interval, Measured, Moment, Refusal, Stated]


@pytest.mark.parametrize("cls", CLASSES)
def test_the_parameters_are_the_fields(cls: type[Any]) -> None:
    told = [(one.name, one.default) for one in inspect.signature(cls).parameters.values()]
    none = inspect.Parameter.empty
    assert told == [
        (one.name, none if one.default is MISSING else one.default) for one in fields(cls)
    ]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_field_gets_its_own_value(cls: type[Any]) -> None:
    if cls is Interval:
        return  # its values are checked below
    names = [one.name for one in fields(cls)]
    made = cls(*names)
    assert [getattr(made, name) for name in names] == names
    assert made == cls(**dict(zip(names, names, strict=True)))
    assert replace(made, **{names[-1]: "other"}) != made
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(FrozenInstanceError):
        setattr(made, names[0], "other")
    with pytest.raises(TypeError):
        cls(*names, "more")
    with pytest.raises(TypeError):
        cls()


def test_what_follows_the_fields_is_done() -> None:
    assert Interval(None, None) == Interval(None, None, False, False)
    with pytest.raises(ValueError, match="finite"):
        Interval.point(Decimal("NaN"))


def test_a_field_that_is_made_is_refused() -> None:
    with pytest.raises(TypeError, match="Made has a field"):

        @by_slots
        @dataclass(frozen=True, slots=True)
        class Made:
            """Holds a list of its own."""

            found: list[int] = field(default_factory=list)
