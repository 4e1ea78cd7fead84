"""What can be wrong with content: one small class per kind of finding, each with a place.

All findings of a run are collected and shown together; none stops the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the content folder (relative to it) and a line in it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Base of all findings: where, about what, why, and what to do."""

    place: Place
    about: str
    why: str
    hint: str = ""

    code: ClassVar[str] = "finding"
    severity: ClassVar[Literal["error", "warning"]] = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.severity}: {self.about}: {self.why}{hint} [{self.code}]"


class Unreadable(Finding):
    """A file that is not the YAML it should be."""

    code: ClassVar[str] = "unreadable"


class WrongShape(Finding):
    """A field is missing, unknown or of the wrong type."""

    code: ClassVar[str] = "wrong-shape"


class BadCondition(Finding):
    """A condition that is not in the language."""

    code: ClassVar[str] = "bad-condition"


class Misfitting(Finding):
    """A name, type, unit or dimension in a condition that does not fit."""

    code: ClassVar[str] = "misfit"


class CircularDefinition(Finding):
    """A definition that uses itself."""

    code: ClassVar[str] = "circular-definition"


class CircularUse(Finding):
    """A pack that uses itself, through others or at once."""

    code: ClassVar[str] = "circular-use"


class DuplicateId(Finding):
    """Two rules, rows, restrictions or thresholds with one id."""

    code: ClassVar[str] = "duplicate-id"


class AnotherVersion(DuplicateId):
    """A pack of one's own that is another version of a shipped one: it is read, and never run."""

    code: ClassVar[str] = "another-version"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class UnknownPack(Finding):
    """A pack named by ``uses`` or by a profile that does not exist."""

    code: ClassVar[str] = "unknown-pack"


class UnknownEvidence(Finding):
    """An evidence row that is not in the clinical reference."""

    code: ClassVar[str] = "unknown-evidence"


class StatusTooHigh(Finding):
    """A rule on an unverified row that does not say it is a draft."""

    code: ClassVar[str] = "status-too-high"


class StatusTooLow(Finding):
    """A draft although every row it rests on was verified."""

    code: ClassVar[str] = "status-too-low"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class ReviewedByNobody(Finding):
    """A rule that claims a clinician's review; only a named clinician may set that."""

    code: ClassVar[str] = "reviewed-by-nobody"


class LiteralWhereThreshold(Finding):
    """A number written in a condition although a named threshold of that analyte has it."""

    code: ClassVar[str] = "literal-where-threshold"


class UnknownPlaceholder(Finding):
    """A name in braces that no fact or threshold has."""

    code: ClassVar[str] = "unknown-placeholder"


class UnknownStatus(Finding):
    """A status that no decision of that topic gives."""

    code: ClassVar[str] = "unknown-status"


class UnknownTopic(Finding):
    """A topic no pack of the profile decides."""

    code: ClassVar[str] = "unknown-topic"


class UnknownNoteTopic(Finding):
    """A note about a topic that ``notes/topics.yaml`` does not list."""

    code: ClassVar[str] = "unknown-note-topic"


class DeadRow(Finding):
    """A row no case of its decision lands on: perhaps nothing can reach it."""

    code: ClassVar[str] = "dead-row"


class DeadRule(Finding):
    """A rule none of whose cases fires."""

    code: ClassVar[str] = "dead-rule"


class UnusedThreshold(Finding):
    """A threshold no condition and no text uses."""

    code: ClassVar[str] = "unused-threshold"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class VariantGap(Finding):
    """A threshold whose variants leave somebody out, or overlap."""

    code: ClassVar[str] = "variant-gap"


class LongSummary(Finding):
    """A summary that is too long for one line on a card once its values are filled in."""

    code: ClassVar[str] = "long-summary"


class LongDetail(Finding):
    """A detail too long to be read at a glance."""

    code: ClassVar[str] = "long-detail"


class OrderingWord(Finding):
    """A note that orders instead of offering something to consider."""

    code: ClassVar[str] = "ordering-word"


class DiagnosingWord(Finding):
    """A note that says what somebody has instead of what the results suggest."""

    code: ClassVar[str] = "diagnosing-word"


class UnquotedDose(Finding):
    """A dose in a note that does not say whose figure it is."""

    code: ClassVar[str] = "unquoted-dose"


class UnknownUse(Finding):
    """A name in ``asks``, ``assumes``, ``settled_by`` or ``look_back`` that is no fact."""

    code: ClassVar[str] = "unknown-use"


class ContentProblem(ValueError):
    """Content that cannot be used; carries every finding."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings
