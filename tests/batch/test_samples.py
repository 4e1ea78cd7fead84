"""Real exports of every kind, read whole: how many rows went where, and every distinct refusal.

The answers in ``samples.json`` were read by eye. ``python -m tests.batch.test_samples`` writes them
again.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corrin.batch.judge import Piece, Question, Shared
from corrin.batch.row import ROWS, Read
from corrin.batch.sources import detect
from corrin.batch.sources.source import Options
from corrin.facts.policy import Policy
from support import judges
from support.places import ROOT, samples

FOLDER = samples() or ROOT / "no-samples"
GOLDEN = Path(__file__).with_name("samples.json")
KINDS = ("bulk", "csv", "fhir", "hl7v2", "nhanes", "omop")


def told(folder: Path) -> dict[str, Any]:
    """What became of a folder of samples: counts, values by analyte and unit, refusals."""
    found = detect.find([str(folder)], input_format=None, options=Options())
    tables, pieces, read = [], {}, Read()
    for chunk, source in enumerate(found.sources):
        pieces[chunk] = Piece(source.name, 0, source.native)
        for span in source.spans():
            tables += [pa.Table.from_batches([one]) for one in source.batches(span, chunk, read)]
    shared = Shared(pieces, products=read.products)
    # What was read is asked about here, not how old it is.
    judge = judges.judge(Question("2026-11-01"), shared, Policy())
    answer = judge.judge(pa.concat_tables(tables).cast(ROWS))
    went = [sum(one) for one in zip(*answer.went.values(), strict=True)]
    refusals = Counter((r["path"], r["reason"], r["name"]) for r in rows(answer.tables["refusals"]))
    refusals.update((one.path, one.reason, None) for one in read.refused)
    inputs = [row for row in rows(answer.tables["inputs"]) if row["role"] == "chosen"]
    values = Counter((row["name"], row["kind"], row["unit"], row["reason"]) for row in inputs)
    flags = Counter((row["name"], flag) for row in inputs for flag in row["flags"])
    return {
        "read": read.rows,
        "used": went[0] + read.used,
        "superseded": went[1],
        "not_ours": went[2] + read.not_ours,
        "refused": went[3] + len(read.refused),
        "left": sorted(found.left),
        "reports": answer.tables["reports"].num_rows,
        "refusals": counted(refusals),
        "inputs": counted(values),
        "flags": counted(flags),
    }


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table."""
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def counted(found: Counter[Any]) -> dict[str, int]:
    """Counts by a text, in order."""
    named = {" | ".join("-" if one is None else one for one in key): n for key, n in found.items()}
    return dict(sorted(named.items()))


@pytest.mark.samples
@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_samples_comes_to_what_was_read_by_eye(kind: str) -> None:
    found = told(FOLDER / kind)
    assert found == json.loads(GOLDEN.read_bytes())[kind]
    ended = found["used"] + found["superseded"] + found["not_ours"] + found["refused"]
    assert found["read"] == ended


if __name__ == "__main__":
    answers = {kind: told(FOLDER / kind) for kind in KINDS}
    GOLDEN.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
