"""Two versions of a pack over many cases: who comes out differently, and because of what.

A change is the cause when it alone, made to the earlier pack, turns the earlier answer into the
later one. Where none does alone, the cut-offs are tried together, then everything; what is not
needed is left out. Of two guidelines only the cut-offs are tried: their rows and rules are written
apart, and so are their notes, which differ by name alone and are not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from corrin import __version__, terminology
from corrin.comparison import pack_diff as form
from corrin.comparison.framework import Framework
from corrin.comparison.piecemeal import Step, ground, steps
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case
from corrin.notes.compose import Composer
from corrin.packs.pack import Pack

Item = tuple[form.About, str]
Signature = Mapping[Item, tuple[str, str]]
"""What comes out of a case: item → (code, words)."""

_Causes = tuple[form.Cause, ...]

# The kinds of change in the order they are tried: a cut-off is the shortest answer.
_RANKS: tuple[tuple[form.Kind, ...], ...] = (
    ("threshold",),
    ("definition",),
    ("decision", "row", "restriction"),
    ("rule",),
)

# Compiled packs that are kept, and more steps than these are not told apart one by one.
MOST_KEPT = 256
MOST_STEPS = 200
# With more differences than these, two packs of different names are two guidelines.
MOST_APART = 60


@dataclass(frozen=True, slots=True)
class Unread:
    """A case that could not be read: a reason code and its sentence."""

    reason: str
    says: str


@dataclass(slots=True)
class _Run:
    """A pack in its profile, asked what comes out."""

    engine: Engine
    composer: Composer

    def signature(self, case: Case) -> Signature:
        report = self.composer.compose(self.engine.evaluate(case))
        inside = "in scope" if report.in_scope else "out of scope"
        found: dict[Item, tuple[str, str]] = {("scope", ""): (inside, inside)}
        if report.in_scope:
            found["urgency", ""] = (report.urgency, report.urgency)
        for topic, status in report.statuses.items():
            code = status.status or " or ".join(word.code for word in status.possible)
            found["status", topic] = (code, status.says)
            found["urgency", topic] = (status.urgency, status.urgency)
        for note in report.notes:
            found["note", note.rule] = (note.urgency, note.urgency)
        return found


@dataclass(slots=True)
class Pair:
    """Two packs, the one in the place of the other, ready to be asked about cases."""

    before: Framework
    after: Framework
    _steps: tuple[Step, ...] = ()
    _runs: dict[frozenset[int], _Run | None] = field(default_factory=dict)
    _ends: tuple[_Run, ...] = ()
    _own: frozenset[Item] = frozenset()

    def __post_init__(self) -> None:
        self._ends = tuple(_Run(one.engine, one.composer) for one in (self.before, self.after))
        self._steps = steps(self.before.bound.pack, self.after.bound.pack)
        if not self._versions:
            packs = (self.before.pack, self.after.pack)
            self._own = frozenset(("note", rule.id) for pack in packs for rule in pack.rules)

    def over(self, cases: Iterable[tuple[str, Case | Unread]]) -> form.Cohort:
        """Every case under both; named as given, in the order given."""
        count = outside = 0
        changed: list[form.CaseChanged] = []
        unread: list[form.CaseUnread] = []
        for name, case in cases:
            count += 1
            if isinstance(case, Unread):
                unread.append(form.CaseUnread(case=name, reason=case.reason, says=case.says))
                continue
            before, after = (run.signature(case) for run in self._ends)
            turned = self._turned(case, before, after)
            if turned:
                changed.append(form.CaseChanged(case=name, turned=turned))
            elif before["scope", ""][0] == "out of scope":
                outside += 1
        return form.Cohort(
            cases=count,
            same=count - len(changed) - len(unread),
            changed=len(changed),
            unread=len(unread),
            outside=outside,
            tallies=_tallies(changed),
            causes=_causes(changed),
            changes=tuple(changed),
            not_read=tuple(unread),
        )

    @property
    def _versions(self) -> bool:
        """Whether the two are one pack at heart: of one name, or with few differences."""
        return self.before.pack.id == self.after.pack.id or len(self._steps) <= MOST_APART

    def _turned(self, case: Case, before: Signature, after: Signature) -> tuple[form.Turned, ...]:
        items = [
            item
            for item in dict.fromkeys((*before, *after))
            if _code(before, item) != _code(after, item)
            and not _told(item, before, after)
            and item not in self._own
        ]
        if not items:
            return ()
        known: dict[frozenset[int], Signature | None] = {}

        def gives(item: Item, chosen: frozenset[int]) -> bool:
            if chosen not in known:
                run = self._run(chosen)
                known[chosen] = None if run is None else run.signature(case)
            found = known[chosen]
            return found is not None and _code(found, item) == _code(after, item)

        return tuple(
            form.Turned(
                about=item[0],
                name=item[1],
                before=_words(before, item),
                after=_words(after, item),
                because=self._because(item, partial(gives, item)),
            )
            for item in items
        )

    def _because(self, item: Item, gives: Callable[[frozenset[int]], bool]) -> _Causes:
        """The changes that make one thing come out as it does in the later pack."""
        found = [i for i, step in enumerate(self._steps) if _bears(step, item)]
        for kinds in _RANKS if self._versions else _RANKS[:1]:
            group = [i for i in found if self._steps[i].kind in kinds]
            alone = [i for i in group if gives(frozenset({i}))]
            if alone:
                return self._causes(alone, alone=True)
        cuts = [i for i in found if self._steps[i].kind == "threshold"]
        every = list(range(len(self._steps))) if self._versions else []
        for group in (cuts, every):
            if len(group) > 1 and gives(frozenset(group)):
                return self._causes(_needed(group, gives), alone=False)
        return ()

    def _causes(self, chosen: Sequence[int], *, alone: bool) -> _Causes:
        taken = [self._steps[i] for i in chosen]
        return tuple(form.Cause(kind=step.kind, name=step.name, alone=alone) for step in taken)

    def _run(self, chosen: frozenset[int]) -> _Run | None:
        """The earlier pack with some changes made; ``None`` where these do not fit alone."""
        if chosen not in self._runs:
            if len(self._runs) >= MOST_KEPT:
                self._runs.clear()
            pack = ground(self.before.bound.pack, self.after.bound.pack)
            for index in sorted(chosen):
                pack = self._steps[index].take(pack)
            self._runs[chosen] = self._compiled(pack)
        return self._runs[chosen]

    def _compiled(self, pack: Pack) -> _Run | None:
        base = self.before.engine
        library = base.library.with_packs({self.before.stands_as: pack})
        if library.findings != base.library.findings:
            return None
        library = replace(library, own_rows=self.after.engine.library.own_rows)
        engine = Engine(library, base.profile, tuple(one.id for one in base.packs))
        return _Run(engine, Composer(engine, terminology.load(), library.rows(), __version__))


def _needed(group: Sequence[int], gives: Callable[[frozenset[int]], bool]) -> list[int]:
    """As few of a group as still give the answer, when each in turn is left out."""
    needed = list(group)
    if len(group) <= MOST_STEPS:
        for one in group:
            rest = [kept for kept in needed if kept != one]
            if gives(frozenset(rest)):
                needed = rest
    return needed


def _bears(step: Step, item: Item) -> bool:
    """Whether a change could have to do with what came out; a rule decides its own note only."""
    about, name = item
    if step.kind == "rule":
        return name == step.name if about == "note" else not name
    return True


def _told(item: Item, before: Signature, after: Signature) -> bool:
    """An urgency that goes with another status is told with the status."""
    about, name = item
    topic: Item = ("status", name)
    return about == "urgency" and bool(name) and _code(before, topic) != _code(after, topic)


def _code(signature: Signature, item: Item) -> str | None:
    found = signature.get(item)
    return None if found is None else found[0]


def _words(signature: Signature, item: Item) -> str | None:
    found = signature.get(item)
    return None if found is None else found[1]


def _tallies(changed: Iterable[form.CaseChanged]) -> tuple[form.Tally, ...]:
    counts = Counter((t.about, t.name, t.before, t.after) for one in changed for t in one.turned)
    order = sorted(counts.items(), key=lambda pair: (-pair[1], *map(str, pair[0])))
    return tuple(
        form.Tally(about=about, name=name, before=before, after=after, cases=count)
        for (about, name, before, after), count in order
    )


def _causes(changed: Iterable[form.CaseChanged]) -> tuple[form.CauseTally, ...]:
    counts = Counter(
        cause
        for one in changed
        for cause in dict.fromkeys((c.kind, c.name) for t in one.turned for c in t.because)
    )
    order = sorted(counts.items(), key=lambda pair: (-pair[1], *pair[0]))
    return tuple(
        form.CauseTally(kind=kind, name=name, cases=count) for (kind, name), count in order
    )
