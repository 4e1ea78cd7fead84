"""One FHIR resource of an export → a row, a refusal, or a place among what is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from corrin.batch import identity, subject
from corrin.batch.row import Read, Refused, Row
from corrin.batch.sources.codes import Codes
from corrin.intake import encounter, lists, observation, reader
from corrin.intake.code import identifiers_of
from corrin.intake.item import Resource

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_CONDITIONAL = re.compile(r"Patient\?identifier=([^&]*)")
_ABOUT_PERSON = frozenset({"Patient", "Specimen"})
_OF_NOBODY = frozenset({"Medication", "Specimen"})
HOLDERS = frozenset({"Bundle", "Parameters"})


"""Types that only hold other resources."""
_OUTCOME = "OperationOutcome"


def is_holder(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is there to hold others; its type may be anything."""
    kind = resource.get("resourceType")
    return isinstance(kind, str) and kind in HOLDERS


@dataclass(slots=True)
class Taker:
    """Takes the resources of one chunk, one after the other, and counts in ``read``.

    Attributes:
        read: what it counts in.
        codes: what the site's own codes stand for, when that was given.
        named: how many resources they told something about.
    """

    read: Read
    codes: Codes | None = None
    named: int = 0

    def refuse(self, line: int, reason: str, path: str = "", person: str = "") -> None:
        """Count one row that cannot be read."""
        self.read.rows += 1
        self.read.refused.append(Refused(line, reason, path, subject=person))

    def leave(self) -> None:
        """Count one row that has nothing to do with us."""
        self.read.rows += 1
        self.read.not_ours += 1

    def delete(self, key: str) -> None:
        """Count one row that says that a resource (``Type/id``) was deleted."""
        self.read.rows += 1
        self.read.used += 1
        self.read.deleted.append(key)

    def take(
        self,
        resource: Resource,
        line: int,
        *,
        place: str = "",
        seq: int = 0,
        body: bytes | None = None,
        alone: str = "",
        mixed: frozenset[str] = frozenset(),
    ) -> Iterator[Row]:
        """The row of one resource, if it is handed on.

        Args:
            resource: as parsed by :mod:`corrin.intake.jsontext`; no Bundle and no Parameters.
            line: where it stood in the chunk.
            place: the element it stood in; empty for all of the line.
            seq: the how-many-eth resource of the line.
            body: its bytes as read, where these are all of it.
            alone: the one person all around it is about; for a resource that names nobody.
            mixed: persons who may be several; what is theirs is refused.
        """
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            self.refuse(line, "malformed", f"{place}.resourceType" if place else "resourceType")
            return
        if not is_known(kind):
            self.refuse(line, "resource-unknown", place)
            return
        read = self.read
        name = id_of(resource)
        if name is not None:
            read.keys.append(identity.key(kind, name))
        if self.codes is not None and self.codes.add(resource):
            self.named += 1
            body = None
        if not _may_be_ours(resource, kind):
            self.leave()
            if kind == _OUTCOME:
                note_outcome(resource, read)
            return
        person = whose(resource, alone)
        if not person:
            if kind in _OF_NOBODY:
                if name is None:
                    self.leave()
                    return
                read.products[f"{kind}/{name}"] = encode(resource) if body is None else body
                read.rows += 1
                read.used += 1
                return
            reason, element = _why_nobody(resource, kind)
            self.refuse(line, reason, f"{place or kind}{element}")
            return
        if person in mixed:
            self.refuse(line, "two-subjects", place, person)
            return
        read.rows += 1
        yield Row(person, line, encode(resource) if body is None else body, kind, place, seq)


def is_known(kind: str) -> bool:
    """Whether FHIR has such a type of resource."""
    return kind in lists.load().resource_types


def id_of(resource: Resource) -> str | None:
    """The id of a resource, when it has one that FHIR allows."""
    found = resource.get("id")
    return found if type(found) is str and _ID.fullmatch(found) is not None else None


def note_outcome(outcome: Resource, read: Read) -> None:
    """Count the issues of an OperationOutcome by severity."""
    issues = outcome.get("issue")
    for issue in issues if isinstance(issues, list) else ():
        severity = issue.get("severity") if isinstance(issue, dict) else None
        known = severity if isinstance(severity, str) and severity in _SEVERITIES else "unknown"
        read.outcomes[known] = read.outcomes.get(known, 0) + 1


_SEVERITIES = frozenset({"fatal", "error", "warning", "information", "success"})


def _may_be_ours(resource: Resource, kind: str) -> bool:
    """Whether the intake may have anything to say of a resource, or of what it contains."""
    if resource.get("contained") is not None and _carries(resource["contained"]):
        return True
    if kind == "Observation":
        return observation.concerns_us(resource)
    if kind == "Encounter":
        return encounter.concerns_us(resource)
    return kind in reader.KINDS or kind in _ABOUT_PERSON or kind in _OF_NOBODY


def _carries(contained: object) -> bool:
    """Whether contained resources are anything that the intake reads or refuses."""
    if not isinstance(contained, list):
        return True
    for one in contained:
        kind = one.get("resourceType") if isinstance(one, dict) else None
        if not isinstance(kind, str) or not is_known(kind) or kind in HOLDERS:
            return True
        if kind in reader.KINDS and (kind != "Observation" or observation.concerns_us(one)):
            return True
    return False


def key_of(resource: Resource) -> str:
    """Whose a resource is, as :func:`corrin.batch.subject.key_of` says; also for references that
    only the intake's way of finding persons understands (contained, conditional, a bare id)."""
    found = subject.key_of(resource)
    if found or resource.get("resourceType") == "Patient":
        return found
    about = _about(resource)
    reference = about.get("reference") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(reference, str):
        return subject.NOBODY
    if reference.startswith("#"):
        keys = [] if (inner := _patient_in(resource, reference[1:])) is None else inner
        keys = [*keys, *identifiers_of(about.get("identifier"))]
        return f"identifier:{min(keys)}" if keys else subject.NOBODY
    conditional = _CONDITIONAL.fullmatch(reference)
    if conditional is not None:
        return f"identifier:{conditional[1]}"
    if _ID.fullmatch(reference) is not None and about.get("type") in (None, "Patient"):
        return subject.key_of_reference(f"Patient/{reference}")
    return subject.NOBODY


def whose(resource: Resource, alone: str = "") -> str:
    """Whose a resource is, where all around it is about one person (``alone``) or not."""
    return key_of(resource) or (alone if not names_somebody(resource) else subject.NOBODY)


def _about(resource: Resource) -> object:
    return resource.get("subject") or resource.get("patient") or resource.get("beneficiary")


def _patient_in(resource: Resource, name: str) -> list[str] | None:
    """The identifiers of a contained Patient; ``None`` when there is no such Patient."""
    contained = resource.get("contained")
    for inner in contained if isinstance(contained, list) else ():
        if isinstance(inner, dict) and inner.get("id") == name:
            ours = inner.get("resourceType") == "Patient"
            return identifiers_of(inner.get("identifier")) if ours else None
    return None


def names_somebody(resource: Resource) -> bool:
    """Whether a resource says whom it is about, in whatever form."""
    return resource.get("resourceType") == "Patient" or bool(_about(resource))


def _why_nobody(resource: Resource, kind: str) -> tuple[str, str]:
    """The reason why it cannot be told whose a resource is, and the element."""
    if kind == "Patient":
        return "subject-missing", ".id"
    element = ".patient" if "patient" in resource and not resource.get("subject") else ".subject"
    about = _about(resource)
    if not about:
        return "subject-missing", element
    if not isinstance(about, dict):
        return "malformed", element
    reference = about.get("reference")
    if reference is not None and not isinstance(reference, str):
        return "malformed", element
    named = re.fullmatch(r"(?:https?://[^#?]+/)?([A-Z][A-Za-z]+)/[^/#?]+.*", reference or "")
    if named is not None and named[1] != "Patient":
        return "not-the-patient", element
    return "subject-missing", element


def encode(value: Any) -> bytes:
    """JSON in UTF-8 of what :mod:`corrin.intake.jsontext` parsed; numbers keep their digits."""
    return _ENCODER.encode(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number")
