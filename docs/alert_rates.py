"""How often each rule speaks up among unselected adults: the NHANES sample through a profile.

The samples lie beside the checkout or where ``CORRIN_SAMPLES`` says; without them the page stays
as it is.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ABOVE = ("emergency", "urgent", "soon")
# A rule that speaks above routine in more of this unselected population is a defect.
MOST = 0.05
# What the service shows of the counts (`/rules/alert-rates`).
CONTENT = ROOT / "rules" / "observed" / "alert-rates.yaml"
POPULATION = (
    "Adults of two cycles of NHANES (2005-2006 and 2011-2012; CDC, public domain): people of the "
    "general population of the United States, not people somebody worried about."
)
LIMITS = (
    "The survey holds no symptoms, medicines or history, so a rule that needs those is silent "
    "here: the counts do not say how often it speaks in a clinic.",
    "Of each cycle a part of its people is counted, each person once and without the survey's "
    "weights: the counts are of these people, not estimates for the country.",
    "The files state no dates; every sample is read as if it had been taken the day before.",
)


@dataclass
class Rates:
    """Counts over one sample; ``people`` are adults in the rules' scope."""

    people: int = 0
    children: int = 0
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    on_top: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    most_urgent: Counter[str] = field(default_factory=Counter)
    notes_above: Counter[int] = field(default_factory=Counter)

    def above(self, rule: str) -> int:
        """How many people a rule gave a note above routine."""
        return sum(self.rules[rule][urgency] for urgency in ABOVE)


def samples() -> Path | None:
    """The folder of sample files, if it is there."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from support import places

        return places.samples()
    finally:
        sys.path.pop(0)


def counted(folder: Path, profile: str) -> Rates:
    """Every row of the sample, interpreted once (B12 from its pg/mL column)."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        import nhanes
    finally:
        sys.path.pop(0)
    from corrin import interpret

    rates = Rates()
    for row in nhanes.rows(folder):
        report = interpret(nhanes.bundle(row, "ng"), as_of=nhanes.AS_OF, profile=profile)
        if not report.in_scope:
            rates.children += 1
            continue
        rates.people += 1
        rates.most_urgent[report.urgency] += 1
        rates.notes_above[sum(n.under is None and n.urgency in ABOVE for n in report.notes)] += 1
        for note in report.notes:
            rates.rules.setdefault(note.rule, Counter())[note.urgency] += 1
            rates.on_top[note.rule] += note.under is None
        for topic, status in report.statuses.items():
            said = status.status or " or ".join(word.code for word in status.possible)
            rates.statuses.setdefault(topic, Counter())[f"{said} ({status.urgency})"] += 1
    return rates


Table = Callable[[tuple[str, ...], list[tuple[object, ...]]], str]


def page(folder: Path, table: Table) -> str:
    """The page: every profile's counts. ``table`` writes a Markdown table."""
    text = f"""# Alert rates

Every adult of the NHANES sample (CDC, public domain; people of the general population, not people
somebody worried about) is interpreted under each profile. A rule that speaks above `routine` for
more than {100 * MOST:.0f} % of them is a defect, to be mended or explained. The survey holds no
symptoms, medicines or history, so a rule that needs those is silent here: the counts do not say
how often it speaks in a clinic.
"""
    for profile, rates in every(folder).items():
        text += counts_of(rates, profile, table)
    return text


@lru_cache(maxsize=1)
def every(folder: Path) -> dict[str, Rates]:
    """The counts of every profile."""
    from corrin.packs.library import open_library

    return {profile: counted(folder, profile) for profile in sorted(open_library().profiles)}


def content(folder: Path) -> str:
    """The same counts as a file of content, with the packs they were counted with."""
    from corrin.packs.library import open_library

    library = open_library()
    text = (
        "# Written by `make docs` (docs/alert_rates.py), beside docs/alert-rates.md. Do not edit.\n"
    )
    text += f"population: {json.dumps(POPULATION)}\nlimits:\n"
    text += "".join(f"  - {json.dumps(limit)}\n" for limit in LIMITS)
    text += f"most_percent: {100 * MOST:.0f}\nprofiles:\n"
    for profile, rates in every(folder).items():
        text += f"  {profile}:\n    people: {rates.people}\n    out_of_scope: {rates.children}\n"
        text += "    packs:\n"
        for pack in library.profiles[profile].head.packs:
            found = library.packs[pack].pack
            text += f"      {pack}: {{version: {found.head.version}, digest: '{found.digest}'}}\n"
        text += f"    most_urgent: {_counts(rates.most_urgent)}\n    rules:\n"
        for rule, counts in sorted(rates.rules.items()):
            text += f"      {rule}: {_counts(counts + Counter(on_top=rates.on_top[rule]))}\n"
        text += "    statuses:\n"
        for topic, said in sorted(rates.statuses.items()):
            text += f"      {topic}:\n"
            for status, number in sorted(said.items(), key=lambda pair: (-pair[1], pair[0])):
                text += f"        {json.dumps(status)}: {number}\n"
    return text


def _counts(counts: Counter[str]) -> str:
    """Counts above none, in order of urgency, as a mapping of one line."""
    order = (*ABOVE, "routine", "on_top")
    return "{" + ", ".join(f"{name}: {counts[name]}" for name in order if counts[name]) + "}"


def counts_of(rates: Rates, profile: str, table: Table) -> str:
    def per(number: int) -> str:
        return f"{1000 * number / rates.people:.1f}"

    urgencies = ", ".join(f"{u} {per(rates.most_urgent[u])}" for u in (*ABOVE, "routine"))
    top = ", ".join(f"{n} for {per(c)}" for n, c in sorted(rates.notes_above.items()))
    loud = sorted((r for r in rates.rules if rates.above(r)), key=lambda r: (-rates.above(r), r))
    quiet = sorted(r for r in rates.rules if not rates.above(r))
    return f"""
## Profile `{profile}`

{rates.people:,} adults ({rates.children:,} younger people are outside the rules' scope). Per 1,000:

- the most urgent thing said: {urgencies}
- notes above routine on top: {top}

Rules above routine, per 1,000 people:

{
        table(
            ("rule", *ABOVE, "above routine", "on top", "defect"),
            [
                (
                    f"`{rule}`",
                    *(per(rates.rules[rule][urgency]) for urgency in ABOVE),
                    per(rates.above(rule)),
                    per(rates.on_top[rule]),
                    "yes" if rates.above(rule) > MOST * rates.people else "",
                )
                for rule in loud
            ],
        )
    }
Routine only, per 1,000 people:

{
        table(
            ("rule", "routine", "on top"),
            [(f"`{r}`", per(rates.rules[r]["routine"]), per(rates.on_top[r])) for r in quiet],
        )
    }
Statuses, per 1,000 people:

{
        table(
            ("topic", "status (urgency)", "people"),
            [
                (f"`{topic}`", said, per(number))
                for topic, counts in sorted(rates.statuses.items())
                for said, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            ],
        )
    }"""
