"""The pieces of an export read by Spark: each file in the way in which executors get at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from corrin.batch.engine import spark_inputs
from corrin.batch.engine.spark_frames import Frames
from corrin.batch.engine.spark_hadoop import Hadoop
from corrin.batch.engine.spark_inputs import Inputs, escaped
from corrin.batch.engine.spark_read import Reading

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TASK_BYTES, _WAVES = 64 * 1024 * 1024, 3  # of input to a task, once every core has had three


@dataclass(frozen=True)
class Pieces:
    """The pieces there are, read as often as is asked."""

    found: Inputs
    frames: Frames

    def read(self, reading: Reading) -> DataFrame:
        """What all pieces hold, as blobs."""
        frames = []
        leaves = reading.leaves
        numbers = tuple(one for one in reading.numbers if not leaves(one))
        if numbers:
            tasks = self.frames.session.range(0, len(numbers), 1, self._tasks(numbers))
            frames.append(self.frames.map(tasks, "here", replace(reading, numbers=numbers)))
        wanted = {one.source for one in reading.plan.chunks if not leaves(one.number)}

        def still(addresses: Iterable[str]) -> list[str]:
            return [one for one in addresses if wanted & set(reading.files[one][0])]

        if addresses := still(self.found.lines):
            frames.append(self.frames.map(self._lines(addresses), "lines", self._by_uri(reading)))
        if addresses := still(self.found.files):
            frames.append(self.frames.map(self._files(addresses), "files", reading))
        found = frames[0]
        for one in frames[1:]:
            found = found.unionByName(one)
        return found

    def _tasks(self, numbers: tuple[int, ...]) -> int:
        """How many tasks read some pieces: few enough to be worth their start, enough to share."""
        chunks = self.found.plan.chunks
        size = sum(chunks[one].bytes for one in numbers)
        most = max(
            size // _TASK_BYTES, _WAVES * self.frames.session.sparkContext.defaultParallelism
        )
        return int(min(len(numbers), most))

    def _lines(self, addresses: list[str]) -> DataFrame:
        size = str(spark_inputs.SPLIT_BYTES)
        # Pieces begin at multiples of their size, and no two files share a task.
        self.frames.session.conf.set("spark.sql.files.maxPartitionBytes", size)
        self.frames.session.conf.set("spark.sql.files.openCostInBytes", size)
        texts = self.frames.session.read.option("lineSep", "\n").text(
            [escaped(one) for one in addresses]
        )
        return texts.selectExpr("value", "_metadata.file_path", "_metadata.file_block_start")

    def _by_uri(self, reading: Reading) -> Reading:
        """With files by the address as Spark's own columns write it, too."""
        hadoop = Hadoop(self.frames.session)
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
        files = self.frames.session.read.format("binaryFile").load([escaped(one) for one in every])
        files = files.select("path", "content")
        if not several:
            return files
        # Files that are one source together meet in one task.
        pairs = [(one, source) for one in every for source in needs[one][0]]
        whose = self.frames.session.createDataFrame(pairs, "path string, source int")
        tasks = len({source for _, source in pairs})
        joined = files.join(whose.hint("broadcast"), "path").select("path", "content", "source")
        return joined.repartitionById(tasks, "source")
