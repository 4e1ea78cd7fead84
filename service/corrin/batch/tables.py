"""The tables of the dataset: their columns, and what each holds.

``docs/batch-columns.md`` is written from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

_TEXT = pa.string()
_CODE = pa.dictionary(pa.int32(), pa.string())
_TEXTS = pa.list_(pa.string())


def _column(name: str, kind: pa.DataType, says: str, *, null: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=null, metadata={"says": says})


_CASE = (
    _column("subject", _TEXT, "whose report it is, as the export names the person"),
    _column("as_of", _TEXT, "the moment the question was asked for"),
)

STATUS_COLUMNS = ("", "_possible")


def reports(topics: Sequence[str]) -> pa.Schema:
    """One row per report; two columns per topic of the profile."""
    columns = [
        *_CASE,
        _column("in_scope", pa.bool_(), "false where the rules are not meant for this person"),
        _column("urgency", _CODE, "the highest of all statuses and notes"),
    ]
    for topic in topics:
        columns += [
            _column(topic, _CODE, "status; null where it cannot be classified", null=True),
            _column(f"{topic}_possible", _TEXTS, "statuses possible where it is null", null=True),
        ]
    columns += [
        _column("notes", pa.int32(), "how many notes"),
        _column("rules", _CODE, "digest over all rules that ran; run.json says of each pack"),
    ]
    return pa.schema(columns)


STATUSES = pa.schema(
    [
        *_CASE,
        _column("topic", _CODE, "what is judged (b12_status)"),
        _column("pack", _CODE, "the pack that decided"),
        _column("status", _CODE, "null where it cannot be classified", null=True),
        _column("possible", _TEXTS, "every status that is possible"),
        _column("urgency", _CODE, "emergency, urgent, soon or routine"),
        _column("because", _CODE, "why, in the words of the pack", null=True),
        _column("restrictions", _TEXTS, "restrictions that changed the status"),
        _column("missing", _TEXTS, "facts that would bear on it and are not there"),
        _column("assumed", _TEXTS, "context nobody stated, on which the status stands"),
    ]
)

NOTES = pa.schema(
    [
        *_CASE,
        _column("rule", _CODE, "the rule that fired"),
        _column("pack", _CODE, "its pack"),
        _column("version", _CODE, "version of the pack"),
        _column("topic", _CODE, "what the note is about"),
        _column("urgency", _CODE, "emergency, urgent, soon or routine"),
        _column("rule_status", _CODE, "draft, source-checked or clinician-reviewed"),
        _column("verified", pa.bool_(), "whether all it rests on was checked against its source"),
        _column("summary", _TEXT, "the note in one line"),
        _column("detail", _TEXT, "the note in a paragraph"),
        _column(
            "basis",
            _CODE,
            "JSON: inputs (names in the table inputs), why, thresholds, missing, limits, evidence",
        ),
    ]
)

INPUTS = pa.schema(
    [
        *_CASE,
        _column("name", _CODE, "the fact (total_b12, pregnant)"),
        _column("kind", _CODE, "measured, absent (it could not be used) or stated"),
        _column(
            "role",
            _CODE,
            "chosen, previous, disagreeing, or looked-at (by a rule reading every value)",
        ),
        _column("reason", _CODE, "why it could not be used", null=True),
        _column("reported", _TEXT, "value and unit as the source wrote them", null=True),
        _column("compared", _TEXT, "the value as it was held against cut-offs", null=True),
        _column("low", pa.float64(), "lower bound as compared, for statistics", null=True),
        _column("high", pa.float64(), "upper bound as compared, for statistics", null=True),
        _column("unit", _CODE, "unit of compared, low and high", null=True),
        _column("when", _TEXT, "time of the sample, or since when it is so", null=True),
        _column("status", _CODE, "Observation.status", null=True),
        _column("flags", _TEXTS, "data-quality flags"),
        _column("laboratory_range", _TEXT, "the laboratory's own range", null=True),
        _column("origin", _TEXT, "the resource, as the source would name it", null=True),
        _column("file", _CODE, "the file it came from", null=True),
        _column("line", pa.int64(), "the line, or row, in it", null=True),
    ]
)

REFUSALS = pa.schema(
    [
        _column("subject", _TEXT, "whose it is; empty where that cannot be told"),
        _column("file", _CODE, "the file"),
        _column("line", pa.int64(), "the line, or row, in it; 0 for all of the file"),
        _column("path", _TEXT, "FHIRPath of the element, or the column"),
        _column("reason", _CODE, "code of the reason"),
        _column("says", _CODE, "the reason in a sentence"),
        _column("remedy", _CODE, "what to do about it"),
        _column("name", _CODE, "the analyte or concept it would have been", null=True),
        _column("reported", _TEXT, "the value as the source wrote it", null=True),
        _column("when", _TEXT, "time of the sample", null=True),
        _column("detail", _TEXT, "what was met", null=True),
    ]
)

DIFFERENCES = pa.schema(
    [
        *_CASE,
        _column("framework", _CODE, "the other framework, as it was asked for"),
        _column("topic", _CODE, "the topic that differs; empty for the report as a whole"),
        _column("here", _CODE, "status by this profile; null where there is none", null=True),
        _column("there", _CODE, "status under the other framework", null=True),
        _column("urgency_here", _CODE, "urgency by this profile", null=True),
        _column("urgency_there", _CODE, "urgency under the other framework", null=True),
        _column("kind", _CODE, "threshold, thresholds together or table", null=True),
        _column("because", _TEXTS, "the cut-offs that make the difference, else the two rows"),
        _column("gained", _TEXTS, "rules whose notes appear there only"),
        _column("lost", _TEXTS, "rules whose notes appear here only"),
    ]
)

CHANGES = pa.schema(
    [
        _column("subject", _TEXT, "whose report changed, as the export names the person"),
        _column("as_of", _TEXT, "the moment the later run asked for; else that of the earlier"),
        _column("as_of_before", _TEXT, "the moment the earlier run asked for", null=True),
        _column("what", _CODE, "appeared, disappeared, scope, status, urgency or note"),
        _column("name", _CODE, "the topic, or the rule of a note; empty for the report as a whole"),
        _column("before", _TEXT, "status, or urgency, in the earlier run", null=True),
        _column("after", _TEXT, "status, or urgency, in the later run", null=True),
        _column("because", _TEXTS, "what differs that bears on it: inputs, rules, moment …"),
        _column("inputs", _TEXTS, "inputs that bear on it and differ, and how"),
        _column("rules", _TEXTS, "packs that bear on it and differ: version before → after"),
    ]
)

FHIR = "fhir/"
"""What the names of tables of FHIR resources begin with; a type follows."""
RESOURCE = pa.schema([_column("resource", _TEXT, "the resource as JSON; a line of its file")])

PLAIN: Mapping[str, pa.Schema] = {
    "statuses": STATUSES,
    "notes": NOTES,
    "inputs": INPUTS,
    "refusals": REFUSALS,
    "differences": DIFFERENCES,
    "changes": CHANGES,
}
NAMES = ("reports", "statuses", "notes", "inputs", "refusals")
"""The tables every run writes; ``differences`` and ``changes`` are written where asked for."""

_ORDER: Mapping[str, tuple[str, ...]] = {
    "reports": ("subject", "as_of"),
    "statuses": ("subject", "as_of", "topic"),
    "notes": ("subject", "as_of", "rule"),
    "inputs": ("subject", "as_of", "name", "role", "when", "origin", "file", "line", "reported"),
    "refusals": ("file", "line", "path", "reason", "name"),
    "differences": ("subject", "as_of", "framework", "topic"),
    "changes": ("subject", "as_of", "what", "name"),
}


def order(name: str) -> tuple[str, ...]:
    """The columns by which a table is sorted."""
    return _ORDER[name]


def schema_of(name: str, topics: Sequence[str]) -> pa.Schema:
    """The columns of one table."""
    if name.startswith(FHIR):
        return RESOURCE
    return reports(topics) if name == "reports" else PLAIN[name]


def table_of(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows given as tuples in the order of the columns, in columns."""
    given: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(schema)
    columns = []
    for field, values in zip(schema, given, strict=True):
        if pa.types.is_dictionary(field.type):
            columns.append(pa.array(values, pa.string()).dictionary_encode().cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=schema)
