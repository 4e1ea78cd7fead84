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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from corrin.batch import manifest_of_run, reading_refusals, sinks
from corrin.batch.engine import gathering, spark_inputs, tally
from corrin.batch.engine.failure import failure
from corrin.batch.engine.reading import Said
from corrin.batch.engine.spark_blob import COLUMNS, Blob, handed, packed
from corrin.batch.engine.spark_hadoop import Hadoop, is_address
from corrin.batch.engine.spark_inputs import Inputs, escaped
from corrin.batch.engine.spark_judge import WENT, Judging
from corrin.batch.engine.spark_place import Place, taken
from corrin.batch.engine.spark_read import (
    KEYS,
    REFUSALS,
    ROWS,
    ROWS_AGAIN,
    SAID,
    VERSIONS,
    Reading,
)
from corrin.batch.engine.spark_session import USAGE, opened
from corrin.batch.engine.spark_ship import Shipment
from corrin.batch.engine.spark_tasks import Text
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
    from pyspark.sql import DataFrame, SparkSession

READING, DOUBLED, JUDGING, WRITING = "reading", "reading again", "judging", "writing"
_KEYS_BYTES = 8 * 1024**3  # of an export this large, one task sorts the numbers of all resources
_TASK_BYTES, _WAVES = 64 * 1024 * 1024, 3  # of input to a task, once every core has had three
_FILE_BYTES = 8 * 1024 * 1024  # of blobs to a file, in tables that have so much
_SHUFFLES, _MOST_SHUFFLES = "spark.sql.shuffle.partitions", 200  # for versions of resources only
_VERSION_COLUMNS = "name string, partition int, at long, number int, whose long"

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
            outcome = _Run(job, judge, session, place, found, shipment, timed).run()
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
class Judged:
    """What was judged: values by table, where the rows went, how many rows and bytes there are."""

    blobs: DataFrame
    went: list[dict[int, list[int]]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


@dataclass
class _Run:
    job: Job
    judge: Judge
    session: SparkSession
    place: Place
    found: Inputs
    shipment: Shipment
    progress: Timed
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    _held: list[DataFrame] = field(default_factory=list)

    def run(self) -> Outcome:
        """Read, judge, write; what it came to."""
        try:
            return self._all()
        finally:
            for one in self._held:
                one.unpersist()

    def _all(self) -> Outcome:
        plan = self.found.plan
        self.session.conf.set(_SHUFFLES, str(min(plan.partitions, _MOST_SHUFFLES)))
        key_parts = 1 + plan.bytes // _KEYS_BYTES
        reading = Reading(
            plan,
            key_parts,
            self.found.here,
            self.found.needs,
            self.found.shadow,
            own=self.shipment.own,
            archive=self.shipment.name,
        )
        with self._phase(READING, len(plan.chunks)):
            blobs = self._held_there(self._read(reading))
            said, deleted, products = self._said(blobs)
        lines = [(one.source, said[one.number].lines) for one in plan.chunks]
        shared = Shared(gathering.pieces(plan.sources, lines), products, frozenset(deleted))
        rows = blobs.where(blobs.kind.isin(ROWS, REFUSALS))
        wanted = self._doubled(blobs, key_parts)
        again: frozenset[int] = frozenset()
        if wanted:
            again = self._holding(blobs, wanted)
            with self._phase(DOUBLED, len(again)):
                rows = rows.unionByName(self._read_again(reading, wanted, again))
        with self._phase(JUDGING, plan.partitions):
            judging = Judging(
                self.name,
                self.job.question,
                shared,
                again,
                self.shipment.own,
                self.shipment.name,
            )
            together = rows.repartitionById(plan.partitions, "part")
            judged = self._held_there(self._map(together, "judge", judging))
            judgement = self._counted(judged)
        return self._finish(judgement, said, shared)

    def _counted(self, judged: DataFrame) -> Judged:
        """What was judged, with where rows went and how much there is of each table."""
        from pyspark.sql import functions as sql

        found = Judged(judged)
        told_ = sql.when(judged.kind == WENT, judged.payload)
        size = sql.length(judged.payload)
        for one in judged.select("kind", "rows", size.alias("size"), told_.alias("told")).collect():
            if one.told is None:
                found.rows[one.kind] = found.rows.get(one.kind, 0) + one.rows
                found.bytes[one.kind] = found.bytes.get(one.kind, 0) + one.size
            else:
                counts = json.loads(one.told)
                found.went.append({int(chunk): numbers for chunk, numbers in counts.items()})
        return found

    # --- reading ---------------------------------------------------------------------------

    def _read(self, reading: Reading) -> DataFrame:
        """What all pieces hold, as blobs."""
        frames = []
        leaves = reading.leaves
        numbers = tuple(one for one in reading.numbers if not leaves(one))
        if numbers:
            tasks = self.session.range(0, len(numbers), 1, self._tasks(numbers))
            frames.append(self._map(tasks, "here", replace(reading, numbers=numbers)))
        wanted = {one.source for one in reading.plan.chunks if not leaves(one.number)}

        def still(addresses: Iterable[str]) -> list[str]:
            return [one for one in addresses if wanted & set(reading.files[one][0])]

        if addresses := still(self.found.lines):
            frames.append(self._map(self._lines(addresses), "lines", self._by_uri(reading)))
        if addresses := still(self.found.files):
            frames.append(self._map(self._files(addresses), "files", reading))
        found = frames[0]
        for one in frames[1:]:
            found = found.unionByName(one)
        return found

    def _tasks(self, numbers: tuple[int, ...]) -> int:
        """How many tasks read some pieces: few enough to be worth their start, enough to share."""
        chunks = self.found.plan.chunks
        size = sum(chunks[one].bytes for one in numbers)
        most = max(size // _TASK_BYTES, _WAVES * self.session.sparkContext.defaultParallelism)
        return int(min(len(numbers), most))

    def _lines(self, addresses: list[str]) -> DataFrame:
        size = str(spark_inputs.SPLIT_BYTES)
        # Pieces begin at multiples of their size, and no two files share a task.
        self.session.conf.set("spark.sql.files.maxPartitionBytes", size)
        self.session.conf.set("spark.sql.files.openCostInBytes", size)
        texts = self.session.read.option("lineSep", "\n").text([escaped(one) for one in addresses])
        return texts.selectExpr("value", "_metadata.file_path", "_metadata.file_block_start")

    def _by_uri(self, reading: Reading) -> Reading:
        """With files by the address as Spark's own columns write it, too."""
        hadoop = Hadoop(self.session)
        more = {hadoop.uri(one): reading.files[one] for one in self.found.lines}
        return replace(reading, files={**reading.files, **more})

    def _files(self, addresses: list[str]) -> DataFrame:
        needs = self.found.needs
        several = any(
            len([one for one in self.found.files if source in needs[one][0]]) > 1
            for address in addresses
            for source in needs[address][0]
        )
        every = sorted({*addresses, *(self.found.files if several else ())})
        files = self.session.read.format("binaryFile").load([escaped(one) for one in every])
        files = files.select("path", "content")
        if not several:
            return files
        # Files that are one source together meet in one task.
        pairs = [(one, source) for one in every for source in needs[one][0]]
        whose = self.session.createDataFrame(pairs, "path string, source int")
        tasks = len({source for _, source in pairs})
        joined = files.join(whose.hint("broadcast"), "path").select("path", "content", "source")
        return joined.repartitionById(tasks, "source")

    def _said(self, blobs: DataFrame) -> tuple[list[Said], set[str], dict[str, bytes]]:
        """What there is to say of each piece, and what every partition has to know."""
        came = blobs.where(blobs.kind == SAID).select("chunk", "payload").collect()
        data = {one.chunk: json.loads(one.payload) for one in came}
        deleted: set[str] = set()
        products: dict[str, bytes] = {}
        said = []
        cut = {self.found.needs[one][0][0] for one in self.found.lines}
        for chunk in self.found.plan.chunks:
            one = data.get(chunk.number)
            if one is None and chunk.source not in cut:
                raise RunFailed(
                    "input",
                    "Spark did not hand out a file.",
                    self.found.plan.sources[chunk.source].name,
                    "Names that begin with _ or . are left out by Hadoop.",
                    "Give it another name.",
                )
            if one is None:  # a line longer than the piece began before it
                said.append(Said(0, 0, 0, 0, 0, 0))
                continue
            said.append(Said.of(one["said"]))
            deleted.update(one["deleted"])
            more = {name: text.encode() for name, text in one["products"].items()}
            gathering.merge_products(products, more)
        self._seen(said)
        return said, deleted, products

    def _seen(self, said: list[Said]) -> None:
        """Check that executors saw the files that lie where the driver sees them."""
        for number in self.found.here:
            problem, source = said[number].problem, self.found.plan.source_of(number)
            if problem is None or problem.reason != "input-missing":
                continue
            if all(Path(one).exists() for one in source.files()):
                raise RunFailed(
                    "input",
                    "Executors do not see a file that is here.",
                    source.path,
                    "It lies on a disk of this machine alone.",
                    "Put the export on a disk that all machines see under one path, or name its "
                    "address (hdfs://…, s3a://…).",
                )

    # --- resources met more than once ------------------------------------------------------

    def _doubled(self, blobs: DataFrame, parts: int) -> frozenset[int]:
        """Keys of resources that the export holds more than once."""
        keys = blobs.where(blobs.kind == KEYS).repartitionById(parts, "part")
        came = self._map(keys, "doubled", None).select("payload").collect()
        found = [np.frombuffer(one.payload, np.uint64) for one in came]
        return frozenset(np.concatenate(found).tolist()) if found else frozenset()

    def _holding(self, blobs: DataFrame, wanted: frozenset[int]) -> frozenset[int]:
        """The pieces that hold one of them."""
        keys = self._map(blobs.where(blobs.kind == KEYS), "holding", wanted)
        return frozenset(one.chunk for one in keys.select("chunk").distinct().collect())

    def _read_again(
        self, reading: Reading, wanted: frozenset[int], again: frozenset[int]
    ) -> DataFrame:
        """The rows of these pieces, nothing of them slim, and the newest versions there are.

        With each goes whether it is disputed: several people have that newest version.
        """
        from pyspark.sql import functions as sql

        second = self._held_there(self._read(replace(reading, wanted=wanted, only=again)))
        found = self._map(second.where(second.kind == VERSIONS), "versions", None, _VERSION_COLUMNS)
        newest = (
            found.groupBy("name")
            .agg(
                sql.expr("min(struct(at, number)) AS first"),
                sql.expr("max(struct(at, number)) AS last"),
                # Of the newest versions the greatest and the least number of a person.
                sql.expr("max(struct(at, number, whose)).whose AS most"),
                sql.expr("~max(struct(at, number, ~whose AS other)).other AS least"),
            )
            .where("first <> last OR most <> least")
            .selectExpr("name", "last.at", "last.number", "most <> least AS disputed")
        )
        told_ = (
            found.where("partition >= 0")
            .select("name", "partition")
            .distinct()
            .join(newest, "name")
            .select("name", "partition", "at", "number", "disputed")
        )
        rows = second.where(second.kind == ROWS_AGAIN)
        return rows.unionByName(self._map(told_, "newest", None))

    # --- writing ---------------------------------------------------------------------------

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
        with self._phase(WRITING, 1):
            for name, empty in names.items():
                rows.setdefault(name, 0)
                own = judged.blobs.where(judged.blobs.kind == name)
                own = own.coalesce(self._parts(judged.bytes.get(name, 0)))
                if name == REFUSALS and unread.num_rows:
                    own = own.unionByName(self._of_driver(REFUSALS, unread))
                    rows[name] += unread.num_rows
                self._write(name, own, empty.schema)
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

    def _parts(self, size: int) -> int:
        """In how many files a table is written."""
        return int(max(1, min(self.found.plan.partitions, size // _FILE_BYTES)))

    def _of_driver(self, name: str, table: pa.Table) -> DataFrame:
        blob = Blob(name, -1, 0, table.num_rows, packed(table))
        return self.session.createDataFrame(
            pa.Table.from_batches(handed([blob])).to_pylist(), COLUMNS
        )

    def _write(self, name: str, blobs: DataFrame, schema: pa.Schema) -> None:
        form = sinks.EXTENSIONS[self.job.format]
        target = self.place.table(name)
        if form == "parquet":
            simple = pa.schema([(one.name, _plain(one.type)) for one in schema])
            found = self._map(blobs, "table", simple, _columns(simple))
            found.write.option("compression", "zstd").parquet(target)
        else:
            found = self._map(blobs, "text", Text(form, schema), "value string")
            found.write.option("lineSep", "\n").text(target)

    # --- Spark -----------------------------------------------------------------------------

    def _map(self, frame: DataFrame, task: str, known: Any, columns: str = COLUMNS) -> DataFrame:
        given = self.session.sparkContext.broadcast(known)
        return frame.mapInArrow(self.shipment.task(task, given), columns)

    def _held_there(self, frame: DataFrame) -> DataFrame:
        """Kept on the disks of executors, so that it is made once; made again where lost."""
        from pyspark import StorageLevel

        found = frame.persist(StorageLevel.DISK_ONLY)
        self._held.append(found)
        return found

    def _phase(self, name: str, total: int) -> Any:
        return watched(self.session, self.progress, name, total, self.name)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of a column without its dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


_NAMES = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.list_(pa.string()): "array<string>",
}


def _columns(schema: pa.Schema) -> str:
    """A schema as Spark writes it."""
    return ", ".join(f"`{one.name}` {_NAMES[one.type]}" for one in schema)


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
