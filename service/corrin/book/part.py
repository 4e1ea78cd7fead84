"""The parts of a rule book: plain text, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """An evidence row and how well it was checked (``V``, ``V2``, ``G``, ``project``)."""

    row: str
    check: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A cut-off: what it means, its figures, since when, and where a site may set it.

    ``upstream`` holds the published figures where a site file set others.
    """

    name: str
    means: str
    said: str
    since: str
    earlier: tuple[str, ...]
    may_be_set: str
    upstream: str
    note: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A named condition: what it means, and its condition in prose."""

    name: str
    means: str
    when: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what was given, what must come out, what came out."""

    given: str
    expected: str
    got: str
    held: bool


@dataclass(frozen=True, slots=True)
class RowPart:
    """A row of a decision table."""

    number: int
    id: str
    says: str
    urgency: str
    when: tuple[str, ...]
    because: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class DecisionPart:
    """A decision table: first row that is true decides."""

    topic: str
    title: str
    owned: bool
    rows: tuple[RowPart, ...]
    otherwise: str
    otherwise_because: str
    assumes: tuple[str, ...]
    settled_by: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class RestrictionPart:
    """What withdraws a status after any framework's table."""

    id: str
    topic: str
    confounder: str
    when: tuple[str, ...]
    withdraws: tuple[str, ...]
    replaced_by: str
    because: str
    checks: tuple[Check, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class RulePart:
    """A rule and the note it leads to."""

    id: str
    title: str
    status: str
    urgency: str
    topic: str
    reads: str
    when: tuple[str, ...]
    unless: str
    only_with: tuple[str, ...]
    summary: str
    detail: str
    limits: tuple[str, ...]
    asks: tuple[str, ...]
    cutoffs: tuple[str, ...]
    checks: tuple[Check, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class PackPart:
    """A pack: who owns it, what it stands on, and everything it holds."""

    id: str
    title: str
    version: str
    date: str
    in_force: str
    owner: str
    purpose: str
    statement: str
    digest: str
    used_only: bool
    citations: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    definitions: tuple[Definition, ...]
    decisions: tuple[DecisionPart, ...]
    restrictions: tuple[RestrictionPart, ...]
    rules: tuple[RulePart, ...]
    changes: str

    @property
    def drafts(self) -> int:
        """Rules that rest on a figure that was not verified."""
        return sum(rule.status == "draft" for rule in self.rules)

    @property
    def all_examples(self) -> tuple[Example, ...]:
        """All the worked examples it carries."""
        found: list[Example] = []
        for decision in self.decisions:
            found += decision.examples
        for restriction in self.restrictions:
            found += restriction.examples
        for rule in self.rules:
            found += rule.examples
        return tuple(found)

    @property
    def examples(self) -> int:
        """How many worked examples it carries."""
        return len(self.all_examples)

    @property
    def failed(self) -> int:
        """How many of them did not hold."""
        return sum(not example.held for example in self.all_examples)


@dataclass(frozen=True, slots=True)
class EvidencePart:
    """A row of the clinical reference, with its sources."""

    row: str
    item: str
    check: str
    verified: bool
    sources: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class SitePart:
    """The site file a book was made under: whose it is, and each of its changes in a sentence."""

    title: str
    name: str
    date: str
    owner: str
    digest: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A profile, whole."""

    corrin: str
    profile: str
    title: str
    version: str
    date: str
    digest: str
    scope: str
    scope_says: str
    statement: str
    owns: tuple[tuple[str, str], ...]
    look_back: tuple[tuple[str, str], ...]
    pairing: tuple[str, ...]
    critical_days: int
    packs: tuple[PackPart, ...]
    evidence: tuple[EvidencePart, ...]
    site: SitePart | None = None
