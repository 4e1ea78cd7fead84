"""Resources that an export holds more than once, found by Spark: by number, then by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from corrin.batch.engine.spark_frames import Frames
from corrin.batch.engine.spark_pieces import Pieces
from corrin.batch.engine.spark_read import KEYS, ROWS_AGAIN, VERSIONS, Reading

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_VERSION_COLUMNS = "name string, partition int, at long, number int, whose long"


def doubled(frames: Frames, blobs: DataFrame, parts: int) -> frozenset[int]:
    """Keys of resources that the export holds more than once."""
    keys = blobs.where(blobs.kind == KEYS).repartitionById(parts, "part")
    came = frames.map(keys, "doubled", None).select("payload").collect()
    found = [np.frombuffer(one.payload, np.uint64) for one in came]
    return frozenset(np.concatenate(found).tolist()) if found else frozenset()


def holding(frames: Frames, blobs: DataFrame, wanted: frozenset[int]) -> frozenset[int]:
    """The pieces that hold one of them."""
    keys = frames.map(blobs.where(blobs.kind == KEYS), "holding", wanted)
    return frozenset(one.chunk for one in keys.select("chunk").distinct().collect())


def read_again(
    pieces: Pieces, reading: Reading, wanted: frozenset[int], again: frozenset[int]
) -> DataFrame:
    """The rows of these pieces, nothing of them slim, and the newest versions there are.

    With each goes whether it is disputed: several people have that newest version.
    """
    from pyspark.sql import functions as sql

    frames = pieces.frames
    second = frames.held(pieces.read(replace(reading, wanted=wanted, only=again)))
    found = frames.map(second.where(second.kind == VERSIONS), "versions", None, _VERSION_COLUMNS)
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
    return rows.unionByName(frames.map(told_, "newest", None))
