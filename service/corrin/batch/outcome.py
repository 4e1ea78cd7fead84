"""What a run came to: the counts, in all and per file, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COMPLETE, PARTIAL = "complete", "partial"


class CountMismatch(Exception):
    """Rows that went in and did not come out; a fault of ours, so the run fails.

    ``files`` names where; ``read`` and ``ended`` are the rows of all of them.
    """

    def __init__(self, files: tuple[str, ...], read: int, ended: int) -> None:
        super().__init__(f"{read} rows read, {ended} accounted for")
        self.files, self.read, self.ended = files, read, ended


class RunFailed(Exception):
    """A run that cannot begin or go on: what, where, why, what to do. Holds no patient data.

    ``kind`` says whose matter it is: ``usage`` (how it was asked), ``input``, ``file`` (a disk,
    a folder), ``fault`` (ours). ``resumable`` is whether what was done so far can be gone on from.
    """

    def __init__(
        self,
        kind: str,
        what: str,
        where: str = "",
        why: str = "",
        do: str = "",
        *,
        resumable: bool = False,
    ) -> None:
        super().__init__(what)
        self.kind, self.what, self.where, self.why, self.do = kind, what, where, why, do
        self.resumable = resumable

    def as_data(self) -> dict[str, Any]:
        """What it is made of, to hand to another process."""
        return {
            "kind": self.kind,
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "do": self.do,
            "resumable": self.resumable,
        }


@dataclass(slots=True)
class Counts:
    """Where rows went. ``read`` is the sum of the others, or the run fails."""

    read: int = 0
    used: int = 0
    superseded: int = 0
    not_ours: int = 0
    refused: int = 0

    def add(self, other: Counts) -> None:
        """Add up."""
        self.read += other.read
        self.used += other.used
        self.superseded += other.superseded
        self.not_ours += other.not_ours
        self.refused += other.refused

    @property
    def ended(self) -> int:
        """All rows that went somewhere."""
        return self.used + self.superseded + self.not_ours + self.refused

    def as_data(self) -> dict[str, int]:
        """For a file or a table."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """An input, or the rest of one, that could not be read. Holds no patient data.

    ``line`` is where it ended, 0 for all of the file; ``reason`` a code of
    ``rules/terminology/reasons.yaml``.
    """

    file: str
    reason: str
    line: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        counts: of all rows.
        files: the counts per file, by its name.
        rows: rows of each table written.
        problems: what could not be read; the run is then ``partial``.
        notes: sentences about inputs, without patient data.
        outcomes: severities of the OperationOutcomes the exporting servers left, counted.
        timing: seconds per phase; the only thing that differs between two equal runs.
    """

    counts: Counts
    files: Mapping[str, Counts]
    rows: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    timing: Mapping[str, float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """``complete``, or ``partial`` where an input could not be read."""
        return PARTIAL if self.problems else COMPLETE


def checked(files: Mapping[str, Counts]) -> Counts:
    """The counts of all files.

    Raises:
        CountMismatch: a file has rows that did not end as exactly one thing.
    """
    wrong = {name: one for name, one in files.items() if one.read != one.ended}
    if wrong:
        read = sum(one.read for one in wrong.values())
        ended = sum(one.ended for one in wrong.values())
        raise CountMismatch(tuple(wrong), read, ended)
    total = Counts()
    for one in files.values():
        total.add(one)
    return total
