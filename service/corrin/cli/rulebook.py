"""Rules put before people: one rule in words, or how the examples of all of them went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from corrin import terminology
from corrin.cli import table
from corrin.evaluate.worked import LeafSeen, WorkedReport
from corrin.language import tree
from corrin.language.to_prose import Prose, figures
from corrin.packs.bound import BoundDecision, BoundPack, BoundRestriction, BoundRule
from corrin.packs.library import Library
from corrin.packs.schema import CaseGiven, DecisionCase
from corrin.render.basis import UNVERIFIED
from corrin.render.safe import visible
from corrin.render.sheet import Sheet
from corrin.render.words import count, joined

COLUMN = 15


class Rulebook:
    """Rules, restrictions and decisions by id, with the words and sources they use."""

    def __init__(self, library: Library, root: Path | None = None) -> None:
        self._rows = library.rows()
        self._packs = library.packs
        terms = terminology.load(root)
        self._rules: dict[str, tuple[BoundPack, list[BoundRule]]] = {}
        self._restrictions: dict[str, tuple[BoundPack, BoundRestriction]] = {}
        self._decisions: dict[str, list[tuple[BoundPack, BoundDecision]]] = {}
        means: dict[str, str] = {}
        for pack in library.packs.values():
            for bound in pack.rules:
                self._rules.setdefault(bound.rule.id, (pack, []))[1].append(bound)
            for restriction in pack.restrictions:
                self._restrictions[restriction.restriction.id] = (pack, restriction)
            for topic, decision in pack.decisions.items():
                self._decisions.setdefault(topic, []).append((pack, decision))
            means.update({name: d.means for name, d in pack.pack.definitions.items()})
        self._names = {a.id: a.short for a in terms.analytes.values()}
        self._names |= {c.id: c.name for c in terms.concepts.values()}
        self._means = means
        self._reasons = {code: reason.sentence for code, reason in terms.reasons.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be shown and tested."""
        return (*self._rules, *self._restrictions, *self._decisions)

    def prose(self, result: str | None = None) -> Prose:
        """Puts conditions into words; ``result`` is the analyte under that name."""
        names = dict(self._names)
        if result is not None:
            names["result"] = names.get(result, result)
        return Prose(names, self._means, self._reasons)

    def show(self, name: str) -> None:
        """Print everything of that name."""
        page = table.sheet()
        self.put(page, name)
        table.show(page)

    def put(self, page: Sheet, name: str) -> None:
        """Put everything of that name on a sheet."""
        if name in self._rules:
            self._rule(page, *self._rules[name])
        if name in self._restrictions:
            self._restriction(page, *self._restrictions[name])
        for pack, decision in self._decisions.get(name, ()):
            page.blank()
            self._decision(page, pack, decision)

    # --- kinds ------------------------------------------------------------------------------

    def _rule(self, page: Sheet, pack: BoundPack, bound: list[BoundRule]) -> None:
        rule = bound[0].rule
        _head(page, rule.id, rule.title)
        _field(page, "Pack", _pack(pack, "rule", rule.id))
        _field(page, "Status", f"{rule.status}; urgency {rule.note.urgency}")
        if rule.reads_every:
            said = f"every {self._names.get(rule.reads_every, rule.reads_every)} result, not only"
            _field(page, "Reads", f"{said} the one chosen for this moment")
        elif rule.each:
            said = joined(self._names.get(analyte, analyte) for analyte in rule.each)
            _field(page, "Reads", f"each of {said}")
        prose = self.prose(bound[0].result if len(bound) == 1 else None)
        _condition(page, "When", prose, bound[0].when)
        if bound[0].unless is not None:
            _condition(page, "Unless", prose, bound[0].unless)
        for topic, statuses in rule.belongs_to.items():
            _field(page, "Only with", f"{topic}: {joined(statuses, 'or')}")
        page.blank()
        _field(page, "Says", rule.note.summary)
        _field(page, "", rule.note.detail)
        for limit in rule.note.limits:
            _field(page, "Limit", limit)
        if rule.asks:
            said = joined(self._names.get(name, name) for name in rule.asks)
            _field(page, "Would use", said)
        conditions = [c for b in bound for c in (b.when, b.unless) if c is not None]
        self._definitions(page, conditions)
        self._cutoffs(page, pack, conditions)
        self._evidence(page, rule.evidence)
        self._cases(page, rule.cases)

    def _restriction(self, page: Sheet, pack: BoundPack, bound: BoundRestriction) -> None:
        content = bound.restriction
        _head(page, content.id, f"restriction of {content.topic}: {content.confounder}")
        _field(page, "Pack", _pack(pack, "restriction", content.id))
        _condition(page, "When", self.prose(), bound.when)
        _field(page, "Withdraws", joined(content.withdraws, "or"))
        _field(page, "Instead", content.replaced_by)
        _field(page, "Because", content.because)
        self._definitions(page, [bound.when])
        self._cutoffs(page, pack, [bound.when])
        self._evidence(page, content.evidence)
        self._cases(page, content.cases)

    def _decision(self, page: Sheet, pack: BoundPack, bound: BoundDecision) -> None:
        content = bound.decision
        _head(page, bound.topic, content.title)
        _field(page, "Pack", _pack(pack, "decision", bound.topic))
        page.put("The first row that is true decides.", first=2)
        prose = self.prose()
        for number, row in enumerate(bound.rows, 1):
            page.blank()
            page.put(f"{number}. {content.statuses[row.row.status].says}", first=2, style="bold")
            _field(page, "Row", f"{row.row.id} → {row.row.status}")
            _condition(page, "When", prose, row.when)
            _field(page, "Because", row.row.because)
            _field(page, "Rests on", "; ".join(self._check(name) for name in row.row.evidence))
        page.blank()
        page.put(f"Otherwise: {content.statuses[content.otherwise].says}", first=2, style="bold")
        _field(page, "Because", content.otherwise_because)
        if content.assumes:
            said = "; ".join(self._names.get(name, name) for name in content.assumes)
            _field(page, "Assumes", f"absent where nobody stated them: {said}")
        if content.settled_by:
            said = "; ".join(self._names.get(name, name) for name in content.settled_by)
            _field(page, "Settled by", said)
        self._definitions(page, bound.conditions)
        self._cutoffs(page, pack, bound.conditions)
        self._evidence(page, content.evidence)
        self._cases(page, content.cases)

    # --- parts ------------------------------------------------------------------------------

    def _definitions(self, page: Sheet, conditions: Iterable[tree.Expression]) -> None:
        found: dict[str, tree.Expression] = {}
        for condition in conditions:
            for node in tree.walk(condition):
                if isinstance(node, tree.Truth) and node.definition is not None:
                    found[node.name] = node.definition
        if not found:
            return
        _title(page, "Definitions")
        for name, definition in found.items():
            page.put(f"{name}: {self._means.get(name, name)}", first=2, rest=4)
            page.put(self.prose().of(definition), first=4, style="dim")

    def _cutoffs(self, page: Sheet, pack: BoundPack, conditions: Iterable[tree.Expression]) -> None:
        cuts: dict[tuple[str | None, str], tree.Cut] = {}  # packs may give one name to several
        for condition in conditions:
            for node in tree.walk(condition):
                if isinstance(node, tree.Compare | tree.Between):
                    cuts |= {(c.pack, c.name): c for c in tree.cuts_of(node) if c.name is not None}
        if not cuts:
            return
        _title(page, "Cut-offs")
        for (owned, name), cut in cuts.items():
            page.put(f"{name}: {self.prose().operand(cut) or figures(cut.values)}", first=2, rest=4)
            owner = (pack if owned is None else self._packs.get(owned, pack)).pack
            content = owner.thresholds.get(name)
            if content is None:
                continue
            since = f", in force from {content.in_force.start}" if content.in_force else ""
            page.put(f"{content.meaning} ({owner.id}{since})", first=4)
            rows = [*content.evidence, *(r for v in content.variants for r in v.evidence)]
            page.put("; ".join(self._check(r) for r in dict.fromkeys(rows)), first=4, style="dim")

    def _check(self, name: str) -> str:
        row = self._rows.rows.get(name)
        if row is None:
            return f"{name} (no such row)"
        return f"{name} ({row.check}{'' if row.verified else f', {UNVERIFIED}'})"

    def _evidence(self, page: Sheet, names: Iterable[str]) -> None:
        _title(page, "Evidence")
        for name in dict.fromkeys(names):
            page.put(self._check(name), first=2, style="bold")
            row = self._rows.rows.get(name)
            if row is None:
                continue
            page.put(visible(row.item), first=4)
            for source in self._rows.sources_of(name):
                page.put(visible(source.title), first=4, rest=6)
                if source.url:
                    page.put(visible(source.url), first=6, style="dim")

    def _cases(self, page: Sheet, cases: Iterable[CaseGiven | DecisionCase]) -> None:
        cases = tuple(cases)
        _title(page, f"Examples ({len(cases)})")
        for case in cases:
            said = case.expect or f"one of {joined(getattr(case, 'possible', ()), 'or')}"
            if because := getattr(case, "because", ()):
                said += f", because of {joined(because)}"
            given = _given(case.given) or "nothing given"
            page.put(visible(f"{given} → {said}"), first=2, rest=6)


def show_run(run: WorkedReport, book: Rulebook) -> None:
    """Print how the examples went: a table by pack, then whatever failed or was not tried."""
    page = table.sheet()
    for case in run.failed:
        page.put(f"{case.place}: {case.subject}, example {case.number}", style="bold red")
        page.put(visible(f"expected {case.expected}, got {case.got}"), first=4)
    for leaf in run.unseen:
        page.put(f"{leaf.place}: {leaf.subject}", style="bold yellow")
        page.put(visible(f"never {_never(leaf)}: {book.prose().of(leaf.leaf)}"), first=4)
    for subject, row, place in run.rows:
        page.put(f"{place}: {subject}", style="bold yellow")
        page.put(f"no example lands on row {row}", first=4)
    page.blank()
    packs = dict.fromkeys([*(c.pack for c in run.cases), *(leaf.pack for leaf in run.leaves)])
    lines = [_line(pack, run) for pack in packs]
    head = ("pack", "examples", "wrong", "leaves", "true", "false", "unknown", "seen")
    table.rows(page, head, lines)
    page.blank()
    page.put(_verdict(run), style="bold green" if run.sound else "bold red")
    table.show(page)


def _line(pack: str, run: WorkedReport) -> tuple[str, ...]:
    cases = [case for case in run.cases if case.pack == pack]
    leaves = [leaf for leaf in run.leaves if leaf.pack == pack]
    wanted = sum(len(leaf.wanted) for leaf in leaves)
    seen = sum(len(leaf.wanted & leaf.seen) for leaf in leaves)
    ways = (_of(way, leaves) for way in (True, False, None))
    share = f"{100 * seen // wanted} %" if wanted else "-"
    failed = str(sum(not case.passed for case in cases))
    return (pack, str(len(cases)), failed, str(len(leaves)), *ways, share)


def _of(way: bool | None, leaves: list[LeafSeen]) -> str:
    """How many leaves were seen one way: ``all``, or how many of how many."""
    wanted = sum(way in leaf.wanted for leaf in leaves)
    seen = sum(way in leaf.seen for leaf in leaves if way in leaf.wanted)
    return "all" if seen == wanted else f"{seen}/{wanted}"


def _verdict(run: WorkedReport) -> str:
    if run.sound:
        leaves = count(len(run.leaves), "leaf", "leaves")
        return f"All {count(len(run.cases), 'example')} hold; every way of {leaves} was seen."
    return (
        f"{count(len(run.failed), 'example')} failed, "
        f"{count(len(run.unseen), 'leaf', 'leaves')} not seen every way, "
        f"{count(len(run.rows), 'row')} never reached."
    )


def _never(leaf: LeafSeen) -> str:
    words = {True: "true", False: "false", None: "unknown"}
    return joined((words[way] for way in (True, False, None) if way in leaf.unseen), "or")


def _given(given: Mapping[str, Any]) -> str:
    return "; ".join(f"{name} {_short(value)}" for name, value in given.items())


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} {_short(part)}" for name, part in value.items()) + ")"
    if isinstance(value, list):
        return ", then ".join(_short(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pack(pack: BoundPack, kind: str, name: str) -> str:
    return f"{pack.id} {pack.pack.head.version} ({pack.pack.place(kind, name)})"


def _head(page: Sheet, name: str, title: str) -> None:
    page.put(visible(title), style="bold cyan")
    page.put(name, first=2, style="dim")


def _title(page: Sheet, title: str) -> None:
    page.blank()
    page.put(title.upper(), style="bold cyan")


def _field(page: Sheet, label: str, text: str) -> None:
    page.labelled(label, visible(text), indent=2 if label else COLUMN, column=COLUMN)


def _condition(page: Sheet, label: str, prose: Prose, condition: tree.Expression) -> None:
    """A condition, the terms of an outermost ``and`` on lines of their own."""
    terms = condition.terms if isinstance(condition, tree.All) else (condition,)
    for number, term in enumerate(terms):
        said = prose.of(term, inner=len(terms) > 1)
        _field(page, "" if number else label, f"and {said}" if number else said)
