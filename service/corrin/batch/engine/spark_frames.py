"""Our tasks over frames of Spark, and what is kept until a run is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corrin.batch.engine.spark_blob import COLUMNS
from corrin.batch.engine.spark_ship import Shipment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass
class Frames:
    """The frames of one run, on a session, with what was shipped to its executors."""

    session: SparkSession
    shipment: Shipment
    _held: list[DataFrame] = field(default_factory=list)

    def map(self, frame: DataFrame, task: str, known: Any, columns: str = COLUMNS) -> DataFrame:
        """What a task (:data:`corrin.batch.engine.spark_tasks.TASKS`) makes of a frame.

        Args:
            frame: what it is given.
            task: its name.
            known: what it has to know.
            columns: what it makes, as Spark writes schemas.
        """
        given = self.session.sparkContext.broadcast(known)
        return frame.mapInArrow(self.shipment.task(task, given), columns)

    def held(self, frame: DataFrame) -> DataFrame:
        """Kept on the disks of executors, so that it is made once; made again where lost."""
        from pyspark import StorageLevel

        found = frame.persist(StorageLevel.DISK_ONLY)
        self._held.append(found)
        return found

    def close(self) -> None:
        """Keep nothing any longer."""
        for one in self._held:
            one.unpersist()
