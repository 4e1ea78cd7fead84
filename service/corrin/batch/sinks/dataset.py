"""The files of a dataset: ``DIR/<table>/part-NNNNN.<ext>``, ``DIR/run.json`` and what is beside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from corrin.batch import sinks
from corrin.batch.sinks.whole import whole

RUN = "run.json"
TIMING = "timing.json"
SUMMARY = "summary.html"
READING = "reading"
"""What the part of ``refusals`` is called that tells of what was refused while reading."""


def part_name(partition: int | str, ending: str) -> str:
    """``part-00012.parquet``."""
    number = f"{partition:05d}" if isinstance(partition, int) else partition
    return f"part-{number}.{ending}"


def part(out: Path, table: str, partition: int | str, form: str) -> Path:
    """The file of one partition of a table."""
    return out / table / part_name(partition, sinks.EXTENSIONS[form])


def write_answer(
    found: Mapping[str, pa.Table], out: Path, partition: int | str, form: str, aside: Path
) -> tuple[Path, ...]:
    """Write the tables of one partition, each whole or not at all; the files.

    ``aside`` is a folder of the same file system, where half files may be.
    """
    paths = []
    for name, table in found.items():
        path = part(out, name, partition, form)
        with whole(path, aside) as temporary, sinks.writer(form, temporary, table.schema) as file:
            file.write(table)
        paths.append(path)
    return tuple(paths)
