"""Where tables go: Parquet, NDJSON or CSV, the same rows in each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from corrin.batch.sinks.writer import Writer
from corrin.batch.tables import RESOURCE

EXTENSIONS: Mapping[str, str] = {
    "parquet": "parquet",
    "ndjson": "ndjson",
    "csv": "csv",
    "fhir": "ndjson",
}
"""How the files of tables end, by the format asked for; ``fhir`` puts FHIR beside NDJSON."""


def writer(form: str, path: Path, schema: pa.Schema) -> Writer:
    """A file of one table, to write to; ``form`` is one of :data:`EXTENSIONS`."""
    if schema.names == RESOURCE.names:
        from corrin.batch.sinks.fhir import LinesWriter

        return LinesWriter(path, schema)
    match EXTENSIONS[form]:
        case "parquet":
            from corrin.batch.sinks.parquet import ParquetWriter

            return ParquetWriter(path, schema)
        case "csv":
            from corrin.batch.sinks.csv import CsvWriter

            return CsvWriter(path, schema)
        case _:
            from corrin.batch.sinks.ndjson import NdjsonWriter

            return NdjsonWriter(path, schema)
