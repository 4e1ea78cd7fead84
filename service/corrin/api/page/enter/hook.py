"""A CDS Hooks request → the reading of what it brought along: as its service reads it, no cards."""

from __future__ import annotations

from dataclasses import replace

from corrin.api.hooks import offer
from corrin.api.hooks.answer import read as read_call
from corrin.api.hooks.call import body_of, call_of
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.facts.case import Reading
from corrin.intake.dates import parse_moment


def read(data: bytes, interpreter: Interpreter) -> Reading:
    """Read the body of a call. The moment it asks for in our extension is the reading's.

    Raises:
        corrin.intake.IntakeError: the body cannot be read.
        Problem: it is a call of no service of ours, a member is missing or wrong, it brought no
            results, or a resource is about somebody else.
    """
    body = body_of(data, interpreter.hooks_limits)
    offered = offer.load()
    hook = body.get("hook")
    service = next((one for one in offered.services.values() if one.hook == hook), None)
    if service is None:
        known = tuple(dict.fromkeys(one.hook for one in offered.services.values()))
        says = "The request does not name a hook that is answered here."
        raise Problem(400, Fault("hook-mismatch", says, "", "hook", nearest=known))
    asked = call_of(body, service, offered)
    reading = read_call(asked, service, interpreter)[0]
    moment = parse_moment(asked.as_of, interpreter.zone) if asked.as_of else None
    return reading if moment is None else replace(reading, evaluation_time=moment)
