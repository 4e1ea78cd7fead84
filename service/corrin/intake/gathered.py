"""The resources of one person, gathered from many files → a reading, and where each row went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from corrin.facts import versions
from corrin.facts.case import Reading
from corrin.intake import reader, subject, walk, withdrawn
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item, Resource
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError
from corrin.intake.slim import Slim
from corrin.intake.template import Taken, Templates

USED, SUPERSEDED, NOT_OURS, REFUSED = "used", "superseded", "not-ours", "refused"
# Of several resources in one row the first of these that any of them came to.
_RANK = (USED, SUPERSEDED, REFUSED, NOT_OURS)
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of one person.

    ``went`` says of each row given, in order, where it went (``used``, ``superseded``,
    ``not-ours``, ``refused``). Paths in the reading begin with :func:`token` of their row.
    ``problem`` is the reason why all was refused (``two-subjects``), else ``None``; the reading is
    then empty.
    """

    reading: Reading
    went: tuple[str, ...]
    problem: str | None = None


def token(row: int) -> str:
    """How a row's number begins every path into it: nine digits, so that texts sort like rows."""
    return f"{row:0{_DIGITS}d}"


def row_of(path: str) -> tuple[int, str]:
    """The row a path of a reading leads into, and the rest of the path (``.value.unit``)."""
    return int(path[:_DIGITS]), path[_DIGITS:]


def gather(
    rows: Sequence[Resource | Slim],
    *,
    others: Mapping[str, Resource] | None = None,
    complete: tuple[str, ...] = (),
    zone: tzinfo = UTC,
    templates: Templates | None = None,
) -> Gathered:
    """Read resources that were grouped as one person's.

    Every decision is that of :func:`corrin.intake.read` for the same resources in one request.

    Args:
        rows: resources (parsed, numbers as Decimal, or slim), in the order of their rows.
        others: resources by ``Type/id`` that belong to no one person (Medication).
        complete: the lists declared complete.
        zone: where times without a zone were written.
        templates: what slim results are read with, kept from one person to the next.
    """
    taken = Taken()
    if not _named_twice(rows):
        taken = (templates or Templates(zone)).take(rows, token)
    limits = Limits(entries=1000 * len(rows) + 1000)
    whole = (
        (token(at), row.restore() if isinstance(row, Slim) else row)
        for at, row in enumerate(rows)
        if at not in taken.went
    )
    walked = walk.walk_given(whole, limits)
    try:
        person = subject.identify([*walked.items, *_subjects(rows, taken)], zone)
    except IntakeError as error:
        nobody = Reading(subject.Person().subject)
        return Gathered(nobody, (REFUSED,) * len(rows), error.problems[0].reason)
    harvest = Harvest(zone, Library(walked.items, others))
    harvest.refusals += walked.refusals + person.refusals
    counts = dict.fromkeys(_RANK, 0)
    went: dict[int, str] = {}
    for refusal in walked.refusals:
        _note(went, row_of(refusal.path)[0], REFUSED)
    for item in walked.items:
        _note(went, row_of(item.path)[0], reader.read_item(item, person, harvest))
    harvest.results += taken.results
    harvest.refusals += taken.refusals
    went |= taken.went
    gone = {row_of(one.path)[0] for one in withdrawn.remove(harvest)}
    reading = reader.reading_of(person, harvest, counts, None, complete)
    if gone:
        gone -= {row_of(one.path)[0] for one in reading.results}
        gone -= {row_of(one.path)[0] for one in reading.statements}
    for at in _fallen(reading) | gone:
        if went.get(at) == USED:
            went[at] = SUPERSEDED
    # Nothing is left of a row that an older version was dropped from.
    return Gathered(reading, tuple(went.get(at, SUPERSEDED) for at in range(len(rows))))


def _note(went: dict[int, str], row: int, where: str) -> None:
    """Note where a resource of a row went, unless another of that row came to more."""
    known = went.get(row)
    if known is None or _RANK.index(where) < _RANK.index(known):
        went[row] = where


def _named_twice(rows: Sequence[Resource | Slim]) -> bool:
    """Whether an id comes twice, so that versions of a resource may have to be told apart."""
    ids = [row.identity if isinstance(row, Slim) else row.get("id") for row in rows]
    named = [one for one in ids if isinstance(one, str)]
    return len(set(named)) < len(named)


def _subjects(rows: Sequence[Resource | Slim], taken: Taken) -> Iterator[Item]:
    """What the rows that are not read by themselves say of their person, each way of it once."""
    for server, at in taken.servers.items():
        row = rows[at]
        assert isinstance(row, Slim)
        said = {"subject": {"reference": server + row.subject}}
        yield Item(said, "Observation", token(at), f"Observation/{row.identity}")


def _fallen(reading: Reading) -> set[int]:
    """The rows all results of which another version took the place of."""
    current = versions.current(reading.results)
    if current is reading.results:
        return set()
    rows = {row_of(one.path)[0] for one in reading.results}
    return rows - {row_of(one.path)[0] for one in current}
