"""Results that their source took back: entered in error under the same id, or the same number.

What was withdrawn must not stand only because the withdrawal came as a resource of its own, or
because nothing says which of two versions is the later one: what was entered in error once is
never right again under its id.
"""

from __future__ import annotations

from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.facts.versions import CORRECTING
from corrin.intake.harvest import Harvest, Withdrawal

_IN_ERROR = "entered-in-error"


def remove(harvest: Harvest) -> list[Measured]:
    """Take withdrawn results and statements out of a harvest; the results that were in it."""
    ids = {one.origin for one in harvest.refusals if one.reason == _IN_ERROR}
    ids = {one for one in ids if "/" in one and "[" not in one and "#" not in one}
    if not ids and not harvest.withdrawals:
        return []
    kept: list[Measured] = []
    gone: list[Measured] = []
    for one in harvest.results:
        away = one.origin in ids or any(_covers(by, one) for by in harvest.withdrawals)
        (gone if away else kept).append(one)
    harvest.results = kept
    harvest.statements = [one for one in harvest.statements if one.origin not in ids]
    return gone


def _covers(by: Withdrawal, one: Measured) -> bool:
    """Whether a result is the one that was withdrawn, and not one that was reported anew."""
    if one.analyte != by.name or not set(by.identifiers) & set(one.identifiers):
        return False
    if by.cancelled and one.status != "preliminary":
        return False
    if by.when is not None and not _same(by.when, one.when):
        return False  # one number over several sample times names an order or a series
    if by.issued is None or one.issued is None:
        return one.status not in CORRECTING
    if one.status in CORRECTING:
        return one.issued.start < by.issued.start
    return one.issued.start <= by.issued.start


def _same(one: Moment, other: Moment | None) -> bool:
    return other is not None and (one.start, one.end) == (other.start, other.end)
