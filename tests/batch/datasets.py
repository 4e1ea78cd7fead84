"""Small datasets as a run writes them, for tests of what reads datasets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from corrin import __version__
from corrin.batch.judge import Answer, Judge
from corrin.batch.question import Piece, Question, Shared
from corrin.batch.row import ROWS, Row, batch_of
from corrin.batch.sinks import EXTENSIONS, writer
from corrin.batch.subject import key_of
from support import judges

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CODES = {
    "total_b12": ("2132-9", "pg/mL"),
    "potassium": ("2823-3", "mmol/L"),
    "mma": ("13964-2", "umol/L"),
    "haemoglobin": ("718-7", "g/dL"),
    "mcv": ("787-2", "fL"),
}


def patient(name: str, born: str = "1960-02-03", sex: str = "female") -> dict[str, Any]:
    """A Patient."""
    return {"resourceType": "Patient", "id": name, "gender": sex, "birthDate": born}


def result(
    person: str, analyte: str, value: str, when: str | None, name: str = "", **more: Any
) -> dict[str, Any]:
    """An Observation of one of :data:`CODES`."""
    code, unit = CODES[analyte]
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": name or f"{person}-{analyte}-{when}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{person}"},
        "valueQuantity": {"value": float(value), "unit": unit, "system": UCUM, "code": unit},
    }
    if when is not None:
        found["effectiveDateTime"] = when
    return found | more


def rows_of(resources: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Resources as rows of one chunk, one a line."""
    rows = [
        Row(key_of(dict(one)), line, json.dumps(one).encode(), one["resourceType"])
        for line, one in enumerate(resources, 1)
    ]
    return pa.Table.from_batches([batch_of(rows, 0)], ROWS)


def judge_of(question: Question) -> Judge:
    """A judge of rows made by :func:`rows_of`."""
    return judges.judge(question, Shared({0: Piece("labs.ndjson")}))


def write(
    folder: Path,
    resources: Iterable[Mapping[str, Any]],
    question: Question,
    form: str = "parquet",
    run: Mapping[str, Any] | None = None,
) -> Answer:
    """Judge resources and write the dataset; ``run`` changes what ``run.json`` says."""
    judge = judge_of(question)
    answer = judge.judge(rows_of(resources))
    for name, table in answer.tables.items():
        path = folder / name / f"part-00000.{EXTENSIONS[form]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with writer(form, path, table.schema) as file:
            file.write(table)
    told = {
        "dataset": 1,
        "state": "complete",
        "format": form,
        "corrin": __version__,
        "question": asdict(question),
        "packs": [
            {"id": one.id, "version": one.pack.head.version, "digest": one.pack.digest}
            for one in judge.engine.packs
        ],
    }
    (folder / "run.json").write_text(json.dumps(told | dict(run or {})))
    return answer
