"""Resources that an export gives to several people, with nothing to tell who had them last.

Whatever was read of such a row is taken from every one of them and refused by its name and time,
so that it is missing for a reason and leaves doubt about older values. What it took the place of
stays replaced, and what it withdrew stays withdrawn: it may still be right.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from corrin.batch import cases
from corrin.facts.case import Refusal
from corrin.intake.gathered import REFUSED, USED, Gathered, row_of, token

DISPUTED = "input-person-disputed"


def refused(found: Gathered, rows: Collection[int]) -> Gathered:
    """What was read of a person, with all that came of some rows refused.

    Args:
        found: of all rows of the person.
        rows: numbers of the rows that are disputed.
    """
    if not rows or found.problem is not None:
        return found
    reading = found.reading
    results = cases.standing(reading.results)
    refusals = [
        Refusal(DISPUTED, one.path, one.origin, one.analyte, "", one.when, one.reported, one.status)
        for one in results
        if row_of(one.path)[0] in rows
    ]
    refusals += [
        Refusal(DISPUTED, one.path, one.origin, one.name, "", one.since, one.reported, one.status)
        for one in reading.statements
        if row_of(one.path)[0] in rows
    ]
    told = {row_of(one.path)[0] for one in refusals}
    went = list(found.went)
    for row in sorted(rows):
        if went[row] == USED and row not in told:
            refusals.append(Refusal(DISPUTED, token(row)))
        if went[row] == USED or row in told:
            went[row] = REFUSED
    left = replace(
        reading,
        results=tuple(one for one in results if row_of(one.path)[0] not in rows),
        statements=tuple(one for one in reading.statements if row_of(one.path)[0] not in rows),
        refusals=(*reading.refusals, *dict.fromkeys(refusals)),
        orders=(),  # of any row: what is proposed once too often harms nobody
    )
    return replace(found, reading=left, went=tuple(went))
