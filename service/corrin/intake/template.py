"""One kind of result read once: what decides how a value is taken comes few times in an export.

A slim result is an Observation in two parts: a body that decides (code, value, unit, range,
status), and what tells it from others of the same body (id, times, identifiers). Each body is read
once, by the same reader as any other; of the others only the second part is put in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from corrin.facts.case import Refusal
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import dates, reader
from corrin.intake.code import identifiers_of
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item, Resource
from corrin.intake.subject import Person

# Bodies kept at most; then all are forgotten, so that memory stays bounded.
MOST_KEPT = 100_000
# Of times and identifiers only those of persons near each other come again.
MOST_NEAR = 10_000
_SUBJECT = b'"subject"'
_REFERENCE = b'"reference"'


@dataclass(frozen=True, slots=True)
class Slim:
    """An Observation in two parts.

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
        found: Resource = _parsed(self.body)
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
            found["identifier"] = _parsed(self.identifier)
        return found


@dataclass(frozen=True, slots=True)
class Template:
    """What a body comes to. ``server`` is what stands before ``Patient/`` in its subject."""

    results: tuple[Measured, ...]
    refusals: tuple[Refusal, ...]
    went: str
    server: str


class Templates:
    """Reads slim results, each body once.

    Args:
        zone: where times without a zone were written.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._known: dict[bytes, Template | None] = {}
        self._identifiers: dict[bytes, tuple[str, ...]] = {}
        self._times: dict[str, Moment | None] = {}
        self._moments: dict[str, Moment | None] = {}

    def of(self, slim: Slim) -> Template | None:
        """The template of a result; ``None`` for one that has to be read by itself.

        That is one whose time is not plainly said, or which says more than a value.
        """
        if slim.effective is None or self._plain(slim.effective) is None:
            return None
        if slim.issued is not None and self._moment(slim.issued) is None:
            return None
        try:
            return self._known[slim.body]
        except KeyError:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            found = self._known[slim.body] = self._read(slim)
            return found

    def put(self, template: Template, slim: Slim, path: str, harvest: Harvest) -> None:
        """Put one result into the harvest as the reader would have."""
        assert slim.effective is not None
        when = self._plain(slim.effective)
        issued = None if slim.issued is None else self._moment(slim.issued)
        origin = f"Observation/{slim.identity}"
        identifiers = () if slim.identifier is None else self._numbers(slim.identifier)
        for one in template.results:
            harvest.results.append(_placed(one, when, origin, path, issued, identifiers))
        for no in template.refusals:
            harvest.refusals.append(
                Refusal(
                    no.reason,
                    path + no.path,
                    origin,
                    no.name,
                    no.detail,
                    None if no.when is None else when,
                    no.reported,
                    no.status,
                )
            )

    def _moment(self, text: str) -> Moment | None:
        """As :func:`corrin.intake.dates.parse_moment`, for many more different ones."""
        try:
            return self._moments[text]
        except KeyError:
            if len(self._moments) >= MOST_NEAR:
                self._moments.clear()
            found = self._moments[text] = dates.parse_moment(text, self._zone)
            return found

    def _plain(self, effective: str) -> Moment | None:
        """A time about which nothing is assumed; ``None`` for any other."""
        try:
            return self._times[effective]
        except KeyError:
            if len(self._times) >= MOST_NEAR:
                self._times.clear()
            found = dates.parse_moment(effective, self._zone)
            if found is not None and dates.flags_of(found.text):
                found = None
            self._times[effective] = found
            return found

    def _numbers(self, identifier: bytes) -> tuple[str, ...]:
        found = self._identifiers.get(identifier)
        if found is None:
            if len(self._identifiers) >= MOST_NEAR:
                self._identifiers.clear()
            found = tuple(sorted(identifiers_of(_parsed(identifier))))
            self._identifiers[identifier] = found
        return found

    def _read(self, slim: Slim) -> Template | None:
        # Without what is this one's own.
        resource = replace(slim, issued=None, identifier=None).restore()
        body = slim.body.replace(_SUBJECT + b":{" + _REFERENCE, b"")
        if _REFERENCE in body or "contained" in resource:
            return None
        item = Item(resource, "Observation", "", "")
        harvest = Harvest(self._zone, Library([]))
        went = reader.read_item(item, Person(), harvest)
        # One that was withdrawn may take back others, which only the reader tells.
        withdrawn = resource.get("status") in ("entered-in-error", "cancelled")
        if harvest.statements or harvest.orders or withdrawn:
            return None
        # A time is kept only as a sign that there is one.
        return Template(
            tuple(harvest.results),
            tuple(harvest.refusals),
            went,
            str(resource["subject"]["reference"]).rpartition("Patient/")[0],
        )


def _placed(
    one: Measured,
    when: Moment | None,
    origin: str,
    path: str,
    issued: Moment | None,
    identifiers: tuple[str, ...],
) -> Measured:
    """A result of a template with what is its own. By position: this is done for every row."""
    return Measured(
        one.analyte,
        one.interval,
        one.unit,
        one.reported,
        None if one.when is None else when,
        origin,
        path + one.path,
        one.status,
        one.specimen,
        one.reference_range,
        one.reference_text,
        one.interpretation,
        one.flags,
        issued,
        identifiers,
        one.reported_unit,
    )


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)


def _parsed(data: bytes) -> Any:
    return _DECODER.decode(data.decode())
