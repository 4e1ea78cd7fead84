"""Content of ``rules/fhir`` and text made fit for FHIR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from corrin.content import read_document, rules_root
from corrin.notes.sentence import readable
from corrin.render.safe import visible

Resource = dict[str, Any]

# What is not printable ASCII is looked at; what is never shown (control, direction, surrogate) is
# escaped by ``visible``.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u0300-\u036f\u061c\u115f\u1160\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U0010ffff]"
)
# Where ``readable`` may have something to do; looking for it is quicker than asking it.
_UNREADABLE = re.compile(r"[0-9](?: (?:a|d|wk|years|days|weeks)\b|T[0-9]|\*[0-9])|\{[0-9]")
_MARKUP = re.compile(r"([\\`*_\[\]])|<(?=[A-Za-z/!?])|&(?=[#A-Za-z])")
MOST = 4000  # characters of one sentence, as in the readable forms


def fit(text: str) -> str:
    """A text on one line with nothing hidden in it, times and units as people read them."""
    return _readable(exact(text))


def exact(text: str) -> str:
    """As :func:`fit`, with times and units as they were written."""
    if len(text) <= MOST:
        # Nearly every text is plain, and that is seen quickest.
        if text.isascii() and text.isprintable():
            return text.strip()
        if _HIDDEN.search(text) is None:
            return text.strip()
    return visible(text, MOST)


def _readable(text: str) -> str:
    return text if _UNREADABLE.search(text) is None else readable(text)


def markdown(text: str) -> str:
    """A text in which nothing is read as markup: FHIR's ``markdown`` may be shown as such."""
    return _MARKUP.sub(_escaped, fit(text))


def _escaped(found: re.Match[str]) -> str:
    if found[1]:
        return f"\\{found[1]}"
    return "&lt;" if found[0] == "<" else "&amp;"


@dataclass(frozen=True, slots=True)
class Words:
    """``rules/fhir/answer.yaml``, as the renderer asks it."""

    device: Mapping[str, str]
    on_behalf_of: str
    proposal: str
    on_order: str
    severity: Mapping[str, str]
    undecided: Mapping[str, frozenset[str]]
    unanswered: frozenset[str]
    not_orderable: frozenset[str]
    instead: Mapping[str, str]
    measure_for: frozenset[str]
    category: Mapping[str, str]
    participant: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]]
    person: frozenset[str]
    issues: Mapping[str, str]


@lru_cache(maxsize=1)
def load() -> Words:
    """The content, read once.

    Raises:
        corrin.content.ContentError: it is missing or no YAML.
    """
    raw = read_document(rules_root() / "fhir" / "answer.yaml")
    return Words(
        device=MappingProxyType(dict(raw["device"])),
        on_behalf_of=raw["on_behalf_of"],
        proposal=raw["proposal"],
        on_order=raw["on_order"],
        severity=MappingProxyType(dict(raw["severity"])),
        undecided=MappingProxyType(
            {topic: frozenset(codes) for topic, codes in raw["undecided"].items()}
        ),
        unanswered=frozenset(raw["unanswered"]),
        not_orderable=frozenset(raw["not_orderable"]),
        instead=MappingProxyType(dict(raw["instead"])),
        measure_for=frozenset(raw["measure_for"]),
        category=MappingProxyType(dict(raw["proposal_category"])),
        participant=MappingProxyType(dict(raw["participant"])),
        resources=MappingProxyType({kind: dict(found) for kind, found in raw["resources"].items()}),
        person=frozenset(raw["person"]),
        issues=MappingProxyType(
            {reason: kind for kind, reasons in raw["issues"].items() for reason in reasons}
        ),
    )
