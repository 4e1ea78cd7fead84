"""One file of lines read twice, with compiled code and without, and what came of it compared."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC
from pathlib import Path
from typing import Any

from corrin.batch import scan
from corrin.batch.judge import resource_of
from corrin.batch.row import Read
from corrin.batch.scan.members import IGNORED
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import Span
from corrin.intake import jsontext
from corrin.intake.gathered import gather
from corrin.intake.limits import Limits

FIRST = b'{"resourceType":"Basic","id":"first"}\n'
"""Before lines of any kind, so that the file is one of lines."""


def parsed(line: bytes) -> Any:
    """A line as the intake parses it."""
    return jsontext.parse(line, Limits()).values[0]


def text(resource: object) -> str:
    """A resource in one order of its keys, with every digit as it was written."""
    return json.dumps(resource, sort_keys=True, default=repr)


def what_counts(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Of an Observation what is not known to be passed over."""
    found = {name: value for name, value in resource.items() if name not in IGNORED}
    found["subject"] = {"reference": resource["subject"]["reference"]}
    return found


def compare(path: Path, whole: Collection[int] = ()) -> int:
    """Read a file both ways and hold one against the other; how many rows came slim."""
    source = NdjsonSource(path.name, str(path))
    plainly, fast = Read(), Read()
    rows = {(row.line, row.seq): row for row in source.rows(Span(), plainly)}
    scan.load()
    found = [row for one in source.batches(Span(), 7, fast, whole) for row in one.to_pylist()]
    for field in fields(Read):
        one, other = getattr(plainly, field.name), getattr(fast, field.name)
        if field.name in ("keys", "refused"):
            one, other = sorted(one), sorted(other)
        assert one == other, field.name
    assert sorted(rows) == sorted((row["line"], row["seq"]) for row in found)
    slim = 0
    for row in found:
        exact = rows[row["line"], row["seq"]]
        assert row["chunk"] == 7
        assert (row["subject"], row["kind"], row["place"]) == (
            exact.subject,
            exact.kind,
            exact.place,
        )
        if row["id"] is None:
            assert row["body"] == exact.body
            continue
        slim += 1
        resource, restored = parsed(exact.body), resource_of(row)
        assert text(restored) == text(what_counts(resource))
        once, again = gather([resource], zone=UTC), gather([restored], zone=UTC)
        assert once == again
    return slim
