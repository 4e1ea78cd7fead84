"""A difference between two packs as text: what changed, and who comes out differently."""

from __future__ import annotations

from collections.abc import Iterable

from corrin.comparison.pack_diff import (
    CaseUnread,
    Change,
    Cohort,
    FieldChange,
    PackDiff,
    Tally,
    Turned,
)
from corrin.render import words
from corrin.render.safe import visible
from corrin.render.sheet import Sheet

TITLES = {
    "head": "The pack",
    "threshold": "Cut-offs",
    "definition": "Definitions",
    "decision": "Decisions",
    "row": "Rows of decisions",
    "restriction": "Restrictions",
    "rule": "Rules",
}
MOST_NAMED = 5  # cases named under one reason for not reading them
MARK = {"added": "+", "removed": "-", "changed": "~", "moved": "~"}
STYLE = {"added": "bold green", "removed": "bold red", "changed": "bold", "moved": "bold"}
# What is new or gone is told by what it says; the whole of it is in the JSON form.
_GONE = ("figures", "means", "meaning", "title", "status", "because", "note.summary")
BRIEF = {
    "removed": _GONE,
    "added": (*_GONE, "when", "unless", "withdraws", "replaced_by", "note.urgency", "evidence"),
}


def put(page: Sheet, found: PackDiff) -> None:
    """Put a difference on a sheet."""
    one, other = found.before, found.after
    page.put(f"From {one.name} to {other.name}", style="bold")
    for side in (one, other):
        origin = "" if side.origin == "installed" else f", {side.origin}"
        said = f"{side.name}: {side.title}, version {side.version} of {side.date}{origin}"
        page.put(visible(said), first=2, rest=4, style="dim")
    if not found.changes:
        page.blank()
        page.put("Nothing in them differs.")
    for kind, title in TITLES.items():
        own = [change for change in found.changes if change.kind == kind]
        if own:
            _title(page, f"{title}: {_counted(own)}")
        for change in own:
            _change(page, change)
    if found.cohort is not None:
        _cohort(page, found.cohort, found)


def _counted(changes: Iterable[Change]) -> str:
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    return words.joined(f"{number} {what}" for what, number in counts.items())


def _change(page: Sheet, change: Change) -> None:
    said = f"{MARK[change.what]} {change.name}: {change.what}"
    page.put(visible(said), first=2, rest=4, style=STYLE[change.what])
    for field in change.fields:
        if change.what in BRIEF and field.field not in BRIEF[change.what]:
            continue
        _field(page, field, change.what)


def _field(page: Sheet, field: FieldChange, what: str) -> None:
    name = field.field.replace("_", " ")
    if name.startswith("cases"):
        gone, new = ((said or "").count(words.ARROW) for said in (field.before, field.after))
        page.labelled("examples", f"{gone} gone, {new} new", indent=4, column=20)
        return
    if what in ("added", "removed"):
        page.labelled(name, visible(field.after or field.before or ""), indent=4, column=20)
        return
    page.labelled(name, visible(f"was {field.before or 'not given'}"), indent=4, column=20)
    page.labelled("", visible(f"now {field.after or 'not given'}"), indent=20, column=20)


def _cohort(page: Sheet, cohort: Cohort, found: PackDiff) -> None:
    profile = found.profile.id if found.profile is not None else ""
    _title(page, f"Over {words.count(cohort.cases, 'case')}, profile {profile}")
    read = cohort.cases - cohort.unread
    said = f"{words.count(read, 'case')} read: {cohort.changed:,} come out differently, "
    said += f"{cohort.same:,} the same"
    said += f" ({cohort.outside:,} of them outside the scope)" if cohort.outside else ""
    page.put(f"{said}; {cohort.unread:,} could not be read.", first=2)
    if cohort.tallies:
        page.blank()
        page.put("From what to what", first=2, style="bold")
    for tally in cohort.tallies:
        page.put(visible(f"{tally.cases:>5,}  {_turn(tally)}"), first=2, rest=9)
    if cohort.causes:
        page.blank()
        page.put("Because of", first=2, style="bold")
    for cause in cohort.causes:
        page.put(visible(f"{cause.cases:>5,}  {cause.kind} {cause.name}"), first=2, rest=9)
    if cohort.changes:
        page.blank()
        page.put("Who", first=2, style="bold")
    for case in cohort.changes:
        page.put(visible(case.case), first=2, rest=4, style="bold")
        for turned in case.turned:
            page.put(visible(f"{_turn(turned)}{_because(turned)}"), first=4, rest=6)
    if cohort.not_read:
        page.blank()
        page.put("Not read", first=2, style="bold")
    for (reason, says), cases in _alike(cohort.not_read).items():
        page.put(visible(f"{len(cases):>5,}  {says} [{reason}]"), first=2, rest=9)
        page.put(visible(words.joined(cases[:MOST_NAMED])), first=9)
        if len(cases) > MOST_NAMED:
            page.put(f"and {len(cases) - MOST_NAMED:,} more; json names them all", first=9)


def _alike(unread: Iterable[CaseUnread]) -> dict[tuple[str, str], list[str]]:
    """The cases not read, under what they were not read for."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in unread:
        found.setdefault((one.reason, one.says), []).append(one.case)
    return found


def _turn(turned: Turned | Tally) -> str:
    before, after = turned.before, turned.after
    if turned.about == "note":
        if before is None:
            return f"note {turned.name} appears ({after})"
        if after is None:
            return f"note {turned.name} disappears ({before})"
        return f"note {turned.name}: {before} → {after}"
    if turned.about == "urgency":
        return f"urgency{f' of {turned.name}' if turned.name else ''}: {before} → {after}"
    return f"{turned.name or turned.about}: {before or 'not given'} → {after or 'not given'}"


def _because(turned: Turned) -> str:
    causes = turned.because
    if not causes:
        return " (no cut-off or single change does it)"
    if [(cause.kind, cause.name) for cause in causes] == [("rule", turned.name)]:
        return ""  # a note that comes or goes with its rule
    said = words.joined(f"{cause.kind} {cause.name}" for cause in causes)
    return f" (because of {said}{'' if causes[0].alone else ', together'})"


def _title(page: Sheet, title: str) -> None:
    page.blank()
    page.put(title, style="bold cyan")
