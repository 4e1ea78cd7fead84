"""A rule for people: as a page without script that notes and cards link to, and as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corrin import __version__
from corrin.api.catalogue import form
from corrin.api.catalogue.entries import Entry
from corrin.api.headers import policy
from corrin.render import page
from corrin.render.basis import UNVERIFIED
from corrin.render.safe import visible
from corrin.render.sheet import Sheet

_HERE = Path(__file__).parent
_STYLE = _HERE.parents[1] / "book" / "page.css"
_FILLED_IN = "What stands in braces is filled in: the patient's values, the cut-offs below."
_WIDTH, _COLUMN = 100, 15

POLICY = policy(str(page.style(_STYLE)["style"]))


def html(entry: Entry, pack: form.Pack) -> str:
    """The page of a rule, restriction or decision."""
    return page.template(_HERE / "rule.html.j2").render(
        entry=entry,
        pack=pack,
        corrin=__version__,
        unverified=UNVERIFIED,
        filled_in=_FILLED_IN,
        **page.style(_STYLE),
    )


def text(entry: Entry, pack: form.Pack) -> str:
    """The same as text in 100 columns."""
    sheet = Sheet(_WIDTH)
    sheet.put(visible(entry.title))
    sheet.put(f"{entry.kind} {entry.id}, pack {pack.id} {pack.version} ({visible(pack.title)})")
    sheet.blank()
    _field(sheet, "Urgency", (entry.urgency or "",))
    _field(sheet, "Checked", (entry.status or "",))
    _field(sheet, "Runs in", (", ".join(entry.run_by) or "no profile of this site",))
    _field(sheet, "Set by site", entry.by_site)
    match entry:
        case form.Rule():
            _field(sheet, "Reads", (entry.reads,))
            _field(sheet, "When", entry.when, "and")
            _field(sheet, "Unless", entry.unless, "and")
            only_with = (f"{t}: {' or '.join(s)}" for t, s in entry.only_with.items())
            _field(sheet, "Only with", only_with)
            _field(sheet, "Says", (entry.note.summary, entry.note.detail))
            filled = "{" in f"{entry.note.summary}{entry.note.detail}"
            _field(sheet, "", (_FILLED_IN if filled else "",))
            _field(sheet, "Limits", entry.note.limits)
            _field(sheet, "Would use", (", ".join(entry.would_use),))
        case form.Restriction():
            _field(sheet, "When", entry.when, "and")
            _field(sheet, "Withdraws", (" or ".join(entry.withdraws),))
            _field(sheet, "Instead", (entry.instead,))
            _field(sheet, "Because", (entry.because,))
        case form.Decision():
            _table(sheet, entry)
    _basis(sheet, entry)
    return sheet.plain()


def _table(sheet: Sheet, entry: form.Decision) -> None:
    sheet.put("The first row that is true decides.")
    for number, row in enumerate(entry.rows, 1):
        sheet.blank()
        sheet.put(visible(f"{number}. {row.says} ({row.urgency})"))
        _field(sheet, "When", row.when, "and")
        _field(sheet, "Because", (row.because,))
        _field(sheet, "Rests on", ("; ".join(map(_check, row.evidence)),))
    sheet.blank()
    sheet.put(visible(f"Otherwise: {entry.otherwise}"))
    _field(sheet, "Because", (entry.otherwise_because,))
    _field(sheet, "Assumes absent", ("; ".join(entry.assumes),))
    _field(sheet, "Settled by", ("; ".join(entry.settled_by),))


def _basis(sheet: Sheet, entry: Entry) -> None:
    if entry.definitions:
        _title(sheet, "Definitions")
    for one in entry.definitions:
        sheet.put(visible(f"{one.name}: {one.means}"), first=2, rest=4)
        sheet.put(visible(one.when), first=4)
    if entry.thresholds:
        _title(sheet, "Cut-offs")
    for cut in entry.thresholds:
        sheet.put(visible(f"{cut.name}: {cut.used}"), first=2, rest=4)
        since = f", in force from {cut.in_force_from}" if cut.in_force_from else ""
        sheet.put(visible(f"{cut.says} ({cut.pack}{since})"), first=4)
        if cut.set_by:
            said = f"set by the site ({cut.set_by}): {cut.because}; {cut.source}"
            sheet.put(visible(f"{said}; published: {cut.upstream}"), first=4)
        sheet.put(visible("; ".join(map(_check, cut.evidence))), first=4)
    _title(sheet, "Evidence")
    for row in entry.evidence:
        sheet.put(_check(row), first=2)
        sheet.put(visible(row.item), first=4)
        for source in row.sources:
            said = f"{source.title}: {source.url}" if source.url else source.title
            sheet.put(visible(said), first=4, rest=6)
    _title(sheet, f"Examples it is tested by ({len(entry.cases)})")
    for case in entry.cases:
        because = f", for want of {', '.join(case.because)}" if case.because else ""
        sheet.put(visible(f"{case.given} → {case.expect}{because}"), first=2, rest=6)


def _check(row: form.Row) -> str:
    return f"{row.row} ({row.check}{'' if row.verified else f', {UNVERIFIED}'})"


def _title(sheet: Sheet, title: str) -> None:
    sheet.blank()
    sheet.put(title.upper())


def _field(sheet: Sheet, label: str, lines: Iterable[str], word: str = "") -> None:
    for number, line in enumerate(one for one in lines if one):
        said = visible(f"{word} {line}" if number and word else line)
        shown = label if number == 0 else ""
        sheet.labelled(shown, said, indent=0 if shown else _COLUMN, column=_COLUMN)
