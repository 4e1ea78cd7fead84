"""Phase two: the persons of a partition judged, and what was found written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from corrin.batch import reading_refusals, sinks, tables
from corrin.batch.engine.gathering import newest, shared
from corrin.batch.engine.plan import Plan
from corrin.batch.engine.spill import Spills
from corrin.batch.engine.workplace import Workplace
from corrin.batch.judge import Judge
from corrin.batch.outcome import Problem
from corrin.batch.row import ROWS, Refused
from corrin.batch.sinks import dataset
from corrin.batch.sinks.whole import whole
from corrin.batch.sinks.writer import Writer

JUDGED = "judged"
_REFUSALS = "refusals"


class Judging:
    """Judges partitions, one after the other; made once per process."""

    def __init__(
        self, plan: Plan, judge: Judge, form: str, work: Workplace, slice_bytes: int
    ) -> None:
        self._form, self._work, self._slice_bytes = form, work, slice_bytes
        self._judge = judge
        self._shared, kinds = shared(plan, work)
        self._spills = Spills(
            [work.file(kind, number, "arrow") for number, kind in enumerate(kinds)]
        )

    def judge(self, partition: int) -> None:
        """Judge a partition and mark it done.

        Raises:
            OSError: the disk is full, or fails.
        """
        versions = newest(self._work, partition)
        self._judge.shared = replace(self._shared, **versions._asdict())
        went: dict[int, list[int]] = {}
        with parts(self._work, self._form, partition) as files:
            files.write(self._judge.judge(ROWS.empty_table()).tables)
            for rows in self._spills.persons(partition, self._slice_bytes):
                answer = self._judge.judge(rows)
                for chunk, counts in answer.went.items():
                    before = went.get(chunk, [0, 0, 0, 0])
                    went[chunk] = [a + b for a, b in zip(before, counts, strict=True)]
                files.write(answer.tables)
        told = {str(chunk): went[chunk] for chunk in sorted(went)}
        self._work.mark(JUDGED, partition, {"went": told, "rows": files.rows})


class Parts:
    """The files of one partition, one per table."""

    def __init__(self, work: Workplace, form: str, partition: int, files: ExitStack) -> None:
        self._work, self._form, self._partition = work, form, partition
        self._files = files
        self._writers: dict[str, Writer] = {}
        self._refusals: list[pa.Table] = []

    @property
    def rows(self) -> dict[str, int]:
        """Rows written, by table."""
        return {name: one.rows for name, one in sorted(self._writers.items())}

    def write(self, found: Mapping[str, pa.Table]) -> None:
        """Write rows after those written before; refusals wait, they are in another order."""
        for name, table in found.items():
            if name == _REFUSALS:
                self._refusals.append(table)
            else:
                self._writer(name, table.schema).write(table)

    def write_refusals(self) -> None:
        """Write the refusals that wait."""
        every = pa.concat_tables(self._refusals)
        self._writer(_REFUSALS, tables.REFUSALS).write(reading_refusals.ordered(every))

    def _writer(self, name: str, schema: pa.Schema) -> Writer:
        if name not in self._writers:
            place = dataset.part(self._work.out, name, self._partition, self._form)
            temporary = self._files.enter_context(whole(place, self._work.aside))
            made = sinks.writer(self._form, temporary, schema)
            self._writers[name] = self._files.enter_context(made)
        return self._writers[name]


@contextmanager
def parts(work: Workplace, form: str, partition: int) -> Iterator[Parts]:
    """The files of one partition; none of them stands in its place before it is whole."""
    with ExitStack() as files:
        found = Parts(work, form, partition, files)
        yield found
        found.write_refusals()


def keep_reading_refusals(
    plan: Plan,
    work: Workplace,
    form: str,
    problems: Sequence[Problem],
) -> int:
    """Write what was refused while reading, and what could not be read; how many rows."""
    known, kinds = shared(plan, work)
    place = dataset.part(work.out, _REFUSALS, dataset.READING, form)
    with (
        whole(place, work.aside) as temporary,
        sinks.writer(form, temporary, tables.REFUSALS) as file,
    ):
        file.write(reading_refusals.of_problems(problems))
        for number, kind in enumerate(kinds):
            path = work.file(kind, number, "refused")
            for refused in _refused(path) if path.exists() else ():
                file.write(reading_refusals.of_rows(refused, known.pieces[number]))
    return file.rows


def _refused(path: Path) -> Iterator[list[Refused]]:
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for at in range(reader.num_record_batches):
            yield [Refused(**one) for one in reader.get_batch(at).to_pylist()]
