"""The context of a case → Conditions, Procedures and medicines for the reader of FHIR."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from corrin import terminology
from corrin.facts.case import Refusal
from corrin.facts.fact import Stated
from corrin.facts.moment import Moment
from corrin.intake import family
from corrin.intake.dates import parse_moment
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource
from corrin.intake.plain import names, shape
from corrin.intake.plain.fault import Faults, nearest
from corrin.terminology import ConceptKind

PATH = "context"
TRUTHS = ("pregnant", "breastfeeding", "smoking")
LISTS = ("symptoms", "conditions", "medicines", "procedures", "family_history")
KEYS = (*LISTS, "diet", *TRUTHS, "setting")
SIDES = ("present", "absent", "complete")
CLOSABLE = ("symptoms", "medicines")
"""The lists that may be declared complete: of the others silence denies nothing."""

ENTRY: dict[str, tuple[str, ...]] = {
    "symptoms": ("name", "since", "until"),
    "conditions": ("name", "since", "until", "resolved"),
    "medicines": ("name", "since", "until", "route", "stopped", "given"),
    "procedures": ("name", "date"),
    "family_history": ("name",),
    "diet": ("name", "since", "until"),
}
_OF_PERSON: tuple[ConceptKind, ...] = ("finding", "condition", "procedure")
_KINDS: dict[str, tuple[ConceptKind, ...]] = {
    "symptoms": _OF_PERSON,
    "conditions": _OF_PERSON,
    "procedures": _OF_PERSON,
    "family_history": ("condition",),
    "medicines": ("medicine",),
    "diet": ("diet",),
}
_ELSEWHERE = ("medicines", "diet", "conditions")
_GESTATION = "gestational_age"
_MOST_WEEKS = 45
_PLACES = {
    ".code": ".name",
    ".medication": ".name",
    ".condition[0].code": ".name",
    ".condition[0]": ".name",
    ".effective": ".since",
    ".performed": ".date",
    ".onset": ".since",
    ".abatement": ".until",
}


@dataclass(slots=True)
class Context:
    """What the context of a case gives: items for the reader, and what it closes."""

    items: list[Item] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    not_ours: int = 0


def read(value: object, anchor: Moment | None, zone: tzinfo, faults: Faults) -> Context:
    """Read every part; ``anchor`` is the moment weeks of a pregnancy are stated for."""
    reader = _Reader(anchor, zone, faults)
    if value is None:
        return reader.context
    found = shape.members(value, PATH, KEYS, faults) or {}
    for part in LISTS:
        if part in found:
            reader.part(part, found[part])
    if "diet" in found:
        said = found["diet"]
        reader.part("diet", [said] if type(said) is str else said, alone=type(said) is str)
    for name in TRUTHS:
        if name in found:
            reader.truth(name, found[name])
    if "setting" in found:
        reader.setting(shape.text(found, "setting", PATH, faults))
    return reader.context


def places(value: Any) -> dict[str, str]:
    """Elements of the resource → what the person wrote; nothing below where it was one word."""
    return _PLACES if isinstance(value, dict) else dict.fromkeys(_PLACES, "")


@dataclass(slots=True)
class _Reader:
    anchor: Moment | None
    zone: tzinfo
    faults: Faults
    context: Context = field(default_factory=Context)

    def part(self, part: str, value: object, *, alone: bool = False) -> None:
        path = f"{PATH}.{part}"
        if type(value) is not dict:
            for at, one in enumerate(shape.entries(value, path, self.faults)):
                self.entry(part, one, path if alone else f"{path}[{at}]", True)
            return
        found = shape.members(value, path, SIDES, self.faults) or {}
        for side in ("present", "absent"):
            if side in found:
                inner = f"{path}.{side}"
                for at, one in enumerate(shape.entries(found[side], inner, self.faults)):
                    self.entry(part, one, f"{inner}[{at}]", side == "present")
        if shape.truth(found, "complete", path, self.faults):
            if part in CLOSABLE:
                self.context.complete.append(part)
            else:
                self.faults.add("list-not-closable", f"{path}.complete")

    def entry(self, part: str, value: object, path: str, present: bool) -> None:
        found = {"name": value} if type(value) is str else value
        entry = shape.members(found, path, ENTRY[part], self.faults)
        if entry is None:
            return
        name = shape.text(entry, "name", path, self.faults)
        if "name" not in entry:
            self.faults.add("field-missing", f"{path}.name")
        if name is None:
            return
        place = path if type(value) is str else f"{path}.name"
        if part == "diet" and present and names.loose(name) in names.words().diets:
            for denied in names.words().diets[names.loose(name)]:
                self.condition(names.ours(denied, name), path, False, entry)
            return
        kinds = _KINDS[part]
        code = names.concept(name, kinds)
        if code is not None and part == "family_history" and not _tells(code):
            code = None
        if code is None:
            self.unknown(part, name, place)
        elif part == "medicines":
            self.medicine(code, path, present, entry)
        elif part == "procedures":
            self.procedure(code, path, present, entry)
        elif part == "family_history":
            self.relative(code, path, present)
        else:
            self.condition(code, path, present, entry)

    def unknown(self, part: str, name: str, place: str) -> None:
        self.context.unread.add(part)
        elsewhere = ""
        if part != "family_history" and not self.faults.full:
            others = (one for one in _ELSEWHERE if _KINDS[one] != _KINDS[part])
            known = (one for one in others if names.is_name(name, _KINDS[one]))
            elsewhere = next((f"{PATH}.{one}" for one in known), "")
        origin = f"MedicationStatement/{place}" if part == "medicines" else place
        shown = names.concepts(_KINDS[part]).shown
        if part == "family_history":
            shown = tuple(name for name in shown if _names_history(name))
        self.faults.name(name, place, shown, origin=origin, elsewhere=elsewhere)

    def condition(
        self, code: names.Codeable, path: str, present: bool, entry: shape.Object
    ) -> None:
        since, until = self.dates(entry, path)
        over = shape.truth(entry, "resolved", path, self.faults)
        resource: Resource = {
            "code": code,
            "clinicalStatus": "resolved" if over else "active",
            "verificationStatus": "confirmed" if present else "refuted",
        }
        resource |= _given(onsetDateTime=since, abatementDateTime=until)
        self.context.items.append(Item(resource, "Condition", path, path))

    def procedure(
        self, code: names.Codeable, path: str, present: bool, entry: shape.Object
    ) -> None:
        resource = {"code": code, "status": "completed" if present else "not-done"}
        resource |= _given(performedDateTime=self.date(entry, "date", path))
        self.context.items.append(Item(resource, "Procedure", path, path))

    def relative(self, code: names.Codeable, path: str, present: bool) -> None:
        """A relative's condition; that nobody in the family has it denies the history itself."""
        if present:
            resource: Resource = {"status": "completed", "condition": [{"code": code}]}
            self.context.items.append(Item(resource, "FamilyMemberHistory", path, path))
            return
        for one in names.concepts_of(code):
            for history in family.history_of(one.id):
                self.condition(names.ours(history, code["text"]), path, False, {})

    def medicine(self, code: names.Codeable, path: str, present: bool, entry: shape.Object) -> None:
        since, until = self.dates(entry, path)
        given = self.date(entry, "given", path)
        stopped = shape.truth(entry, "stopped", path, self.faults)
        route = shape.text(entry, "route", path, self.faults)
        resource: Resource = {"medicationCodeableConcept": code}
        if route is not None:
            if names.loose(route) not in names.words().routes:
                known = names.words().route_names
                near = () if self.faults.full else nearest(route, known)
                self.faults.add("name-unknown", f"{path}.route", near or known)
            resource["dosage"] = [{"route": {"text": route}}]
        if given is not None:
            for other in ("since", "until", "stopped"):
                if other in entry:
                    self.faults.add("field-conflict", f"{path}.{other}")
            kind = "MedicationAdministration"
            resource |= {"status": "completed" if present else "not-done"}
            resource |= {"effectiveDateTime": given}
        else:
            kind = "MedicationStatement"
            status = ("stopped" if stopped else "active") if present else "not-taken"
            period = _given(start=since, end=until)
            resource |= {"status": status} | _given(effectivePeriod=period or None)
        # Whether something was taken over time, or given once, is told by the kind of its origin.
        self.context.items.append(Item(resource, kind, path, f"{kind}/{path}"))

    def truth(self, name: str, value: object) -> None:
        path = f"{PATH}.{name}"
        code = names.ours(name, terminology.load().concepts[name].name)
        if type(value) is bool:
            self.condition(code, path, value, {})
            return
        if name != "pregnant":
            self.faults.add("type-wrong", path, remedy="Write true or false.")
            return
        if type(value) is not dict:
            remedy = "Write true or false, or an object of weeks, days and date."
            self.faults.add("type-wrong", path, remedy=remedy)
            return
        found = shape.members(value, path, ("weeks", "days", "date"), self.faults) or {}
        weeks = shape.whole(found, "weeks", path, _MOST_WEEKS, self.faults)
        days = shape.whole(found, "days", path, 6, self.faults)
        when = self.date(found, "date", path)
        if weeks is None:
            if "days" in found and "weeks" not in found:
                self.faults.add("field-missing", f"{path}.weeks")
            self.condition(code, path, True, {"since": when} if when else {})
            return
        if when is None and self.anchor is None:
            self.faults.add("field-missing", f"{path}.date")
            return
        figure, unit = (weeks, "wk") if days is None else (7 * weeks + days, "d")
        resource: Resource = {
            "status": "final",
            "code": names.ours(_GESTATION, _GESTATION),
            "valueQuantity": {"value": Decimal(figure), "unit": unit, "code": unit},
            "effectiveDateTime": when or (self.anchor.text if self.anchor else None),
        }
        self.context.items.append(Item(resource, "Observation", path, path))

    def setting(self, said: str | None) -> None:
        if said is None:
            return
        path = f"{PATH}.setting"
        known = names.words().settings
        if names.loose(said) not in known:
            self.faults.name(said, path, names.words().setting_names, origin=path)
        elif known[names.loose(said)]:
            self.condition(names.ours(known[names.loose(said)], said), path, True, {})
        else:
            self.context.not_ours += 1

    def dates(self, entry: shape.Object, path: str) -> tuple[str | None, str | None]:
        """Beginning and end; an end before the beginning leaves the statement without either."""
        since, until = self.date(entry, "since", path), self.date(entry, "until", path)
        first, last = parse_moment(since, self.zone), parse_moment(until, self.zone)
        if first is not None and last is not None and last.end < first.start:
            self.faults.mendable(f"{path}.until", "date-invalid")
            return None, None
        return since, until

    def date(self, entry: shape.Object, key: str, path: str) -> str | None:
        """A date that can be read; one that cannot leaves the statement without it."""
        said = shape.text(entry, key, path, self.faults)
        if said is not None and parse_moment(said, self.zone) is None:
            self.faults.mendable(f"{path}.{key}", "date-invalid")
            return None
        return said


def close(context: Context, harvest: Harvest) -> tuple[str, ...]:
    """Let lists declared complete deny what they do not name; the lists the facts keep as such.

    A list that holds an entry nobody knows denies nothing: that entry may be any of them.
    """
    if "symptoms" in context.complete:
        path = f"{PATH}.symptoms.complete"
        if "symptoms" in context.unread or _open(harvest):
            harvest.refusals.append(Refusal("list-not-closed", path, path))
        else:
            stated = {one.name for one in harvest.statements}
            stated |= {one.name for one in harvest.refusals if one.name is not None}
            item = Item({}, "Condition", path, path)
            _deny(item, [name for name in names.words().closes if name not in stated], harvest)
    return tuple(name for name in context.complete if name == "medicines")


def _open(harvest: Harvest) -> bool:
    """Whether an entry of the list of symptoms was not taken."""
    start = f"{PATH}.symptoms"
    return any(one.path.startswith(start) for one in harvest.refusals)


def _deny(item: Item, denied: list[str], harvest: Harvest) -> None:
    for name in denied:
        harvest.state(Stated(name, False, origin=item.origin, path=item.path, status="refuted"))


def _tells(code: names.Codeable) -> bool:
    """Whether a relative's condition makes a family history of ours."""
    return any(family.history_of(one.id) for one in names.concepts_of(code))


def _names_history(text: str) -> bool:
    found = names.concept(text, _KINDS["family_history"])
    return found is not None and _tells(found)


def _given(**elements: Any) -> Resource:
    return {name: value for name, value in elements.items() if value is not None}
