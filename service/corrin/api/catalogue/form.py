"""The forms the catalogue answers in: what is read, which packs run, what each rule says and why.

Every string is ready for people; every number is an exact decimal written as text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from corrin.notes.report import Evidence, Part
from corrin.packs.schema import RuleStatus, SourceAttributes, Urgency

Kind = Literal["rule", "restriction", "decision"]


class Row(Evidence):
    """A row of the clinical reference: what it says, how it was checked, where it was read."""

    item: str


class LoincCode(Part):
    """A LOINC code that is read as the analyte."""

    code: str
    property: str = Field(description="LOINC property; MSCnc: mass or moles, the unit decides")
    specimen: str
    checked: str = Field(description="how the code was checked; V: seen in a named source")
    verified: bool
    note: str


class Units(Part):
    """The units read for one kind of quantity, all UCUM."""

    dimension: str
    canonical: str = Field(description="the unit it is compared in")
    accept: tuple[str, ...]


class Plausible(Part):
    """Outside this range, both ends included, a value is queried and not interpreted."""

    low: str
    high: str
    unit: str
    evidence: tuple[Row, ...]


class Analyte(Part):
    """A result that is read: by which codes and names, in which units."""

    id: str
    label: str
    short: str
    names: tuple[str, ...] = Field(description="names a text may give it, without regard to case")
    kind: Literal["quantity", "qualitative"]
    loinc: tuple[LoincCode, ...]
    units: tuple[Units, ...]
    molar_mass: str | None = Field(description="g/mol between mass and substance; null: no factor")
    plausible: Plausible | None
    critical: bool = Field(description="whether one value alone may demand action")
    note: str


class AnalyteList(Part):
    """Results that are read."""

    count: int
    analytes: tuple[Analyte, ...]


class Citation(Part):
    """A source of a pack."""

    title: str
    publisher: str
    url: str | None
    published: str | None


class PackBrief(Part):
    """A pack: rules of one guideline or topic, of one version."""

    id: str
    title: str
    version: str
    date: str
    in_force_from: str
    in_force_to: str | None = Field(description="the first day it is in force no longer")
    owner: str
    digest: str = Field(description="SHA-256 of its content as it runs here")
    run_by: tuple[str, ...] = Field(description="profiles it runs in at this site")
    decides: tuple[str, ...] = Field(description="topics it has a decision table for")
    rules: int
    drafts: int = Field(description="rules that rest on a figure that was not verified")
    set_by_site: int = Field(description="cut-offs of it that the site has set")


class PackList(Part):
    """The packs that are installed."""

    count: int
    packs: tuple[PackBrief, ...]


class Figure(Part):
    """A figure as published, in one unit (``1``: a plain number)."""

    value: str
    unit: str


class FiguresFor(Part):
    """The figures that hold for some people."""

    when: str
    figures: tuple[Figure, ...]


class CutOff(Part):
    """A named cut-off: its figures as published, since when, and what they rest on."""

    name: str
    says: str
    pack: str
    analyte: str
    used: str = Field(description="what a value is compared with, in words")
    figures: tuple[Figure, ...]
    variants: tuple[FiguresFor, ...] = Field(description="figures by what is stated of the person")
    laboratory_limit: Literal["low", "high"] | None = Field(
        description="the laboratory's own limit goes before, when the result came with one"
    )
    in_force_from: str | None
    earlier: tuple[str, ...]
    may_be_set: str | None = Field(description="where a site may set a cut-off that always runs")
    note: str
    evidence: tuple[Row, ...]
    set_by: str | None = Field(default=None, description="id@version of the site file that set it")
    because: str | None = Field(default=None, description="why the site set it")
    source: str | None = Field(default=None, description="the site's own source")
    upstream: str | None = Field(default=None, description="as published, where the site set it")


class Definition(Part):
    """A named condition that others use."""

    name: str
    means: str
    when: str
    evidence: tuple[Row, ...]


class Example(Part):
    """A worked example that is run as a test: what is given, and what must come out of it.

    What must come out is by the published cut-offs; a site that sets others may turn it.
    """

    given: str
    expect: str
    because: tuple[str, ...] = Field(description="inputs for want of which it cannot say")


class Head(Part):
    """What every entry says of itself first."""

    id: str
    pack: str
    pack_version: str
    title: str
    topic: str
    topic_title: str
    urgency: Urgency | None = Field(description="null where the row that decides says it")
    status: RuleStatus | None = Field(description="how far it was checked; null: not stated")
    verified: bool = Field(
        description="whether every row behind it and its cut-offs was read in a source"
    )
    by_site: tuple[str, ...] = Field(description="what of it the site has set")
    run_by: tuple[str, ...] = Field(description="profiles it runs in at this site")


class RuleBrief(Head):
    """An entry of the list of rules."""

    kind: Kind


class RuleList(Part):
    """Rules, restrictions and decisions, in the order of their packs."""

    count: int
    rules: tuple[RuleBrief, ...]


class Wording(Part):
    """What the note says; braces hold the place of a value or figure."""

    summary: str
    detail: str
    limits: tuple[str, ...]


class Basis(Head):
    """What every entry rests on."""

    also_in: tuple[str, ...] = Field(
        default=(), description="other packs that hold one of this id (``?pack=`` asks for it)"
    )
    definitions: tuple[Definition, ...]
    thresholds: tuple[CutOff, ...]
    evidence: tuple[Row, ...]
    cases: tuple[Example, ...]


class Rule(Basis):
    """A condition and the note it leads to."""

    kind: Literal["rule"] = "rule"
    reads: str = Field(description="which values it is asked for; empty: once for the case")
    when: tuple[str, ...] = Field(description="all of these have to hold")
    unless: tuple[str, ...] = Field(description="it is silent where all of these are known to hold")
    only_with: dict[str, tuple[str, ...]] = Field(description="topic: statuses it may stand beside")
    note: Wording
    would_use: tuple[str, ...]


class Restriction(Basis):
    """What withdraws a status for some people, after any guideline's table."""

    kind: Literal["restriction"] = "restriction"
    when: tuple[str, ...]
    confounder: str
    withdraws: tuple[str, ...]
    instead: str
    because: str


class TableRow(Part):
    """A row of a decision table."""

    id: str
    status: str
    says: str
    urgency: Urgency
    when: tuple[str, ...]
    because: str
    evidence: tuple[Row, ...]


class Decision(Basis):
    """A table that gives one status: the first row that is true decides."""

    kind: Literal["decision"] = "decision"
    rows: tuple[TableRow, ...]
    otherwise: str
    otherwise_because: str
    assumes: tuple[str, ...] = Field(description="taken as absent where nobody stated them")
    settled_by: tuple[str, ...]
    decides_in: tuple[str, ...] = Field(
        description="profiles in which this table decides the topic"
    )


Entry = Annotated[Rule | Restriction | Decision, Field(discriminator="kind")]


class Pack(PackBrief):
    """A pack, whole; its rules by id (``/v1/rules/{id}``)."""

    purpose: str
    scope: str | None = Field(description="whom it is for")
    statement: str | None
    uses: tuple[str, ...]
    citations: tuple[Citation, ...]
    thresholds: tuple[CutOff, ...]
    definitions: tuple[Definition, ...]
    rule_ids: tuple[str, ...]
    restriction_ids: tuple[str, ...]
    decision_ids: tuple[str, ...]


class SourceAttributesOf(Part):
    """The thirteen source attributes of 45 CFR 170.315(b)(11)(iv)(A) of an evidence-based
    intervention: citation, developer, funding, dates, and the use of nine kinds of data."""

    pack: str
    title: str
    version: str
    digest: str
    kind: Literal["evidence-based"] = "evidence-based"
    attributes: SourceAttributes
    citations: tuple[Citation, ...]


class LookBack(Part):
    """How old a result may be to stand for the person now; null: without limit."""

    days: int | None
    inputs: tuple[str, ...]


class Profile(Part):
    """Which packs run together, which decides what, and how old a result may be."""

    id: str
    title: str
    version: str
    date: str
    digest: str
    default: bool = Field(description="whether it is used when a request names none")
    scope: str
    scope_says: str
    packs: tuple[str, ...] = Field(description="in the order they run at this site")
    owns: dict[str, str]
    look_back: tuple[LookBack, ...]
    look_back_otherwise: int | None
    critical_days: int
    statement: str


class SiteFile(Part):
    """The site file in effect, and every change it makes in one sentence each."""

    id: str
    title: str
    version: str
    date: str
    owner: str
    digest: str
    changes: tuple[str, ...]


class ProfileList(Part):
    """The profiles that run at this site."""

    count: int
    profiles: tuple[Profile, ...]
    site: SiteFile | None
