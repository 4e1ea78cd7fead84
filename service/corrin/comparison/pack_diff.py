"""The form of a difference between two packs: in words, and over the cases of a folder."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from corrin.notes import report
from corrin.notes.report import Part

Kind = Literal["head", "threshold", "definition", "decision", "row", "restriction", "rule"]
What = Literal["added", "removed", "changed", "moved"]
About = Literal["status", "urgency", "note", "scope"]


class PackVersion(Part):
    """One of the two packs."""

    name: str
    pack: str
    title: str
    version: str
    date: str
    origin: Literal["installed", "earlier", "folder"]
    digest: str


class FieldChange(Part):
    """One field before and after, in words; null where it was not there."""

    field: str
    before: str | None
    after: str | None


class Change(Part):
    """One part of a pack that was added, removed, changed or moved."""

    kind: Kind
    name: str
    what: What
    fields: tuple[FieldChange, ...]


class Cause(Part):
    """A change that makes a case come out differently.

    ``alone`` is true when this change by itself turns the old answer into the new one; else it
    does so only together with the others named with it.
    """

    kind: Kind
    name: str
    alone: bool


class Turned(Part):
    """One thing that comes out differently for a case, and because of which changes.

    ``name`` is the topic of a status, the rule of a note, or empty for the whole report.
    """

    about: About
    name: str
    before: str | None
    after: str | None
    because: tuple[Cause, ...]


class CaseChanged(Part):
    """A case that comes out differently, named by its file (and line)."""

    case: str
    turned: tuple[Turned, ...]


class CaseUnread(Part):
    """A case that could not be read, and why."""

    case: str
    reason: str
    says: str


class Tally(Part):
    """How many cases went from what to what."""

    about: About
    name: str
    before: str | None
    after: str | None
    cases: int


class CauseTally(Part):
    """How many cases a change makes come out differently."""

    kind: Kind
    name: str
    cases: int


class Cohort(Part):
    """The cases of a folder under both packs; ``cases`` is the sum of the other three counts."""

    cases: int
    same: int
    changed: int
    unread: int
    outside: int = Field(description="of the same, those outside the scope of the profile")
    tallies: tuple[Tally, ...]
    causes: tuple[CauseTally, ...]
    changes: tuple[CaseChanged, ...]
    not_read: tuple[CaseUnread, ...]


class PackDiff(Part):
    """What changed between two packs. The same question gives the same bytes."""

    schema_version: Literal["1"] = "1"
    corrin: str
    before: PackVersion
    after: PackVersion
    changes: tuple[Change, ...]
    profile: report.ProfileUsed | None = None
    as_of: str | None = Field(
        default=None, description="the moment asked about; null when each case says its own"
    )
    cohort: Cohort | None = None

    def to_json(self, *, indent: bool = False) -> bytes:
        """The difference as UTF-8 JSON."""
        return self.model_dump_json(indent=2 if indent else None).encode()
