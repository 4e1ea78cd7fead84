"""Evaluation → Report: notes ordered and worded, every input named, nothing left out."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from hashlib import sha256

from corrin.evaluate.engine import Engine, Evaluation, Fired
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.trend import PREVIOUS, followed
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.digest import facts_digest
from corrin.notes.follow import told
from corrin.notes.note import NoteWriter
from corrin.notes.note_of_site import told_of
from corrin.notes.order import Order
from corrin.notes.site import overlay_used
from corrin.notes.status import StatusWriter, most_urgent
from corrin.notes.words import Dictionary
from corrin.packs.topics import topics
from corrin.terminology import Terminology
from corrin.terminology.evidence import Evidence

# Sentences about rules and facts that are kept: none holds anything of a patient.
_MOST_KEPT = 4096


class Composer:
    """Writes reports for one engine; safe to share between threads.

    Args:
        version: Corrin's own version, printed in every report.
    """

    def __init__(self, engine: Engine, terms: Terminology, rows: Evidence, version: str) -> None:
        self._engine, self._version = engine, version
        site = engine.library.site
        unavailable = frozenset() if site is None else site.unavailable
        self._words = Dictionary(
            terms, rows, engine.profile.head.notices, engine.library.truths, unavailable
        )
        basis = Basis(engine, self._words)
        self._overlay = overlay_used(site)
        self._basis = basis
        self._notes = NoteWriter(engine, self._words, basis)
        self._statuses = StatusWriter(engine, self._words, basis)
        self._order = {name: index for index, name in enumerate(terms.analytes)}
        self._titles = {rule.id: rule.title for pack in engine.packs for rule in pack.pack.rules}
        self._packs_on = lru_cache(maxsize=366)(self._packs_used)
        self._earlier_on = lru_cache(maxsize=366)(self._earlier_figures)
        self._nothing_said = lru_cache(maxsize=_MOST_KEPT)(self._silence)
        self._in_order = Order(
            [pack.id for pack in engine.packs],
            engine.profile.head.always_first,
            tuple(topics(engine.library.root)),
        )

    @property
    def writer(self) -> NoteWriter:
        """What puts single rules into words."""
        return self._notes

    @property
    def basis(self) -> Basis:
        """What explains conditions."""
        return self._basis

    @property
    def words(self) -> Dictionary:
        """What facts and reasons are called."""
        return self._words

    def rules_digest(self) -> str:
        """``sha256:`` over the profile and the packs of the engine, in the order they run."""
        engine = self._engine
        told = [engine.profile.digest, *(f"{p.id} {p.pack.digest}" for p in engine.packs)]
        if self._overlay is not None:
            told.append(self._overlay.digest)
        return "sha256:" + sha256("\n".join(told).encode()).hexdigest()

    def compose(self, evaluation: Evaluation) -> report.Report:
        """The report of one evaluation."""
        case, profile = evaluation.case, self._engine.profile
        statuses = {
            topic: self._statuses.write(decided, evaluation.world)
            for topic, decided in evaluation.decided.items()
        }
        values = self._values(case)
        notes = self._in_order.of(
            (
                (self._note(fired, evaluation, values, statuses), fired.bound.rule)
                for fired in evaluation.fired
            ),
            evaluation.decided,
        )
        urgency = most_urgent(
            (*(n.urgency for n in notes), *(s.urgency for s in statuses.values()))
        )
        return report.Report(
            corrin=self._version,
            as_of=case.as_of.text,
            profile=report.ProfileUsed(
                id=profile.head.id,
                title=profile.head.title,
                version=profile.head.version,
                digest=profile.digest,
            ),
            packs=self._packs(case),
            overlay=self._overlay,
            subject=self._subject(case),
            in_scope=evaluation.in_scope,
            headline=self._headline(evaluation, statuses, notes, urgency),
            urgency=urgency,
            statuses=statuses,
            notes=notes,
            cannot_say=self._cannot_say(evaluation),
            values=tuple(values.values()),
            trends=told(case, self._words),
            context=self._context(case),
            refusals=self._refusals(case),
            counts=dict(sorted(case.counts.items())),
            notices=self._notices(case, evaluation.in_scope),
            facts_digest=facts_digest(case),
            statement=profile.head.statement,
        )

    def _headline(
        self,
        evaluation: Evaluation,
        statuses: dict[str, report.Status],
        notes: tuple[report.Note, ...],
        urgency: str,
    ) -> str:
        if not evaluation.in_scope:
            said = self._engine.profile.head.scope_says
            return said[0].upper() + said[1:].rstrip(".") + "."
        parts = []
        if notes and notes[0].urgency in ("emergency", "urgent"):
            parts.append(f"{notes[0].urgency.capitalize()}: {notes[0].summary.rstrip('.')}.")
        elif urgency == "routine":
            parts.append(self._words.reason("nothing-above-routine"))
        owned = [statuses[t] for t in self._engine.profile.head.owns if t in statuses][:1]
        parts += [f"{status.title}: {status.says.rstrip('.')}." for status in owned]
        return " ".join(parts)

    def _note(
        self,
        fired: Fired,
        evaluation: Evaluation,
        values: dict[int, report.Value],
        statuses: dict[str, report.Status],
    ) -> report.Note:
        note = self._notes.write(fired, evaluation, values)
        site = self._engine.library.site
        return note if site is None else told_of(note, fired, statuses, site, self._basis)

    def _packs(self, case: Case) -> tuple[report.PackUsed, ...]:
        return self._packs_on(case.as_of.end.date())

    def _packs_used(self, day: date) -> tuple[report.PackUsed, ...]:
        return tuple(
            report.PackUsed(
                id=pack.id,
                title=pack.pack.head.title,
                version=pack.pack.head.version,
                date=str(pack.pack.head.date),
                digest=pack.pack.digest,
                in_force_from=str(pack.pack.head.in_force.start),
                in_force=pack.pack.head.in_force.holds_on(day),
                drafts=sum(1 for rule in pack.pack.rules if rule.status == "draft"),
                citations=tuple(
                    f"{c.title}, {c.publisher}" + (f" ({c.published})" if c.published else "")
                    for c in pack.pack.head.citations
                ),
            )
            for pack in self._engine.packs
        )

    def _earlier_figures(self, day: date) -> tuple[str, ...]:
        """The packs of which figures that have been replaced since hold on a day."""
        found = (
            pack.pack.head.title
            for pack in self._engine.packs
            for threshold in pack.pack.thresholds.values()
            if any(dated.in_force.holds_on(day) for dated in threshold.earlier)
        )
        return tuple(dict.fromkeys(found))

    def _subject(self, case: Case) -> report.SubjectSeen:
        age = case.facts.get("age")
        said = None
        if isinstance(age, Measured) and age.interval.low is not None:
            low, high = int(age.interval.low), int(age.interval.high or age.interval.low)
            said = f"{low} years" if low == high else f"{low} to {high} years"
        return report.SubjectSeen(age=said, sex=case.subject.sex, stated=case.subject.present)

    def _values(self, case: Case) -> dict[int, report.Value]:
        """Every value chosen, in the order of the analytes, by the identity of its fact."""
        found = [
            value
            for name, fact in case.facts.items()
            if name != "age" and not name.endswith(PREVIOUS)  # told as earlier ones
            for value in (fact.among if isinstance(fact, Absent) else (fact,))
            if isinstance(value, Measured)
        ]
        chosen = {(fact.analyte, fact.origin, fact.when) for fact in found}
        found.sort(key=lambda fact: self._order.get(fact.analyte, len(self._order)))
        values: dict[int, report.Value] = {}
        earlier: dict[str, tuple[report.Earlier, ...]] = {}  # one for all values that disagree
        for fact in found:
            if fact.analyte not in earlier:
                earlier[fact.analyte] = tuple(
                    report.Earlier(
                        reported=other.reported,
                        when=None if other.when is None else other.when.text,
                        origin=other.origin,
                    )
                    for other in case.earlier.get(fact.analyte, ())
                    if (other.analyte, other.origin, other.when) not in chosen
                )
            values[id(fact)] = self._words.value(fact, earlier[fact.analyte])
        return values

    def _context(self, case: Case) -> tuple[report.Context, ...]:
        directions = frozenset(followed().directions())  # told with the trends
        stated = [
            fact
            for name, fact in sorted(case.facts.items())
            if isinstance(fact, Stated) and name not in directions
        ]
        return tuple(
            report.Context(
                name=fact.name,
                label=self._words.label(fact.name),
                present=fact.value,
                history=fact.history,
                since=None if fact.since is None else fact.since.text,
                until=None if fact.until is None else fact.until.text,
                origin=fact.origin,
                flags=self._words.flags(fact.flags),
            )
            for fact in stated
        )

    def _refusals(self, case: Case) -> tuple[report.Refused, ...]:
        found = [
            report.Refused(
                reason=refusal.reason,
                says=self._words.reason(refusal.reason),
                remedy=self._words.remedy(refusal.reason),
                path=refusal.path,
                origin=refusal.origin,
                name=refusal.name,
                label=None if refusal.name is None else self._words.label(refusal.name),
                reported=refusal.reported,
                when=None if refusal.when is None else refusal.when.text,
                detail=refusal.detail,
            )
            for refusal in case.refusals
        ]
        return tuple(sorted(found, key=lambda r: (r.name or "", r.origin, r.path, r.reason)))

    def _cannot_say(self, evaluation: Evaluation) -> tuple[report.CannotSay, ...]:
        found: dict[str, report.CannotSay] = {}
        facts = evaluation.world.facts
        for unsaid in evaluation.unsaid:
            rule = unsaid.bound.rule
            if facts.keys().isdisjoint(unsaid.because):
                found[rule.id] = self._nothing_said(unsaid.pack.id, rule.id, unsaid.because)
            else:
                because = tuple(self._words.missing(n, facts.get(n)) for n in unsaid.because)
                found[rule.id] = report.CannotSay(
                    rule=rule.id, title=rule.title, pack=unsaid.pack.id, because=because
                )
        return tuple(found.values())

    def _silence(self, pack: str, rule: str, because: tuple[str, ...]) -> report.CannotSay:
        """A rule that cannot say because nothing at all is known of these facts."""
        missing = tuple(self._words.missing(name, None) for name in because)
        return report.CannotSay(rule=rule, title=self._titles[rule], pack=pack, because=missing)

    def _notices(self, case: Case, in_scope: bool) -> tuple[str, ...]:
        said = [self._words.notices.get(code) or self._words.reason(code) for code in case.notices]
        if not in_scope:
            scope = self._engine.profile.head.scope_says
            said.insert(0, scope[0].upper() + scope[1:].rstrip(".") + ".")
        early = [pack.title for pack in self._packs(case) if not pack.in_force]
        if early:
            said.append(f"{self._words.reason('not-in-force')} {'; '.join(early)}.")
        earlier = self._earlier_on(case.as_of.end.date())
        if earlier:
            said.append(f"{self._words.reason('earlier-figures')} {'; '.join(earlier)}.")
        return tuple(dict.fromkeys(said))
