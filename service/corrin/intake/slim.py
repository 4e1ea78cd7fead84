"""A slim result: an Observation in two parts, of which only the first decides how it is taken."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NamedTuple

from corrin.intake.item import Resource

_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)


class Slim(NamedTuple):
    """An Observation in two parts (a tuple: one is made of every row).

    Attributes:
        body: JSON of what decides; a member ``subject`` in it holds a reference without its id.
        subject: relative reference to the person (``Patient/p1``).
        identity: ``Observation.id``.
        effective: ``effectiveDateTime``; ``None`` when the body has another time or none.
        issued: ``issued``, if there is one.
        identifier: JSON of ``identifier``, if there is one.
    """

    body: bytes
    subject: str
    identity: str
    effective: str | None = None
    issued: str | None = None
    identifier: bytes | None = None

    def restore(self) -> Resource:
        """The Observation, numbers as Decimal."""
        found: Resource = parsed(self.body)
        found.setdefault("resourceType", "Observation")
        found["id"] = self.identity
        subject = found.get("subject")
        if subject is None:
            found["subject"] = {"reference": self.subject}
        else:
            subject["reference"] += self.subject.rpartition("/")[2]
        if self.effective is not None:
            found["effectiveDateTime"] = self.effective
        if self.issued is not None:
            found["issued"] = self.issued
        if self.identifier is not None:
            found["identifier"] = parsed(self.identifier)
        return found


def parsed(data: bytes) -> Any:
    """JSON of a part, numbers as Decimal."""
    return _DECODER.decode(data.decode())
