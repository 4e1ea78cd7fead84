"""Report → CDS Hooks cards: one per topic that deserves attention now, or none.

Nothing is decided or reworded here: a card shows notes of the report, by the policy in
``rules/hooks/cards.yaml``. Source of the form: CDS Hooks 2.0.1, https://cds-hooks.hl7.org.
"""

from __future__ import annotations

from typing import Any

from corrin import terminology
from corrin.notes.report import Note, Report
from corrin.notes.sentence import capital
from corrin.packs.topics import topics
from corrin.render.cards import identity, proposal
from corrin.render.cards.brief import brief
from corrin.render.cards.content import OVERRIDE_SYSTEM, TOPIC_SYSTEM, CardContent, load
from corrin.render.cards.detail import Detail
from corrin.render.cards.markdown import plain
from corrin.render.cards.occasion import Occasion
from corrin.render.cards.stack import Stack, is_card, stacks
from corrin.render.fhir import words
from corrin.render.fhir.proposal import known
from corrin.render.safe import clean
from corrin.render.words import dated

__all__ = ["Occasion", "cards"]

Card = dict[str, Any]

_UNSHOWN = {"why": ()}
_UNSHOWN_FOLDED = {"why": (), "evidence": (), "thresholds": (), "limits": ()}
_UNSHOWN_STATUS = {"why": (), "evidence": (), "thresholds": (), "restrictions": ()}


def cards(
    report: Report, *, base: str, about: str, instance: str, occasion: Occasion | None = None
) -> dict[str, list[Card]]:
    """The answer of a CDS Hooks service; ``cards`` is empty when there is nothing to add.

    Args:
        base: public URL of the service, without a final slash; stands in links and systems.
        about: reference to the person (``Patient/p1``); without one nothing is proposed.
        instance: ``hookInstance`` of the request; it makes the names of cards unguessable.
        occasion: what was sent along and what is being ordered.
    """
    return {"cards": _Deck(report, base, about, instance, occasion or Occasion()).cards()}


class _Deck:
    def __init__(
        self, report: Report, base: str, about: str, instance: str, occasion: Occasion
    ) -> None:
        self.content: CardContent = load()
        self.report, self.base, self.about = report, base, about
        self.instance, self.occasion = instance.lower(), occasion
        self.topics = {
            one.top.topic
            for one in stacks(report, self.content)
            if is_card(one, occasion, self.content)
        }
        self.shown = clean(self._needed())
        self.detail = Detail(self.shown, occasion, self.content, base=base)
        self.proposed: set[str] = set()

    def _needed(self) -> Report:
        """The report without what no card shows: making a text fit to show takes time."""
        report, topics = self.report, self.topics
        status_of = self.content.status_of
        wanted = {status_of.get(topic, topic) for topic in topics}
        return report.model_copy(
            update={
                "notes": tuple(
                    note.model_copy(update=_UNSHOWN if note.under is None else _UNSHOWN_FOLDED)
                    for note in report.notes
                    if note.topic in topics or _aside(note)
                ),
                "statuses": {
                    name: one.model_copy(update=_UNSHOWN_STATUS)
                    for name, one in report.statuses.items()
                    if name in wanted
                },
                **dict.fromkeys(("packs", "cannot_say", "trends", "refusals"), ()),
            }
        )

    def cards(self) -> list[Card]:
        found = stacks(self.shown, self.content)
        chosen = [one for one in found if one.top.topic in self.topics]
        # What is routine and no card of its own is told once, on the first card there is.
        others = [one.top for one in found if one not in chosen]
        own = [one for one in (self._outside(), self._not_seen()) if one is not None]
        return [
            *(self._card(one, others if place == 0 else []) for place, one in enumerate(chosen)),
            *own,
        ]

    def _card(self, stack: Stack, others: list[Note]) -> Card:
        top = stack.top
        tests, ordered, placed = self._tests(stack)
        suggested = (
            proposal.suggestions(
                stack,
                tests,
                self.report,
                self.occasion,
                self.content,
                about=self.about,
                instance=self.instance,
            )
            if self.about
            else []
        )
        label = self.content.words["source"].format(title=self._pack(top), version=top.pack_version)
        card = self._frame(
            (top.rule, top.pack_version, top.topic),
            summary=brief(top.summary, top.title),
            indicator=self.content.indicator[top.urgency],
            detail=self.detail.of(
                stack, ordered=ordered, placed=placed, others=others, proposes=bool(suggested)
            ),
            source={"label": plain(label), "url": self.detail.address(top)},
            display=topics().get(top.topic, top.topic_title),
        )
        if suggested:
            card["suggestions"] = suggested
            card["selectionBehavior"] = "at-most-one"
        card["overrideReasons"] = self._reasons()
        card["links"] = self._links(stack)
        return card

    def _frame(
        self,
        named: tuple[str, str, str],
        *,
        summary: str,
        indicator: str,
        detail: str,
        source: dict[str, Any],
        display: str,
    ) -> Card:
        rule, version, topic = named
        source["topic"] = {
            "system": f"{self.base}/{TOPIC_SYSTEM}",
            "code": topic,
            "display": display,
        }
        return {
            "uuid": identity.name(rule, version, self.instance, self.report.facts_digest, topic),
            "summary": summary,
            "indicator": indicator,
            "detail": detail,
            "source": source,
        }

    def _tests(self, stack: Stack) -> tuple[tuple[str, ...], list[str], list[str]]:
        """Tests to propose, or else those that will settle it and are among the orders on the
        screen or were ordered before."""
        there = self._there(stack)
        wanted = [name for name in proposal.wanted(stack, self.content) if name not in there]
        ordered = [_named(name) for name in wanted if name in self.occasion.ordered]
        placed = [
            _named(name, when)
            for name in wanted
            if (when := self.occasion.placed.get(name)) is not None
        ]
        if ordered or placed:
            return (), ordered, placed
        new = [name for name in wanted if name not in self.proposed]
        tests = tuple(new[: self.content.most_suggestions])
        self.proposed.update(tests)
        return tests, [], []

    def _there(self, stack: Stack) -> set[str]:
        """Tests of which a result is there or on its way, though it could not be used."""
        missing = () if stack.status is None else stack.status.missing
        measure_for = words.load().measure_for
        found = {one.name for one in missing if one.reason not in measure_for}
        return found | (known(self.report) & set(self.content.instead.values()))

    def _links(self, stack: Stack) -> list[dict[str, str]]:
        said = self.content.words["link"]
        notes = {note.rule: note for note in stack.notes}
        return [
            {
                "label": plain(said.format(title=note.title)),
                "url": self.detail.address(note),
                "type": "absolute",
            }
            for note in list(notes.values())[: self.content.most_links]
        ]

    def _reasons(self) -> list[dict[str, str]]:
        system = f"{self.base}/{OVERRIDE_SYSTEM}"
        return [
            {"system": system, "code": code, "display": display}
            for code, display in self.content.reasons
        ]

    def _pack(self, note: Note) -> str:
        return next((pack.title for pack in self.report.packs if pack.id == note.pack), note.pack)

    def _outside(self) -> Card | None:
        """The card that says that results were there and the rules are not for this person."""
        outside, report = self.content.out_of_scope, self.report
        if report.in_scope or not report.values or self.occasion.relevant == frozenset():
            return None
        card = self._frame(
            (outside.rule, outside.version, outside.code),
            summary=brief(report.headline, outside.display),
            indicator=self.content.indicator["routine"],
            detail=self.detail.alone(outside.detail),
            source={"label": self.content.words["source_plain"]},
            display=outside.display,
        )
        card["overrideReasons"] = self._reasons()
        return card

    def _not_seen(self) -> Card | None:
        """The card that says that what the service is for could not be looked at."""
        unseen, occasion = self.content.not_seen, self.occasion
        if not occasion.unseen(unseen.key):
            return None
        found = any(value.name in unseen.markers for value in self.report.values)
        # The newest may be missing; a card on the topic that is there anyway says so itself.
        if found and (unseen.key not in occasion.unsorted or unseen.topic in self.topics):
            return None
        if occasion.relevant is not None and unseen.topic not in occasion.relevant:
            return None
        card = self._frame(
            (unseen.rule, unseen.version, unseen.code),
            summary=unseen.summary["unsorted" if found else occasion.supply[unseen.key]],
            indicator=self.content.indicator["routine"],
            detail=self.detail.alone(unseen.detail),
            source={"label": self.content.words["source_plain"]},
            display=unseen.display,
        )
        card["overrideReasons"] = self._reasons()
        return card


def _named(test: str, when: str = "") -> str:
    name = capital(terminology.load().analytes[test].name)
    return f"{name} ({dated(when)})" if when else name


def _aside(note: Note) -> bool:
    return note.under is None and note.urgency == "routine"
