"""The form as it was typed → a case written by hand (``docs/case.md``), so that one reader decides.

Nothing is decided here that the reader decides, and nothing is filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corrin.api.page.enter.menu import Menu
from corrin.api.page.enter.row import Row, repeated, rows_of, too_many
from corrin.api.page.enter.state import context_of, whole
from corrin.api.page.submission import Fields, one
from corrin.api.problem import Fault

_NAME = re.compile(r"[a-z][a-z0-9_.]{0,80}", re.ASCII)
_RESULT = re.compile(r"results\[\d+\]")
_PERSON = {"age": "patient.age", "birth_date": "patient.birth_date", "sex": "patient.sex"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A case made of what was typed.

    Attributes:
        case: as JSON has it; empty where nothing was typed.
        rows: the rows its results were typed in, in the order of the results.
        places: path into the case → id of the field that says it.
        faults: what cannot be written as a case at all; their paths are ids of fields.
    """

    case: Mapping[str, Any]
    rows: tuple[Row, ...]
    places: Mapping[str, str]
    faults: tuple[Fault, ...] = ()

    @property
    def document(self) -> str:
        """The case as text, in ASCII."""
        return json.dumps(self.case)

    @property
    def empty(self) -> bool:
        """Whether nothing was typed that could be interpreted."""
        return not self.rows and "context" not in self.case and not self.faults

    def place(self, path: str, reason: str = "") -> str:
        """The id of the field that says what stands at a path; empty where none does.

        What is wrong with the unit of a value is told beside the unit, wherever the reader met it.
        """
        result = _RESULT.match(path)
        if result is not None and reason.startswith("unit-"):
            path = f"{result[0]}.unit"
        if path.startswith("patient.") or path in ("as_of", "date"):
            return self.places.get(path, "")
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, "")


def typed(fields: Fields, menu: Menu, *, date: str = "") -> Typed:
    """The case the fields make.

    Args:
        date: what an undated result is taken to be of while it is still being typed; never where
            an interpretation comes of it.
    """
    every = rows_of(fields, menu).values()
    rows = tuple(row for row in every if row.entered)
    results = [row.result() for row in rows]
    places = {"as_of": "as_of"}
    for at, row in enumerate(rows):
        places |= row.places(f"results[{at}]")
        if date:
            results[at].setdefault("date", date)
    said = context_of(fields, menu)
    person = _person(fields)
    case: dict[str, Any] = {"patient": person} if person else {}
    case |= {"results": results} if results else {}
    case |= {"context": said.said} if said.said else {}
    places |= {path: name for name, path in _PERSON.items()}
    bare = (row.key for row in every if row.sign.strip() and not row.entered)
    faults = (*map(_twice, repeated(fields)), *map(_no_value, bare), *said.faults)
    if too_many(fields, menu):
        faults = (*faults, _TOO_MANY)
    return Typed(case, rows, places | said.places, faults)


def _person(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {name: one(fields, name) for name in _PERSON if one(fields, name)}
    if "age" in found:
        found["age"] = whole(found["age"])
    return found


_TOO_MANY = Fault(
    "too-many-entries",
    "There are more rows than the form has.",
    "Paste the results as a document.",
    "document",
)


def _twice(name: str) -> Fault:
    says = "A field was sent more than once, and nobody can tell which one counts."
    place = name.replace(".", "-") if _NAME.fullmatch(name) is not None else ""
    return Fault("field-twice", says, "Load the page and enter it again.", place)


def _no_value(key: str) -> Fault:
    says = "Less or more than something is said, and not of which value."
    return Fault("field-missing", says, "Type the value, or choose exactly.", f"value-{key}")
