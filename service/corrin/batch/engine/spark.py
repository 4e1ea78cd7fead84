"""The engine on Spark: its scheduler, its shuffle, its committer; our sources and our judge.

::

    pieces ──mapInArrow──► rows in blobs, ──Spark's──► partition ──mapInArrow──► tables ──► files
             read          by partition     shuffle                judge         in blobs

Partitions are those of the local engine. Spark moves blobs of Arrow, never a row; what comes to the
driver are counts, ids of deleted resources, Medications (which are nobody's), and numbers of
resources met more than once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corrin.batch import manifest_of_run, reading_refusals, sinks
from corrin.batch.engine import gathering, spark_inputs, tally
from corrin.batch.engine.failure import failure
from corrin.batch.engine.reading import Said
from corrin.batch.engine.spark_dataset import Judged, Writing, judged_of
from corrin.batch.engine.spark_doubled import doubled, holding, read_again
from corrin.batch.engine.spark_frames import Frames
from corrin.batch.engine.spark_hadoop import Hadoop, is_address
from corrin.batch.engine.spark_inputs import Inputs
from corrin.batch.engine.spark_judge import Judging
from corrin.batch.engine.spark_pieces import Pieces
from corrin.batch.engine.spark_place import Place, taken
from corrin.batch.engine.spark_read import REFUSALS, ROWS, Reading
from corrin.batch.engine.spark_said import said_of
from corrin.batch.engine.spark_session import USAGE, opened
from corrin.batch.engine.spark_ship import Shipment
from corrin.batch.engine.spark_trouble import told
from corrin.batch.engine.spark_watch import watched
from corrin.batch.judge import Judge
from corrin.batch.outcome import Outcome, RunFailed, checked
from corrin.batch.progress import Progress, Timed
from corrin.batch.question import Shared
from corrin.batch.row import ROWS as SCHEMA
from corrin.batch.run import Job
from corrin.batch.sinks import dataset

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

READING, DOUBLED, JUDGING, WRITING = "reading", "reading again", "judging", "writing"
_KEYS_BYTES = 8 * 1024**3  # of an export this large, one task sorts the numbers of all resources
_SHUFFLES, _MOST_SHUFFLES = "spark.sql.shuffle.partitions", 200  # for versions of resources only

After = Callable[[Job, Outcome], None]
"""What is done with a finished dataset (changes, a summary); only in a folder of this machine."""


def run(job: Job, progress: Progress, after: After | None = None) -> Outcome:
    """Do all of a job on Spark.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack, zone or moment.
        corrin.packs.finding.ContentProblem: the rules, or a mapping file, cannot be used.
        RunFailed: it cannot begin, or go on; Spark's own trouble too, in words.
        KeyboardInterrupt: it was interrupted; Spark was told to stop, and nothing looks whole.
    """
    judge = Judge(job.question, Shared({}))
    if is_address(job.out) and job.compare_with is not None:
        raise RunFailed(
            USAGE,
            "Changes since an earlier run are told only of a dataset in a folder.",
            job.out,
            "It is written to an address.",
            "Write it to a folder, or copy both datasets to a disk.",
        )
    with opened(job) as session:
        try:
            return _run(job, judge, session, progress, after)
        except (RunFailed, KeyboardInterrupt):
            raise
        except Exception as error:
            if _of_spark(error):
                raise told(error) from None
            raise


def _run(
    job: Job, judge: Judge, session: SparkSession, progress: Progress, after: After | None
) -> Outcome:
    hadoop = Hadoop(session)
    with tempfile.TemporaryDirectory(prefix="corrin-") as folder:
        found = spark_inputs.inputs(job, hadoop, Path(folder))
        with taken(job.out, job.resume, hadoop) as place:
            if place.finished:
                return _finished(job, judge, place)
            return _written(job, judge, session, found, place, progress, after)


def _written(
    job: Job,
    judge: Judge,
    session: SparkSession,
    found: Inputs,
    place: Place,
    progress: Progress,
    after: After | None,
) -> Outcome:
    try:
        shipment = Shipment(session, job)
        with Timed(progress) as timed:
            frames = Frames(session, shipment)
            outcome = _Run(job, judge, place, found, frames, timed).run()
        outcome = replace(outcome, timing=timed.seconds)
        timing = {"seconds": outcome.timing, "master": session.sparkContext.master}
        place.put(dataset.TIMING, _json(timing))
    except BaseException:
        session.sparkContext.cancelAllJobs()
        place.forget()
        raise
    if not is_address(job.out):
        if after is not None:
            after(replace(job, out=place.out), outcome)
    elif job.summary:
        sys.stderr.write("corrin: no summary.html is drawn at an address.\n")
    if not job.keep_work:
        place.clear()
    return outcome


@dataclass
class _Run:
    job: Job
    judge: Judge
    place: Place
    found: Inputs
    frames: Frames
    progress: Timed
    name: str = field(default_factory=lambda: uuid.uuid4().hex)

    def run(self) -> Outcome:
        """Read, judge, write; what it came to."""
        try:
            return self._all()
        finally:
            self.frames.close()

    def _all(self) -> Outcome:
        plan, shipment = self.found.plan, self.frames.shipment
        self.frames.session.conf.set(_SHUFFLES, str(min(plan.partitions, _MOST_SHUFFLES)))
        key_parts = 1 + plan.bytes // _KEYS_BYTES
        reading = Reading(
            plan,
            key_parts,
            self.found.here,
            self.found.needs,
            self.found.shadow,
            own=shipment.own,
            archive=shipment.name,
        )
        pieces = Pieces(self.found, self.frames)
        with self._phase(READING, len(plan.chunks)):
            blobs = self.frames.held(pieces.read(reading))
            said, deleted, products = said_of(self.found, blobs)
        lines = [(one.source, said[one.number].lines) for one in plan.chunks]
        shared = Shared(gathering.pieces(plan.sources, lines), products, frozenset(deleted))
        rows = blobs.where(blobs.kind.isin(ROWS, REFUSALS))
        wanted = doubled(self.frames, blobs, key_parts)
        again: frozenset[int] = frozenset()
        if wanted:
            again = holding(self.frames, blobs, wanted)
            with self._phase(DOUBLED, len(again)):
                rows = rows.unionByName(read_again(pieces, reading, wanted, again))
        with self._phase(JUDGING, plan.partitions):
            judging = Judging(
                self.name,
                self.job.question,
                shared,
                again,
                shipment.own,
                shipment.name,
            )
            together = rows.repartitionById(plan.partitions, "part")
            judgement = judged_of(self.frames.held(self.frames.map(together, "judge", judging)))
        return self._finish(judgement, said, shared)

    def _finish(self, judged: Judged, said: list[Said], shared: Shared) -> Outcome:
        plan, found = self.found.plan, self.found.found
        try:
            files = tally.counts_of(plan, said, judged.went)
        except Exception as error:
            raise failure(error) from error
        problems = tally.problems_of(found.problems, said, shared.pieces)
        unread = reading_refusals.of_problems(problems)
        rows = judged.rows
        names = self.judge.judge(SCHEMA.empty_table()).tables
        writing = Writing(self.frames, self.place, self.job.format, plan.partitions)
        with self._phase(WRITING, 1):
            for name, empty in names.items():
                more = unread if name == REFUSALS else None
                writing.table(name, judged, empty.schema, more)
                rows[name] = rows.get(name, 0) + (0 if more is None else more.num_rows)
        outcome = Outcome(
            counts=checked(files),
            files=files,
            rows=dict(sorted(rows.items())),
            problems=problems,
            notes=tally.notes_of(plan, said, found.notes),
            outcomes=tally.outcomes_of(said),
        )
        for name in names:
            self.place.settle(name, sinks.EXTENSIONS[self.job.format])
        data = manifest_of_run.written(self.job, plan.sources, outcome, self.judge, found.left)
        self.place.put(dataset.RUN, data)
        return outcome

    def _phase(self, name: str, total: int) -> Any:
        return watched(self.frames.session, self.progress, name, total, self.name)


def _finished(job: Job, judge: Judge, place: Place) -> Outcome:
    data = place.read(dataset.RUN)
    if not manifest_of_run.answers(data, job, judge):
        raise RunFailed(
            USAGE,
            "A finished dataset of another question is in that folder.",
            job.out,
            do="Name another folder.",
        )
    return manifest_of_run.outcome_of(data)


def _of_spark(error: BaseException) -> bool:
    """Whether an error comes out of Spark, or of Java behind it."""
    return type(error).__module__.split(".")[0] in ("pyspark", "py4j")


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"
