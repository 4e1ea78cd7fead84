"""What stops a whole call: problems with a place, a reason and words, and no patient data."""

from __future__ import annotations

import re
from dataclasses import dataclass

# An id tells one person's record from another's, and problems end in logs.
_WHICH = re.compile(r"\.where\((?:id|fullUrl)='[^']*'\)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that made a call impossible to read.

    Attributes:
        reason: code from ``rules/terminology/reasons.yaml``.
        path: FHIRPath (or tree path) of the element; empty for the whole request.
        sentence: what is wrong.
        remedy: what to do about it.
        line: line of the request, counted from 1, where it is known.
        nearest: known names that may have been meant.
    """

    reason: str
    path: str = ""
    sentence: str = ""
    remedy: str = ""
    line: int | None = None
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.path or "request"
        if self.line is not None:
            place = f"{place} (line {self.line})"
        return f"{self.reason} at {place}: {self.sentence}"


class IntakeError(ValueError):
    """A call refused whole. ``problems`` says where and why; nothing in it is patient data."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems[:3]))
        self.problems = problems


def refuse(reason: str, path: str = "", line: int | None = None) -> IntakeError:
    """The error for one problem, in the words of the reason list."""
    return IntakeError((problem(reason, path, line),))


def problem(reason: str, path: str = "", line: int | None = None) -> Problem:
    """One problem in the words of the reason list; the path names no id."""
    from corrin.terminology import load

    path = _WHICH.sub("", path)
    words = load().reasons.get(reason)
    if words is None:
        return Problem(reason, path, line=line)
    return Problem(reason, path, words.sentence, words.remedy, line)
