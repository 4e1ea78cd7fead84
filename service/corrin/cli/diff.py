"""``corrin rules diff``: what changed between two packs, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corrin.cli import choice, streams
from corrin.cli.rules import Form, Format
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of

Name = typer.Argument(metavar="PACK", help="Id, ID@VERSION or the folder of a pack.")


def diff(
    before: Annotated[str, Name],
    after: Annotated[str, Name],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="A folder of FHIR files to try both on: one patient per .json, one Bundle per "
            "line of an .ndjson.",
        ),
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="ID", help="Whose other packs run with them.")
    ] = "uk",
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="The moment to ask about; else what each case says, else now.",
        ),
    ] = None,
    zone: choice.Zone = "UTC",
    form: Format = Form.TEXT,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not the terminal."),
    ] = None,
) -> None:
    """Say what changed between two versions of a pack, or two packs.

    In words: cut-offs, definitions, rows, restrictions, rules. With --data also who comes out
    differently, from what to what, and because of which change: each is made alone to the first
    pack, and the case is decided again. A case that cannot be read is counted and listed.

    \b
    Examples:
      corrin rules diff ng239@1.0.0 ng239
      corrin rules diff ng239@1.0.0 ng239 --data ./cases --as-of 2026-11-01
      corrin rules diff ng239 ./our-ng239 --format json
    """
    from corrin.differences import diff as ask

    if data is not None and not data.exists():
        do = "Name a folder of .json or .ndjson files."
        raise Stopped(
            ExitCode.FILE, Trouble("The cases cannot be read.", str(data), "It is not there.", do)
        )
    choice.known_zone(zone)
    try:
        found = ask(before, after, data=data, as_of=as_of, profile=profile, zone=zone)
    except Stopped:
        raise
    except Exception as error:
        raise of(error) from error
    if found.cohort is not None and not found.cohort.cases:
        do = "Name a folder of .json or .ndjson files."
        why = "It holds no .json and no .ndjson file with a case in it."
        raise Stopped(ExitCode.FILE, Trouble("There are no cases.", str(data), why, do))
    if form is Form.JSON:
        streams.write(found.to_json(indent=True) + b"\n", output)
        return
    from corrin.cli import pack_diff, table

    page = table.sheet()
    pack_diff.put(page, found)
    if output is None:
        table.show(page)
    else:
        streams.write(page.plain(), output)
