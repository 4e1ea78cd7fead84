"""How often each rule speaks up among unselected adults: the NHANES sample through a profile.

The samples lie beside the checkout or where ``CORRIN_SAMPLES`` says; without them the page stays
as it is.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ABOVE = ("emergency", "urgent", "soon")
# A rule that speaks above routine in more of this unselected population is a defect.
MOST = 0.05


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
    from corrin.packs.library import open_library

    text = f"""# Alert rates

Every adult of the NHANES sample (CDC, public domain; people of the general population, not people
somebody worried about) is interpreted under each profile. A rule that speaks above `routine` for
more than {100 * MOST:.0f} % of them is a defect, to be mended or explained. The survey holds no
symptoms, medicines or history, so a rule that needs those is silent here: the counts do not say
how often it speaks in a clinic.
"""
    for profile in sorted(open_library().profiles):
        text += counts_of(counted(folder, profile), profile, table)
    return text


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
