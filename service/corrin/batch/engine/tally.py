"""What all chunks and partitions came to, added up; every engine adds up here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from corrin.batch.engine.plan import Plan
from corrin.batch.engine.reading import Said
from corrin.batch.outcome import CountMismatch, Counts, Problem, checked
from corrin.batch.question import Piece
from corrin.batch.sources.source import InputError, Source

Went = Mapping[int, Sequence[int]]
"""Per chunk how many of the rows handed on were used, superseded, not ours, refused."""


def counts_of(plan: Plan, said: Sequence[Said], went: Iterable[Went]) -> dict[str, Counts]:
    """The counts of each file, from what the chunks said and what the partitions did.

    Raises:
        CountMismatch: rows were handed on that did not end as exactly one thing.
    """
    ended: dict[int, list[int]] = {}
    for one in went:
        for number, counts in one.items():
            before = ended.setdefault(number, [0, 0, 0, 0])
            ended[number] = [a + b for a, b in zip(before, counts, strict=True)]
    files = {one.name: Counts() for one in plan.sources}
    for chunk in plan.chunks:
        told = said[chunk.number]
        used, superseded, not_ours, refused = ended.get(chunk.number, (0, 0, 0, 0))
        if told.handed != used + superseded + not_ours + refused:
            wrong = used + superseded + not_ours + refused
            raise CountMismatch((plan.source_of(chunk.number).name,), told.handed, wrong)
        files[plan.source_of(chunk.number).name].add(
            Counts(
                told.rows,
                used + told.used,
                superseded,
                not_ours + told.not_ours,
                refused + told.refused,
            )
        )
    checked(files)
    return files


def problems_of(
    found: Iterable[InputError], said: Sequence[Said], pieces: Mapping[int, Piece]
) -> tuple[Problem, ...]:
    """What could not be read: files, and pieces of files; each file and reason once."""
    every = [Problem(one.file, one.reason, one.line, one.hint) for one in found]
    for number, told in enumerate(said):
        one = told.problem
        if one is not None:
            line = pieces[number].before + one.line if one.line else 0
            every.append(Problem(one.file, one.reason, line, one.hint))
    first: dict[tuple[str, str], Problem] = {}
    for one in every:
        first.setdefault((one.file, one.reason), one)
    return tuple(sorted(first.values(), key=lambda one: (one.file, one.reason)))


def notes_of(plan: Plan, said: Sequence[Said], found: Iterable[str]) -> tuple[str, ...]:
    """Sentences about inputs, each once: of the finding, then file by file."""
    every = dict.fromkeys(found)
    met = dict.fromkeys(range(len(plan.sources)), 0)
    pieces = dict.fromkeys(range(len(plan.sources)), 0)
    for chunk in plan.chunks:
        told = said[chunk.number]
        name = plan.sources[chunk.source].name
        met[chunk.source] += told.rows
        pieces[chunk.source] += 1
        every |= dict.fromkeys(f"{name}: {note}" for note in told.notes)
    for at, source in enumerate(plan.sources):
        expected = expected_of(source)
        if expected is not None and pieces[at] > 1 and expected != met[at]:
            said_ = f"the manifest counts {expected} resources in it, {met[at]} were met"
            every[f"{source.name}: {said_}"] = None
    return tuple(every)


def expected_of(source: Source) -> int | None:
    """How many resources a manifest says are in a source."""
    found: object = getattr(source, "expected", None)
    return found if isinstance(found, int) else None


def outcomes_of(said: Iterable[Said]) -> dict[str, int]:
    """Severities of the OperationOutcomes of the exporting servers, counted."""
    total: dict[str, int] = {}
    for one in said:
        for severity, count in one.outcomes.items():
            total[severity] = total.get(severity, 0) + count
    return dict(sorted(total.items()))


def rows_of(each: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Rows of each table."""
    total: dict[str, int] = {}
    for rows in each:
        for name, count in rows.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))
