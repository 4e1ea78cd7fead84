"""Values, intervals, dates and codes put into words, the same way everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.trend import PREVIOUS
from corrin.language.world import time_of
from corrin.notes import report
from corrin.notes.sentence import small
from corrin.terminology import Terminology
from corrin.terminology.evidence import Evidence

_LONG = re.compile(r"(?<!\d)\d+\.\d{4,}(?!\d)", re.ASCII)


def each_reported(fact: Absent) -> str | None:
    """The value that could not be used, or all that disagree: ``170 ng/L and 420 ng/L``."""
    return " and ".join(dict.fromkeys(v.reported for v in fact.among)) or fact.reported


SUPPOSED_MARK = " (supposed)"  # ends the reported text of what is supposed and of no result
NO_UNIT = "1"  # UCUM's unit of a pure number: nobody says it


def number(value: Decimal) -> str:
    """A decimal in plain notation, without an exponent; digits stay as they were given."""
    return format(value, "f")


def quantity(interval: Interval, unit: str) -> str:
    """An interval with its unit: ``240 ng/L``, ``<150 ng/L``, ``180 to 220 ng/L``."""
    return f"{interval}" if unit == NO_UNIT else f"{interval} {unit}"


def short_digits(text: str) -> str:
    """Long decimals of a conversion cut to four digits and marked: ``about 1.746 mmol/L``."""
    return _LONG.sub(lambda found: f"about {Decimal(found[0]):.4g}", text)


def _compared(fact: Measured) -> str:
    """A value as it was compared; what is supposed stays marked."""
    mark = SUPPOSED_MARK if fact.reported.endswith(SUPPOSED_MARK) else ""
    return f"{short_digits(quantity(fact.interval, fact.unit))}{mark}"


def stretch(interval: Interval, unit: str | None) -> str:
    """A stretch of values a finding may lie in: ``above 0.75 umol/L``."""
    unit_said = f" {unit}" if unit and unit != NO_UNIT else ""
    low, high = interval.low, interval.high
    if low is not None and low == high:
        return f"exactly {number(low)}{unit_said}"
    if low is None and high is None:
        return "any value"
    if low is None and high is not None:
        return f"{'at or below' if interval.high_closed else 'below'} {number(high)}{unit_said}"
    if high is None and low is not None:
        return f"{'at or above' if interval.low_closed else 'above'} {number(low)}{unit_said}"
    assert low is not None and high is not None
    left = "" if interval.low_closed else "above "
    right = "" if interval.high_closed else "below "
    return f"{left}{number(low)} to {right}{number(high)}{unit_said}"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What facts, reasons and evidence rows are called; ``notices`` are the profile's
    sentences, ``truths`` the names of what the program works out itself and ``unavailable`` the
    tests the site cannot do."""

    terms: Terminology
    rows: Evidence
    notices: Mapping[str, str]
    truths: Mapping[str, str]
    unavailable: frozenset[str] = frozenset()
    _evidence: dict[tuple[str, ...], tuple[report.Evidence, ...]] = field(default_factory=dict)
    _not_there: dict[str, report.Missing] = field(default_factory=dict)
    _flags: dict[str, report.Words] = field(default_factory=dict)
    _assumed: dict[str, report.Words] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """What people call a fact."""
        if name in self.terms.analytes:
            return self.terms.analytes[name].name
        if name in self.terms.concepts:
            return self.terms.concepts[name].name
        return self.truths.get(name) or name.replace("_", " ")

    def _is_result(self, name: str) -> bool:
        """Whether a fact is a result (``mma``, ``mma_previous``) and not a statement."""
        return name.removesuffix(PREVIOUS) in self.terms.analytes

    def available(self, name: str) -> bool:
        """Whether the site can do a test; true of what is none."""
        return name.removesuffix(PREVIOUS) not in self.unavailable

    def short(self, name: str) -> str:
        """What people call a fact inside a sentence."""
        if name in self.terms.analytes:
            return self.terms.analytes[name].short
        return self.label(name)

    def reason(self, code: str) -> str:
        """The sentence of a reason or flag."""
        found = self.terms.reasons.get(code)
        return found.sentence if found is not None else code

    def remedy(self, code: str) -> str:
        """What to do about a reason."""
        found = self.terms.reasons.get(code)
        return found.remedy if found is not None else ""

    def flags(self, codes: tuple[str, ...]) -> tuple[report.Words, ...]:
        """Flags with their sentences."""
        return tuple(map(self._flag, codes))

    def _flag(self, code: str) -> report.Words:
        found = self._flags.get(code)
        if found is None:
            found = self._flags[code] = report.Words(code=code, says=self.reason(code))
        return found

    def assumed(self, name: str) -> report.Words:
        """What an answer stands on without its having been said."""
        found = self._assumed.get(name)
        if found is None:
            why = "not available" if self._is_result(name) else "not stated"
            says = f"{self.label(name)} {why}"
            found = self._assumed[name] = report.Words(code=name, says=says)
        return found

    def missing(self, name: str, fact: Fact | None) -> report.Missing:
        """A fact that could not be used, and why."""
        if fact is None:
            if name not in self._not_there:
                self._not_there[name] = self._missing(name, fact)
            return self._not_there[name]
        return self._missing(name, fact)

    def _missing(self, name: str, fact: Fact | None) -> report.Missing:
        if isinstance(fact, Absent):
            reason, reported, when = fact.reason, each_reported(fact), fact.when
        elif isinstance(fact, Measured):
            reason, reported, when = "partly-known", fact.reported, fact.when
        elif self._is_result(name):
            reason, reported, when = "not-measured", None, None
        else:
            reason, reported, when = "not-stated", None, None
        available = self.available(name)
        says = self.reason(reason)
        return report.Missing(
            name=name,
            label=self.label(name),
            reason=reason,
            says=says if available else f"{says} {self.reason('not-available-here')}",
            available=available,
            reported=reported,
            when=None if when is None else when.text,
        )

    def value(self, fact: Measured, earlier: tuple[report.Earlier, ...] = ()) -> report.Value:
        """A measured input for the report, with the ``earlier`` ones of its analyte."""
        return report.Value(
            name=fact.analyte,
            label=self.label(fact.analyte),
            reported=fact.reported,
            compared=quantity(fact.interval, fact.unit),
            when=None if fact.when is None else fact.when.text,
            status=fact.status,
            origin=fact.origin,
            path=fact.path,
            specimen=fact.specimen,
            laboratory_range=fact.reference_text,
            flags=self.flags(fact.flags),
            earlier=earlier,
        )

    def evidence(self, ids: tuple[str, ...]) -> tuple[report.Evidence, ...]:
        """Evidence rows with how they were checked and where they were read."""
        known = self._evidence.get(ids)
        if known is not None:
            return known
        found = []
        for row_id in dict.fromkeys(ids):
            row = self.rows.row(row_id)
            sources = tuple(
                report.Source(key=s.key, title=s.title, url=s.url)
                for s in self.rows.sources_of(row_id)
            )
            found.append(
                report.Evidence(row=row.id, check=row.check, verified=row.verified, sources=sources)
            )
        self._evidence[ids] = tuple(found)
        return self._evidence[ids]

    def said(self, fact: Fact | None, name: str, aspect: str | None) -> str:
        """A fact inside a sentence: its value as reported, or why there is none."""
        if aspect == "name":
            return self.short(name)
        if aspect == "date":
            when = time_of(fact)
            return when.text if when is not None else "date not stated"
        if aspect == "compared" and isinstance(fact, Measured):
            return _compared(fact)
        if aspect == "reason":
            return self.reason(fact.reason) if isinstance(fact, Absent) else ""
        if isinstance(fact, Measured):
            return fact.reported
        if isinstance(fact, Stated):
            if self._is_result(name):
                return "positive" if fact.value else "negative"
            return "stated" if fact.value else "stated absent"
        if isinstance(fact, Absent):
            if fact.reason == "not-measured":
                return "not measured"
            reported = each_reported(fact)
            shown = f"{reported}, " if reported else ""
            return f"{shown}not usable ({small(self.reason(fact.reason).rstrip('.'))})"
        return "not measured" if self._is_result(name) else "not stated"

    def brief(self, fact: Fact | None, name: str, aspect: str | None) -> str:
        """A fact inside a sentence that has little room: value or "not usable", day without time;
        empty where nothing shorter can be said."""
        if aspect == "date":
            when = time_of(fact)
            return "" if when is None else when.text[: len("2000-01-01")]
        if isinstance(fact, Absent) and fact.reason != "not-measured":
            return "not usable"
        if isinstance(fact, Measured):
            return min(fact.reported, _compared(fact), key=len)
        return ""
