"""A run: what is read, what is asked of it, where the answers go; and which engine does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from corrin.batch.question import Question
from corrin.batch.sources.source import Options

FORMATS = ("parquet", "ndjson", "csv", "fhir")
ENGINES = ("local", "spark")


@dataclass(frozen=True, slots=True)
class Job:
    """One run, as it was asked for. Every engine is given one of these.

    Attributes:
        inputs: files, folders and manifests, as they were named.
        out: the folder (or, for Spark, the address) the dataset is written to.
        question: what is asked of every person.
        format: one of :data:`FORMATS`; ``fhir`` is ``ndjson`` with FHIR resources beside it.
        input_format: how all inputs are to be read; ``None`` to find out from their content.
        options: how inputs are to be understood.
        engine: one of :data:`ENGINES`.
        workers: processes; 0 for one per core.
        memory: bytes all processes together may use; 0 for what ``--help`` says.
        master: where Spark runs (``spark://…``, ``local[*]``).
        resume: go on with what an earlier run of the same job left in ``out``.
        summary: write ``summary.html`` too.
        compare_with: the dataset of an earlier run to say the changes from.
        keep_work: leave the work files where they are when all is done.
    """

    inputs: tuple[str, ...]
    out: str
    question: Question
    format: str = "parquet"
    input_format: str | None = None
    options: Options = field(default_factory=Options)
    engine: str = "local"
    workers: int = 0
    memory: int = 0
    master: str | None = None
    resume: bool = False
    summary: bool = True
    compare_with: str | None = None
    keep_work: bool = False

    @property
    def folder(self) -> Path:
        """``out`` as a folder of this machine."""
        return Path(self.out)
