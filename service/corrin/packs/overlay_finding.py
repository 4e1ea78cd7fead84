"""What can be wrong with a site file, beside all that can be wrong with a pack."""

from __future__ import annotations

from typing import ClassVar, Literal

from corrin.packs.finding import Finding


class UnknownThreshold(Finding):
    """A threshold the pack does not have."""

    code: ClassVar[str] = "unknown-threshold"


class UnknownRule(Finding):
    """A rule no pack has."""

    code: ClassVar[str] = "unknown-rule"


class UnknownProfile(Finding):
    """A profile that does not exist."""

    code: ClassVar[str] = "unknown-profile"


class UnknownTest(Finding):
    """A test, or an assay, that is no analyte."""

    code: ClassVar[str] = "unknown-test"


class FixedThreshold(Finding):
    """A cut-off of a pack that always runs and that no site may move."""

    code: ClassVar[str] = "fixed-threshold"


class OutsideWindow(Finding):
    """A cut-off moved beyond the range that published limits run over."""

    code: ClassVar[str] = "outside-window"


class FixedWording(Finding):
    """A summary or detail of a pack that always runs."""

    code: ClassVar[str] = "fixed-wording"


class WrongUnit(Finding):
    """A unit that is none of the analyte's, or two units of one kind of quantity."""

    code: ClassVar[str] = "wrong-unit"


class MissingUnit(Finding):
    """Published in two units, set in one: results in the other would have no figure of their own
    (GL-01)."""

    code: ClassVar[str] = "missing-unit"


class ImplausibleFigure(Finding):
    """A cut-off where no result can lie: it would switch off what uses it."""

    code: ClassVar[str] = "implausible-figure"


class NothingMoved(Finding):
    """A figure set to what it is already."""

    code: ClassVar[str] = "nothing-moved"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class CrossedCutOffs(Finding):
    """A cut-off moved past another of the same analyte."""

    code: ClassVar[str] = "crossed-cut-offs"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class StaleWording(Finding):
    """A text that still names the published figure of a cut-off that was moved."""

    code: ClassVar[str] = "stale-wording"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class DroppedValue(Finding):
    """A summary that no longer shows a value the rule's own shows."""

    code: ClassVar[str] = "dropped-value"
    severity: ClassVar[Literal["error", "warning"]] = "warning"


class NotRun(Finding):
    """A change to a pack the named profile does not run."""

    code: ClassVar[str] = "not-run"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
