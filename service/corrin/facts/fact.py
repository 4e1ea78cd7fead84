"""The three kinds of fact: a measured value, a value that is absent and why, a statement."""

from __future__ import annotations

from dataclasses import dataclass, field

from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.facts.slots import by_slots


@by_slots
@dataclass(frozen=True, slots=True)
class Measured:
    """One numeric result in the dimension it was reported in.

    Attributes:
        analyte: our analyte id (``total_b12``).
        interval: what is known of the value, in ``unit``.
        unit: canonical UCUM unit of the dimension that was reported (``ng/L`` for a mass
            concentration of B12, ``pmol/L`` for a substance concentration).
        reported: value and unit as the source wrote them (``<150 pg/mL``).
        when: the sample's time (Observation.effective[x]); ``None`` when not stated.
        origin: where it came from, as the source would name it (``Observation/b12``).
        path: FHIRPath of the resource or component inside the request.
        status: Observation.status.
        specimen: specimen as stated or implied by the code (``Ser/Plas``).
        reference_range: the laboratory's own interval in ``unit``, when it gave one.
        reference_text: that interval as the laboratory wrote it.
        interpretation: the laboratory's interpretation codes (``L``, ``POS``).
        flags: data-quality flags, codes from ``rules/terminology/reasons.yaml``.
        issued: Observation.issued, to break ties between versions of a result.
        reported_unit: the UCUM unit it was reported in, to show cut-offs in it; ``None`` when it
            was calculated.
        identifiers: ``system|value`` of Observation.identifier, to recognise the same result.
    """

    analyte: str
    interval: Interval
    unit: str
    reported: str
    when: Moment | None = None
    origin: str = ""
    path: str = ""
    status: str = "final"
    specimen: str | None = None
    reference_range: Interval | None = None
    reference_text: str | None = None
    interpretation: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    issued: Moment | None = None
    identifiers: tuple[str, ...] = ()
    reported_unit: str | None = None


@by_slots
@dataclass(frozen=True, slots=True)
class Absent:
    """A fact that cannot be used, and why. Never normal, never zero.

    ``reason`` is a code from ``rules/terminology/reasons.yaml`` (``not-measured``, ``stale``,
    ``unit-missing`` …); ``origins`` name the results that were looked at and not taken;
    ``among`` holds the disagreeing values when the reason is ``ambiguous``.
    """

    name: str
    reason: str = "not-measured"
    reported: str | None = None
    when: Moment | None = None
    origins: tuple[str, ...] = ()
    among: tuple[Measured, ...] = ()


@by_slots
@dataclass(frozen=True, slots=True)
class Stated:
    """A context concept said to be so (``value`` true) or not so (false).

    ``since``/``until`` bound the time it held, as far as stated. ``history`` marks something
    that was so and no longer is (an inactive Condition, a completed Procedure).
    A concept nobody stated has no ``Stated`` at all: it is unknown.
    """

    name: str
    value: bool
    since: Moment | None = None
    until: Moment | None = None
    history: bool = False
    origin: str = ""
    path: str = ""
    reported: str = ""
    status: str = ""
    flags: tuple[str, ...] = field(default=())


Fact = Measured | Absent | Stated
