"""What a condition is evaluated against: the facts of one case, or of one "what if".

A world is cheap to vary: :meth:`World.given` replaces one fact and keeps the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from corrin import terminology
from corrin.facts.case import Case
from corrin.facts.fact import Fact, Stated
from corrin.facts.moment import Moment

# The moment asked about, as a fact with a time: "platelets within 7 days before as_of".
AS_OF = "as_of"


@dataclass(frozen=True, slots=True)
class World:
    """Facts by name, coded facts, and the reasons of refused values by analyte.

    ``memo`` keeps the truth of definitions, which never changes within a world, and ``unknown``
    the facts that leave them unknown. A world that was varied knows its ``base`` and what was
    ``varied``: what looks at none of that is as true there.
    """

    facts: Mapping[str, Fact]
    coded: Mapping[str, str]
    refused: Mapping[str, frozenset[str]]
    on: date
    memo: dict[int, bool | None] = field(default_factory=dict, compare=False, repr=False)
    unknown: dict[int, dict[str, None]] = field(default_factory=dict, compare=False, repr=False)
    base: World | None = field(default=None, compare=False, repr=False)
    varied: Mapping[str, Fact] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, case: Case) -> World:
        """The world of a case. What was refused of a concept leaves open what it lies within."""
        refused: dict[str, set[str]] = {}
        terms = terminology.load() if case.refusals else None
        for refusal in case.refusals:
            if refusal.name is not None and terms is not None:
                wider = (one.id for one in terms.wider(refusal.name))
                for name in (refusal.name, *wider):
                    refused.setdefault(name, set()).add(refusal.reason)
        sex = case.subject.sex
        return cls(
            {**case.facts, AS_OF: Stated(AS_OF, True, since=case.as_of)},
            {"sex": sex} if sex is not None else {},
            {name: frozenset(reasons) for name, reasons in refused.items()},
            case.as_of.end.date(),
        )

    def apart(self) -> World:
        """The same facts with nothing kept: for conditions that will not live as long as it."""
        return World(self.facts, self.coded, self.refused, self.on)

    def given(self, **facts: Fact) -> World:
        """The same world with some facts replaced or added."""
        if not facts:
            return self
        every = {**self.facts, **facts}
        return World(every, self.coded, self.refused, self.on, {}, {}, self, facts)


def time_of(fact: Fact | None) -> Moment | None:
    """When a fact was: a sample's time, a statement's beginning."""
    if fact is None:
        return None
    when = getattr(fact, "when", None)
    found: Moment | None = when if when is not None else getattr(fact, "since", None)
    return found
