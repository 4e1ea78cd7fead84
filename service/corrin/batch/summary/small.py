"""Counts of people, fit to leave the team: a summary travels further than its dataset.

A count from 1 to 4 is shown as ``<5``. Where the counts of a group add up to a total that is shown
too, and only one of them is hidden, the next smallest is hidden as well: else the one could be
worked out. Counts of rows (per file, per reason of refusal) are of files and not of people; they
are exact, and are the same as in ``run.json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST = 5


@dataclass(frozen=True, slots=True)
class Count:
    """A count as it is shown: ``number`` is ``None`` where it is hidden."""

    number: int | None
    shown: str

    @property
    def drawn(self) -> int:
        """How long a bar of it is; none where it is hidden."""
        return self.number or 0


def count(number: int) -> Count:
    """One count of people that stands alone."""
    if 0 < number < LEAST:
        return Count(None, f"<{LEAST}")
    return Count(number, f"{number:,}")


def counts(numbers: Iterable[int]) -> list[Count]:
    """Counts of people that add up to a total which is shown."""
    numbers = list(numbers)
    found = [count(one) for one in numbers]
    hidden = [at for at, one in enumerate(found) if one.number is None]
    rest = [at for at, one in enumerate(found) if one.number]
    if len(hidden) == 1 and rest:
        at = min(rest, key=lambda place: numbers[place])
        found[at] = Count(None, "hidden")
    return found


def per_hundred(number: int, of: int) -> str:
    """A rate per hundred; of a hidden count only that it is below."""
    if of == 0:
        return ""
    if 0 < number < LEAST:
        return f"<{_figure(LEAST, of)}"
    return _figure(number, of)


def _figure(number: int, of: int) -> str:
    rate = 100 * number / of
    return f"{rate:.1f}" if rate >= 1 or rate == 0 else f"{rate:.2g}"


def hidden(found: Sequence[Count]) -> bool:
    """Whether any of them is hidden."""
    return any(one.number is None for one in found)
