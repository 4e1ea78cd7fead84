"""The shape of pack content: what a pack, threshold, decision, restriction and rule may hold.

Conditions stay text here; ``corrin.language`` reads them. Every model refuses unknown keys, so
a misspelt field is found and not ignored.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$")]
EvidenceRow = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,3}-[0-9]{2}[a-z]?$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Condition = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Urgency = Literal["emergency", "urgent", "soon", "routine"]
RuleStatus = Literal["draft", "source-checked", "clinician-reviewed", "retired"]


class Content(BaseModel):
    """Base of all content models: frozen, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class InForce(Content):
    """From when (and until when, exclusive) a guideline or cut-off applies."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    start: date = Field(alias="from")
    end: date | None = Field(default=None, alias="to")

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` lies inside."""
        return self.start <= day and (self.end is None or day < self.end)


class Variant(Content):
    """A threshold's value for some people: ``when`` is a condition on stated facts."""

    when: Condition
    value: dict[str, Decimal]
    evidence: tuple[EvidenceRow, ...] = ()


class Dated(Content):
    """An earlier value of a threshold, and when it held."""

    in_force: InForce
    value: dict[str, Decimal]
    evidence: tuple[EvidenceRow, ...]


class Window(Content):
    """A range of figures, both ends included: where a limit must lie to be believed or set."""

    low: Decimal
    high: Decimal
    unit: Text


class Threshold(Content):
    """A named, dated, sourced cut-off.

    ``value`` maps a UCUM unit to the figure published in it; with two units each holds in its
    own dimension (a result is compared in the dimension it was reported in). ``variants`` vary
    it by stated facts; ``laboratory_limit`` takes the laboratory's own limit first, when the
    result came with one that lies in ``laboratory_between``. ``may_be_set`` is the range in which a
    site's own file may move a cut-off of a pack that always runs.
    """

    analyte: Identifier
    meaning: Text
    value: dict[str, Decimal] | None = None
    variants: tuple[Variant, ...] = ()
    laboratory_limit: Literal["low", "high"] | None = None
    laboratory_between: Window | None = None
    earlier: tuple[Dated, ...] = ()
    in_force: InForce | None = None
    may_be_set: Window | None = None
    evidence: tuple[EvidenceRow, ...] = Field(min_length=1)
    note: str | None = None

    @model_validator(mode="after")
    def _has_a_value(self) -> Threshold:
        given = (self.value is not None) + bool(self.variants)
        if given == 2 or (given == 0 and self.laboratory_limit is None):
            raise ValueError("give either value or variants (or laboratory_limit alone)")
        return self


class Definition(Content):
    """A named condition, used in other conditions by its name."""

    means: Text
    when: Condition
    evidence: tuple[EvidenceRow, ...] = ()


class CaseGiven(Content):
    """One worked example of a rule: what is given, what must come out."""

    given: dict[str, Any]
    expect: Literal["fires", "silent", "cannot say"]
    because: tuple[str, ...] = ()


class DecisionCase(Content):
    """One worked example of a decision: the status, or the set of possible ones."""

    given: dict[str, Any]
    expect: str | None = None
    possible: tuple[str, ...] = ()
    row: str | None = None


class Row(Content):
    """One row of a decision table: when it holds, the status it gives, and why in words.

    ``urgency``, when given, stands for that of the status where this row decided it.
    """

    id: Identifier
    when: Condition
    status: Identifier
    because: Text
    urgency: Urgency | None = None
    evidence: tuple[EvidenceRow, ...] = Field(min_length=1)


class StatusWord(Content):
    """A value a decision can give: its words for people and how soon it wants attention."""

    says: Text
    urgency: Urgency


class Decision(Content):
    """An ordered table that gives one status; first match wins."""

    title: Text
    statuses: dict[Identifier, StatusWord]
    rows: tuple[Row, ...] = Field(min_length=1)
    otherwise: Identifier
    otherwise_because: Text
    assumes: tuple[Identifier, ...] = ()
    settled_by: tuple[Identifier, ...] = ()
    evidence: tuple[EvidenceRow, ...] = Field(min_length=1)
    cases: tuple[DecisionCase, ...] = Field(min_length=1)


class Restriction(Content):
    """After any framework's table: when it holds, what it withdraws and what replaces that."""

    id: Identifier
    topic: Identifier
    when: Condition
    withdraws: tuple[Identifier, ...] = Field(min_length=1)
    replaced_by: Identifier
    confounder: Identifier
    because: Text
    evidence: tuple[EvidenceRow, ...] = Field(min_length=1)
    cases: tuple[CaseGiven, ...] = Field(min_length=1)


class NoteText(Content):
    """What a clinician reads. Braces hold names: a fact, a threshold, or ``result``."""

    urgency: Urgency
    topic: Identifier
    summary: Text
    detail: Text
    limits: tuple[Text, ...] = ()


class Rule(Content):
    """A condition and the note it leads to.

    ``reads_every`` names one analyte and evaluates the rule once per value that is neither
    cancelled nor in error (preliminary, stale and implausible ones included), under the name
    ``result``; ``each`` does so per analyte or concept named, with the fact chosen for it.
    """

    id: Identifier
    title: Text
    status: RuleStatus
    when: Condition
    unless: Condition | None = None
    belongs_to: dict[Identifier, tuple[Identifier, ...]] = {}
    reads_every: Identifier | None = None
    each: tuple[Identifier, ...] = ()
    note: NoteText
    asks: tuple[Identifier, ...] = ()
    evidence: tuple[EvidenceRow, ...] = Field(min_length=1)
    cases: tuple[CaseGiven, ...] = Field(min_length=1)


class Citation(Content):
    """A source of a pack, for people: title, publisher, address, date."""

    title: Text
    publisher: Text
    url: str | None = None
    published: str | None = None


class SourceAttributes(Content):
    """The thirteen source attributes of 45 CFR 170.315(b)(11)(iv)(A), evidence-based."""

    citation: Text
    developer: Text
    funding: Text
    release_and_revision: Text
    race: Text
    ethnicity: Text
    language: Text
    sexual_orientation: Text
    gender_identity: Text
    sex: Text
    date_of_birth: Text
    social_determinants: Text
    health_status_assessments: Text


class PackHead(Content):
    """``pack.yaml``: which guideline, which version, since when, for whom."""

    id: Identifier
    title: Text
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    date: date
    in_force: InForce
    purpose: Text
    scope: Condition | None = None
    scope_says: str | None = None
    uses: tuple[Identifier, ...] = ()
    owner: Text
    citations: tuple[Citation, ...] = Field(min_length=1)
    source_attributes: SourceAttributes
    statement: str | None = None


class LookBack(Content):
    """How old a result may be, in days, to stand for the person now; ``None``: without limit."""

    days: int | None
    analytes: tuple[Identifier, ...] = Field(min_length=1)
    evidence: tuple[EvidenceRow, ...] = ()


class Pairing(Content):
    """How far apart, in days, a metabolite and a B12 marker may lie to be read together."""

    days: int
    markers: tuple[Identifier, ...]
    metabolites: tuple[Identifier, ...]


class ProfileHead(Content):
    """``profiles/<id>.yaml``: which packs run, in which precedence, and how facts are chosen."""

    id: Identifier
    title: Text
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    date: date
    packs: tuple[Identifier, ...] = Field(min_length=1)
    always_first: tuple[Identifier, ...] = ("safety",)
    owns: dict[Identifier, Identifier]
    scope: Condition
    scope_says: Text
    look_back: tuple[LookBack, ...]
    look_back_otherwise: int | None
    pairing: tuple[Pairing, ...] = ()
    critical_days: int
    statement: Text
    notices: dict[str, Text] = {}
