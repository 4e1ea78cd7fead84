"""One kind of result read once: what decides how a value is taken comes few times in an export.

A slim result is an Observation in two parts: a body that decides (code, value, unit, range,
status), and what tells it from others of the same body (id, times, identifiers). Each body is read
once, by the same reader as any other; of the others only the second part is put in.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import NamedTuple

from corrin.facts.case import Refusal
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import dates
from corrin.intake.body import Bodies, Template
from corrin.intake.code import identifiers_of
from corrin.intake.harvest import Harvest
from corrin.intake.slim import Slim, parsed

# Bodies kept at most; then all are forgotten, so that memory stays bounded.
MOST_KEPT = 100_000
# Of times and identifiers only those of persons near each other come again.
MOST_NEAR = 10_000
# One Identifier as nearly all are written, of texts that mean themselves.
_TEXT = rb'"([^"\\\x00-\x1f]*)"'
_ONE_NUMBER = re.compile(rb'\[\{ ?"system": ?' + _TEXT + rb', ?"value": ?' + _TEXT + rb" ?\}\]")


class Filled(NamedTuple):
    """A template and the times that one result fills it with."""

    template: Template
    when: Moment
    issued: Moment | None


class Templates:
    """Reads slim results, each body once.

    Args:
        zone: where times without a zone were written.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._bodies = Bodies(zone)
        self._known: dict[bytes, Template | None] = {}
        self._times: dict[str, Moment | None] = {}
        self._moments: dict[str, Moment | None] = {}

    def of(self, slim: Slim) -> Filled | None:
        """The template of a result; ``None`` for one that has to be read by itself.

        That is one whose time is not plainly said, or which says more than a value.
        """
        when = None if slim.effective is None else self._plain(slim.effective)
        if when is None:
            return None
        issued = None
        if slim.issued is not None:
            issued = self._moment(slim.issued)
            if issued is None:
                return None
        try:
            template = self._known[slim.body]
        except KeyError:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            template = self._known[slim.body] = self._bodies.template(slim)
        return None if template is None else Filled(template, when, issued)

    def put(self, filled: Filled, slim: Slim, path: str, harvest: Harvest) -> None:
        """Put one result into the harvest as the reader would have."""
        template, when, issued = filled
        if not template.results and not template.refusals:
            return
        origin = f"Observation/{slim.identity}"
        identifiers = () if slim.identifier is None else _numbers(slim.identifier)
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
            found = self._moments[text] = dates.read_moment(text, self._zone)
            return found

    def _plain(self, effective: str) -> Moment | None:
        """A time about which nothing is assumed; ``None`` for any other."""
        try:
            return self._times[effective]
        except KeyError:
            if len(self._times) >= MOST_NEAR:
                self._times.clear()
            found = dates.read_moment(effective, self._zone)
            if found is not None and dates.flags_of(found.text):
                found = None
            self._times[effective] = found
            return found


def _numbers(identifier: bytes) -> tuple[str, ...]:
    """What ``identifier`` is known by: mostly one number, hardly ever seen before."""
    one = _ONE_NUMBER.fullmatch(identifier)
    if one is not None and one[2]:
        return (f"{one[1].decode()}|{one[2].decode()}",)
    return tuple(sorted(identifiers_of(parsed(identifier))))


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
