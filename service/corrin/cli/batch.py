"""``corrin batch``: whole exports in, a dataset of everybody's answers out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from corrin.cli import batch_asked, batch_ended, batch_options, batch_told, choice, overlay, own
from corrin.cli.trouble import ExitCode, write_to

if TYPE_CHECKING:
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


def batch(
    exports: batch_options.Exports,
    out: batch_options.Out = None,
    as_of: batch_options.AsOf = None,
    profile: choice.Profile = "uk",
    pack: choice.Packs = None,
    packs: own.Packs = None,
    site: overlay.Option = None,
    against: batch_options.Against = None,
    compare_with: batch_options.CompareWith = None,
    form: batch_options.FormOption = batch_options.Form.PARQUET,
    base: batch_options.Base = None,
    summary: batch_options.Summary = True,
    input_format: batch_options.InputFormat = None,
    mapping: batch_options.MappingFile = None,
    codes: batch_options.CodesFile = None,
    encoding: batch_options.Encoding = None,
    zone: choice.Zone = "UTC",
    complete: batch_options.Complete = None,
    engine: batch_options.EngineOption = batch_options.Engine.LOCAL,
    master: batch_options.Master = None,
    workers: batch_options.Workers = 0,
    memory: batch_options.Memory = None,
    resume: batch_options.Resume = False,
    dry_run: batch_options.DryRun = False,
    quiet: batch_options.Quiet = False,
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
        from corrin.batch.engine import ahead
        from corrin.unswept import unswept

        if engine is batch_options.Engine.LOCAL and not dry_run:
            ahead.begin(exports, workers)
        with unswept():
            from corrin.batch.question import Question
            from corrin.batch.run import Job
            from corrin.batch.sources.source import Options
    except ImportError as error:
        raise batch_ended.not_installed(error) from error
    folders = tuple(str(one) for one in own.folders(packs))
    choice.known_zone(zone)
    batch_asked.known_encoding(encoding)
    batch_asked.known_lists(complete or ())
    job = Job(
        inputs=tuple(exports),
        out=batch_asked.place(out, dry_run),
        question=Question(
            as_of=batch_asked.moment(as_of),
            profile=profile,
            packs=tuple(pack or ()),
            folders=folders,
            overlay=site,
            complete=tuple(complete or ()),
            against=against,
            zone=zone,
            fhir=batch_asked.base(base, form),
        ),
        format=form.value,
        input_format=input_format,
        options=Options(zone=zone, mapping=mapping, codes=codes, encoding=encoding),
        engine=engine.value,
        workers=workers,
        memory=batch_asked.size(memory),
        master=batch_asked.cluster(master, engine),
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

    with batch_ended.told():
        check(job)
        found = dry_run(job)
    write_to(sys.stdout, batch_told.of_dry_run(found))
    return ExitCode.INPUT if found.problems else ExitCode.DONE


def _run(job: Job, quiet: bool) -> ExitCode:
    from corrin.batch.outcome import COMPLETE
    from corrin.batch.progress import progress
    from corrin.unswept import unswept

    with unswept():
        from corrin.batch.perform import perform

    said: list[str] = []
    bar = progress(quiet)
    with batch_ended.told(), batch_ended.ending():
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
