"""The laboratory's range as typed: an end in each of two fields, or the whole of it in one.

Read as values are read (``corrin.intake.number``), but for a comma that would be read as one
between thousands: what is guessed of a value is told with it wherever it goes, what is guessed of
its range is not, and a range a thousand times too wide says nothing of a value any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from corrin.facts.interval import Interval
from corrin.intake import number
from corrin.intake.number import TextNumber
from corrin.terminology.table import fold

_SIGN = "comparator-in-text"  # of a range it is no remark
_FROM_TO = re.compile(r"\d\s*[-\u2010-\u2015]\s*\d")


@dataclass(frozen=True, slots=True)
class LaboratoryRange:
    """What two fields say.

    Attributes:
        case: the range as the case has it; what cannot be read stands in it as typed, for the
            reader to send back. Empty where nothing was typed.
        interval: how it was read; ``None`` where it cannot be.
        flags: codes of what was guessed in reading it.
    """

    case: Any
    interval: Interval | None = None
    flags: tuple[str, ...] = ()


def range_of(low: str, high: str, unit: str) -> LaboratoryRange:
    """The range two fields say in a unit; one of them, or both, may be empty."""
    typed = {name: text for name, text in (("low", low), ("high", high)) if text.strip()}
    read = {name: _read(text, unit) for name, text in typed.items()}
    if any(_is_doubtful(text, read[name]) for name, text in typed.items()):
        return LaboratoryRange(typed)
    ends = {name: one for name, one in read.items() if one is not None}
    if len(typed) == 1 and ends:
        name, one = next(iter(ends.items()))
        within = _alone(name, one.interval)
    elif ends and len(ends) == len(typed) and all(one.interval.is_point for one in ends.values()):
        low_, high_ = (one.interval.low for one in ends.values())
        if low_ is not None and high_ is not None and low_ > high_:
            # Numbers, but no range: the reader says so.
            return LaboratoryRange({"low": _figure(low_, low), "high": _figure(high_, high)})
        within = Interval(low_, high_)
    else:
        within = None
    if within is None:
        return LaboratoryRange({name: _as_typed(text, read[name]) for name, text in typed.items()})
    flags = (flag for one in ends.values() for flag in one.flags if flag != _SIGN)
    return LaboratoryRange(_case(within, typed), within, tuple(dict.fromkeys(flags)))


def _read(text: str, unit: str) -> TextNumber | None:
    """A text without a unit, or with that of the value, as a value's is taken."""
    said = number.read(text)
    if isinstance(said, str) or (said.unit is not None and fold(said.unit) != fold(unit)):
        return None
    return said


def _is_doubtful(text: str, said: TextNumber | None) -> bool:
    """Whether a comma may stand between thousands, or a range begins and ends with one number."""
    if said is None:
        return False
    same_twice = said.interval.is_point and _FROM_TO.search(text) is not None
    return same_twice or bool(number.groups_by_comma(text, said.flags))


def _alone(name: str, said: Interval) -> Interval | None:
    """The range one field says: one end of it, or all; an upper end is not open above."""
    if said.is_point:
        return Interval(said.low, None) if name == "low" else Interval(None, said.high)
    return None if name == "high" and said.high is None else said


def _case(within: Interval, typed: Mapping[str, str]) -> Any:
    """Numbers; as text only what has an end that does not belong to it (``<1,4``)."""
    if within.low is None and within.high is not None and not within.high_closed:
        return f"<{within.high:f}"
    if within.high is None and within.low is not None and not within.low_closed:
        return f">{within.low:f}"
    ends = {"low": within.low, "high": within.high}
    some = next(iter(typed.values()))
    return {
        name: _figure(end, typed.get(name, some)) for name, end in ends.items() if end is not None
    }


def _as_typed(text: str, said: TextNumber | None) -> Any:
    """A number where it is one: what is wrong is only what is none."""
    end = said.interval.low if said is not None and said.interval.is_point else None
    return text if end is None else _figure(end, text)


def _figure(end: Decimal, text: str) -> Any:
    """A number as JSON has it; as typed where JSON would not keep every digit of it."""
    found = json.loads(f"{end:f}")
    return found if Decimal(str(found)) == end else text
