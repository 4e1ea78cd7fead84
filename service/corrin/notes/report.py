"""The report: what a clinician, a program or a page gets to read. Published as JSON Schema.

Every string in here is ready for people; every number is an exact decimal written as text.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from corrin.packs.schema import RuleStatus, Urgency

Truth = Literal["true", "false", "unknown"]


class Part(BaseModel):
    """Base of all parts of a report: frozen, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Part):
    """A code of ours and what it says."""

    code: str
    says: str


class Value(Part):
    """A measured input, as reported and as compared."""

    name: str
    label: str
    reported: str = Field(description="value and unit as the source wrote them")
    compared: str = Field(description="value and canonical unit it was compared in")
    when: str | None = None
    status: str = "final"
    origin: str = ""
    path: str = ""
    specimen: str | None = None
    laboratory_range: str | None = None
    flags: tuple[Words, ...] = ()
    earlier: tuple[Earlier, ...] = ()


class Earlier(Part):
    """An earlier value of the same analyte."""

    reported: str
    when: str | None = None
    origin: str = ""


class Trend(Part):
    """The result used beside the one before it; says nothing of chance or of the assay."""

    name: str
    label: str
    direction: Literal["rising", "falling", "unchanged", "unclear"]
    first: str
    first_when: str | None
    last: str
    last_when: str | None
    change: str | None
    days: str
    pace: str | None
    count: int = Field(description="how many results there are up to the one used")


class Context(Part):
    """A statement about the person: present or absent, since when."""

    name: str
    label: str
    present: bool
    history: bool = False
    since: str | None = None
    until: str | None = None
    origin: str = ""
    flags: tuple[Words, ...] = ()


class Missing(Part):
    """An input that would have been used and could not be: which, and why."""

    name: str
    label: str
    reason: str
    says: str
    reported: str | None = None
    when: str | None = None
    available: bool = Field(default=True, description="false: the site says it cannot do this test")


class Source(Part):
    """Where an evidence row was read."""

    key: str
    title: str
    url: str | None = None


class Evidence(Part):
    """A row of the clinical reference, how it was checked, and its sources."""

    row: str
    check: str
    verified: bool
    sources: tuple[Source, ...] = ()


class Upstream(Part):
    """A cut-off as published, where a site file has set another figure."""

    published: tuple[str, ...]
    says: str
    in_force_from: str | None = None
    evidence: tuple[Evidence, ...]


class ThresholdUsed(Part):
    """A cut-off that decided: the figure used, as published, since when, from where.

    Of one a site file has set, ``published`` and ``evidence`` are the site's, and ``upstream`` is
    what it stands instead of.
    """

    name: str
    says: str
    used: str
    published: tuple[str, ...]
    in_force_from: str | None = None
    pack: str
    evidence: tuple[Evidence, ...]
    set_by: str | None = Field(default=None, description="id@version of the site file that set it")
    because: str | None = Field(default=None, description="why the site set it")
    source: str | None = Field(default=None, description="the site's own source")
    upstream: Upstream | None = None


class Reason(Part):
    """One condition that decided, in words, and whether it was true, false or unknown."""

    says: str
    truth: Truth


class Band(Part):
    """A finding and where it would lead: ``above 0.75 umol/L`` → the statuses then possible."""

    finding: str
    statuses: tuple[Words, ...]


class Settles(Part):
    """What would settle it: one input and where each finding of it would lead."""

    name: str
    label: str
    bands: tuple[Band, ...]
    available: bool = Field(default=True, description="false: the site says it cannot do this test")


class Fragile(Part):
    """A value so near a cut-off that the imprecision of its assay, as the site states it, leaves
    another status possible. It changes neither status nor urgency."""

    name: str
    label: str
    reported: str
    within: str = Field(description="how far on either side was looked")
    says: str
    could_be: tuple[Words, ...]
    bands: tuple[Band, ...]


class Applied(Part):
    """A restriction that withdrew a status, and why."""

    id: str
    pack: str
    confounder: str
    because: str
    evidence: tuple[Evidence, ...]


class Status(Part):
    """The status of one topic; ``status`` is null when several are possible."""

    topic: str
    title: str
    pack: str
    status: str | None
    says: str
    possible: tuple[Words, ...]
    urgency: Urgency
    because: str
    why: tuple[Reason, ...]
    thresholds: tuple[ThresholdUsed, ...]
    missing: tuple[Missing, ...]
    assumed: tuple[Words, ...] = Field(
        description="contexts nobody stated; the status assumes them absent"
    )
    restrictions: tuple[Applied, ...]
    separated_by: tuple[Settles, ...]
    settle: tuple[Settles, ...]
    evidence: tuple[Evidence, ...]
    fragile: tuple[Fragile, ...] = ()


class Note(Part):
    """One note for a clinician to review."""

    rule: str
    title: str
    pack: str
    pack_version: str
    pack_date: str
    rule_status: RuleStatus
    verified: bool = Field(
        description="false when any evidence row behind it was not verified, or a cut-off behind "
        "it was set by the site"
    )
    by_site: tuple[str, ...] = Field(
        default=(), description="what of it a site file set: cut-offs by name, parts of its words"
    )
    topic: str
    topic_title: str
    urgency: Urgency
    under: int | None = Field(
        default=None,
        description="place in notes, from 0, of the note of its topic it is folded under",
    )
    summary: str
    detail: str
    why: tuple[Reason, ...]
    inputs: tuple[Value, ...]
    thresholds: tuple[ThresholdUsed, ...]
    evidence: tuple[Evidence, ...]
    missing: tuple[Missing, ...]
    limits: tuple[str, ...]


class CannotSay(Part):
    """A rule that could not answer, and because of which inputs."""

    rule: str
    title: str
    pack: str
    because: tuple[Missing, ...]


class Refused(Part):
    """A value not taken: where it stands in the request, why, and what to do."""

    reason: str
    says: str
    remedy: str
    path: str
    origin: str = ""
    name: str | None = None
    label: str | None = None
    reported: str = ""
    when: str | None = None
    detail: str = ""


class PackUsed(Part):
    """A pack that was run."""

    id: str
    title: str
    version: str
    date: str
    digest: str
    in_force_from: str
    in_force: bool = Field(description="whether its guideline was in force at as_of")
    drafts: int = Field(description="rules that rest on an unverified row")
    citations: tuple[str, ...]


class ProfileUsed(Part):
    """The profile that was run."""

    id: str
    title: str
    version: str
    digest: str


class OverlayUsed(Part):
    """The site file in effect, and every change it makes in one sentence each."""

    id: str
    title: str
    version: str
    date: str
    owner: str
    digest: str
    changes: tuple[str, ...]


class SubjectSeen(Part):
    """What is known of the person, without identity."""

    age: str | None
    sex: str | None
    stated: bool = Field(description="whether a Patient was supplied")


class Report(Part):
    """All notes for one case. The same question gives the same bytes."""

    schema_version: Literal["1"] = "1"
    corrin: str
    as_of: str
    profile: ProfileUsed
    packs: tuple[PackUsed, ...]
    overlay: OverlayUsed | None = None
    subject: SubjectSeen
    in_scope: bool
    headline: str
    urgency: Urgency
    statuses: dict[str, Status]
    notes: tuple[Note, ...]
    cannot_say: tuple[CannotSay, ...] = Field(
        default=(), description="not there at all where the caller asked not to have it explained"
    )
    values: tuple[Value, ...]
    trends: tuple[Trend, ...] = ()
    context: tuple[Context, ...]
    refusals: tuple[Refused, ...]
    counts: dict[str, int]
    notices: tuple[str, ...]
    facts_digest: str
    statement: str

    def to_json(self, *, indent: bool = False, explain: bool = True) -> bytes:
        """The report as UTF-8 JSON; the same report gives the same bytes.

        Without ``explain`` the rules that could not answer, most of its length, are left out.
        """
        left_out = None if explain else {"cannot_say"}
        return self.model_dump_json(indent=2 if indent else None, exclude=left_out).encode()


Value.model_rebuild()
