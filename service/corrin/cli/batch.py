"""``corrin batch``: whole exports in, a dataset of everybody's answers out."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from typer.core import TyperCommand

from corrin.cli import batch_told, overlay, own
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of, write_to

if TYPE_CHECKING:
    from corrin.batch.outcome import RunFailed
    from corrin.batch.run import Job

EPILOG = """\b
Exit codes:
  0    everything was read and answered; refused rows are in the dataset
  1    a fault of Corrin itself, or rows that do not add up
  2    the command was not understood, or the folder may not be written to
  3    an input could not be read to its end (run.json names it), the rest was
       answered; or there was nothing to read
  4    the rules, a site file or a mapping file cannot be used
  5    a disk, a file or a process failed; go on with --resume
  130  interrupted (Ctrl-C), 143 ended (SIGTERM): go on with --resume"""

_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>[kmg]i?)?b?", re.IGNORECASE | re.ASCII)


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


class BatchCommand(TyperCommand):
    """``corrin batch``, whose first word may be ``map``."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **named: Any) -> Any:
        """The context of ``map`` where that was said (a file of that name is ``./map``)."""
        if args[:1] == ["map"]:
            return _map_command().make_context(f"{info_name} map", args[1:], *more, **named)
        return super().make_context(info_name, args, *more, **named)


def _map_command() -> Any:
    from corrin.cli.batch_map import map_file

    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command("map")(map_file)
    return typer.main.get_command(alone)


class Ended(BaseException):
    """Told to end (SIGTERM)."""


def batch(
    exports: Annotated[
        list[str],
        typer.Argument(
            metavar="EXPORT",
            help="Files, folders or manifests. What each is shows in its content: FHIR Bulk Data "
            "(NDJSON, Bundles; .gz, .zst), HL7 v2 ORU^R01, OMOP CDM, PCORnet, or any table by a "
            "mapping file.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="The folder of the dataset; new, or empty."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="The moment everybody is looked at (2026-11-01, 2026-11-01T09:00:00Z), or "
            "each-result: a report for every time a result was taken. Never the clock.",
        ),
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="ID", help="Which packs run together.")
    ] = "uk",
    pack: Annotated[
        list[str] | None,
        typer.Option(
            "--pack",
            metavar="ID[@VERSION]",
            help="A pack to run besides the profile's; may be given again.",
        ),
    ] = None,
    packs: own.Packs = None,
    site: overlay.Option = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="PACK[,PACK]",
            help="Judge the same people by another framework too, and say who differs and why.",
        ),
    ] = None,
    compare_with: Annotated[
        str | None,
        typer.Option(
            "--compare-with",
            metavar="DIR",
            help="The dataset of an earlier run: say who changed since, and because of what.",
        ),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            "-f",
            help="How tables are written; fhir: NDJSON, and FHIR resources for a bulk import.",
        ),
    ] = Form.PARQUET,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="URL",
            help="Of fhir: the service whose rules and codes the answers point to.",
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary/--no-summary", help="Write summary.html, one page of charts.")
    ] = True,
    input_format: Annotated[
        str | None,
        typer.Option(
            "--input-format",
            metavar="NAME",
            help="What all inputs are, if it cannot be told: fhir, hl7v2, omop, pcornet or table.",
        ),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            metavar="FILE",
            help="What the columns of tables mean; `corrin batch map FILE` proposes one.",
        ),
    ] = None,
    codes: Annotated[
        str | None,
        typer.Option(
            "--codes", metavar="FILE", help="What a laboratory's own codes mean (to LOINC)."
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding", metavar="NAME", help="Of text files that do not say theirs (latin-1)."
        ),
    ] = None,
    zone: Annotated[
        str,
        typer.Option(
            "--zone", metavar="ZONE", help="Where times without a zone were written: Europe/London."
        ),
    ] = "UTC",
    complete: Annotated[
        list[str] | None,
        typer.Option(
            "--complete",
            metavar="LIST",
            help="A list the export holds completely (medicines): what is not in it is not so.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="This machine, or Spark (corrin[spark]).")
    ] = Engine.LOCAL,
    master: Annotated[
        str | None,
        typer.Option(
            "--master", metavar="URL", help="Of spark: where it runs (spark://host:7077, local[*])."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "-w", metavar="N", min=0, help="Processes; 0: all cores.")
    ] = 0,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            help="What they may use together (2GiB); else 384 MiB a core, at least 1 GiB.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was interrupted in DIR.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would be read, look at the first rows, write nothing."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")
    ] = False,
) -> None:
    """Read whole exports and write everybody's reports as a dataset.

    Every person in the inputs is interpreted as `corrin interpret` would do it. The dataset holds
    the tables reports, statuses, notes, inputs and refusals, and run.json, which says what was
    read and where each row went: used, superseded, not ours or refused. The same inputs give the
    same bytes, on any number of cores. docs/batch.md tells more.

    \b
    Examples:
      corrin batch export/ --out answers --as-of 2026-11-01
      corrin batch export/ --out answers --as-of 2026-11-01 --dry-run
      corrin batch export/ --out answers --as-of 2026-11-01 --resume
      corrin batch labs.csv --mapping map.yaml --zone Europe/London \\
          --out answers --as-of each-result
      corrin batch today/ --out new --as-of 2026-11-02 --compare-with answers
      corrin batch map labs.csv --out map.yaml
    """
    try:
        from corrin.batch.judge import Question
        from corrin.batch.run import Job
        from corrin.batch.sources.source import Options
    except ImportError as error:
        raise _not_installed(error) from error
    folders = tuple(str(one) for one in own.folders(packs))
    _known_zone(zone)
    _known_encoding(encoding)
    _known_lists(complete or ())
    job = Job(
        inputs=tuple(exports),
        out=_place(out, dry_run),
        question=Question(
            as_of=_moment(as_of),
            profile=profile,
            packs=tuple(pack or ()),
            folders=folders,
            overlay=site,
            complete=tuple(complete or ()),
            against=against,
            zone=zone,
            fhir=_base(base, form),
        ),
        format=form.value,
        input_format=input_format,
        options=Options(zone=zone, mapping=mapping, codes=codes, encoding=encoding),
        engine=engine.value,
        workers=workers,
        memory=_bytes(memory),
        master=master,
        resume=resume,
        summary=summary,
        compare_with=compare_with,
    )
    code = _look(job) if dry_run else _run(job, quiet)
    if code is not ExitCode.DONE:
        raise typer.Exit(int(code))


def _look(job: Job) -> ExitCode:
    from corrin.batch.dry_run import dry_run
    from corrin.batch.perform import check

    with _told():
        check(job)
        found = dry_run(job)
    write_to(sys.stdout, batch_told.of_dry_run(found))
    return ExitCode.INPUT if found.problems else ExitCode.DONE


def _run(job: Job, quiet: bool) -> ExitCode:
    from corrin.batch.outcome import COMPLETE
    from corrin.batch.perform import perform
    from corrin.batch.progress import progress

    said: list[str] = []
    bar = progress(quiet)
    with _told(), _ending():
        try:
            outcome = perform(job, bar, said.append)
        finally:
            bar.close()
    if not quiet:
        write_to(sys.stdout, batch_told.of_outcome(job.out, outcome, said))
    if outcome.state == COMPLETE:
        return ExitCode.DONE
    batch_told.tell_problems(outcome.problems)
    return ExitCode.INPUT


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the rooms as what stopped the command."""
    from corrin.batch.outcome import RunFailed

    try:
        yield
    except RunFailed as error:
        raise _failed(error) from error
    except Exception as error:
        raise of(error) from error


@contextmanager
def _ending() -> Iterator[None]:
    """Ctrl-C and SIGTERM end a run in order, and it is said how to go on."""

    def end(number: int, frame: object) -> None:
        raise Ended

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt as error:
        raise _interrupted(ExitCode.INTERRUPTED) from error
    except Ended as error:
        raise _interrupted(ExitCode.TERMINATED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _failed(error: RunFailed) -> Stopped:
    codes = {
        "usage": ExitCode.USAGE,
        "input": ExitCode.INPUT,
        "file": ExitCode.FILE,
        "fault": ExitCode.FAULT,
    }
    return Stopped(codes[error.kind], Trouble(error.what, error.where, error.why, error.do))


def _interrupted(code: ExitCode) -> Stopped:
    again = [one for one in sys.argv[1:] if one != "--resume"]
    return Stopped(
        code,
        Trouble(
            "The run was ended before it was done.",
            why="All that was finished is kept.",
            do=f"Go on with: corrin {shlex.join(again)} --resume",
        ),
    )


def _not_installed(error: ImportError) -> Stopped:
    if (error.name or "corrin").partition(".")[0] == "corrin":
        return of(error)
    return Stopped(
        ExitCode.USAGE,
        Trouble(
            "The batch is not installed.",
            why=f"There is no module {error.name}.",
            do="Install Corrin with its batch: pip install 'corrin[batch]'",
        ),
    )


def _moment(as_of: str | None) -> str:
    if as_of is None:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The moment is missing.",
                "--as-of",
                "By the clock, two runs over one export would tell different things.",
                "Name the day the export was made (--as-of 2026-11-01), or each-result.",
            ),
        )
    return as_of


def _base(base: str | None, form: Form) -> str | None:
    if base is None:
        return None
    if form is not Form.FHIR:
        why, do = "It is of --format fhir.", "Leave it out, or write FHIR."
    elif not re.fullmatch(r"https?://[A-Za-z0-9:/._~%\[\]-]+", base, re.ASCII):
        why, do = "It is not the URL of a service.", "Write it as https://cds.example.org."
    else:
        return base.rstrip("/")
    raise Stopped(ExitCode.USAGE, Trouble("The base cannot be used.", "--base", why, do))


def _known_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "There is no such time zone.",
                "--zone",
                "Times that name none would be read as some other moment.",
                "Name one as Europe/London does: a continent and a city; or UTC.",
            ),
        ) from error


def _known_encoding(encoding: str | None) -> None:
    if encoding is None:
        return
    try:
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "There is no such encoding of text.",
                "--encoding",
                do="Name one as utf-8, latin-1 or cp1252 do.",
            ),
        ) from error


def _known_lists(complete: Iterable[str]) -> None:
    if set(complete) - {"medicines"}:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "There is no such list to call complete.",
                "--complete",
                do="Say medicines, or leave it out.",
            ),
        )


def _place(out: str | None, dry_run: bool) -> str:
    if out is None and not dry_run:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The folder of the dataset is missing.", "--out", do="Name one: --out answers."
            ),
        )
    return out or ""


def _bytes(said: str | None) -> int:
    if said is None:
        return 0
    match = _SIZE.fullmatch(said.strip())
    if match is None:
        raise Stopped(
            ExitCode.USAGE,
            Trouble("The size was not understood.", "--memory", do="Write it as 2GiB or 512MiB."),
        )
    return int(match["number"]) * _SIZES[(match["unit"] or "").lower()]
