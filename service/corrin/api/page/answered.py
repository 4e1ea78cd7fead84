"""An answer with all it was made from, for whatever a page shows of it and asks about it."""

from __future__ import annotations

from dataclasses import dataclass

from corrin.api.interpreter import Interpreter
from corrin.api.page.enter.document import read
from corrin.api.page.submission import Submission
from corrin.evaluate.engine import Engine, Evaluation
from corrin.facts.case import Reading
from corrin.notes.compose import Composer
from corrin.notes.report import Report
from corrin.render.safe import clean


@dataclass(frozen=True, slots=True)
class Answered:
    """One interpretation.

    Attributes:
        asked: what was submitted, asked for the moment it was interpreted for.
        reading: what was read of it.
        evaluation: what the rules said.
        given: the answer as any other door gives it.
        report: the same, every text in it fit to show.
    """

    asked: Submission
    reading: Reading
    engine: Engine
    composer: Composer
    evaluation: Evaluation
    given: Report
    report: Report


def answer(asked: Submission, interpreter: Interpreter) -> Answered:
    """Interpret a submission.

    Raises:
        corrin.intake.IntakeError: the document is refused whole.
        corrin.UsageError: there is no such profile or moment.
        corrin.api.problem.Problem: the document is of no kind that is read.
    """
    return answer_reading(asked, read(asked, interpreter), interpreter)


def answer_reading(asked: Submission, reading: Reading, interpreter: Interpreter) -> Answered:
    """Interpret what was read of a submission, or what is supposed instead of it.

    Raises:
        corrin.UsageError: there is no such profile or moment.
    """
    profile, as_of = asked.profile or None, asked.as_of or None
    engine, composer = interpreter.engine(profile)
    evaluation, report = interpreter.evaluated(reading, as_of=as_of, profile=profile)
    return Answered(
        asked.at(report.as_of), reading, engine, composer, evaluation, report, clean(report)
    )
