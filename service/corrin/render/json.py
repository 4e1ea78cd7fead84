"""Report → JSON, and the JSON Schema it keeps to."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from corrin.notes.report import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(report: Report, indent: bool = True, explain: bool = True) -> bytes:
    """The report as UTF-8 JSON with a newline at its end; the same report gives the same bytes.

    Without ``explain`` it has no member ``cannot_say``.
    """
    return report.to_json(indent=indent, explain=explain) + b"\n"


@lru_cache(maxsize=4)
def schema(model: type[BaseModel] = Report) -> bytes:
    """The JSON Schema (2020-12) of a report, as UTF-8 JSON with a newline at its end.

    Of another ``model`` that has a ``schema_version`` (a comparison) it is made in the same way.
    """
    found = model.model_json_schema(mode="serialization")
    version = found["properties"]["schema_version"]["const"]
    head = {"$schema": DIALECT, "$id": f"urn:corrin:{model.__name__.lower()}:{version}"}
    return written({**head, **found})


def written(found: dict[str, Any]) -> bytes:
    """A schema, or any plain structure, as UTF-8 JSON with a newline at its end."""
    return json.dumps(found, indent=2, ensure_ascii=False).encode() + b"\n"
