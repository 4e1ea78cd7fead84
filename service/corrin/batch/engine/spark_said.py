"""What executors said of the pieces they read, gathered on the driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from corrin.batch.engine import gathering
from corrin.batch.engine.reading import Said
from corrin.batch.engine.spark_inputs import Inputs
from corrin.batch.engine.spark_read import SAID
from corrin.batch.outcome import RunFailed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def said_of(inputs: Inputs, blobs: DataFrame) -> tuple[list[Said], set[str], dict[str, bytes]]:
    """What there is to say of each piece, and what every partition has to know.

    Raises:
        RunFailed: Spark left out a file, or executors do not see one.
    """
    came = blobs.where(blobs.kind == SAID).select("chunk", "payload").collect()
    data = {one.chunk: json.loads(one.payload) for one in came}
    deleted: set[str] = set()
    products: dict[str, bytes] = {}
    said = []
    cut = {inputs.needs[one][0][0] for one in inputs.lines}
    for chunk in inputs.plan.chunks:
        one = data.get(chunk.number)
        if one is None and chunk.source not in cut:
            raise RunFailed(
                "input",
                "Spark did not hand out a file.",
                inputs.plan.sources[chunk.source].name,
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
    _seen(inputs, said)
    return said, deleted, products


def _seen(inputs: Inputs, said: list[Said]) -> None:
    """Check that executors saw the files that lie where the driver sees them."""
    for number in inputs.here:
        problem, source = said[number].problem, inputs.plan.source_of(number)
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
