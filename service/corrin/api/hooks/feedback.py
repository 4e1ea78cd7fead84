"""What became of cards, as clients tell it: checked, counted by rule and reason, and forgotten.

The free text of a clinician (``userComment``) is not read beyond whether it is a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.render.cards import identity
from corrin.render.cards.content import OVERRIDE_SYSTEM, CardContent, load

OTHER = "other"
_MOST_FAULTS = 20
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_UTC = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)"
    r"(?:\.\d{1,9})?(?:[Zz]|[+-]00:00)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one card: the rule behind it, ``accepted`` or ``overridden``, and why."""

    rule: str
    outcome: str
    reason: str = ""


def reasons() -> frozenset[str]:
    """Every code of an override reason that is counted under its own name."""
    content = load()
    return content.understood | {code for code, _ in content.reasons}


def rules_by_prefix(interpreter: Interpreter, content: CardContent) -> dict[str, str]:
    """First digits of a card's name → id of the rule that made it, for all packs that run."""
    found = {
        identity.prefix_of(bound.rule.id, pack.pack.head.version): bound.rule.id
        for engine, _ in interpreter.engines.values()
        for pack in engine.packs
        for bound in pack.rules
    }
    own = {identity.prefix_of(rule, version): rule for rule, version in content.own_rules}
    return {**found, **own}


def verdicts(
    body: Mapping[str, Any],
    rules: Mapping[str, str],
    content: CardContent,
    *,
    base: str,
    most: int,
) -> list[Verdict]:
    """Check a body of feedback and tell what became of each card.

    Args:
        rules: as :func:`rules_by_prefix` gives them.
        base: public URL of the service.
        most: cards one call may tell of.

    Raises:
        Problem: 400, a member is missing or wrong; 413, too many cards.
    """
    told = body.get("feedback")
    if not isinstance(told, list) or not told:
        raise Problem(400, _fault("feedback", "This is not a list with members."))
    if len(told) > most:
        says = "There is feedback on more cards than one call may bring."
        raise Problem(413, Fault("too-many-entries", says, f"Send at most {most}.", "feedback"))
    faults: list[Fault] = []
    found: list[Verdict] = []
    for at, one in enumerate(told):
        wrong = list(_faults(one, f"feedback[{at}]"))
        if wrong:
            faults += wrong
        else:
            found.append(_verdict(one, rules, content, base))
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        raise Problem(400, *faults[:_MOST_FAULTS])
    return found


def _verdict(
    one: Mapping[str, Any], rules: Mapping[str, str], content: CardContent, base: str
) -> Verdict:
    rule = rules.get(identity.prefix_in(one["card"]), OTHER)
    reason = ""
    if one["outcome"] == "overridden":
        given = one.get("overrideReason", {}).get("reason")
        reason = "" if given is None else _reason(given, content, base)
    return Verdict(rule, one["outcome"], reason)


def _reason(coding: Mapping[str, Any], content: CardContent, base: str) -> str:
    code, system = coding["code"], coding["system"]
    ours = {known for known, _ in content.reasons}
    if system == f"{base}/{OVERRIDE_SYSTEM}" and code in ours:
        return str(code)
    known = system == content.understood_system and code in content.understood
    return str(code) if known else OTHER


def _faults(one: Any, path: str) -> Iterator[Fault]:
    if not isinstance(one, dict):
        yield _fault(path, "This is not an object.")
        return
    card, outcome, time = one.get("card"), one.get("outcome"), one.get("outcomeTimestamp")
    if not _is(card, _UUID):
        yield _fault(f"{path}.card", "This is not the uuid of a card.")
    if outcome not in ("accepted", "overridden"):
        yield _fault(f"{path}.outcome", "This is neither accepted nor overridden.")
    if not _is(time, _UTC):
        yield _fault(f"{path}.outcomeTimestamp", "This is not a UTC time of RFC 3339.")
    taken = one.get("acceptedSuggestions")
    if (taken is not None or outcome == "accepted" or "acceptedSuggestions" in one) and not (
        isinstance(taken, list)
        and taken
        and all(isinstance(each, dict) and _is(each.get("id"), _UUID) for each in taken)
    ):
        says = "This is not a list of objects with the id of a suggestion."
        yield _fault(f"{path}.acceptedSuggestions", says)
    if "overrideReason" in one:
        yield from _reason_faults(one["overrideReason"], f"{path}.overrideReason")


def _reason_faults(given: Any, path: str) -> Iterator[Fault]:
    if not isinstance(given, dict) or not ("reason" in given or "userComment" in given):
        yield _fault(path, "This holds neither reason nor userComment.")
        return
    comment = given.get("userComment", "-")
    if not isinstance(comment, str) or not comment:
        yield _fault(f"{path}.userComment", "This is not a text.")
    reason = given.get("reason", {"code": "-", "system": "-"})
    if not isinstance(reason, dict) or not all(
        isinstance(reason.get(name), str) and reason[name] for name in ("code", "system")
    ):
        yield _fault(f"{path}.reason", "This is not a Coding with code and system.")


def _is(value: Any, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _fault(path: str, says: str) -> Fault:
    return Fault("value-invalid", says, "See CDS Hooks 2.0.1, Feedback.", path=path)
