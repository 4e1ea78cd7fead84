"""The local engine: all of a run on one machine, in processes, resumable at any moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corrin.batch import manifest_of_run
from corrin.batch.engine import doubled, gathering, tally
from corrin.batch.engine.ahead import ALONE_BYTES, prepare
from corrin.batch.engine.bench import Setup
from corrin.batch.engine.claim import claim
from corrin.batch.engine.crew import Crew, crew
from corrin.batch.engine.failure import failure, nothing_to_read
from corrin.batch.engine.judging import JUDGED, keep_reading_refusals
from corrin.batch.engine.plan import Plan, plan
from corrin.batch.engine.reading import AGAIN, READ
from corrin.batch.engine.resources import Resources, resources
from corrin.batch.engine.settling import Settling
from corrin.batch.engine.stamp import changed_since, same, stamp
from corrin.batch.engine.workplace import NAME, Workplace
from corrin.batch.judge import Judge
from corrin.batch.outcome import Outcome, RunFailed, checked
from corrin.batch.progress import Progress, Timed
from corrin.batch.question import Shared
from corrin.batch.run import Job
from corrin.batch.sinks import dataset
from corrin.batch.sinks.whole import put, settle
from corrin.batch.sources import detect
from corrin.batch.sources.detect import Found
from corrin.unswept import unswept

READING, DOUBLED, JUDGING = "reading", "reading again", "judging"
_BYTES, _PARTITIONS = "bytes", "partitions"

After = Callable[[Job, Outcome], None]
"""What is done with a finished dataset before its work files go (changes, a summary)."""


def run(job: Job, progress: Progress, after: After | None = None) -> Outcome:
    """Do all of a job, or what is left of it.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack, zone or moment.
        corrin.packs.finding.ContentProblem: the rules, or a mapping file, cannot be used.
        RunFailed: it cannot begin, or go on.
    """
    found = find(job)
    planned = plan(found.sources)
    most = max(len(planned.chunks), planned.partitions)
    workers = job.workers or (1 if planned.bytes < ALONE_BYTES else 0)
    use = resources(workers, job.memory, most)
    if use.workers > 1:
        prepare()
    with unswept():
        judge = Judge(job.question, Shared({}))
    with claim(job.folder, job.resume) as claimed:
        if claimed.finished:
            return _finished(job, judge)
        try:
            return _Run(job, judge, found, planned, use, claimed.work, Timed(progress)).run(after)
        except OSError as error:
            raise failure(error) from error


def find(job: Job) -> Found:
    """What there is to read.

    Raises:
        RunFailed: nothing.
    """
    found = detect.find(job.inputs, input_format=job.input_format, options=job.options)
    if not found.sources:
        raise nothing_to_read(job.inputs, found.problems)
    return found


@dataclass(slots=True)
class _Run:
    job: Job
    judge: Judge
    found: Found
    plan: Plan
    use: Resources
    work: Workplace
    progress: Timed

    def run(self, after: After | None) -> Outcome:
        stamped = stamp(self.job, self.plan, self.judge.composer.rules_digest())
        self._begin(stamped)
        use = self.use
        setup = Setup(self.plan, self.job.question, self.job.format, self.work, use.slice_bytes)
        with self.progress:
            with crew(setup, use.workers, self.judge) as workers:
                self._read(workers)
                self._read_doubled(workers)
                said = gathering.gathered(self.plan, self.work)
                gathering.keep_shared(self.plan, said, self.work)
                self._judge(workers)
            outcome = self._finish(said, stamped)
        outcome = replace(outcome, timing=self.progress.seconds)
        timing = {"seconds": outcome.timing, "workers": use.workers}
        put(self.job.folder / dataset.TIMING, _json(timing), self.work.aside)
        if after is not None:
            after(self.job, outcome)
        settle(_files(self.job.folder))
        if not self.job.keep_work:
            self.work.clear()
        return outcome

    def _begin(self, stamped: dict[str, Any]) -> None:
        """Write down what is begun; check that what is resumed is the same."""
        if self.work.plan.is_file():
            before = json.loads(self.work.plan.read_bytes())
            same(before, json.loads(_json(stamped)), self.job.folder)
        else:
            put(self.work.plan, _json(stamped), self.work.aside)

    def _read(self, workers: Crew) -> None:
        chunks = self.plan.chunks
        left = [one for one in chunks if self.work.done(READ, one.number) is None]
        self.progress.phase(READING, self.plan.bytes, _BYTES)
        self.progress.more(self.plan.bytes - sum(one.bytes for one in left))
        sizes = {one.number: one.bytes for one in chunks}
        # The greatest first, so that none is left over for one process alone.
        order = sorted(sizes.keys() & {one.number for one in left}, key=lambda n: (-sizes[n], n))
        workers.run(READ, order, self._teller(sizes))

    def _read_doubled(self, workers: Crew) -> None:
        numbers = doubled.doubled(self.plan, self.work)
        if not numbers:
            return
        sizes = {number: self.plan.chunks[number].bytes for number in numbers}
        left = [number for number in numbers if self.work.done(AGAIN, number) is None]
        self.progress.phase(DOUBLED, sum(sizes.values()), _BYTES)
        self.progress.more(sum(sizes.values()) - sum(sizes[number] for number in left))
        workers.run(AGAIN, left, self._teller(sizes))
        doubled.keep_newest(numbers, self.work)

    def _judge(self, workers: Crew) -> None:
        every = range(self.plan.partitions)
        left = [number for number in every if self.work.done(JUDGED, number) is None]
        self.progress.phase(JUDGING, len(every), _PARTITIONS)
        self.progress.more(len(every) - len(left))
        tell = self._teller(dict.fromkeys(every, 1))
        with Settling(self.job.folder) as settling:

            def told(number: int, rows: int, done: bool) -> None:
                tell(number, rows, done)
                if done:
                    settling.partition(number)

            workers.run(JUDGED, left, told)

    def _teller(self, sizes: dict[int, int]) -> Callable[[int, int, bool], None]:
        def told(number: int, rows: int, done: bool) -> None:
            self.progress.more(sizes[number] if done else 0, rows)

        return told

    def _finish(self, found: gathering.Gathered, stamped: dict[str, Any]) -> Outcome:
        """Add up, write what is about the whole run, and force the dataset to the disk."""
        self.progress.phase("finishing", 1, "step")
        plan, job, work = self.plan, self.job, self.work
        marks = [work.done(JUDGED, number) or {} for number in range(plan.partitions)]
        went = [{int(n): counts for n, counts in one["went"].items()} for one in marks]
        lines = [(chunk.source, found.said[chunk.number].lines) for chunk in plan.chunks]
        pieces = gathering.pieces(plan.sources, lines)
        changed = changed_since(plan.sources, stamped)
        problems = tally.problems_of((*self.found.problems, *changed), found.said, pieces)
        try:
            files = tally.counts_of(plan, found.said, went)
        except Exception as error:
            raise failure(error) from error
        refused = keep_reading_refusals(plan, work, job.format, problems)
        outcome = Outcome(
            counts=checked(files),
            files=files,
            rows=tally.rows_of([*(one["rows"] for one in marks), {"refusals": refused}]),
            problems=problems,
            notes=tally.notes_of(plan, found.said, self.found.notes),
            outcomes=tally.outcomes_of(found.said),
        )
        settle(_files(job.folder))
        data = manifest_of_run.written(job, plan.sources, outcome, self.judge, self.found.left)
        place = job.folder / dataset.RUN
        put(place, data, work.aside)
        settle([place])
        self.progress.more(1)
        return outcome


def _finished(job: Job, judge: Judge) -> Outcome:
    data = (job.folder / dataset.RUN).read_bytes()
    if not manifest_of_run.answers(data, job, judge):
        raise RunFailed(
            "usage",
            "A finished dataset of another question is in that folder.",
            job.out,
            do="Name another folder.",
        )
    return manifest_of_run.outcome_of(data)


def _files(out: Path) -> list[Path]:
    """All files of the dataset."""
    tops = sorted(one for one in out.iterdir() if one.name != NAME)
    below = [file for top in tops if top.is_dir() for file in sorted(top.rglob("*"))]
    return [one for one in (*tops, *below) if one.is_file()]


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"
