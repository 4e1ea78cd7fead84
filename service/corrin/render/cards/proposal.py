"""What would settle it, as draft proposals a clinician can take: never an order, never active."""

from __future__ import annotations

import re
from typing import Any

from corrin import terminology
from corrin.notes.report import Report
from corrin.notes.sentence import capital
from corrin.render.cards import identity
from corrin.render.cards.content import CardContent
from corrin.render.cards.occasion import Occasion
from corrin.render.cards.stack import Stack
from corrin.render.fhir import codes
from corrin.render.fhir.bundle import times
from corrin.render.fhir.codes import Coding
from corrin.terminology import Analyte

_OBSERVATION = re.compile(r"Observation/[A-Za-z0-9\-.]{1,64}", re.ASCII)


def wanted(stack: Stack, content: CardContent) -> tuple[str, ...]:
    """The tests that would settle an open status, the one that settles most first."""
    found = stack.settling(content)
    names = [content.instead.get(one.name, one.name) for one in found if one.available]
    return tuple(dict.fromkeys(name for name in names if name in content.propose))


def suggestions(
    stack: Stack,
    tests: tuple[str, ...],
    report: Report,
    occasion: Occasion,
    content: CardContent,
    *,
    about: str,
    instance: str,
) -> list[dict[str, Any]]:
    """A suggestion for each test; the first is recommended, unless its results were not seen."""
    found = []
    analytes = [_orderable(name) for name in tests]
    for place, pair in enumerate([one for one in analytes if one is not None]):
        analyte, coding = pair
        test, top = analyte.name, stack.top
        unseen = occasion.unseen(occasion.key_of.get(analyte.id, ""))
        parts = (instance, report.facts_digest, top.topic, analyte.id)
        found.append(
            {
                "label": content.words["suggestion"].format(test=test),
                "uuid": identity.name(top.rule, top.pack_version, *parts),
                "isRecommended": place == 0 and not unseen,
                "actions": [
                    {
                        "type": "create",
                        "description": content.words["action"].format(test=test),
                        "resource": _request(analyte, coding, stack, report, content, about),
                    }
                ],
            }
        )
    return found


def _request(
    analyte: Analyte, coding: Coding, stack: Stack, report: Report, content: CardContent, about: str
) -> dict[str, Any]:
    reasons = dict.fromkeys(
        value.origin for value in stack.inputs if _OBSERVATION.fullmatch(value.origin)
    )
    found: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [dict(coding)], "text": capital(analyte.name)},
        "subject": {"reference": about},
        "authoredOn": times(report.as_of)[0],
    }
    if reasons:
        found["reasonReference"] = [{"reference": one} for one in reasons]
    found["note"] = [{"text": content.proposal}]
    return found


def _orderable(name: str) -> tuple[Analyte, Coding] | None:
    """An analyte and the LOINC code to ask for it by."""
    analyte = terminology.load().analytes.get(name)
    codings = codes.of(name)
    return None if analyte is None or not codings else (analyte, codings[0])
