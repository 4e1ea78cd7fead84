"""Report → JSON, and the JSON Schema it keeps to."""

from __future__ import annotations

import json
from functools import lru_cache

from corrin.notes.report import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(report: Report, indent: bool = True) -> bytes:
    """The report as UTF-8 JSON with a newline at its end; the same report gives the same bytes."""
    return report.to_json(indent=indent) + b"\n"


@lru_cache(maxsize=1)
def schema() -> bytes:
    """The JSON Schema (2020-12) of a report, as UTF-8 JSON with a newline at its end."""
    found = Report.model_json_schema(mode="serialization")
    version = found["properties"]["schema_version"]["const"]
    head = {"$schema": DIALECT, "$id": f"urn:corrin:report:{version}"}
    return json.dumps({**head, **found}, indent=2, ensure_ascii=False).encode() + b"\n"
