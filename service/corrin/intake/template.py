"""One kind of result read once: what decides how a value is taken comes few times in an export.

A slim result is an Observation in two parts: a body that decides (code, value, unit, range,
status), and what tells it from others of the same body (id, times, identifiers). Each body is read
once, by the same reader as any other; of the others only the second part is put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from corrin.facts.case import Refusal
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import dates
from corrin.intake.body import Bodies, Template
from corrin.intake.code import identifiers_of
from corrin.intake.item import Resource
from corrin.intake.slim import Slim, parsed

# Bytes of bodies kept at most; then all are forgotten, so that memory stays bounded.
MOST_BYTES = 32 * 1024 * 1024
# One Identifier as nearly all are written, of texts that mean themselves.
_TEXT = rb'"([^"\\\x00-\x1f]*)"'
_ONE_NUMBER = re.compile(rb'\[\{ ?"system": ?' + _TEXT + rb', ?"value": ?' + _TEXT + rb" ?\}\]")


@dataclass(slots=True)
class Taken:
    """What was taken of the rows of one person that need not be read by themselves.

    Attributes:
        went: where each of these rows went, by its number.
        servers: what stands before ``Patient/`` in their subjects, and the first row that says so.
    """

    went: dict[int, str] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    results: list[Measured] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class Templates:
    """Reads slim results, each body once.

    Args:
        zone: where times without a zone were written.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._bodies = Bodies(zone)
        self._known: dict[bytes, Template | None] = {}
        self._bytes = 0

    def take(self, rows: Sequence[Resource | Slim], token: Callable[[int], str]) -> Taken:
        """Take the results of one person as the reader would have.

        Left are whole resources, and results that have to be read by themselves: those whose time
        is not plainly said, or which say more than a value.

        Args:
            token: how the number of a row begins every path into it.
        """
        taken, templates = Taken(), self._known
        # Results of one person share times: of a sample, of a report.
        times: dict[str | None, Moment | None] = {None: None}
        moments: dict[str | None, Moment | None] = {None: None}
        for at, row in enumerate(rows):
            if type(row) is not Slim:
                continue
            effective, issued = row.effective, row.issued
            if effective not in times:
                times[effective] = self._plain(effective)
            if issued not in moments:
                moments[issued] = self._moment(issued)
            when, since = times[effective], moments[issued]
            if when is None or (since is None and issued is not None):
                continue
            template = templates[row.body] if row.body in templates else self._template(row)
            if template is None:
                continue
            taken.went[at] = template.went
            taken.servers.setdefault(template.server, at)
            if template.results or template.refusals:
                _put(template, row, token(at), when, since, taken)
        return taken

    def _template(self, slim: Slim) -> Template | None:
        self._bytes += len(slim.body)
        if self._bytes > MOST_BYTES:
            self._known.clear()
            self._bytes = len(slim.body)
        found = self._known[slim.body] = self._bodies.template(slim)
        return found

    def _moment(self, text: str | None) -> Moment | None:
        return None if text is None else dates.read_moment(text, self._zone)

    def _plain(self, effective: str | None) -> Moment | None:
        """A time about which nothing is assumed; ``None`` for any other."""
        found = self._moment(effective)
        return None if found is None or dates.flags_of(found.text) else found


def _put(
    template: Template, slim: Slim, path: str, when: Moment, issued: Moment | None, taken: Taken
) -> None:
    """Put in what is one result's own."""
    origin = f"Observation/{slim.identity}"
    identifiers = () if slim.identifier is None else _numbers(slim.identifier)
    for one in template.results:
        taken.results.append(_placed(one, when, origin, path, issued, identifiers))
    for no in template.refusals:
        taken.refusals.append(
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
