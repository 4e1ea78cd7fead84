"""How often each rule spoke in a population that was interpreted whole (``rules/observed``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corrin.content import read_document

ABOVE = ("emergency", "urgent", "soon")
URGENCIES = (*ABOVE, "routine")


@dataclass(frozen=True, slots=True)
class Rate:
    """How many people one rule spoke for, by urgency; ``on_top`` not folded under another note."""

    emergency: int = 0
    urgent: int = 0
    soon: int = 0
    routine: int = 0
    on_top: int = 0

    @property
    def above(self) -> int:
        """How many notes stood above routine."""
        return self.emergency + self.urgent + self.soon

    @property
    def all(self) -> int:
        """How many notes there were."""
        return self.above + self.routine

    def of(self, column: str) -> int:
        """The count of an urgency, or ``above``, ``all``, ``on_top``."""
        found: int = getattr(self, column)
        return found


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted under one profile.

    Attributes:
        people: in the rules' scope.
        out_of_scope: others of the same population.
        packs: version and digest of each pack they were counted with.
        most_urgent: people by the most urgent thing said of them.
        statuses: topic → people by status and its urgency.
    """

    profile: str
    people: int
    out_of_scope: int
    packs: Mapping[str, tuple[str, str]]
    most_urgent: Mapping[str, int]
    rules: Mapping[str, Rate]
    statuses: Mapping[str, Mapping[tuple[str, str], int]]

    def per_thousand(self, number: int) -> str:
        """``36.0``: of 1,000 of these people."""
        return f"{1000 * number / self.people:.1f}"

    def too_often(self, number: int, most_percent: int) -> bool:
        """Whether something was said of more people than may be."""
        return 100 * number > most_percent * self.people


@dataclass(frozen=True, slots=True)
class Observed:
    """The population, what its counts do not say, and the counts by profile.

    ``most_percent``: a rule above routine for more of the people than this is a defect.
    """

    population: str
    limits: tuple[str, ...]
    most_percent: int
    profiles: Mapping[str, Counted]


def observed(root: Path) -> Observed | None:
    """The counts that were shipped with some content; none where there are none.

    Raises:
        corrin.content.ContentError: the file is not the YAML it should be.
    """
    file = root / "observed" / "alert-rates.yaml"
    if not file.is_file():
        return None
    found = read_document(file)
    return Observed(
        population=found["population"],
        limits=tuple(found["limits"]),
        most_percent=int(found["most_percent"]),
        profiles={name: _counted(name, one) for name, one in found["profiles"].items()},
    )


def _counted(profile: str, found: Mapping[str, Any]) -> Counted:
    return Counted(
        profile=profile,
        people=int(found["people"]),
        out_of_scope=int(found["out_of_scope"]),
        packs={id: (one["version"], one["digest"]) for id, one in found["packs"].items()},
        most_urgent=dict(found["most_urgent"]),
        rules={id: Rate(**one) for id, one in found["rules"].items()},
        statuses={
            topic: {_status(said): number for said, number in several.items()}
            for topic, several in found["statuses"].items()
        },
    )


def _status(said: str) -> tuple[str, str]:
    """``discordant (soon)``: a status and its urgency."""
    status, _, urgency = said.rpartition(" (")
    return status, urgency.rstrip(")")
