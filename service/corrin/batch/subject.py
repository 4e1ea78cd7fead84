"""Whose a resource is: the key by which rows are brought together."""

from __future__ import annotations

import re
from typing import Any

from corrin.intake.code import identifiers_of

_REFERENCE = re.compile(
    r"(?:https?://[^#?]+/)?Patient/(?P<id>[^/#?]+)(?:/_history/[^/#?]+)?(?:#.*)?"
)
_UUID = 36
_MESSAGE = "urn:uuid:"

NOBODY = ""


def key_of(resource: dict[str, Any]) -> str:
    """The key of the person a resource is about; empty when it names none.

    A server's name before ``Patient/…`` is left out: one export writes references both ways. That
    two servers' patients of one id are not mixed is seen to where their rows are read together.
    """
    if resource.get("resourceType") == "Patient":
        identity = resource.get("id")
        if isinstance(identity, str) and identity:
            return f"Patient/{_plain(identity)}"
        return _identified(resource.get("identifier"))
    subject = resource.get("subject") or resource.get("patient") or resource.get("beneficiary")
    if not isinstance(subject, dict):
        return NOBODY
    reference = subject.get("reference")
    if isinstance(reference, str) and reference:
        return key_of_reference(reference)
    return _identified(subject.get("identifier"))


def key_of_reference(reference: str) -> str:
    """The key of a reference to a Patient; empty for one to something else.

    As for :mod:`corrin.intake.subject`, ``urn:uuid:…`` names the Patient of that id.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is not None:
        return f"Patient/{_plain(match['id'])}"
    if reference.startswith(_MESSAGE):  # made for one message, and often kept as the id
        return f"Patient/{_plain(reference[len(_MESSAGE) :])}"
    return reference if reference.startswith("urn:") else NOBODY


def _identified(found: object) -> str:
    keys = identifiers_of(found) if found else []
    return f"identifier:{min(keys)}" if keys else NOBODY


def _plain(identity: str) -> str:
    """UUIDs are written in either case."""
    return identity.lower() if len(identity) == _UUID and identity.count("-") == 4 else identity
