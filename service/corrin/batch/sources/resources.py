"""What a source says of a person beside results → FHIR resources in JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from corrin.batch.subject import key_of_reference

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_OTHER = re.compile(r"[^A-Za-z0-9-]", re.ASCII)
_SPELT = ".."


class Code(NamedTuple):
    """A code, its system as a URI (empty where nobody said), and its name."""

    system: str
    code: str
    display: str = ""


def reference_of(patient: str) -> str:
    """The reference to the person a source calls ``patient``: always the same for the same name."""
    return f"Patient/{identity_of(patient)}"


def key(patient: str) -> str:
    """The key rows about the person are brought together by (:attr:`Row.subject`)."""
    return key_of_reference(reference_of(patient))


def identity_of(patient: str) -> str:
    """The id of the person a source calls ``patient``: the name itself where it can be an id.

    Any other name is spelt with ``.`` and two hexadecimal digits for what no id may hold, and
    ends with ``..``, so that two names stay two.
    """
    name = patient.strip()
    if _ID.fullmatch(name) is not None and not name.endswith(_SPELT):
        return name
    return _OTHER.sub(lambda match: "".join(f".{b:02X}" for b in match[0].encode()), name) + _SPELT


def concept(codes: Iterable[Code], text: str = "") -> dict[str, Any]:
    """A CodeableConcept."""
    codings = []
    for one in codes:
        coding = {"system": one.system, "code": one.code, "display": one.display}
        codings.append({name: said for name, said in coding.items() if said})
    found: dict[str, Any] = {"coding": codings} if codings else {}
    return found | ({"text": text} if text else {})


def identifiers(given: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Identifiers from pairs of system and value; the system may be empty."""
    return [
        {"system": system, "value": value} if system else {"value": value}
        for system, value in given
    ]


def patient(name: str, **said: Any) -> bytes:
    """A Patient in UTF-8; see :func:`person`."""
    return encoded(person(name, **said))


def person(
    name: str,
    *,
    gender: str = "",
    birth: str = "",
    dead: bool | None = None,
    died: str = "",
    identifier: Sequence[Mapping[str, Any]] = (),
    updated: str = "",
) -> dict[str, Any]:
    """A Patient: ``gender`` in FHIR's words, ``birth`` as a FHIR date, whole or in part.

    ``died`` is a FHIR dateTime; ``dead`` says so where no time is told. Of several Patients of one
    name the one ``updated`` last counts.
    """
    found: dict[str, Any] = {"resourceType": "Patient", "id": identity_of(name)}
    if updated:
        found["meta"] = {"lastUpdated": updated}
    if identifier:
        found["identifier"] = list(identifier)
    if gender:
        found["gender"] = gender
    if birth:
        found["birthDate"] = birth
    if died:
        found["deceasedDateTime"] = died
    elif dead is not None:
        found["deceasedBoolean"] = dead
    return found


def condition(
    name: str,
    codes: Iterable[Code],
    *,
    text: str = "",
    clinical: str = "",
    verification: str = "",
    onset: str = "",
    abated: str = "",
    recorded: str = "",
) -> bytes:
    """A Condition; ``clinical`` and ``verification`` are FHIR's codes, times FHIR dateTimes."""
    status = "http://terminology.hl7.org/CodeSystem/condition-"
    found: dict[str, Any] = {"resourceType": "Condition"}
    if clinical:
        found["clinicalStatus"] = concept([Code(f"{status}clinical", clinical)])
    if verification:
        found["verificationStatus"] = concept([Code(f"{status}ver-status", verification)])
    found["code"] = concept(codes, text)
    found["subject"] = {"reference": reference_of(name)}
    for element, said in (
        ("onsetDateTime", onset),
        ("abatementDateTime", abated),
        ("recordedDate", recorded),
    ):
        if said:
            found[element] = said
    return encoded(found)


def procedure(
    name: str, codes: Iterable[Code], *, text: str = "", status: str = "completed", when: str = ""
) -> bytes:
    """A Procedure; ``when`` is a FHIR dateTime."""
    found: dict[str, Any] = {"resourceType": "Procedure", "status": status}
    found["code"] = concept(codes, text)
    found["subject"] = {"reference": reference_of(name)}
    if when:
        found["performedDateTime"] = when
    return encoded(found)


def medication(
    kind: str,
    name: str,
    codes: Iterable[Code],
    *,
    text: str = "",
    status: str,
    start: str = "",
    end: str = "",
    intent: str = "",
    route: tuple[Sequence[Code], str] = ((), ""),
    taken: str = "",
) -> bytes:
    """A MedicationStatement, -Request, -Administration or -Dispense.

    Args:
        kind: which of them.
        name: what the source calls the person.
        codes: codes of the medicine.
        text: its name.
        status: the status in the words of that kind.
        start: FHIR dateTime; when it was begun, prescribed, given or handed over.
        end: FHIR dateTime; of a statement or an administration.
        intent: of a request.
        route: codes of the route, and its text.
        taken: STU3's ``taken`` of a statement.
    """
    found: dict[str, Any] = {"resourceType": kind, "status": status}
    if intent:
        found["intent"] = intent
    if taken:
        found["taken"] = taken
    found["medicationCodeableConcept"] = concept(codes, text)
    whom = {"reference": reference_of(name)}
    found["subject"] = whom
    if kind == "MedicationRequest" and start:
        found["authoredOn"] = start
    elif kind == "MedicationDispense" and start:
        found["whenHandedOver"] = start
    elif start and end:
        found["effectivePeriod"] = {"start": start, "end": end}
    elif start or end:
        key = "effectiveDateTime" if start else "effectivePeriod"
        found[key] = start or {"end": end}
    way = concept(*route)
    if way and kind == "MedicationAdministration":
        found["dosage"] = {"route": way}
    elif way:
        many = (
            "dosageInstruction" if kind in ("MedicationRequest", "MedicationDispense") else "dosage"
        )
        found[many] = [{"route": way}]
    return encoded(found)


def encoded(resource: Mapping[str, Any]) -> bytes:
    """A resource in UTF-8; a decimal keeps its digits."""
    return _encoder()(resource)


@lru_cache(maxsize=1)
def _encoder() -> Callable[[Any], bytes]:
    """Imported where first used: one pasted message is read where it is not installed."""
    import msgspec

    return msgspec.json.Encoder(decimal_format="number").encode
