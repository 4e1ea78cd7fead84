"""``corrin batch map``: a mapping file for a table is proposed from its header and its content."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from corrin.cli import streams
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of, write_to


def map_file(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="CSV, TSV, Parquet, .xlsx, .xls or .ods."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the mapping to a file."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter", metavar="CHAR", help="comma, semicolon, tab, pipe or a character."
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of a text that is not UTF-8 (latin-1)."),
    ] = None,
    header: Annotated[
        int, typer.Option("--header", metavar="LINE", min=1, help="Line of the column names.")
    ] = 1,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of mapping files instead.")
    ] = False,
) -> None:
    """Propose a mapping file for a table of results.

    It looks at the header and the first rows, says beside every line why, and prints no value of
    the table. Look through it, then run: corrin batch FILE --mapping mapping.yaml ...

    \b
    Examples:
      corrin batch map labs.csv --out mapping.yaml
      corrin batch map results.xlsx --sheet Results
    """
    try:
        _needed()
        if schema:
            from corrin.batch.sources.mapping import schema_of_mapping

            streams.write(schema_of_mapping(), out)
            return
        if file is None:
            raise Stopped(
                ExitCode.USAGE,
                Trouble("There is no table to look at.", do="Name one: corrin batch map FILE"),
            )
        _map(file, out, {"sheet": sheet, "delimiter": delimiter, "encoding": encoding}, header)
    except Stopped:
        raise
    except Exception as error:
        raise _told(error) from error


def _map(file: str, out: str | None, given: dict[str, str | None], header: int) -> None:
    from corrin.batch.sources.mapping import File
    from corrin.batch.sources.mapping_propose import propose

    if out is not None and Path(out).exists():
        raise Stopped(
            ExitCode.FILE,
            Trouble(
                "There is such a file already; nothing was written.",
                out,
                do="Name another file with --out, or remove this one.",
            ),
        )
    said: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
    found = propose(file, File(**said, header=header))
    streams.write(found.text, out)
    if found.known:
        write_to(sys.stderr, f"{file}: known as {found.known}; no mapping file is needed.\n")
    for one in found.unsure:
        write_to(sys.stderr, f"check: {one}\n")
    if found.lacking:
        raise Stopped(
            ExitCode.INPUT,
            Trouble(
                "Not all that is needed was found; the mapping cannot be used as it is.",
                out or file,
                "; ".join(found.lacking),
                "Complete the lines with ??? and take the # before them away.",
            ),
        )


def _needed() -> None:
    """Stop where the extra is not installed."""
    if find_spec("pyarrow") is None:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "Reading tables needs an extra that is not installed.",
                do="Install Corrin with its batch: pip install 'corrin[batch]'",
            ),
        )


def _told(error: Exception) -> Stopped:
    from pydantic import ValidationError

    from corrin.batch.sources.source import InputError
    from corrin.packs.misshape import said
    from corrin.terminology import load

    if isinstance(error, InputError):
        word = load().reasons.get(error.reason)
        place = f"{error.file}, line {error.line}" if error.line else error.file
        return Stopped(
            ExitCode.INPUT,
            Trouble(
                word.sentence if word else error.reason,
                place,
                error.hint,
                word.remedy if word else "",
            ),
        )
    if isinstance(error, ValidationError):
        why = "; ".join(said(one) for one in error.errors(include_url=False, include_input=False))
        return Stopped(ExitCode.USAGE, Trouble("The command was not understood.", why=why))
    return of(error)
