"""Whose results these are: one person, or the call is refused whole.

Every resource that names a subject gives a set of keys (an id with its server, a ``urn``, an
identifier). Keys named together belong together; when everything is said and more than one group
is left, the request cannot be shown to be about one person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from corrin.facts.case import Refusal, Subject
from corrin.facts.moment import Moment
from corrin.intake import about
from corrin.intake.code import identifiers_of
from corrin.intake.dates import parse_moment
from corrin.intake.item import Item, Resource, placed
from corrin.intake.person import MESSAGE, Groups, Numbers, displays_differ, names_differ
from corrin.intake.problem import refuse

_REFERENCE = re.compile(
    r"(?:(?P<base>https?://[^#?]+)/)?(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[^/#?]+)"
    r"(?:/_history/[^/#?]+)?(?:#.*)?"
)
_PARAMETERS = frozenset({"patient", "subject"})
_LONGEST = 2048  # characters of a reference
_GENDERS = frozenset({"male", "female", "other", "unknown"})

NOT_A_PERSON = "not-the-patient"


@dataclass(slots=True)
class Person:
    """What the request says of its one subject."""

    subject: Subject = field(default_factory=Subject)
    refusals: list[Refusal] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    about: str = ""


def about_patient(item: Item) -> str | None:
    """``None`` when a resource is about the patient (or says nothing of it), else why not.

    ``not-the-patient`` for another kind of subject or a ``focus``; ``malformed`` when the
    subject cannot be read.
    """
    resource = item.resource
    if resource.get("focus"):
        return NOT_A_PERSON
    subject = resource.get("subject") or resource.get("patient")
    holder = item.parent
    while subject is None and holder is not None:
        subject = holder.resource.get("subject") or holder.resource.get("patient")
        holder = holder.parent
    if subject is None:
        return None
    if not isinstance(subject, dict):
        return "malformed"
    reference = subject.get("reference")
    if reference is not None and not isinstance(reference, str):
        return "malformed"
    kind = _kind(subject, item)
    return None if kind is None or kind == "Patient" else NOT_A_PERSON


def may_name(subject: Resource, item: Item, patient: str) -> bool:
    """Whether a subject names a Patient, and by no other id than the one given.

    What is named by an identifier or for one message only is for :func:`identify` to join.
    """
    reference = subject.get("reference")
    if reference is not None and not isinstance(reference, str):
        return False
    keys = _subject_keys(subject, item)
    servers = [key[3:].rpartition("|") for key in keys if key.startswith("id:")]
    named = {identity for server, _, identity in servers if server != MESSAGE}
    return bool(keys) and named <= {_uuid(patient)}


def identify(
    items: list[Item], zone: tzinfo, parameters: Sequence[tuple[str, Resource, str]] = ()
) -> Person:
    """Find the one subject of a request.

    ``parameters`` are name, parameter and path; ``patient`` and ``subject`` say whom they mean.

    Raises:
        IntakeError: two-subjects, with a place where another one was met.
    """
    groups = Groups()
    firm = Groups()  # the same without identifiers, which can be placeholders
    displays: dict[str, str] = {}
    patients: list[Item] = []
    nameless: list[Item] = []
    numbered: list[tuple[object, str]] = []
    known: set[str] = set()
    written: set[str] = set()
    for item in items:
        if item.kind == "Patient":
            patients.append(item)
            keys = _patient_keys(item)
            if item.resource.get("identifier"):
                numbered.append((item.resource["identifier"], item.path))
            groups.join(keys, item.path)
            firm.join(_firm(keys), item.path)
            if not keys and item.parent is None:
                nameless.append(item)
            continue
        resource = item.resource
        subject = resource.get("subject") or resource.get("patient")
        if subject is None:
            continue
        for one in subject if isinstance(subject, list) else (subject,):
            if not isinstance(one, dict):
                continue
            reference = one.get("reference")
            if type(reference) is str and "identifier" not in one and reference[:1] != "#":
                if reference in known:
                    continue
                known.add(reference)
            keys = _subject_keys(one, item)
            place = f"{item.path}.subject"
            if "identifier" in one:
                numbered.append((one["identifier"], place))
            if keys:
                if type(reference) is str:
                    written.add(reference)
                groups.join(keys, place)
                firm.join(_firm(keys), place)
            elif isinstance(one.get("display"), str) and not one.get("reference"):
                displays.setdefault(one["display"], place)
    for name, parameter, path in parameters:
        if name in _PARAMETERS:
            keys = _parameter_keys(parameter, path)
            named = parameter.get("valueReference")
            if keys and isinstance(named, dict) and type(named.get("reference")) is str:
                written.add(named["reference"])
            if isinstance(named, dict):
                numbered.append((named.get("identifier"), path))
            groups.join(keys, path)
            firm.join(_firm(keys), path)
    places = groups.places() + firm.rivals()
    if displays_differ(displays):
        places += displays.values()
    own = Numbers(item.resource.get("identifier") for item in patients if item.parent is None)
    places += [place for said, place in numbered if own.deny(said) for _ in "12"]
    if nameless and any(
        item.resource != nameless[0].resource for item in patients if item.parent is None
    ):
        places = [*places, nameless[0].path, nameless[0].path]
    if len(places) > 1:
        raise refuse("two-subjects", placed(sorted(places)[1], items))
    person = _describe(patients, zone)
    person.about = about.best(written, patients)
    return person


def _patient_keys(item: Item) -> list[str]:
    resource = item.resource
    keys: list[str] = []
    identity = resource.get("id")
    url = item.full_url
    if item.parent is None:
        if isinstance(identity, str):
            server = ""
            if url and not url.startswith("urn:"):
                match = _REFERENCE.fullmatch(url)
                server = _server(match["base"]) if match and match["id"] == identity else ""
            keys.append(f"id:{server}|{_uuid(identity)}")
        if url:
            keys += _keys_of_text(url)
    return keys + _identifiers(resource.get("identifier"))


def _firm(keys: list[str]) -> list[str]:
    return [key for key in keys if not key.startswith("identifier:")]


def _parameter_keys(parameter: Resource, path: str) -> list[str]:
    """Whom a parameter means that names a person without being one."""
    reference = parameter.get("valueReference")
    if isinstance(reference, dict):
        return _subject_keys(reference, Item(parameter, "Parameters", path, path))
    for name in ("valueString", "valueId", "valueUri", "valueUrl", "valueCanonical"):
        text = parameter.get(name)
        if isinstance(text, str) and text:
            return _keys_of_text(text)
    return _identifiers(parameter.get("valueIdentifier"))


def _subject_keys(subject: Resource, item: Item) -> list[str]:
    reference = subject.get("reference")
    keys: list[str] = []
    if isinstance(reference, str) and reference:
        if reference.startswith("#"):
            inner = _contained(item, reference[1:])
            if inner is None or inner.get("resourceType") != "Patient":
                return []
            keys += _identifiers(inner.get("identifier"))
        elif _kind(subject, item) in (None, "Patient"):
            keys += _keys_of_text(reference)
        else:
            return []
    keys += _identifiers(subject.get("identifier"))
    return keys


def _keys_of_text(reference: str) -> list[str]:
    if reference.startswith("urn:uuid:"):
        return [f"id:{MESSAGE}|{reference[9:].lower()}"]
    if reference.startswith("urn:"):
        return [reference]
    parts = _parts(reference) if len(reference) <= _LONGEST else None
    if parts is not None:
        return [f"id:{_server(parts[0])}|{_uuid(parts[2])}"]
    conditional = re.fullmatch(r"Patient\?identifier=([^&]*)", reference)
    if conditional is not None:
        return [f"identifier:{conditional[1]}"]
    # A bare id is no reference, but says whom it means.
    return [f"text:{reference}" if "/" in reference else f"id:|{_uuid(reference)}"]


def _server(base: str | None) -> str:
    return re.sub(r"^https?://", "", base).rstrip("/").lower() if base else ""


def _uuid(identity: str) -> str:
    return identity.lower() if len(identity) == 36 and identity.count("-") == 4 else identity


def _identifiers(found: object) -> list[str]:
    return [f"identifier:{key}" for key in identifiers_of(found)]


def _contained(item: Item, identity: str) -> Resource | None:
    holder: Item = item.parent or item
    contained = holder.resource.get("contained")
    for inner in contained if isinstance(contained, list) else ():
        if isinstance(inner, dict) and inner.get("id") == identity:
            return inner
    return None


def _kind(subject: Resource, item: Item) -> str | None:
    """The resource type a subject reference says it points to."""
    reference = subject.get("reference")
    if isinstance(reference, str):
        if reference.startswith("#"):
            inner = _contained(item, reference[1:])
            kind = inner.get("resourceType") if inner is not None else None
            return kind if isinstance(kind, str) else None
        kind = _kind_of_text(reference)
        if kind is not None:
            return kind
    kind = subject.get("type")
    return kind if isinstance(kind, str) else None


def _parts(reference: str) -> tuple[str | None, str, str] | None:
    """Server, type and id of a reference, without its version; ``None`` for any other text."""
    match = _REFERENCE.fullmatch(reference)
    return None if match is None else (match["base"], match["kind"], match["id"])


def _kind_of_text(reference: str) -> str | None:
    if reference.startswith("Patient/"):
        return "Patient"
    parts = _parts(reference) if len(reference) <= _LONGEST else None
    return None if parts is None else parts[1]


def _describe(patients: list[Item], zone: tzinfo) -> Person:
    """Sex, birth date and death of the one Patient; entries that disagree say nothing."""
    person = Person()
    if not patients:
        return person
    sexes: dict[str, None] = {}
    births: dict[Moment, None] = {}
    deceased = False
    for item in sorted(patients, key=lambda one: one.path):
        resource = item.resource
        person.used.add(id(item))
        gender = resource.get("gender")
        if isinstance(gender, str) and gender in _GENDERS:
            sexes[gender] = None
        elif gender is not None:
            person.refusals.append(Refusal("malformed", f"{item.path}.gender", item.origin))
        birth = _birth(resource, item, zone, person.refusals)
        if birth is not None:
            births[birth] = None
        deceased = deceased or _deceased(resource, item, person.refusals)
    stated = [sex for sex in sexes if sex != "unknown"] or list(sexes)
    first = min(patients, key=lambda one: one.path)
    others = [item for item in patients if item.parent is not None or _id(item) != _id(first)]
    if others and (
        len(stated) > 1 or len(births) > 1 or names_differ([one.resource for one in patients])
    ):
        # Only an identifier (or being contained) joins these Patients; identifiers can be
        # placeholders, so what the Patients say must agree.
        raise refuse("two-subjects", placed(min(item.path for item in others), others))
    if len(stated) > 1:
        person.refusals.append(Refusal("malformed", f"{first.path}.gender", first.origin))
    if len(births) > 1:
        person.refusals.append(Refusal("malformed", f"{first.path}.birthDate", first.origin))
    person.subject = Subject(
        sex=stated[0] if len(stated) == 1 else None,
        birth_date=next(iter(births)) if len(births) == 1 else None,
        deceased=deceased,
        present=True,
    )
    return person


def _id(item: Item) -> object:
    return item.resource.get("id")


def _birth(resource: Resource, item: Item, zone: tzinfo, refusals: list[Refusal]) -> Moment | None:
    text = resource.get("birthDate")
    if text is None:
        return None
    found = parse_moment(text, zone)
    if found is None or "T" in found.text:
        refusals.append(Refusal("date-invalid", f"{item.path}.birthDate", item.origin))
        return None
    return found


def _deceased(resource: Resource, item: Item, refusals: list[Refusal]) -> bool:
    said: Any = resource.get("deceasedBoolean")
    if said is not None and not isinstance(said, bool):
        refusals.append(Refusal("malformed", f"{item.path}.deceased", item.origin))
        return False
    return said is True or resource.get("deceasedDateTime") is not None
