"""Context as it stands in the form, three states each, and the lists of the case it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from corrin.api.page.enter.menu import Menu, Part
from corrin.api.page.submission import Fields, one
from corrin.api.problem import Fault

STATES = ("present", "absent")
"""What a thing is said to be; empty where nobody said."""


@dataclass(slots=True)
class Context:
    """The context of a case, and which field says what of it.

    Attributes:
        said: as the case has it.
        places: path into the case → id of a field.
        faults: what cannot be written into a case at all; paths are ids of fields.
    """

    said: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def context_of(fields: Fields, menu: Menu) -> Context:
    """The context the fields state. What nobody stated is not in it."""
    found = Context()
    for part in menu.parts:
        _part(part, fields, found)
    _pregnancy(fields, found)
    if any(_strangers(fields, menu)):
        found.faults.append(_CHANGED)
    return found


def name_of(part: Part, entry: str) -> str:
    """What the field of an entry is called: one condition may be a person's and a relative's."""
    return f"{part.name}.{entry}"


def _part(part: Part, fields: Fields, found: Context) -> None:
    path = f"context.{part.name}"
    sides: dict[str, Any] = {}
    for entry in part.entries:
        name = name_of(part, entry.id)
        state, date = one(fields, name), one(fields, f"{name}.when")
        place = _id(name)
        if state not in ("", *STATES):
            found.faults.append(_unknown(place))
        elif date and state != "present":
            says = "A date stands beside something that is not marked as present."
            remedy = "Mark it as present, or empty the date."
            found.faults.append(Fault("field-conflict", says, remedy, f"{place}-when"))
        elif state:
            side = sides.setdefault(state, [])
            inner = f"{path}.{state}[{len(side)}]"
            found.places[inner] = place
            found.places[f"{inner}.{entry.asks}"] = f"{place}-when"
            side.append({"name": entry.id} | ({entry.asks: date} if date else {}))
    if part.complete and one(fields, f"{part.name}.complete"):
        sides["complete"] = True
        found.places[f"{path}.complete"] = f"{part.name}-complete"
    if sides:
        found.said[part.name] = sides
        found.places[path] = f"{part.name}"


def _pregnancy(fields: Fields, found: Context) -> None:
    state, weeks = one(fields, "pregnant"), one(fields, "weeks")
    if state not in ("", *STATES):
        found.faults.append(_unknown("pregnant"))
    elif weeks and state != "present":
        says = "Weeks of pregnancy stand beside a pregnancy that is not marked as present."
        found.faults.append(
            Fault("field-conflict", says, "Mark it as present, or empty the weeks.", "weeks")
        )
    elif state:
        found.said["pregnant"] = {"weeks": whole(weeks)} if weeks else state == "present"
        found.places |= {"context.pregnant": "pregnant", "context.pregnant.weeks": "weeks"}


def whole(text: str) -> Any:
    """A whole number as JSON has it; anything else as it is, for the reader to send back."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else text


def _strangers(fields: Fields, menu: Menu) -> Iterator[bool]:
    """Whether something is stated that the form does not offer: a page loaded before it changed."""
    known = {name_of(part, entry.id) for part in menu.parts for entry in part.entries}
    known |= {f"{part.name}.complete" for part in menu.parts if part.complete}
    parts = {part.name for part in menu.parts}
    for name in fields:
        if name.partition(".")[0] in parts and name.removesuffix(".when") not in known:
            yield bool(one(fields, name))


def _unknown(place: str) -> Fault:
    says = "This is neither present nor absent, nor left open."
    return Fault("value-invalid", says, "Choose one of the three.", place)


_CHANGED = Fault(
    "field-unknown",
    "Something is stated that the form does not offer any more.",
    "Load the page again and state it anew.",
)


def _id(name: str) -> str:
    return name.replace(".", "-")


def filled(part: Part, fields: Fields) -> bool:
    """Whether anything under a heading was stated."""
    return any(_stated(part, fields))


def _stated(part: Part, fields: Fields) -> Iterator[bool]:
    yield bool(one(fields, f"{part.name}.complete"))
    for entry in part.entries:
        name = name_of(part, entry.id)
        yield bool(one(fields, name) or one(fields, f"{name}.when"))
