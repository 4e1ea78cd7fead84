"""What the forms of a comparison say alike: scope, force, what was withdrawn, what differs.

Everything takes parts of a cleaned comparison and answers plain text.
"""

from __future__ import annotations

from corrin.comparison.side_by_side import (
    CutoffDiffers,
    DecidingRow,
    Difference,
    FrameworkUsed,
    Withdrawn,
)


def force(used: FrameworkUsed) -> str:
    """That a guideline was not in force yet; empty when it was."""
    return "" if used.in_force else f"Not in force at that time (from {used.in_force_from})."


def scope(used: FrameworkUsed) -> str:
    """That a person is not, or not surely, of those a guideline is for; empty when they are."""
    if not used.scope or used.scope_holds == "true":
        return ""
    word = "is" if used.scope_holds == "false" else "may be"
    return f"This patient {word} outside its scope: {used.scope}"


def withdrawn(one: Withdrawn) -> str:
    """What a table says, and what that is for this person."""
    said = f"the table says {one.says}; for this patient that is {one.instead}"
    return f"{said} ({one.confounder}, {one.pack})."


def lead(difference: Difference) -> str:
    """What stands before the rows or cut-offs that make a difference; of a single one nothing."""
    match difference.kind:
        case "table":
            return "No cut-off that both have makes the difference; the tables do:"
        case "thresholds together":
            return "These cut-offs together, none of them alone:"
        case _:
            return ""


def row(name: str, decided: DecidingRow) -> str:
    """Which row of a framework decided, and why."""
    return f"{name}, row {decided.id}: " if decided.id else f"{name}: "


def against(cutoff: CutoffDiffers) -> str:
    """The figures of both."""
    return f"{cutoff.name}: {cutoff.first} against {cutoff.second}"


def turned(difference: Difference, cutoff: CutoffDiffers) -> str:
    """That the exchange of one figure makes both say the same."""
    first = cutoff.turns == difference.first
    giver = difference.second if first else difference.first
    return f"With {giver}'s figure, {cutoff.turns} says what {giver} says."
