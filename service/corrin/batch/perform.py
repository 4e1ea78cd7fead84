"""A job from beginning to end: the engine asked for, then what is made of its dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from corrin.batch.engine.resources import USUAL_MEMORY, cores, resources
from corrin.batch.judge import Judge
from corrin.batch.outcome import Outcome
from corrin.batch.progress import Progress
from corrin.batch.question import Shared
from corrin.batch.run import Job
from corrin.batch.sinks import dataset
from corrin.batch.sources.detect import FORMATS
from corrin.interpretation import UsageError
from corrin.unswept import unswept

Say = Callable[[str], None]
"""Told a sentence without patient data."""


def perform(job: Job, progress: Progress, say: Say) -> Outcome:
    """Do a job.

    Raises:
        corrin.interpretation.UsageError: something is asked for that there is not.
        corrin.packs.finding.ContentProblem: the rules, or a mapping file, cannot be used.
        corrin.batch.outcome.RunFailed: it cannot begin, or go on.
    """
    check(job)
    if job.format == "fhir" and job.question.fhir is None:
        from corrin.batch.fhir_answers import NOWHERE

        job = replace(job, question=replace(job.question, fhir=NOWHERE))
    if job.engine == "spark":
        from corrin.batch.engine import spark

        return spark.run(job, progress, lambda done, outcome: finish(done, outcome, say))
    with unswept():
        from corrin.batch.engine import local

    return local.run(job, progress, lambda done, outcome: finish(done, outcome, say))


def check(job: Job) -> None:
    """Find out what cannot be used before anything is read.

    Raises:
        corrin.interpretation.UsageError: there is no such format of inputs, or no such dataset.
        corrin.packs.finding.ContentProblem: a mapping file, or the local codes, cannot be used.
    """
    if job.input_format is not None and job.input_format not in FORMATS:
        raise UsageError(
            f"There is no format of inputs called {job.input_format!r}.",
            f"Use one of: {', '.join(FORMATS)}.",
        )
    if job.options.mapping is not None:
        from corrin.batch.sources import mapping_file

        mapping_file.load(job.options.mapping)
    if job.options.codes is not None:
        from corrin.batch.sources import codes

        codes.load(job.options.codes)
    if job.compare_with is not None:
        from corrin.batch import compare

        compare.check(Path(job.compare_with), job.question)


def finish(job: Job, outcome: Outcome, say: Say) -> None:
    """Make of a dataset what else was asked for."""
    if job.compare_with is not None:
        from corrin.batch import compare

        judge = Judge(job.question, Shared({}))
        use = resources(job.workers, job.memory, cores())
        compare.write_changes(
            job.folder,
            Path(job.compare_with),
            engine=judge.engine,
            memory=job.memory or USUAL_MEMORY,
            threads=use.workers,
        )
        say(f"What changed since {job.compare_with}: {job.folder / 'changes.json'}")
    if job.question.fhir is not None:
        from corrin.batch.sinks import fhir

        answers = Judge(job.question, Shared({})).answers
        assert answers is not None
        say(f"FHIR for a bulk import: {fhir.finish(job.folder, answers)}")
    if job.question.against is not None:
        from corrin.batch import against_totals

        against_totals.write_totals(job.folder)
        say(f"What differs under {job.question.against}: {job.folder / against_totals.TOTALS}")
    if job.summary:
        _summary(job, say)


def _summary(job: Job, say: Say) -> None:
    from corrin.batch.summary import write_summary

    place: Any = write_summary(job.folder)
    say(f"Pictures: {place or job.folder / dataset.SUMMARY}")
