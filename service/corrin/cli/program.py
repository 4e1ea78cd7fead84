"""The program: its commands mounted, its errors told, its exit codes chosen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from corrin import __version__
from corrin.cli import (
    analytes,
    batch,
    book,
    compare,
    config,
    diff,
    interpret,
    new,
    rules,
    serve,
    units,
)
from corrin.cli.trouble import ExitCode, Stopped, Trouble, fault, tell, write_to

EXIT_CODES = """\b
Exit codes:
  0  an answer was made, whatever it says
  1  a fault of Corrin itself
  2  the command was not understood
  3  the input was refused whole
  4  the rules cannot be used, or do not hold
  5  a file cannot be read or written, or an address not listened on"""

app = typer.Typer(
    name="corrin",
    help=(
        "Reads one patient's laboratory results and writes the vitamin B12 note a clinician can "
        "check.\n\n\b\nExamples:\n"
        "  corrin interpret bundle.json\n"
        "  corrin interpret - --format json < bundle.json\n"
        "  corrin rules show b12-confirmed-total\n"
        "  corrin units convert 240 pg/mL pmol/L --analyte total_b12"
    ),
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
app.command("interpret")(interpret.interpret)
app.command("compare", short_help="Hold guidelines side by side on one patient.")(compare.compare)
app.command(
    "batch",
    cls=batch.BatchCommand,
    epilog=batch.EPILOG,
    short_help="Read whole exports and write a dataset.",
)(batch.batch)
app.command("serve", short_help="Run the HTTP service.")(serve.serve)
app.command("config", short_help="Print the settings of the service.")(config.config)
rules.app.command(short_help="Write the rule book of a profile, to print and sign.")(book.book)
rules.app.command(short_help="Say what changed between two packs, and for whom.")(diff.diff)
rules.app.command(short_help="Begin a rule of your own.")(new.new)
app.add_typer(rules.app, name="rules", short_help="Check, test, show, compare and print the rules.")
app.add_typer(units.app, name="units", short_help="Convert a value, or explain a unit.")
app.add_typer(analytes.app, name="analytes")


def _version(wanted: bool) -> None:
    if wanted:
        write_to(sys.stdout, f"corrin {__version__}\n")
        raise typer.Exit


@app.callback()
def corrin(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Take what stands before a command."""


@app.command()
def schema(
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
    comparison: Annotated[
        bool, typer.Option("--comparison", help="That of a comparison of guidelines instead.")
    ] = False,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="That of a site file instead.")
    ] = False,
    case: Annotated[
        bool, typer.Option("--case", help="That of a case written by hand instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of a report."""
    from corrin.cli import streams
    from corrin.render import json

    if case:
        from corrin.intake import plain

        streams.write(json.written(plain.schema()), output)
        return
    if overlay:
        from corrin.packs.overlay import schema_of_site_file

        streams.write(schema_of_site_file(), output)
        return
    if comparison:
        from corrin.comparison.side_by_side import Comparison

        streams.write(json.schema(Comparison), output)
        return
    streams.write(json.schema(), output)


def run(arguments: Sequence[str]) -> int:
    """Run the program with some arguments; the exit code."""
    try:
        ended = app(list(arguments), prog_name="corrin", standalone_mode=False)
        return int(ended) if isinstance(ended, int) else int(ExitCode.DONE)
    except (KeyboardInterrupt, typer.Abort):
        return int(ExitCode.INTERRUPTED)
    except SystemExit:  # the library's own way to say that nobody reads the help
        return _nobody_reads()
    except BrokenPipeError:
        return _nobody_reads()
    except Exception as error:
        return _told(error)


def _told(error: Exception) -> int:
    if isinstance(error, Stopped):
        stopped = error
    elif type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        write_to(sys.stderr, f"{error}\n")
        return int(ExitCode.USAGE)
    elif hasattr(error, "format_message"):  # the library's own errors of usage
        stopped = _usage(error)
    else:
        stopped = fault(error)
    if stopped.code is ExitCode.NOBODY_READS:
        return _nobody_reads()
    try:
        tell(stopped.troubles)
    except Stopped:
        return _nobody_reads()
    return int(stopped.code)


def _usage(error: Exception) -> Stopped:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "corrin"
    said = str(error.format_message()).strip()  # type: ignore[attr-defined]
    return Stopped(
        ExitCode.USAGE,
        Trouble("The command was not understood.", command, said, f"See: {command} --help"),
    )


def _nobody_reads() -> int:
    """End quietly: what is still buffered for a closed pipe goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(ExitCode.NOBODY_READS)
