"""The detail of a card in GitHub Markdown: everything a clinician needs to judge the note."""

from __future__ import annotations

from collections.abc import Iterable

from corrin.notes.report import Earlier, Missing, Note, Report, Value
from corrin.notes.sentence import capital
from corrin.render import basis, words
from corrin.render.cards import markdown
from corrin.render.cards.content import CardContent
from corrin.render.cards.markdown import field, paragraphs, text
from corrin.render.cards.occasion import Occasion
from corrin.render.cards.stack import Stack

_MEASURED_NOT = "not-measured"
_KEYS = ("absent", "failed", "incomplete")


class Detail:
    """Writes details for one cleaned report.

    Args:
        base: public URL of the service, for links to rules.
    """

    def __init__(
        self, report: Report, occasion: Occasion, content: CardContent, *, base: str
    ) -> None:
        self._report, self._occasion, self._content = report, occasion, content
        self._base, self._words = base, content.words

    def of(
        self,
        stack: Stack,
        *,
        ordered: Iterable[str] = (),
        placed: Iterable[str] = (),
        others: Iterable[Note] = (),
        proposes: bool = False,
    ) -> str:
        """The detail of one card.

        Args:
            ordered: names of tests that would settle it and are being ordered already.
            placed: the same of tests that were ordered before.
            others: routine notes of other topics, told here because they are no cards.
            proposes: whether a test is proposed beside it.
        """
        top, said = stack.top, self._words
        return paragraphs(
            (
                self._listed(said["emergency_too"], (self._also(one) for one in stack.beside)),
                text(top.detail),
                self._unmeasured(top),
                self._status(stack),
                self._listed(said["inputs"], (self._value(one) for one in stack.inputs)),
                self._stated(),
                self._listed(said["missing"], self._missing(stack)),
                self._settles(stack),
                self._listed(said["ordered"], (text(one) for one in ordered)),
                self._listed(said["ordered_before"], (text(one) for one in placed)),
                text(self._orders_unseen()) if proposes else "",
                text(said["plan"]) if self._occasion.plans_b12 else "",
                self._listed(said["limits"], (text(one) for one in top.limits)),
                field(said["rule"], self._rule(top)),
                self._listed(said["thresholds"], self._thresholds(top)),
                self._listed(said["sources"], self._sources(top)),
                self._listed(said["also"], self._cut(stack.folded)),
                self._listed(said["routine"], (self._also(one) for one in others)),
                self.foot(),
            )
        )

    def alone(self, said: str) -> str:
        """The detail of a card with no note behind it."""
        return paragraphs((text(said), self.foot()))

    def foot(self) -> str:
        """What was not fully seen, what holds for the whole report, and what this is."""
        report, said = self._report, self._words
        about = said["foot"].format(
            corrin=report.corrin,
            profile=f"{report.profile.id} {report.profile.version}{words.by_site(report)}",
            as_of=words.dated(report.as_of),
        )
        others = self._occasion.other_keys
        return paragraphs(
            (
                self._listed(said["not_sent"], self._unseen()),
                text(said["other_keys"].format(count=others)) if others else "",
                *(text(notice) for notice in report.notices if notice != report.headline),
                f"{text(report.statement)} {text(about)}",
            )
        )

    def _listed(self, label: str, lines: Iterable[str]) -> str:
        found = [line for line in lines if line]
        return field(label, *found) if found else ""

    def _unmeasured(self, note: Note) -> str:
        """A word on what a note calls not measured, where not everything was sent along."""
        supply = self._occasion.supply
        partly = any(supply[key] in _KEYS for key in supply if key != self._content.orders_key)
        said = self._content.unmeasured in f"{note.summary} {note.detail}"
        return text(self._words["unmeasured"]) if partly and said else ""

    def _orders_unseen(self) -> str:
        """That a proposed test may have been ordered before, where that was not fully looked at."""
        state = self._occasion.supply.get(self._content.orders_key, "absent")
        if state not in _KEYS:
            return ""
        some = state == "incomplete" or self._occasion.placed
        return self._words["orders_partly_seen" if some else "orders_unseen"]

    def _status(self, stack: Stack) -> str:
        status = stack.status
        if status is None:
            return ""
        says = f"{words.status_says(status)}. {capital(status.because)}"
        assumed = f" {self._words['assumes']}: {words.assumed(status)}." if status.assumed else ""
        fragile = "".join(f" {one.says}" for one in status.fragile)
        return field(status.title, text(says + assumed + fragile))

    def _value(self, value: Value) -> str:
        about = ", ".join(words.value_about(value))
        parts = [f"{text(capital(value.label))} **{text(words.compared(value, full=False))}**"]
        parts[0] += f" ({text(about)})"
        if value.laboratory_range:
            parts.append(text(f"laboratory range {value.laboratory_range}"))
        parts += [text(flag.says) for flag in value.flags]
        before = self._before(value)
        if before:
            parts.append(text("before: " + ", ".join(words.earlier(one) for one in before)))
        return "; ".join(parts)

    def _stated(self) -> str:
        """What is so or was so of the person: a note on a sign does not say which it was."""
        lines = []
        for one in (one for one in self._report.context if one.present or one.history):
            about = [part for part in words.context(one).split(", ") if part != "yes"]
            about += [flag.says for flag in one.flags]
            lines.append(capital(one.label) + (f" ({'; '.join(about)})" if about else ""))
        return field(self._words["stated"], text("; ".join(lines))) if lines else ""

    def _before(self, value: Value) -> list[Earlier]:
        """The latest other values of the same analyte, newest first."""
        found: dict[tuple[str, str], Earlier] = {}
        for one in (one for one in self._report.values if one.name == value.name):
            newest = Earlier(reported=one.reported, when=one.when, origin=one.origin)
            for other in (newest, *reversed(one.earlier)):
                if (other.reported, other.when) != (value.reported, value.when):
                    found.setdefault((other.reported, other.when or ""), other)
        dated = sorted(found.values(), key=lambda one: one.when or "", reverse=True)
        return dated[: self._content.history - 1]

    def _missing(self, stack: Stack) -> list[str]:
        """What was looked for and could not be used, by what became of the key it was under."""
        found = {part.name: part for note in stack.notes for part in note.missing}
        found |= {part.name: part for part in (stack.status.missing if stack.status else ())}
        labels: dict[str, list[str]] = {}
        lines = []
        for part in found.values():
            said = self._supplied(part)
            if said is None:
                lines.append(text(words.missing(part)))
            else:
                labels.setdefault(said, []).append(part.label)
        return [
            f"{text(capital('; '.join(names)))}: {text(s)}" for s, names in labels.items()
        ] + lines

    def _supplied(self, part: Missing) -> str | None:
        supply = self._occasion.supply_of(part.name)
        if part.reason != _MEASURED_NOT or supply is None:
            return None
        return self._content.supply["empty" if supply == "complete" else supply]

    def _settles(self, stack: Stack) -> str:
        return self._listed(
            self._words["settles"],
            (
                f"{text(words.settled_by(one))}: {text(words.bands(one))}"
                for one in stack.settling(self._content)
            ),
        )

    def _rule(self, note: Note) -> str:
        checked = "" if note.verified else f"; {self._words['unverified']}"
        line = basis.rule_line(note).removeprefix(note.rule)
        return markdown.link(note.rule, self.address(note)) + " " + text(f"{line}{checked}")

    def address(self, note: Note) -> str:
        """Where a rule is told in full."""
        return f"{self._base}/v1/rules/{note.rule}"

    def _thresholds(self, note: Note) -> list[str]:
        return [
            text(f"{basis.threshold(one, full=False)} ({rows})")
            for one in note.thresholds
            for rows in (", ".join(row.row for row in basis.rows(one)),)
        ]

    def _sources(self, note: Note) -> list[str]:
        found: dict[str, list[str]] = {}
        for row in note.evidence:
            for source in row.sources:
                found.setdefault(markdown.link(source.title, source.url), []).append(
                    basis.check(row, full=False)
                )
        return [f"{source} ({text(', '.join(rows))})" for source, rows in found.items()]

    def _also(self, note: Note) -> str:
        return f"{text(note.summary)} ({markdown.link(note.rule, self.address(note))})"

    def _cut(self, notes: tuple[Note, ...]) -> list[str]:
        most = self._content.most_folded
        lines = [self._also(one) for one in notes[:most]]
        more = len(notes) - most
        return [*lines, text(self._words["more"].format(count=more))] if more > 0 else lines

    def _unseen(self) -> list[str]:
        states = self._occasion.supply
        found = {
            state: [self._occasion.titles.get(key, key) for key in states if states[key] == state]
            for state in _KEYS
        }
        return [
            text(f"{capital(self._content.seen[state])}: {', '.join(titles)}")
            for state, titles in found.items()
            if titles
        ]
