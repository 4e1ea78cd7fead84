"""Which notes become cards, and the words on them (``rules/hooks``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin.content import read_document, rules_root
from corrin.packs.topics import topics
from corrin.render.fhir import words

TOPIC_SYSTEM = "fhir/CodeSystem/card-topic"
OVERRIDE_SYSTEM = "fhir/CodeSystem/override-reason"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which routine notes become a card: by the status of their topic, or by rule; those of
    ``silent`` never do."""

    statuses: Mapping[str, frozenset[str]]
    rules: frozenset[str]
    silent: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotSeen:
    """The card that says what could not be looked at.

    ``summary`` is by what became of the key; ``markers`` are the analytes any one of which makes
    the card needless, unless a newer result of them may be missing; ``topic`` is the one the card
    stands in for.
    """

    key: str
    topic: str
    rule: str
    version: str
    code: str
    display: str
    markers: frozenset[str]
    summary: Mapping[str, str]
    detail: str


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """The card that says that the rules are not for this person."""

    rule: str
    version: str
    code: str
    display: str
    detail: str


@dataclass(frozen=True, slots=True)
class CardContent:
    """Everything a card is made of besides the report."""

    indicator: Mapping[str, str]
    status_of: Mapping[str, str]
    viewing: Policy
    ordering: Policy
    needs_seen: Mapping[str, str]
    orders_key: str
    open: Mapping[str, frozenset[str]]
    even_settled: frozenset[str]
    propose: frozenset[str]
    instead: Mapping[str, str]
    proposal: str
    most_suggestions: int
    most_links: int
    most_folded: int
    history: int
    supply: Mapping[str, str]
    seen: Mapping[str, str]
    not_seen: NotSeen
    out_of_scope: OutOfScope
    unmeasured: str
    words: Mapping[str, str]
    reasons: tuple[tuple[str, str], ...]
    understood_system: str
    understood: frozenset[str]

    @property
    def own_rules(self) -> tuple[tuple[str, str], ...]:
        """Id and version of the cards that stand on no rule of a pack."""
        return tuple((one.rule, one.version) for one in (self.not_seen, self.out_of_scope))


@lru_cache(maxsize=1)
def load() -> CardContent:
    """The content of cards, read once.

    Raises:
        corrin.content.ContentError: a file is missing or is not what its name says.
    """
    folder = rules_root() / "hooks"
    found = read_document(folder / "cards.yaml")
    shared = words.load()
    reasons = read_document(folder / "override-reasons.yaml")
    unseen, outside = found["not_seen"], found["out_of_scope"]
    besides = _sets(found["open_besides"])
    return CardContent(
        indicator=dict(found["indicator"]),
        status_of=dict(found["status_of"]),
        viewing=_policy(found["viewing"]),
        ordering=_policy(found["ordering"]),
        needs_seen=dict(found["needs_seen"]),
        orders_key=found["orders_key"],
        open={
            topic: shared.undecided.get(topic, frozenset()) | besides.get(topic, frozenset())
            for topic in {**shared.undecided, **besides}
        },
        even_settled=frozenset(found["even_settled"]),
        propose=frozenset(found["propose"]),
        instead=shared.instead,
        proposal=shared.proposal,
        most_suggestions=int(found["most_suggestions"]),
        most_links=int(found["most_links"]),
        most_folded=int(found["most_folded"]),
        history=int(found["history"]),
        supply=dict(found["supply"]),
        seen=dict(found["seen"]),
        not_seen=NotSeen(
            key=unseen["key"],
            topic=unseen["instead_of"],
            rule=unseen["rule"],
            version=str(unseen["version"]),
            code=unseen["topic"]["code"],
            display=unseen["topic"]["display"],
            markers=frozenset(unseen["markers"]),
            summary=dict(unseen["summary"]),
            detail=unseen["detail"],
        ),
        out_of_scope=OutOfScope(
            rule=outside["rule"],
            version=str(outside["version"]),
            code=outside["topic"]["code"],
            display=outside["topic"]["display"],
            detail=outside["detail"],
        ),
        unmeasured=found["unmeasured"],
        words=dict(found["words"]),
        reasons=tuple((one["code"], one["display"]) for one in reasons["reasons"]),
        understood_system=reasons["understood"]["system"],
        understood=frozenset(reasons["understood"]["codes"]),
    )


def topics_of_cards() -> Mapping[str, str]:
    """Code → display of every topic a card can have, in the order notes are shown."""
    own = (load().not_seen, load().out_of_scope)
    return {**topics(), **{one.code: one.display for one in own}}


def _policy(found: Mapping[str, Any]) -> Policy:
    return Policy(
        _sets(found["statuses"]), frozenset(found["rules"]), frozenset(found.get("silent", ()))
    )


def _sets(found: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {name: frozenset(members) for name, members in found.items()}
