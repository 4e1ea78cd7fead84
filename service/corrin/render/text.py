"""Report → text a clinician reads in 80 columns: plain in a pipe, coloured in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cached_cell_len, cell_len
from rich.text import Text

from corrin.notes.report import (
    Applied,
    Evidence,
    Missing,
    Note,
    Reason,
    Report,
    Settles,
    Status,
    ThresholdUsed,
    Value,
)
from corrin.render import basis, words
from corrin.render.safe import clean
from corrin.render.sheet import NARROWEST, Sheet

WIDTH = 80
# Longer lines than this are hard to read, however wide the terminal is.
WIDEST = 100
COLUMN = 16
INDENT = 3
LABEL = 24

URGENCY_STYLE = {
    "emergency": "bold white on red",
    "urgent": "bold red",
    "soon": "bold yellow",
    "routine": "bold cyan",
}
TRUTH_MARK = {"true": "[+]", "false": "[-]", "unknown": "[?]"}


def render(
    report: Report, *, explain: bool = False, width: int | None = None, colour: bool = False
) -> str:
    """The report as text of at most ``width`` columns (80 when not given; never below 40).

    ``explain`` adds the conditions that decided, every evidence row with its sources, the rules
    that could not answer and whole digests.
    """
    sheet = Sheet(max(WIDTH if width is None else width, NARROWEST))
    try:
        _Writer(clean(report), sheet, explain).write()
        return sheet.coloured() if colour else sheet.plain()
    finally:
        # rich keeps every short text it has measured; of a patient's none may stay.
        cached_cell_len.cache_clear()


class _Writer:
    def __init__(self, report: Report, sheet: Sheet, explain: bool) -> None:
        self.report, self.sheet, self.explain = report, sheet, explain
        self.references = basis.References(report)

    def write(self) -> None:
        self._head()
        for number, status in enumerate(self.report.statuses.values()):
            self._status(status, brief=number > 0 and not self.explain)
        self._notes()
        self._folded()
        self._values()
        self._trends()
        self._context()
        self._refused()
        self._unsaid()
        self._sources()
        self._basis()

    # --- parts ------------------------------------------------------------------------------

    def _head(self) -> None:
        report, sheet = self.report, self.sheet
        sheet.put(report.headline, style="bold")
        line = Text()
        if report.in_scope:
            line.append(f" {words.URGENCY[report.urgency].upper()} ", URGENCY_STYLE[report.urgency])
        line.append(f" as of {words.dated(report.as_of)}; {words.subject(report.subject)}")
        line.append(f"; profile {report.profile.id}{words.by_site(report)}")
        sheet.put(line, first=0)
        for number, note in words.pointed_out(report):
            style = URGENCY_STYLE[note.urgency]
            line = Text(f" {words.URGENCY[note.urgency].upper()} ", style)
            sheet.put(line.append(f" {note.summary} (note {number})", "bold"), rest=2)
        for notice in report.notices:
            if notice != report.headline:
                sheet.put(f"! {notice}", first=0, rest=2)
        sheet.rule()

    def _title(self, title: str) -> None:
        self.sheet.blank()
        self.sheet.put(title.upper(), style="bold cyan")

    def _field(self, label: str, text: Text | str, style: str = "") -> None:
        indent = INDENT if label else COLUMN
        self.sheet.labelled(label, text, column=COLUMN, indent=indent, style=style)

    def _fields(self, label: str, lines: Iterable[Text | str]) -> None:
        for number, line in enumerate(lines):
            self._field(label if number == 0 else "", line)

    def _cited(self, text: str, rows: tuple[Evidence, ...]) -> Text:
        """``text`` with the rows it rests on; what is not verified stands out."""
        line = Text(f"{text} " if text else "")
        line.append(f"({self.references.cite(rows, self.explain)})", "dim")
        return _marked(line)

    # --- statuses ---------------------------------------------------------------------------

    def _status(self, status: Status, brief: bool) -> None:
        brief = brief and status.urgency == "routine"
        sheet = self.sheet
        sheet.blank()
        line = Text(f"{status.title.upper()}: ", "bold cyan")
        line.append(words.status_says(status), "bold")
        line.append(f" ({words.URGENCY[status.urgency].lower()})", URGENCY_STYLE[status.urgency])
        sheet.put(line, rest=INDENT)
        self._field("Because", status.because)
        if self.explain:
            self._reasons(status.why)
        self._thresholds(status.thresholds)
        self._restrictions(status.restrictions)
        self._missing_of(status.missing)
        if status.assumed:
            self._field("Assumes", words.assumed(status))
        self._fields("Fragile", [part.says for part in status.fragile])
        self._settles("Separated by", status.separated_by, brief)
        self._settles("Settled by", status.settle, brief)
        if self.explain or not basis.verified(status.evidence):
            self._field("Rests on", self._cited("", status.evidence))

    def _reasons(self, why: Iterable[Reason]) -> None:
        self._fields("Conditions", [_reason(reason) for reason in why])

    def _thresholds(self, used: Iterable[ThresholdUsed]) -> None:
        self._fields(
            "Cut-offs",
            [self._cited(basis.threshold(part, self.explain), basis.rows(part)) for part in used],
        )

    def _restrictions(self, applied: Iterable[Applied]) -> None:
        self._fields(
            "Restricted",
            [self._cited(f"{part.confounder}: {part.because}", part.evidence) for part in applied],
        )

    def _missing_of(self, missing: Iterable[Missing]) -> None:
        self._fields("Missing", words.missing_lines(missing))

    def _settles(self, label: str, settles: Iterable[Settles], brief: bool) -> None:
        if brief:
            lines = [f"{words.settled_by(part)}: {words.bands(part)}" for part in settles]
            self._fields(label, lines)
            return
        for number, part in enumerate(settles):
            self._field(label if number == 0 else "", words.settled_by(part))
            for band in part.bands:
                line = f"{band.finding} {words.ARROW} {words.statuses(band.statuses)}"
                self.sheet.put(line, first=COLUMN + 2, rest=COLUMN + 6)

    # --- notes ------------------------------------------------------------------------------

    def _notes(self) -> None:
        top = words.on_top(self.report)
        self._title(f"Notes ({len(top)})" if top else "Notes: none")
        for number, note in top:
            if number > 1:
                self.sheet.blank()
            self._note(number, note)
            also = [f"{other.summary} (note {n})" for n, other in words.folded(self.report, number)]
            self._fields("Also", also)

    def _folded(self) -> None:
        folded = words.folded(self.report)
        if not folded:
            return
        self._title(f"Further notes on the same topics ({len(folded)})")
        for index, (number, note) in enumerate(folded):
            if index:
                self.sheet.blank()
            self._note(number, note)

    def _note(self, number: int, note: Note) -> None:
        line = Text(f"{words.URGENCY[note.urgency].upper()}", URGENCY_STYLE[note.urgency])
        line.append(f": {note.summary}", "bold")
        self.sheet.labelled(f"{number}.", line, column=max(INDENT, len(str(number)) + 2))
        self.sheet.put(note.detail, first=INDENT)
        if self.explain:
            self._field("Title", note.title)
            self._reasons(note.why)
        for index, value in enumerate(note.inputs):
            line = Text(f"{words.capital(value.label)} {words.compared(value, self.explain)}")
            line.append(f"; {'; '.join(words.value_about(value))}", "dim")
            self._field("Inputs" if index == 0 else "", line)
            self._flags(value)
        self._thresholds(note.thresholds)
        self._missing_of(note.missing)
        self._fields("Limits", note.limits)
        self._field("Rule", self._cited(basis.rule_line(note), note.evidence))

    def _flags(self, value: Value) -> None:
        for flag in value.flags:
            self.sheet.put(f"! {flag.says}", first=COLUMN + 2, rest=COLUMN + 4, style="yellow")

    # --- what was read, and what not --------------------------------------------------------

    def _values(self) -> None:
        if not self.report.values:
            self._title("Results used: none")
            return
        self._title(f"Results used ({len(self.report.values)})")
        longest = max(cell_len(words.capital(value.label)) for value in self.report.values)
        column = INDENT + 2 + min(longest, LABEL) + 2
        for when, values in words.by_date(self.report.values).items():
            self.sheet.put(when, first=INDENT, style="dim")
            for value in values:
                self._value(value, column)

    def _value(self, value: Value, column: int) -> None:
        line = Text(words.compared(value, self.explain))
        for part in words.value_more(value, self.explain):
            line.append(f"; {part}", "dim")
        label = words.capital(value.label)
        self.sheet.labelled(label, line, indent=INDENT + 2, column=column)
        if value.earlier:
            before = ", ".join(words.earlier(part) for part in value.earlier)
            self.sheet.put(f"also there: {before}", first=column, style="dim")
        for flag in value.flags:
            self.sheet.put(f"! {flag.says}", first=column, rest=column + 2, style="yellow")

    def _trends(self) -> None:
        if not self.report.trends:
            return
        self._title(f"Over time ({len(self.report.trends)})")
        for part in self.report.trends:
            line = f"{words.capital(part.label)}: {words.trend(part)}"
            self.sheet.put(line, first=INDENT, rest=INDENT + 2)

    def _context(self) -> None:
        if not self.report.context:
            return
        self._title(f"Known of the person ({len(self.report.context)})")
        for stated in self.report.context:
            line = f"{words.capital(stated.label)}: {words.context(stated)}"
            self.sheet.put(line, first=INDENT, rest=INDENT + 2)
            for flag in stated.flags:
                self.sheet.put(f"! {flag.says}", first=INDENT + 2, rest=INDENT + 4, style="yellow")

    def _refused(self) -> None:
        if not self.report.refusals:
            self._title("Not taken: nothing")
            return
        self._title(f"Not taken ({len(self.report.refusals)})")
        for part in self.report.refusals:
            self.sheet.put(words.refused_what(part), first=INDENT, rest=INDENT + 2, style="bold")
            detail = f" ({part.detail})" if part.detail else ""
            self._field("  Why", f"{part.says}{detail} [{part.reason}]")
            self._field("  Where", words.refused_where(part))
            self._field("  To do", part.remedy)

    def _unsaid(self) -> None:
        unsaid = self.report.cannot_say
        if not unsaid:
            return
        self._title(f"Could not be answered ({words.count(len(unsaid), 'rule')})")
        if not self.explain:
            self.sheet.put(f"For want of: {words.wanting(unsaid)}.", first=INDENT)
            return
        for part in unsaid:
            self.sheet.put(
                f"{part.title} ({part.rule}, {part.pack})", first=INDENT, rest=INDENT + 2
            )
            for line in words.missing_lines(part.because):
                self.sheet.put(line, first=INDENT + 2, rest=INDENT + 4, style="dim")

    # --- what it stands on ------------------------------------------------------------------

    def _sources(self) -> None:
        if not self.references.rows:
            return
        self._title(f"Sources ({len(self.references.sources)})")
        for number, source in self.references.sources:
            column = INDENT + 5
            self.sheet.labelled(f"[{number}]", source.title, indent=INDENT, column=column)
            if self.explain and source.url:
                self.sheet.put(source.url, first=column, style="dim")
        self.sheet.put(basis.legend(), first=INDENT, style="dim")
        if self.report.notes:
            said = f"Rules: {basis.rule_statuses(self.report)}."
            self.sheet.put(said, first=INDENT, rest=INDENT + 2, style="dim")
        if not self.explain:
            return
        self._title(f"Evidence ({words.count(len(self.references.rows), 'row')})")
        for row in self.references.rows:
            self.sheet.put(_marked(Text(self.references.cite((row,)))), first=INDENT)

    def _basis(self) -> None:
        report = self.report
        digest = (lambda text: text) if self.explain else basis.short
        self._title("What this stands on")
        for pack in report.packs:
            line = Text(f"{pack.id} ", "bold").append_text(_marked(Text(basis.pack_line(pack))))
            if not self.explain:
                line.append(f"; {basis.short(pack.digest)}", "dim")
            self.sheet.put(line, first=INDENT, rest=INDENT + 2)
            if self.explain:
                self.sheet.put(pack.title, first=INDENT + 2)
                for citation in pack.citations:
                    self.sheet.put(citation, first=INDENT + 2, rest=INDENT + 4, style="dim")
                self.sheet.put(pack.digest, first=INDENT + 2, style="dim")
        profile = report.profile
        self.sheet.put(
            f"profile {profile.id} {profile.version} ({profile.title}), {digest(profile.digest)}",
            first=INDENT,
            rest=INDENT + 2,
        )
        if report.overlay is not None:
            said = f"{basis.site_line(report.overlay)}, {digest(report.overlay.digest)}"
            self.sheet.put(said, first=INDENT, rest=INDENT + 2)
            for change in report.overlay.changes:
                self.sheet.put(change, first=INDENT + 2, rest=INDENT + 4, style="dim")
        self.sheet.put(
            f"Corrin {report.corrin}; facts {digest(report.facts_digest)}",
            first=INDENT,
            rest=INDENT + 2,
        )
        if report.counts:
            self.sheet.put(f"Counted: {words.counted(report)}", first=INDENT, rest=INDENT + 2)
        self.sheet.blank()
        self.sheet.put(report.statement)


def _marked(text: Text) -> Text:
    text.highlight_words([basis.UNVERIFIED], "bold magenta")
    return text


def _reason(reason: Reason) -> str:
    return f"{TRUTH_MARK[reason.truth]} {reason.says}: {words.TRUTH[reason.truth]}"
