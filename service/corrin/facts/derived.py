"""Facts that are worked out from others: age, eGFR, whether vitamin B12 was being given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from corrin import terminology, units
from corrin.content import read_document, rules_root
from corrin.facts import combined_indicator, duration, egfr, gestation
from corrin.facts.case import Reading, Refusal
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.units import UnitError

AGE, EGFR, CREATININE, ON_TREATMENT = "age", "egfr", "creatinine", "on_b12_treatment"
PREGNANT = "pregnant"
AGE_UNIT = "a"
# Refusals of a medicine that say it was not given; any other leaves open whether it was.
_NOT_GIVEN = frozenset({"medicine-not-taken", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """Which samples treatment must be told from, and which list settles that there was none."""

    samples: tuple[str, ...]
    declared_by: str
    begun_by: tuple[str, ...]


@lru_cache(maxsize=1)
def treatment() -> Treatment:
    """``rules/derived/treatment.yaml``, read once."""
    given = read_document(rules_root() / "derived" / "treatment.yaml")[ON_TREATMENT]
    return Treatment(tuple(given["samples"]), given["declared_by"], tuple(given["begun_by"]))


def add(facts: dict[str, Fact], reading: Reading, as_of: Moment) -> None:
    """Put the derived facts beside the chosen ones; one that cannot be told stays out."""
    born = reading.subject.birth_date
    if born is not None:
        age = age_at(born, as_of)
        if age is not None:
            facts[AGE] = age
    found = _egfr(facts, reading.subject.sex)
    if found is not None:
        facts[EGFR] = found
    if reading.subject.sex == "male" and PREGNANT not in facts:
        facts[PREGNANT] = Absent(PREGNANT, "not-applicable")
    treated = on_treatment(reading, facts, as_of)
    if treated is not None:
        facts[ON_TREATMENT] = treated
    indicator = combined_indicator.found(facts)
    if indicator is not None:
        facts[combined_indicator.INDICATOR] = indicator
    gestation_then = gestation.at_sample(facts)
    if gestation_then is not None:
        facts[gestation.GESTATIONAL_AGE] = gestation_then
    given = duration.time_on_b12(reading.statements, as_of)
    if given is not None:
        facts[duration.TIME_ON_B12] = given
    facts.update(duration.lapsed(reading.statements, as_of))


def age_at(born: Moment, as_of: Moment) -> Measured | None:
    """Completed years as of a moment: two values when a birth date without day or month leaves it
    open. ``None`` for a birth in the future."""
    youngest = _years(born.end, as_of.start)
    oldest = _years(born.start, as_of.end)
    if oldest < 0:
        return None
    low, high = Decimal(max(youngest, 0)), Decimal(oldest)
    shown = str(oldest) if low == high else f"{low} to {high}"
    return Measured(
        analyte=AGE,
        interval=Interval(low, high),
        unit=AGE_UNIT,
        reported=f"{shown} {AGE_UNIT}",
        when=as_of,
        origin="Patient",
        path="Patient.birthDate",
        flags=("date-partial",) if len(born.text) < len("2000-01-01") else (),
    )


def _years(born: object, on: object) -> int:
    assert isinstance(born, datetime) and isinstance(on, datetime)
    day = on.astimezone(born.tzinfo)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _egfr(facts: dict[str, Fact], sex: str | None) -> Fact | None:
    """Computed when creatinine, age and sex allow it; else what the laboratory reported."""
    reported = facts.get(EGFR)
    creatinine, age = facts.get(CREATININE), facts.get(AGE)
    if not isinstance(creatinine, Measured):
        return reported
    rule = egfr.formula()
    if any(isinstance(fact, Stated) and fact.value for fact in map(facts.get, rule.not_when)):
        return reported or Absent(EGFR, "not-applicable", origins=(creatinine.origin,))
    if not isinstance(age, Measured) or sex is None or sex not in rule.sexes:
        return reported
    if age.interval.low is None or age.interval.low < rule.least_age:
        return reported or Absent(EGFR, "not-applicable", origins=(creatinine.origin,))
    analyte = terminology.load().analytes[CREATININE]
    try:
        known = units.convert_interval(
            analyte, creatinine.interval, creatinine.unit, rule.creatinine_unit
        )
    except UnitError:
        return reported
    found = egfr.interval(known, age.interval, sex)
    if found is None:
        return reported
    return Measured(
        analyte=EGFR,
        interval=found,
        unit=rule.unit,
        reported=f"{_rounded(found)} {rule.unit}",
        when=creatinine.when,
        origin=creatinine.origin,
        path=creatinine.path,
        status=creatinine.status,
        specimen=creatinine.specimen,
        flags=creatinine.flags,
        issued=creatinine.issued,
    )


def _rounded(interval: Interval) -> str:
    """The figure as it is shown: whole numbers, which is how eGFR is reported."""
    one = Decimal(1)
    low = None if interval.low is None else interval.low.quantize(one)
    high = None if interval.high is None else interval.high.quantize(one)
    return str(Interval(low, high)) if low != high or low is None else str(low)


def on_treatment(reading: Reading, facts: dict[str, Fact], as_of: Moment) -> Stated | None:
    """Whether vitamin B12 was being given at a sample chosen (the last of them: one is enough).

    True when any such medicine began, or may have begun, by then; false when every one is stated
    to have begun later (a prescription does not say so), or the caller declared the list of
    medicines complete and it holds none (nor an entry that could not be read and may be one).
    """
    rule, concepts = treatment(), terminology.load().concepts
    samples = [
        fact.when
        for fact in map(facts.get, rule.samples)
        if isinstance(fact, Measured) and fact.when is not None
    ]
    sample = max(samples, key=lambda moment: moment.end, default=as_of)
    given: list[Stated] = []
    denied: list[Stated] = []
    for one in reading.statements:
        concept = concepts.get(one.name)
        if concept is not None and concept.gives_b12:
            (given if one.value else denied).append(one)
    before = [one for one in given if one.since is None or one.since.start <= sample.end]
    if before:
        first = min(before, key=_earliest)
        return Stated(
            ON_TREATMENT,
            True,
            first.since,
            origin=first.origin,
            path=first.path,
            reported=first.reported,
        )
    if given:
        # What was prescribed or injected after the sample may be one of many.
        if any(one.origin.partition("/")[0] not in rule.begun_by for one in given):
            return None
        first = min(given, key=_earliest)
        return Stated(
            ON_TREATMENT, False, origin=first.origin, path=first.path, reported=first.reported
        )
    if rule.declared_by in reading.complete and not any(map(_may_be_b12, reading.refusals)):
        return Stated(ON_TREATMENT, False)
    return None


def _earliest(one: Stated) -> tuple[object, ...]:
    """Dated ones by their beginning; the rest makes the order the same every time."""
    start = "" if one.since is None else one.since.start.astimezone(UTC).isoformat()
    return (one.since is None, start, one.origin, one.path, one.name)


def _may_be_b12(one: Refusal) -> bool:
    """Whether a refusal leaves open that vitamin B12 was given."""
    if one.reason in _NOT_GIVEN:
        return False
    if one.name is None:
        return "Medication" in one.origin or "Medication" in one.path
    concept = terminology.load().concepts.get(one.name)
    return concept is not None and concept.gives_b12
