"""The form of a comparison: what each framework says of one patient. Published as JSON Schema."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from corrin.notes import report
from corrin.notes.report import Part
from corrin.packs.schema import Urgency

Kind = Literal["threshold", "thresholds together", "table"]


class FrameworkUsed(Part):
    """A framework as it was run: which version, of which date, and where it came from."""

    name: str = Field(description="as it was asked for")
    pack: str
    title: str
    version: str
    date: str
    origin: Literal["installed", "earlier", "folder"]
    digest: str
    in_force_from: str
    in_force: bool = Field(description="whether its guideline was in force at as_of")
    scope: str | None = Field(description="whom it is for, in words")
    scope_holds: report.Truth = Field(description="whether this person is known to be in scope")


class DecidingRow(Part):
    """The row of a table that decided: its id (null when several are possible) and why."""

    id: str | None
    says: str
    because: str


class Withdrawn(Part):
    """A status a framework's table gave, which a restriction withdrew for this person."""

    status: str
    says: str
    instead: str
    restriction: str
    pack: str
    confounder: str
    because: str


class Cutoff(Part):
    """A cut-off of a framework, with the figure that holds for this person."""

    name: str
    says: str
    figure: str
    decided: bool = Field(description="whether a condition that decided uses it")


class Column(Part):
    """What one framework says; ``status`` is null when the person is outside the scope."""

    framework: FrameworkUsed
    status: report.Status | None
    row: DecidingRow | None
    withdrawn: tuple[Withdrawn, ...]
    cutoffs: tuple[Cutoff, ...]


class CutoffDiffers(Part):
    """A cut-off of two frameworks whose exchange was tried.

    With ``turns``'s figure replaced by the other's, ``turns`` says what the other says.
    """

    name: str
    says: str
    first: str
    second: str
    turns: str


class Difference(Part):
    """Why two frameworks say different things of this patient.

    ``threshold``: each of ``cutoffs`` makes the difference alone. ``thresholds together``: all of
    them are needed. ``table``: no figure the two share makes it; the rows do.
    """

    first: str
    second: str
    kind: Kind
    cutoffs: tuple[CutoffDiffers, ...]
    first_row: DecidingRow
    second_row: DecidingRow


class Stands(Part):
    """An emergency or urgent note, and the frameworks under which it is given."""

    rule: str
    pack: str
    urgency: Urgency
    summary: str
    given_by: tuple[str, ...]


class Comparison(Part):
    """What several frameworks say of one patient. The same question gives the same bytes."""

    schema_version: Literal["1"] = "1"
    corrin: str
    as_of: str
    profile: report.ProfileUsed
    topic: str
    subject: report.SubjectSeen
    in_scope: bool
    headline: str
    columns: tuple[Column, ...]
    differences: tuple[Difference, ...]
    urgent: tuple[Stands, ...]
    values: tuple[report.Value, ...]
    refusals: tuple[report.Refused, ...]
    notices: tuple[str, ...]
    facts_digest: str
    statement: str

    def to_json(self, *, indent: bool = False) -> bytes:
        """The comparison as UTF-8 JSON."""
        return self.model_dump_json(indent=2 if indent else None).encode()
