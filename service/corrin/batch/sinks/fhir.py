"""FHIR resources as NDJSON, and the manifest of a bulk import beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

import pyarrow as pa

from corrin.batch.compare_dataset import opened
from corrin.batch.database import database
from corrin.batch.fhir_answers import DEVICE, KINDS, Answers
from corrin.batch.sinks.whole import put, whole
from corrin.batch.sinks.writer import Writer
from corrin.batch.tables import FHIR, RESOURCE
from corrin.facts.moment import Moment
from corrin.render.fhir.bundle import times

MANIFEST = "manifest.json"
FOLDER = FHIR.rstrip("/")


class LinesWriter(Writer):
    """One resource a line, as it was made: the one column of its table."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._file = path.open("wb")

    def _write(self, table: pa.Table) -> None:
        for batch in table.to_batches(8192):
            self._file.write("".join(f"{line}\n" for line in batch.column(0).to_pylist()).encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def finish(out: Path, answers: Answers) -> Path:
    """Write the Device and the manifest beside the resources of a finished run.

    Args:
        out: the dataset; its ``run.json`` is there.
        answers: what wrote the resources.

    Returns:
        The manifest.
    """
    folder = out / FOLDER
    work = out / ".corrin" / FOLDER
    work.mkdir(parents=True, exist_ok=True)
    try:
        device = folder / DEVICE / "part-00000.ndjson"
        with whole(device, work) as temporary, LinesWriter(temporary, RESOURCE) as file:
            file.write(pa.table({"resource": [answers.device()]}, schema=RESOURCE))
        put(folder / MANIFEST, manifest(folder, answers.base, _last(out, work, answers.zone)), work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder / MANIFEST


def manifest(folder: Path, base: str, instant: str) -> bytes:
    """The files below a folder as a FHIR Bulk Data manifest; names are relative to it.

    Files without a line are left out, as an exporting server leaves them out.

    Args:
        instant: what the manifest gives as its time.
    """
    output: list[Mapping[str, object]] = []
    for kind in (DEVICE, *KINDS):
        for path in sorted((folder / kind).glob("part-*.ndjson")):
            with path.open("rb") as file:
                count = sum(1 for _ in file)
            if count:
                output.append({"type": kind, "url": f"{kind}/{path.name}", "count": count})
    told = {
        "transactionTime": instant,
        "request": f"{base}/fhir",
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def _last(out: Path, work: Path, zone: tzinfo) -> str:
    """The last moment anybody was asked about, as an instant: no clock, so that two runs of one
    question give the same bytes."""
    with database(work, 0, 1) as connection:
        read = opened(out).select(connection, "reports", {"as_of": "VARCHAR"})
        found = connection.execute(f"SELECT DISTINCT as_of FROM ({read})").fetchall()
    moments = sorted((Moment.parse(one, zone).end, one) for (one,) in found)
    return times(moments[-1][1], zone)[1] if moments else _NO_TIME


_NO_TIME = "1970-01-01T00:00:00Z"
