"""What reading and binding cannot see: evidence, statuses, dead rows, gaps, wording."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain

from corrin.language import tree
from corrin.language.bind import Vocabulary
from corrin.packs import placeholder, schema
from corrin.packs.bound import BoundPack
from corrin.packs.finding import (
    DeadRow,
    DeadRule,
    DuplicateId,
    Finding,
    LiteralWhereThreshold,
    Place,
    ReviewedByNobody,
    StatusTooHigh,
    StatusTooLow,
    UnknownEvidence,
    UnknownNoteTopic,
    UnknownStatus,
    UnknownTopic,
    UnknownUse,
    UnusedThreshold,
    VariantGap,
)
from corrin.packs.library import Library
from corrin.packs.topics import topics as topics_of_notes
from corrin.packs.variants import gaps
from corrin.packs.wording import wording
from corrin.terminology import evidence


def lint(library: Library) -> tuple[Finding, ...]:
    """Every finding: those of reading and binding first, then those of content."""
    found: list[Finding] = list(library.findings)
    rows = library.rows()
    topics = _statuses(library)
    seen: dict[str, str] = {}
    about = tuple(topics_of_notes(library.root))
    for pack in library.packs.values():
        found.extend(_note_topics(pack, about))
        found.extend(_evidence(pack, rows))
        found.extend(_rules(pack, library.vocabulary, rows, topics, seen))
        found.extend(_decisions(pack, topics))
        found.extend(_restrictions(pack, topics))
        found.extend(_literals(pack, library))
        for name, cut in pack.cuts.items():
            place = pack.pack.place("threshold", name)
            found.extend(VariantGap(place, name, why) for why in gaps(cut, library.vocabulary))
    found.extend(_homonyms(library))
    found.extend(_unused(library))
    found.extend(_profiles(library))
    return tuple(dict.fromkeys(found))


def _statuses(library: Library) -> dict[str, set[str]]:
    topics: dict[str, set[str]] = {}
    for pack in library.packs.values():
        for topic, decision in pack.pack.decisions.items():
            topics.setdefault(topic, {"cannot_classify"}).update(decision.statuses)
    return topics


def _evidence(pack: BoundPack, rows: evidence.Evidence) -> Iterator[Finding]:
    content = pack.pack
    named: list[tuple[Place, str, tuple[str, ...]]] = [
        (content.place("threshold", n), n, (*t.evidence, *chain(*(v.evidence for v in t.variants))))
        for n, t in content.thresholds.items()
    ]
    named += [
        (content.place("definition", n), n, d.evidence) for n, d in content.definitions.items()
    ]
    named += [
        (content.place("decision", n), n, (*d.evidence, *chain(*(r.evidence for r in d.rows))))
        for n, d in content.decisions.items()
    ]
    named += [(content.place("restriction", r.id), r.id, r.evidence) for r in content.restrictions]
    named += [(content.place("rule", r.id), r.id, r.evidence) for r in content.rules]
    for place, about, ids in named:
        for row in ids:
            if row not in rows.rows:
                why, hint = (
                    f"{row} is no row of the reference",
                    "a row of your own stands in evidence.yaml",
                )
                yield UnknownEvidence(place, about, why, hint)


def _rules(
    pack: BoundPack,
    vocabulary: Vocabulary,
    rows: evidence.Evidence,
    topics: dict[str, set[str]],
    seen: dict[str, str],
) -> Iterator[Finding]:
    for rule in pack.pack.rules:
        place = pack.pack.place("rule", rule.id)
        if rule.id in seen:
            yield DuplicateId(place, rule.id, f"a rule of pack {seen[rule.id]} has this id too")
        seen[rule.id] = pack.id
        verified = all(rows.row(row).verified for row in rule.evidence if row in rows.rows)
        if rule.status == "source-checked" and not verified:
            yield StatusTooHigh(place, rule.id, "it rests on an unverified row", "status: draft")
        if rule.status == "draft" and verified:
            yield StatusTooLow(place, rule.id, "every row was verified", "status: source-checked")
        if rule.status == "clinician-reviewed":
            yield ReviewedByNobody(place, rule.id, "only a named clinician outside sets this")
        if not any(case.expect == "fires" for case in rule.cases):
            yield DeadRule(place, rule.id, "no case of it fires")
        yield from _belongs(rule, place, topics)
        yield from wording(pack, rule, vocabulary)


def _homonyms(library: Library) -> Iterator[Finding]:
    """Definitions of one name that mean two things: in words nobody could tell them apart."""
    seen: dict[str, tuple[str, str]] = {}
    for pack in library.packs.values():
        for name, definition in pack.pack.definitions.items():
            first, means = seen.setdefault(name, (pack.id, definition.means))
            if means != definition.means:
                place = pack.pack.place("definition", name)
                why = f"pack {first} means something else by this name"
                yield DuplicateId(place, name, why, "choose another name")


def _note_topics(pack: BoundPack, known: tuple[str, ...]) -> Iterator[Finding]:
    for rule in pack.pack.rules:
        if rule.note.topic not in known:
            near = get_close_matches(rule.note.topic, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see notes/topics.yaml"
            place = pack.pack.place("rule", rule.id)
            yield UnknownNoteTopic(place, rule.id, f"no topic is called {rule.note.topic}", hint)


def _belongs(rule: schema.Rule, place: Place, topics: dict[str, set[str]]) -> Iterator[Finding]:
    for topic, statuses in rule.belongs_to.items():
        if topic not in topics:
            yield UnknownTopic(place, rule.id, f"no pack decides {topic}")
            continue
        for status in statuses:
            if status not in topics[topic]:
                yield UnknownStatus(place, rule.id, f"{topic} is never {status}")


def _decisions(pack: BoundPack, topics: dict[str, set[str]]) -> Iterator[Finding]:
    for topic, decision in pack.pack.decisions.items():
        place = pack.pack.place("decision", topic)
        for row in decision.rows:
            if row.status not in decision.statuses:
                at = pack.pack.place("decision", f"{topic}.{row.id}")
                yield UnknownStatus(at, f"{topic}.{row.id}", f"{row.status} has no words")
        if decision.otherwise not in decision.statuses:
            yield UnknownStatus(place, topic, f"{decision.otherwise} has no words")
        ids = [row.id for row in decision.rows]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            yield DuplicateId(place, f"{topic}.{name}", "a second row of this id")
        conditions = [row.when for row in decision.rows]
        for index, condition in enumerate(conditions):
            if condition in conditions[:index]:
                at = pack.pack.place("decision", f"{topic}.{ids[index]}")
                yield DeadRow(at, f"{topic}.{ids[index]}", "an earlier row has this condition")
        landed = {case.row for case in decision.cases if case.row}
        for name in ids:
            if name not in landed:
                at = pack.pack.place("decision", f"{topic}.{name}")
                yield DeadRow(at, f"{topic}.{name}", "no case names this row", "add a case")


def _restrictions(pack: BoundPack, topics: dict[str, set[str]]) -> Iterator[Finding]:
    for restriction in pack.pack.restrictions:
        place = pack.pack.place("restriction", restriction.id)
        known = topics.get(restriction.topic)
        if known is None:
            yield UnknownTopic(place, restriction.id, f"no pack decides {restriction.topic}")
            continue
        for status in (*restriction.withdraws, restriction.replaced_by):
            if status not in known:
                yield UnknownStatus(place, restriction.id, f"{restriction.topic} is never {status}")


def _conditions(pack: BoundPack) -> Iterator[tuple[str, str, tree.Expression]]:
    for topic, decision in pack.decisions.items():
        for row in decision.rows:
            yield "decision", topic, row.when
    for restriction in pack.restrictions:
        yield "restriction", restriction.restriction.id, restriction.when
    for bound in pack.rules:
        yield "rule", bound.rule.id, bound.when
        if bound.unless is not None:
            yield "rule", bound.rule.id, bound.unless
    for name, definition in pack.definitions.items():
        yield "definition", name, definition


def _literals(pack: BoundPack, library: Library) -> Iterator[Finding]:
    cuts = pack.visible_cuts()
    for kind, about, condition in _conditions(pack):
        for node in tree.walk(condition):
            if not isinstance(node, tree.Compare | tree.Between):
                continue
            for cut in tree.cuts_of(node):
                if cut.name is not None:
                    continue
                same = [
                    name
                    for name, other in cuts.items()
                    if other.analyte == cut.analyte and set(cut.values) & set(other.values)
                ]
                if same:
                    place = pack.pack.place(kind, about)
                    yield LiteralWhereThreshold(place, about, f"{same[0]} holds this figure")


def _unused(library: Library) -> Iterator[Finding]:
    used: set[tuple[str | None, str | None]] = set()
    for pack in library.packs.values():
        for _, _, condition in _conditions(pack):
            for node in tree.walk(condition):
                if isinstance(node, tree.Compare | tree.Between):
                    used.update((cut.pack, cut.name) for cut in tree.cuts_of(node))
        cuts = pack.visible_cuts()
        for rule in pack.pack.rules:
            for text in placeholder.texts_of(rule.note):
                for name, _ in placeholder.names_in(text):
                    if name in cuts:
                        used.add((cuts[name].pack, name))
    for pack in library.packs.values():
        for name in pack.cuts:
            if (pack.id, name) not in used:
                place = pack.pack.place("threshold", name)
                yield UnusedThreshold(place, name, "no condition and no text uses it")


def _profiles(library: Library) -> Iterator[Finding]:
    for profile in library.profiles.values():
        place = Place(f"profiles/{profile.head.id}.yaml", 1)
        for topic, owner in profile.head.owns.items():
            if topic not in library.packs[owner].decisions:
                yield UnknownTopic(place, profile.head.id, f"{owner} does not decide {topic}")
        named = (*chain(*(look.analytes for look in profile.head.look_back)),)
        for name in named:
            if name not in library.vocabulary.analytes:
                yield UnknownUse(place, profile.head.id, f"{name} is nothing measured")
        for name in sorted({n for n in named if named.count(n) > 1}):
            yield DuplicateId(place, profile.head.id, f"two look-backs for {name}")
