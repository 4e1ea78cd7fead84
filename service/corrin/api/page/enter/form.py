"""The form as it is shown: what was typed so far, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from corrin.api.interpreter import Interpreter
from corrin.api.page.enter import again, document, hint, menu
from corrin.api.page.enter.hint import Hint
from corrin.api.page.enter.menu import Group, Menu, Part, Test
from corrin.api.page.enter.row import FIELDS, MOST_FREE, Row, free_keys, rows_of
from corrin.api.page.enter.state import filled, name_of
from corrin.api.page.enter.typed import Typed, typed
from corrin.api.page.submission import Fields, Submission, one
from corrin.api.problem import Fault, Problem
from corrin.intake import dates
from corrin.terminology import load as terminology

_OTHERS = ("age", "birth_date", "sex", "date", "pregnant", "weeks", "document", "as_of")
_CALLED = {
    "age": "Age",
    "birth_date": "Birth date",
    "sex": "Sex",
    "date": "Sampled on",
    "pregnant": "Pregnant",
    "weeks": "Weeks of pregnancy",
    "document": "The document",
    "as_of": "As of",
}
_FIELDS = {
    "sign": "exactly, less or more",
    "unit": "unit",
    "date": "date",
    "low": "range",
    "high": "range",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows.

    Attributes:
        fields: everything that was typed, by name.
        menu: what there is to choose from.
        profiles: those there are.
        profile: the one chosen.
        rows: by key, every row that holds something.
        free: the rows for other tests.
        hints: what is told beside a row, by its key.
        beside: what is told beside any other field, by its id.
        faults: everything that stopped the form, each with the id of its field.
        most: bytes of a document that may be sent.
        zone: where dates and times that name no zone are taken to be written.
    """

    fields: Fields
    menu: Menu
    profiles: tuple[str, ...]
    profile: str
    rows: Mapping[str, Row]
    free: tuple[Row, ...]
    most: int
    zone: str = "UTC"
    hints: Mapping[str, tuple[Hint, ...]] = field(default_factory=dict)
    beside: Mapping[str, tuple[Hint, ...]] = field(default_factory=dict)
    faults: tuple[tuple[Fault, str], ...] = ()

    def said(self, name: str) -> str:
        """What was typed into a field."""
        return self.fields.get(name, [""])[0]

    @property
    def document(self) -> str:
        """The text of the field to paste into."""
        return self.said("document")

    @property
    def kept(self) -> str:
        """What was typed, for whoever asks about its answer to bring along again."""
        return again.kept(self.fields)

    @property
    def as_of(self) -> str:
        """The moment asked for, as typed."""
        return self.said("as_of")

    def row(self, test: Test) -> Row:
        """The row of a test."""
        return self.rows.get(test.id) or Row(test.id, test=test.id)

    def hints_of(self, row: Row) -> tuple[Hint, ...]:
        """What is told beside a row."""
        own = [said for id_, said in self.beside.items() if id_.endswith(f"-{row.key}")]
        return tuple(dict.fromkeys([one for said in own for one in said])) or self.hints.get(
            row.key, ()
        )

    def wrong(self, field_id: str) -> bool:
        """Whether a field is one to be mended."""
        if field_id in self.beside:
            return True
        told = self.hints.get(field_id.partition("-")[2], ())
        return any(one.kind == "wrong" and one.field == field_id for one in told)

    @property
    def doubtful(self) -> bool:
        """Whether something is told beside a row that is not taken as it stands."""
        return any(one.kind == "wrong" for told in self.hints.values() for one in told)

    def opened(self, group: Group) -> bool:
        """Whether a group stands open: it is shown, or something is in it."""
        return group.shown or any(
            test.id in self.rows and (self.rows[test.id].entered or self.hints_of(self.row(test)))
            for test in group.tests
        )

    def stated(self, part: Part) -> bool:
        """Whether a heading of the context stands open."""
        return part.shown or filled(part, self.fields)

    def name_of(self, part: Part, entry: str) -> str:
        """What the field of an entry is called."""
        return name_of(part, entry)

    @property
    def others(self) -> tuple[str, ...]:
        """Ids of everything beside which something may be told and that is no row."""
        entries = (
            name_of(part, entry.id).replace(".", "-")
            for part in self.menu.parts
            for entry in part.entries
        )
        return (*_OTHERS, *entries)

    def called(self, field_id: str) -> str:
        """What people call a field."""
        if field_id in _CALLED:
            return _CALLED[field_id]
        kind, _, key = field_id.partition("-")
        if kind in FIELDS:
            test = self.menu.tests.get(key)
            row = self.rows.get(key)
            name = test.label if test else (row.test if row and row.test else "Another test")
            return f"{name}, {_FIELDS[kind]}" if kind in _FIELDS else name
        for part in self.menu.parts:
            for entry in part.entries:
                if field_id.removesuffix("-when") == f"{part.name}-{entry.id}":
                    return f"{part.title}: {entry.label}"
        return next((part.title for part in self.menu.parts if part.name == kind), "The form")

    def near(self, fault: Fault) -> str:
        """The names known that may have been meant, units as people write them."""
        return ", ".join(self.menu.spelt.get(one, one) for one in fault.nearest)

    def remedy(self, fault: Fault) -> str:
        """What to do about a fault here."""
        return hint.remedy(fault.reason, fault.remedy, self.menu)


def form_of(
    fields: Fields,
    interpreter: Interpreter,
    problem: Problem | None = None,
    *,
    more: int = 0,
    settled: bool = False,
) -> Form:
    """The form with what was typed into it; empty fields give the form as it is first shown.

    Args:
        problem: what stopped it, told beside the fields it is about.
        more: free rows to add.
        settled: whether what the reader makes of every row is told.
    """
    content = menu.load()
    rows = rows_of(fields, content)
    free = [row for row in rows.values() if row.free]
    missing = max(0, content.free_rows - len(free)) + more
    missing = min(missing, max(0, MOST_FREE - len(free)))
    shared = one(fields, "date")
    free += [Row(key, True, shared=shared) for key in free_keys(rows, missing)]
    found = typed(fields, content)
    faults = problem.faults if problem is not None else ()
    from_form = not one(fields, "document")
    return Form(
        fields=fields,
        menu=content,
        profiles=tuple(interpreter.engines),
        profile=one(fields, "profile") or interpreter.default,
        rows=rows,
        free=tuple(free),
        most=interpreter.limits.bytes,
        zone=interpreter.zone_name,
        hints=hint.hints_of(fields, interpreter) if settled and rows else {},
        beside=hint.of_faults(faults, found) if from_form else {},
        faults=_placed(faults, found, from_form),
    )


def submission(fields: Fields) -> Submission:
    """What was entered, as a document: what was pasted, else what was typed.

    Raises:
        corrin.api.problem.Problem: nothing was entered, or both; a field cannot be used; or it
            cannot be made out what a document is.
    """
    found = typed(fields, menu.load())
    pasted = fields.get("document", [""])[0]
    profile, as_of = one(fields, "profile"), one(fields, "as_of")
    faults = [*found.faults, *_moment(as_of)]
    if pasted.strip() and (not found.empty or "patient" in found.case or one(fields, "date")):
        faults.append(_BOTH)
    elif not pasted.strip() and found.empty and not faults:
        raise Problem(422, _nothing())
    if faults:
        raise Problem(422, *faults)
    if pasted.strip():
        return Submission(document.kind_of(pasted), pasted, profile, as_of)
    return Submission("case", found.document, profile, as_of)


_BOTH = Fault(
    "field-conflict",
    "There is a document, and something of the person, the results or the context is typed into "
    "the form: only one of them can be interpreted.",
    "Empty the document, or the fields of the form.",
    "document",
)


def _nothing() -> Fault:
    says = "There is neither a result nor anything of the person's context."
    return Fault("empty", says, "Enter one result at least, or paste a document.", "results")


def _moment(as_of: str) -> list[Fault]:
    if not as_of or dates.parse_moment(as_of, UTC) is not None:
        return []
    words = terminology().reasons["date-invalid"]
    return [Fault("date-invalid", words.sentence, words.remedy, "as_of")]


def _placed(
    faults: tuple[Fault, ...], found: Typed, from_form: bool
) -> tuple[tuple[Fault, str], ...]:
    """Faults with their fields; what one field says of many results is told once."""
    told: dict[tuple[str, str, str], tuple[Fault, str]] = {}
    for at, fault in enumerate(faults):
        place = _place(fault, found, from_form)
        key = place if from_form and place else str(at)
        told.setdefault((key, fault.reason, fault.remedy), (fault, place))
    return tuple(told.values())


def _place(fault: Fault, found: Typed, from_form: bool) -> str:
    if fault.path in ("document", "as_of"):
        return fault.path
    if fault.path == "results" and fault.reason == "empty":
        return f"value-{next(iter(menu.load().tests))}"
    return hint.place_of(fault, found) if from_form else "document"
