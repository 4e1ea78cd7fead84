"""A digest of the facts of a case: the same question asked again can be recognised by it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from corrin.facts.case import Case
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.moment import Moment


def facts_digest(case: Case) -> str:
    """``sha256:`` of the facts used, whatever order they came in or where they stood."""
    # Most values are there twice: as the fact chosen, and among all of their analyte.
    plain = {id(fact): _plain(fact) for fact in case.facts.values()}
    raw = {
        "as_of": case.as_of.text,
        "sex": case.subject.sex,
        "facts": {name: plain[id(fact)] for name, fact in case.facts.items()},
        "every": {
            name: [plain.get(id(value)) or _plain(value) for value in values]
            for name, values in case.every.items()
        },
    }
    # The same text is another moment elsewhere; a zone is the place's own calendar.
    zone = case.as_of.start.tzinfo
    if zone != Moment.parse(case.as_of.text).start.tzinfo:
        raw["zone"] = str(zone)
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _plain(fact: Fact) -> list[Any]:
    """A fact without its place in the request."""
    match fact:
        case Measured():
            return [
                fact.analyte,
                str(fact.interval),
                fact.unit,
                fact.reported,
                _text(fact.when),
                fact.origin,
                fact.status,
                fact.specimen,
                None if fact.reference_range is None else str(fact.reference_range),
                fact.interpretation,
                fact.flags,
                _text(fact.issued),
                fact.identifiers,
            ]
        case Absent():
            among = [_plain(value) for value in fact.among]
            return [fact.name, fact.reason, fact.reported, _text(fact.when), fact.origins, among]
        case Stated():
            return [
                fact.name,
                fact.value,
                _text(fact.since),
                _text(fact.until),
                fact.history,
                fact.origin,
                fact.status,
                fact.flags,
            ]


def _text(moment: Moment | None) -> str | None:
    return None if moment is None else moment.text
