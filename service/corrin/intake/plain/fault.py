"""What is wrong with a case: everything at once, each with its place and the nearest names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from corrin.facts.case import Refusal
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, Problem, problem, refuse
from corrin.intake.text import LONGEST, printable
from corrin.terminology.table import fold

_KEY = re.compile(r"[a-z][a-z_]{0,31}", re.ASCII)
_NEAR = 0.6
_MOST_NEAR = 3


class CaseError(IntakeError):
    """A case refused whole: all its problems, with the id it was sent under (or ``""``)."""

    def __init__(self, problems: tuple[Problem, ...], case_id: str = "") -> None:
        super().__init__(problems)
        self.case_id = case_id


@dataclass(slots=True)
class Faults:
    """Gathers problems (which stop the case) and, in lenient handling, refusals (which do not)."""

    limits: Limits
    lenient: bool
    problems: list[Problem] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    entries: int = 0

    @property
    def full(self) -> bool:
        """Whether as many problems are noted as are told: what follows is not looked at closely."""
        return len(self.problems) >= self.limits.problems

    def count(self, more: int, path: str) -> None:
        """Count entries of lists, before any of them is looked at.

        Raises:
            IntakeError: too-many-entries.
        """
        self.entries += more
        if self.entries > self.limits.entries:
            raise refuse("too-many-entries", path)

    def add(self, reason: str, path: str, nearest: Iterable[str] = (), remedy: str = "") -> None:
        """Note what stops the case; no more are kept than a call may list."""
        if not self.full:
            found = problem(reason, path)
            remedy = remedy or found.remedy
            self.problems.append(replace(found, nearest=tuple(nearest), remedy=remedy))

    def name(
        self, text: str, path: str, known: Iterable[str], *, origin: str = "", elsewhere: str = ""
    ) -> None:
        """Note a name nobody knows, or that ``elsewhere`` (a path) would be understood."""
        reason = "name-elsewhere" if elsewhere else "name-unknown"
        told = len(self.problems) + len(self.refusals) < self.limits.problems
        near = (elsewhere,) if elsewhere else nearest(text, known) if told else ()
        if not self.lenient:
            self.add(reason, path, near)
            return
        detail = f"nearest: {', '.join(near)}" if near else ""
        self.refusals.append(Refusal(reason, path, origin, None, detail, None, printable(text)))

    def mendable(self, path: str, reason: str, origin: str = "") -> None:
        """Note what stops a case, but for lenient handling, where it is a refusal."""
        if self.lenient:
            self.refusals.append(Refusal(reason, path, origin or path))
        else:
            self.add(reason, path)

    def raise_if_any(self, case_id: str = "") -> None:
        """Stop if anything was noted.

        Raises:
            CaseError: with everything noted so far, in the order of the case.
        """
        if self.problems:
            raise CaseError(tuple(self.problems), case_id)


def nearest(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Known names most like a text, best first."""
    if len(text) > LONGEST:
        return ()
    shown = {fold(name): name for name in known}
    close = get_close_matches(fold(text), shown, n=_MOST_NEAR, cutoff=_NEAR)
    return tuple(shown[name] for name in close)


def key_shown(key: str) -> bool:
    """Whether a key may be told again: only what looks like an element, for it may be anything."""
    return _KEY.fullmatch(key) is not None
