"""What the bodies of slim results come to; of those that differ in one figure, most is read once.

An export holds a body for every figure of every test, and few shapes: bodies without the figure of
``valueQuantity``. A shape is read as any resource is. Then the figure is put into the resource in
place of another, and the :class:`~corrin.intake.measurand.Measurand` that the reader met there
takes it, as it took the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from corrin.facts.case import Refusal
from corrin.facts.fact import Measured
from corrin.intake import observation, reader
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item, Resource
from corrin.intake.measurand import Measurand
from corrin.intake.slim import Slim, parsed
from corrin.intake.subject import Person

# Bytes of shapes kept at most, and shapes met once; then all are forgotten.
MOST_BYTES = 4 * 1024 * 1024
MOST_MET = 100_000
_SUBJECT = b'"subject"'
_REFERENCE = b'"reference"'
_WITHDRAWN = ("entered-in-error", "cancelled")
_FIGURE = re.compile(
    rb'"valueQuantity":\{[^{}\[\]]*?"value":(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)(?=[,}])'
)
# Looked for where the figure stood: no other number of a body is this one.
_PROBE = b"8.0718281828459045235360287471352662"


@dataclass(frozen=True, slots=True)
class Template:
    """What a body comes to. ``server`` is what stands before ``Patient/`` in its subject."""

    results: tuple[Measured, ...]
    refusals: tuple[Refusal, ...]
    went: str
    server: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """A body without its figure.

    Attributes:
        server: as of a :class:`Template`.
        measurand: what takes a figure; ``None`` where the body has nothing to do with us.
        resource: the Observation, which holds whatever figure was put in last.
    """

    server: str
    measurand: Measurand | None
    resource: Resource

    def take(self, figure: Decimal, harvest: Harvest) -> Template | None:
        """What the body comes to with a figure."""
        if self.measurand is None:
            return Template((), (), "not-ours", self.server)
        self.resource["valueQuantity"]["value"] = figure
        self.measurand.take(self.resource, harvest)
        return _template(harvest.went(0, 0), self.server, harvest)


class Bodies:
    """Reads bodies, each of which is asked for once.

    Args:
        zone: where times without a zone were written.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._nothing = Library([])
        self._shapes: dict[tuple[bytes, bytes], _Shape | None] = {}
        self._bytes = 0
        self._met: set[int] = set()

    def template(self, slim: Slim) -> Template | None:
        """What the body of a result comes to; ``None`` where a result has to be read by itself,
        since it says more than a value."""
        body = slim.body
        match = _FIGURE.search(body)
        if match is None:
            return self.read(slim)
        start, end = match.span(1)
        key = (body[:start], body[end:])
        shape = self._shapes[key] if key in self._shapes else self._new(slim, *key)
        if shape is None:
            return self.read(slim)
        return shape.take(Decimal(match[1].decode()), self._harvest())

    def _new(self, slim: Slim, before: bytes, after: bytes) -> _Shape | None:
        """The shape of a body, kept from the second body of it on: of most there is one."""
        key = (before, after)
        number = hash(key)
        if number not in self._met:
            if len(self._met) >= MOST_MET:
                self._met.clear()
            self._met.add(number)
            return None
        self._bytes += len(slim.body)
        if self._bytes > MOST_BYTES:
            self._shapes.clear()
            self._bytes = len(slim.body)
        found = self._shapes[key] = self._shape(slim, before, after)
        return found

    def read(self, slim: Slim) -> Template | None:
        """As :meth:`template`, by the reader alone."""
        resource = _bare(slim)
        return None if _refers(slim.body) else self._read(resource, self._harvest())

    def _read(self, resource: Resource, harvest: Harvest) -> Template | None:
        # One that was withdrawn may take back others, which only the reader tells.
        if "contained" in resource or resource.get("status") in _WITHDRAWN:
            return None
        item = Item(resource, "Observation", "", "")
        went = reader.read_item(item, Person(), harvest)
        return _template(went, _server(resource), harvest)

    def _shape(self, slim: Slim, before: bytes, after: bytes) -> _Shape | None:
        """The shape of a body; ``None`` where all of a body has to be read each time."""
        if _refers(slim.body) or _PROBE in slim.body:
            return None
        try:
            probed = parsed(before + _PROBE + after)["valueQuantity"]["value"]
        except (ValueError, KeyError, TypeError):
            return None
        if type(probed) is not Decimal or str(probed).encode() != _PROBE:
            return None  # what looked like the figure is none, or stands elsewhere
        resource, harvest = _bare(slim), self._harvest()
        found = self._read(resource, harvest)
        if found is None:
            return None
        if not observation.concerns_us(resource):
            return _Shape(found.server, None, resource)
        if len(harvest.measurands) != 1:
            return None
        shape = _Shape(found.server, harvest.measurands[0], resource)
        # Whatever the reader found beside the number would be missed.
        again = shape.take(resource["valueQuantity"]["value"], self._harvest())
        return shape if again == found else None

    def _harvest(self) -> Harvest:
        return Harvest(self._zone, self._nothing)


def _bare(slim: Slim) -> Resource:
    """The Observation without what is this one's own."""
    return slim._replace(issued=None, identifier=None).restore()


def _refers(body: bytes) -> bool:
    """Whether a body refers to other resources than its subject."""
    return _REFERENCE in body.replace(_SUBJECT + b":{" + _REFERENCE, b"")


def _server(resource: Resource) -> str:
    return str(resource["subject"]["reference"]).rpartition("Patient/")[0]


def _template(went: str, server: str, harvest: Harvest) -> Template | None:
    """What was harvested of one body; ``None`` where that is more than a value."""
    if harvest.statements or harvest.orders:
        return None
    # A time is kept only as a sign that there is one.
    return Template(tuple(harvest.results), tuple(harvest.refusals), went, server)
