"""``run.json``: what a dataset is, of what it was made, by which rules, and where its rows went.

Nothing in it differs between two runs of the same question over the same inputs; how long it took
stands in ``timing.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from corrin import __version__
from corrin.batch.judge import Judge
from corrin.batch.outcome import Counts, Outcome, Problem
from corrin.batch.question import Question
from corrin.batch.run import Job
from corrin.batch.sources.source import Source

LAYOUT = 1
"""Version of the layout of a dataset; raised when a reader of the one before could not read it."""


def written(
    job: Job,
    sources: Sequence[Source],
    outcome: Outcome,
    judge: Judge,
    left: Iterable[str] = (),
) -> bytes:
    """The bytes of ``run.json``.

    Args:
        job: what was asked for.
        sources: what was read, in order.
        outcome: what it came to.
        judge: what judged it, for the digests of its rules.
        left: files that nothing reads.
    """
    from corrin.batch.engine.plan import size_of

    data = {
        "dataset": LAYOUT,
        "state": outcome.state,
        "corrin": __version__,
        "format": job.format,
        "question": asked(job.question),
        "rules": judge.composer.rules_digest(),
        "packs": packs(judge),
        "topics": list(judge.topics),
        "counts": outcome.counts.as_data(),
        "tables": dict(sorted(outcome.rows.items())),
        "sources": [
            {
                "file": one.name,
                "format": one.format,
                "bytes": size_of(one),
                "counts": outcome.files[one.name].as_data(),
            }
            for one in sources
        ],
        "not_read": sorted(left),
        "problems": [
            {"file": one.file, "line": one.line, "reason": one.reason} for one in outcome.problems
        ],
        "outcomes": dict(sorted(outcome.outcomes.items())),
        "notes": list(outcome.notes),
    }
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def asked(question: Question) -> dict[str, Any]:
    """The question, without the places of files on this machine."""
    return {
        "as_of": question.as_of,
        "profile": question.profile,
        "packs": list(question.packs),
        "complete": list(question.complete),
        "against": question.against,
        "zone": question.zone,
        "fhir": question.fhir,
    }


def packs(judge: Judge) -> list[dict[str, str]]:
    """The packs that ran, in their order."""
    return [
        {"id": one.id, "version": one.pack.head.version, "digest": one.pack.digest}
        for one in judge.engine.packs
    ]


def outcome_of(data: bytes) -> Outcome:
    """What a run came to, read back from its ``run.json``."""
    told = json.loads(data)
    return Outcome(
        counts=Counts(**told["counts"]),
        files={one["file"]: Counts(**one["counts"]) for one in told["sources"]},
        rows=told["tables"],
        problems=tuple(Problem(**one) for one in told["problems"]),
        notes=tuple(told["notes"]),
        outcomes=told["outcomes"],
    )


def answers(data: bytes, job: Job, judge: Judge) -> bool:
    """Whether a ``run.json`` is of the same question, by the same rules, in the same form."""
    told = json.loads(data)
    now = (asked(job.question), judge.composer.rules_digest(), job.format)
    return (told["question"], told["rules"], told["format"]) == now
