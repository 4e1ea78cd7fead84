"""Several frameworks asked about one case: what each says, and what makes the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from corrin.comparison import side_by_side as form
from corrin.comparison.counterfactual import exchanged
from corrin.comparison.framework import Framework, framework
from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import Evaluation
from corrin.facts.case import Case
from corrin.language.kleene import Kleene
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.status import URGENCIES
from corrin.packs.library import Library, Profile
from corrin.packs.versions import Found, earlier_versions, find

TOPIC = "b12_status"

_TRUTH: dict[Kleene, report.Truth] = {True: "true", False: "false", None: "unknown"}


class CannotCompare(ValueError):
    """A question that cannot be asked this way: ``message`` says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class _Asked:
    framework: Framework
    evaluation: Evaluation
    report: report.Report

    @property
    def name(self) -> str:
        return self.framework.name

    @property
    def decided(self) -> Decided:
        return self.evaluation.decided[TOPIC]


class Comparer:
    """Frameworks ready to be asked about cases; safe to share between threads.

    Args:
        names: ids, ``id@version`` or folders of packs that decide the B12 status; the first is the
            one the others are held against.
        version: Corrin's own.
        make: makes a framework, where a caller keeps those it has made.

    Raises:
        CannotCompare: fewer than two packs, one twice, or one that does not decide the status.
        NoSuchPack: there is no pack of a name.
        ContentProblem: the content of one cannot be used.
    """

    def __init__(
        self,
        library: Library,
        profile: Profile,
        names: Sequence[str],
        version: str,
        make: Callable[[Library, Profile, Found, str], Framework] = framework,
    ) -> None:
        found = [find(library, name) for name in names]
        for one in found:
            if TOPIC not in one.pack.decisions:
                raise CannotCompare(
                    f"The pack {one.pack.id} does not decide the vitamin B12 status.",
                    f"Those that do: {', '.join(deciding(library))}.",
                )
        seen: dict[str, Found] = {}
        for one in found:
            same = seen.setdefault(one.pack.digest, one)
            if same is not one:
                raise CannotCompare(
                    f"{same.name} and {one.name} hold the same content.", "Name each once."
                )
        if len(found) < 2:
            raise CannotCompare(
                "A comparison needs at least two packs.", "Name them with commas between."
            )
        self._version, self._profile = version, profile
        self._frameworks = tuple(
            make(library, profile, replace(one, name=name), version)
            for one, name in zip(found, labels(found), strict=True)
        )

    def compare(self, case: Case) -> form.Comparison:
        """What each framework says of a case, and why those differ that do."""
        asked = []
        for one in self._frameworks:
            evaluation = one.engine.evaluate(case)
            asked.append(_Asked(one, evaluation, one.composer.compose(evaluation)))
        first = asked[0].report
        differences = tuple(
            _difference(asked[0], other)
            for other in asked[1:]
            if first.in_scope and asked[0].decided.possible != other.decided.possible
        )
        return form.Comparison(
            corrin=self._version,
            as_of=first.as_of,
            profile=report.ProfileUsed(
                id=self._profile.head.id,
                title=self._profile.head.title,
                version=self._profile.head.version,
                digest=self._profile.digest,
            ),
            topic=TOPIC,
            subject=first.subject,
            in_scope=first.in_scope,
            headline=_headline(asked, differences, first),
            columns=tuple(_column(one, asked) for one in asked),
            differences=differences,
            urgent=_urgent(asked),
            values=first.values,
            refusals=first.refusals,
            notices=first.notices,
            facts_digest=first.facts_digest,
            statement=first.statement,
        )


def deciding(library: Library) -> tuple[str, ...]:
    """Names of all packs that decide the B12 status, and of their earlier versions."""
    names = [name for name, pack in library.packs.items() if TOPIC in pack.decisions]
    earlier = earlier_versions(library)
    names += [f"{name}@{v}" for name in tuple(names) for v in earlier.get(name, ())]
    return tuple(sorted(names))


def labels(found: Sequence[Found]) -> tuple[str, ...]:
    """What each of several packs is called beside the others: as shortly as tells them apart."""
    ids = [one.pack.id for one in found]
    versioned = [f"{one.pack.id}@{one.pack.head.version}" for one in found]
    said = []
    for one, short, long in zip(found, ids, versioned, strict=True):
        if ids.count(short) == 1:
            said.append(short)
        else:
            said.append(long if versioned.count(long) == 1 else one.name)
    return tuple(said)


def _headline(
    asked: Sequence[_Asked], differences: tuple[form.Difference, ...], first: report.Report
) -> str:
    if not first.in_scope:
        return first.headline
    names = ", ".join(one.name for one in asked[:-1]) + f" and {asked[-1].name}"
    if not differences:
        return f"{names} say the same of this patient's vitamin B12 status."
    return f"{names} do not say the same of this patient's vitamin B12 status."


def _column(asked: _Asked, every: Sequence[_Asked]) -> form.Column:
    one, world = asked.framework, asked.evaluation.world
    status = asked.report.statuses.get(TOPIC)
    return form.Column(
        framework=_used(asked),
        status=status,
        row=None if status is None else _row(asked, status),
        withdrawn=() if status is None else _withdrawn(asked, status),
        cutoffs=() if status is None else _cutoffs(one, status, world, every),
    )


def _used(asked: _Asked) -> form.FrameworkUsed:
    one = asked.framework
    head = one.pack.head
    day = asked.evaluation.case.as_of.end.date()
    scope = one.bound.scope
    holds = True if scope is None else one.engine.compiler.condition(scope)(asked.evaluation.world)
    return form.FrameworkUsed(
        name=one.name,
        pack=head.id,
        title=head.title,
        version=head.version,
        date=str(head.date),
        origin=one.origin,
        digest=one.pack.digest,
        in_force_from=str(head.in_force.start),
        in_force=head.in_force.holds_on(day),
        scope=head.scope_says,
        scope_holds=_TRUTH[holds],
    )


def _row(asked: _Asked, status: report.Status) -> form.DecidingRow:
    decided, bound = asked.decided, asked.framework.bound.decisions[TOPIC]
    if decided.status is None:
        return form.DecidingRow(id=None, says=status.says, because=status.because)
    statuses, index = bound.decision.statuses, decided.verdict.row
    if index is None:
        content = bound.decision
        return form.DecidingRow(
            id="otherwise",
            says=statuses[content.otherwise].says,
            because=content.otherwise_because,
        )
    row = bound.rows[index].row
    return form.DecidingRow(id=row.id, says=statuses[row.status].says, because=row.because)


def _withdrawn(asked: _Asked, status: report.Status) -> tuple[form.Withdrawn, ...]:
    """The statuses that restrictions took away, one after the other."""
    decided, bound = asked.decided, asked.framework.bound.decisions[TOPIC]
    if decided.status is None:
        return ()
    statuses, index = bound.decision.statuses, decided.verdict.row
    before = bound.decision.otherwise if index is None else bound.rows[index].row.status
    found = []
    for applied in decided.verdict.restrictions:
        content = applied.restriction
        found.append(
            form.Withdrawn(
                status=before,
                says=statuses[before].says,
                instead=statuses[content.replaced_by].says,
                restriction=content.id,
                pack=applied.pack,
                confounder=content.confounder,
                because=content.because,
            )
        )
        before = content.replaced_by
    return tuple(found)


def _cutoffs(
    one: Framework, status: report.Status, world: World, every: Sequence[_Asked]
) -> tuple[form.Cutoff, ...]:
    """Every cut-off that decided in any of the frameworks, where this one has it too."""
    names = {
        used.name: None
        for asked in every
        if TOPIC in asked.report.statuses
        for used in asked.report.statuses[TOPIC].thresholds
    }
    decided = {used.name for used in status.thresholds}
    cuts = one.bound.visible_cuts()
    found = []
    for name in sorted(names):
        located = one.bound.threshold(name)
        if located is None or name not in cuts:
            continue
        cut = cuts[name]
        found.append(
            form.Cutoff(
                name=name,
                says=located[1].meaning,
                figure=one.basis.figure(cut, world.facts.get(cut.analyte), world),
                decided=name in decided,
            )
        )
    return tuple(found)


def _difference(first: _Asked, other: _Asked) -> form.Difference:
    world = first.evaluation.world
    pair = (first.framework, other.framework)
    causes, together = exchanged(*pair, TOPIC, world)
    named = differing_cutoffs(pair, causes, world)
    kind: form.Kind = "table"
    if named:
        kind = "thresholds together" if together else "threshold"
    return form.Difference(
        first=first.name,
        second=other.name,
        kind=kind,
        cutoffs=named,
        first_row=_row(first, first.report.statuses[TOPIC]),
        second_row=_row(other, other.report.statuses[TOPIC]),
    )


def differing_cutoffs(
    pair: tuple[Framework, Framework], causes: Iterable[tuple[str, str]], world: World
) -> tuple[form.CutoffDiffers, ...]:
    """The cut-offs that make the difference (:func:`exchanged`), with the figures of both."""
    cuts = tuple(one.bound.visible_cuts() for one in pair)
    named = []
    for name, turns in causes:
        figures = [
            one.basis.figure(own[name], world.facts.get(own[name].analyte), world)
            for one, own in zip(pair, cuts, strict=True)
        ]
        if figures[0] == figures[1]:  # they differ in another dimension, or for other people
            figures = [one.prose.operand(own[name]) for one, own in zip(pair, cuts, strict=True)]
        located = pair[0].bound.threshold(name)
        named.append(
            form.CutoffDiffers(
                name=name,
                says=name if located is None else located[1].meaning,
                first=figures[0],
                second=figures[1],
                turns=turns,
            )
        )
    return tuple(named)


def _urgent(asked: Sequence[_Asked]) -> tuple[form.Stands, ...]:
    """Emergency and urgent notes: they stand beside every status and decide none."""
    found: dict[tuple[str, str], tuple[report.Note, list[str]]] = {}
    for one in asked:
        for note in one.report.notes:
            if note.urgency in ("emergency", "urgent"):
                found.setdefault((note.rule, note.summary), (note, []))[1].append(one.name)
    stands = [
        form.Stands(
            rule=note.rule,
            pack=note.pack,
            urgency=note.urgency,
            summary=note.summary,
            # A note that moved between packs is given twice beside an earlier version.
            given_by=tuple(dict.fromkeys(names)),
        )
        for note, names in found.values()
    ]
    return tuple(sorted(stands, key=lambda one: (URGENCIES.index(one.urgency), one.rule)))
