"""``corrin compare``: what several guidelines say of one patient, side by side."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from corrin.cli import choice, streams
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of


class Form(StrEnum):
    """The forms a comparison can be written in."""

    TEXT = "text"
    JSON = "json"


def compare(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="FHIR JSON or NDJSON of one patient; - for standard input."
        ),
    ],
    packs: Annotated[
        str,
        typer.Option(
            "--packs",
            metavar="PACK,PACK...",
            help="The guidelines to compare, with commas between: ids, ID@VERSION or folders. The "
            "others are held against the first.",
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="The moment to interpret for; else what the request says, else now.",
        ),
    ] = None,
    zone: choice.Zone = "UTC",
    profile: Annotated[
        str,
        typer.Option("--profile", metavar="ID", help="Whose other packs run with each of them."),
    ] = "uk",
    form: Annotated[
        Form, typer.Option("--format", "-f", help="How to write the comparison.")
    ] = Form.TEXT,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not the terminal."),
    ] = None,
) -> None:
    """Compare what guidelines say of one patient, and say what makes the difference.

    Each guideline in turn decides the vitamin B12 status; everything else of the profile runs as it
    does. What makes the difference is tried, not guessed: the cut-off of one is put into the other,
    and the case is decided again.

    \b
    Examples:
      corrin compare bundle.json --packs ng239,aafp-2025
      corrin compare bundle.json --packs ng239@1.0.0,ng239 --format json
      corrin compare - --packs ng239,./my-packs/our-hospital < bundle.json
    """
    from corrin.intake.limits import Limits
    from corrin.interpretation import compare as ask

    names = [name.strip() for name in packs.split(",")]
    if not all(names):
        raise Stopped(
            ExitCode.USAGE,
            Trouble("A name of a pack is empty.", why=packs, do="Write --packs ng239,aafp-2025."),
        )
    choice.known_zone(zone)
    try:
        data = streams.read(file, Limits().bytes)
        found = ask(data, packs=names, as_of=as_of, profile=profile, zone=zone)
        if form is Form.JSON:
            streams.write(found.to_json(indent=True) + b"\n", output)
            return
        from corrin.abreast import text
        from corrin.cli import table

        page = table.sheet()
        text.put(page, found)
        if output is None:
            table.show(page)
        else:
            streams.write(page.plain(), output)
    except Stopped:
        raise
    except Exception as error:
        raise of(error, "standard input" if file == "-" else file) from error
