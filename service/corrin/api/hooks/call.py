"""The body of a call, checked member by member; what we do not use is passed over unread.

``fhirServer`` and ``fhirAuthorization`` are never looked at: nothing can keep, log or use them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from corrin.api.hooks.offer import Offer, Service
from corrin.api.problem import Fault, Problem
from corrin.intake import dates, jsontext
from corrin.intake.limits import Limits

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ID = r"[A-Za-z0-9\-._]{1,128}"
_PATIENT_ID = re.compile(_ID, re.ASCII)
_USER = re.compile(
    rf"(?:https?://[^\s#?]{{1,1024}}/)?(?P<kind>Practitioner|PractitionerRole|Patient"
    rf"|RelatedPerson)/{_ID}(?:/_history/{_ID})?",
    re.ASCII,
)
_CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service.

    Attributes:
        instance: ``hookInstance``.
        patient: ``context.patientId``.
        for_clinician: whether the user is one; patients and relatives get no card.
        orders: ``context.draftOrders``, a Bundle; ``None`` for a hook without orders.
        selections: the orders just chosen, as written: ``Type/id``, an id, a URL; ``None`` where
            all count.
        prefetch: key → resource or ``None``.
        as_of: the moment asked for in an extension of ours.
        profile: the profile asked for in an extension of ours.
    """

    instance: str
    patient: str
    for_clinician: bool
    orders: Json | None
    selections: frozenset[str] | None
    prefetch: Mapping[str, Any]
    as_of: str | None = None
    profile: str | None = None


def body_of(data: bytes, limits: Limits) -> Json:
    """The one JSON object of a body, with exact decimals.

    Raises:
        IntakeError: it is no JSON, repeats a key, nests too deep, or is too large.
        Problem: 400, it is no object.
    """
    parsed = jsontext.parse(data, limits)
    if parsed.lines or not isinstance(parsed.values[0], dict):
        raise _wrong("not-an-object", "The body is not one JSON object.", "")
    return parsed.values[0]


def call_of(body: Json, service: Service, offer: Offer) -> Call:
    """Check a body against CDS Hooks 2.0.1 and the service it was sent to.

    Raises:
        Problem: 400, with everything that is wrong.
    """
    check = _Check()
    hook = check.text(body, "hook")
    if hook is not None and hook != service.hook:
        check.wrong("hook-mismatch", f"This service is for the hook {service.hook}.", "hook")
    instance = check.text(body, "hookInstance", _UUID, "a UUID")
    context = check.object(body, "context", required=True)
    user = check.text(
        context, "userId", _USER, "a reference such as Practitioner/1", within="context"
    )
    patient = check.text(context, "patientId", _PATIENT_ID, "a Patient.id", within="context")
    orders, selections = None, None
    if service.hook != "patient-view":
        orders = check.object(context, "draftOrders", required=True, within="context")
        if orders and orders.get("resourceType") != "Bundle":
            check.wrong("value-invalid", "This is not a Bundle.", "context.draftOrders")
    if service.hook == "order-select":
        selections = check.selections(context)
    prefetch = check.object(body, "prefetch", may_be_empty=True)
    extension = check.object(body, "extension", may_be_empty=True)
    as_of = check.moment(extension, offer.evaluation_time)
    profile = check.text(extension, offer.profile, within="extension", required=False)
    check.done()
    found = _USER.fullmatch(user or "")
    return Call(
        instance=instance or "",
        patient=patient or "",
        for_clinician=found is not None and found["kind"] in _CLINICIANS,
        orders=orders,
        selections=selections,
        prefetch=prefetch,
        as_of=as_of,
        profile=profile,
    )


class _Check:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def wrong(self, reason: str, says: str, path: str) -> None:
        self.faults.append(Fault(reason, says, _REMEDY, path=path))

    def done(self) -> None:
        if self.faults:
            raise Problem(400, *self.faults)

    def text(
        self,
        holder: Json,
        name: str,
        shape: re.Pattern[str] | None = None,
        what: str = "a text",
        *,
        within: str = "",
        required: bool = True,
    ) -> str | None:
        path = f"{within}.{name}" if within else name
        if name not in holder:
            if required:
                self.wrong("field-missing", "A required member is missing.", path)
            return None
        value = holder[name]
        if isinstance(value, str) and value and (shape is None or shape.fullmatch(value)):
            return value
        self.wrong("value-invalid", f"This is not {what}.", path)
        return None

    def object(
        self,
        holder: Json,
        name: str,
        *,
        required: bool = False,
        may_be_empty: bool = False,
        within: str = "",
    ) -> Json:
        path = f"{within}.{name}" if within else name
        if name not in holder:
            if required:
                self.wrong("field-missing", "A required member is missing.", path)
            return {}
        value = holder[name]
        if isinstance(value, dict) and (value or may_be_empty):
            return value
        self.wrong("value-invalid", "This is not an object with members.", path)
        return {}

    def selections(self, context: Json) -> frozenset[str] | None:
        path = "context.selections"
        if "selections" not in context:
            self.wrong("field-missing", "A required member is missing.", path)
            return None
        given = context["selections"]
        if not isinstance(given, list) or not given:
            self.wrong("value-invalid", "This is not a list with members.", path)
            return None
        for at, one in enumerate(given):
            if not isinstance(one, str) or not one:
                self.wrong("value-invalid", "This is not the id of an order.", f"{path}[{at}]")
                return None
        return frozenset(given)

    def moment(self, extension: Json, name: str) -> str | None:
        if name not in extension:
            return None
        value = extension[name]
        if dates.parse_moment(value, UTC) is not None and isinstance(value, str):
            return value
        self.wrong("value-invalid", "This is not a FHIR date or dateTime.", f"extension.{name}")
        return None


_REMEDY = "See CDS Hooks 2.0.1 and the service's entry in GET /cds-services."


def _wrong(reason: str, says: str, path: str) -> Problem:
    return Problem(400, Fault(reason, says, _REMEDY, path=path))
