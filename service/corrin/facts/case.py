"""A case: everything known of one subject as of one moment, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corrin.facts.fact import Fact, Measured, Stated
from corrin.facts.moment import Moment
from corrin.facts.slots import by_slots


@dataclass(frozen=True, slots=True)
class Subject:
    """The one person a call is about. Nothing in here identifies them.

    ``sex`` is FHIR administrative gender (``male``, ``female``, ``other``, ``unknown``) or
    ``None``; ``birth_date`` may be partial.
    """

    sex: str | None = None
    birth_date: Moment | None = None
    deceased: bool = False
    present: bool = False


@by_slots
@dataclass(frozen=True, slots=True)
class Refusal:
    """A value not taken, and why.

    ``reason`` is a code from ``rules/terminology/reasons.yaml``, whose sentence and remedy say
    the rest; ``path`` is a FHIRPath into the request (or ``file:line``); ``detail`` names what
    was met, for the caller's eyes only: it may hold patient data and must not be logged.
    """

    reason: str
    path: str
    origin: str = ""
    name: str | None = None
    detail: str = ""
    when: Moment | None = None
    reported: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that is neither done nor withdrawn: the analytes it asks for, and since when."""

    tests: frozenset[str]
    when: Moment | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What an intake made of one call, before anything is chosen.

    ``results`` holds every usable value, implausible ones included (flagged ``implausible``);
    ``statements`` the context; ``counts`` says where every resource went (``used``,
    ``superseded``, ``not-ours``, ``refused``); ``complete`` names the lists the caller declared
    complete (``medicines``); ``evaluation_time`` is the moment the
    request itself asked for (``Parameters.evaluationTime``). ``about`` is how the request refers to
    its person (``Patient/p1``, ``urn:uuid:…``, ``""`` when it does not): only for an answer that
    must refer alike, so it is never part of a case, a report, a digest or a log. ``rulesets`` are
    the rules the request itself asks for (``Parameters.ruleset``), for a door to find. ``orders``
    are tests that were ordered already: never facts, only a reason not to propose them again.
    """

    subject: Subject
    results: tuple[Measured, ...] = ()
    statements: tuple[Stated, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    complete: tuple[str, ...] = ()
    evaluation_time: Moment | None = None
    about: str = ""
    rulesets: tuple[str, ...] = ()
    orders: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """All facts of one subject as of one moment.

    ``facts`` maps a name to the fact chosen for it: an analyte never seen is absent from the map
    and means ``Absent(name, "not-measured")``; a concept never stated is absent from the map and
    means unknown. ``earlier`` holds, per analyte, every usable value oldest first (for trends);
    ``every`` every value that is neither cancelled nor in error, implausible, preliminary and
    stale ones included (for critical values). Both hold what was calculated here from two results
    of one sampling (``calculated-here``).
    """

    as_of: Moment
    subject: Subject
    facts: Mapping[str, Fact]
    earlier: Mapping[str, tuple[Measured, ...]] = field(default_factory=dict)
    every: Mapping[str, tuple[Measured, ...]] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
