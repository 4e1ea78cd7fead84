"""The options of ``corrin batch``, each with what is said of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Engine(StrEnum):
    """What does the work."""

    LOCAL = "local"
    SPARK = "spark"


class Form(StrEnum):
    """The forms a dataset can be written in."""

    PARQUET = "parquet"
    NDJSON = "ndjson"
    CSV = "csv"
    FHIR = "fhir"


Exports = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPORT",
        help="Files, folders or manifests. What each is shows in its content: FHIR Bulk Data "
        "(NDJSON, Bundles; .gz, .zst), HL7 v2 ORU^R01, OMOP CDM, PCORnet, or any table by a "
        "mapping file.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option("--out", "-o", metavar="DIR", help="The folder of the dataset; new, or empty."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="The moment everybody is looked at (2026-11-01, 2026-11-01T09:00:00Z), or "
        "each-result: a report for every time a result was taken. Never the clock.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="PACK[,PACK]",
        help="Judge the same people by another framework too, and say who differs and why.",
    ),
]
CompareWith = Annotated[
    str | None,
    typer.Option(
        "--compare-with",
        metavar="DIR",
        help="The dataset of an earlier run: say who changed since, and because of what.",
    ),
]
FormOption = Annotated[
    Form,
    typer.Option(
        "--format",
        "-f",
        help="How tables are written; fhir: NDJSON, and FHIR resources for a bulk import.",
    ),
]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="URL",
        help="Of fhir: the service whose rules and codes the answers point to.",
    ),
]
Summary = Annotated[
    bool, typer.Option("--summary/--no-summary", help="Write summary.html, one page of charts.")
]
InputFormat = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        metavar="NAME",
        help="What all inputs are, if it cannot be told: fhir, hl7v2, omop, pcornet or table.",
    ),
]
MappingFile = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="What the columns of tables mean; `corrin batch map FILE` proposes one.",
    ),
]
CodesFile = Annotated[
    str | None,
    typer.Option("--codes", metavar="FILE", help="What a laboratory's own codes mean (to LOINC)."),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="Of text files that do not say theirs (latin-1)."
    ),
]
Complete = Annotated[
    list[str] | None,
    typer.Option(
        "--complete",
        metavar="LIST",
        help="A list the export holds completely (medicines): what is not in it is not so.",
    ),
]
EngineOption = Annotated[
    Engine, typer.Option("--engine", help="This machine, or Spark (corrin[spark]).")
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master", metavar="URL", help="Of spark: where it runs (spark://host:7077, local[*])."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", "-w", metavar="N", min=0, help="Processes; 0: all cores.")
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="What they may use together (2GiB); else 384 MiB a core, at least 1 GiB.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what was interrupted in DIR.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Say what would be read, look at the first rows, write nothing."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")]
