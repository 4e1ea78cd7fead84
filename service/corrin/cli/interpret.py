"""``corrin interpret``: results in, the note out."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from corrin.cli import choice, own, streams
from corrin.cli import overlay as site
from corrin.cli.trouble import Stopped, of

if TYPE_CHECKING:
    from corrin.facts.case import Reading
    from corrin.notes.report import Report


class Form(StrEnum):
    """The forms a report can be written in."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    FHIR = "fhir"


NOWHERE = "https://corrin.invalid"
"""Stands in canonical URLs where no service is named: nobody can mistake it for an address."""


def interpret(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="FHIR JSON or NDJSON of one patient, or a case written by hand; - for standard "
            "input.",
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="The moment to interpret for (2026-11-01 or 2026-11-01T09:00:00Z); else what the "
            "request says, else now.",
        ),
    ] = None,
    zone: choice.Zone = "UTC",
    profile: choice.Profile = "uk",
    pack: choice.Packs = None,
    packs: own.Packs = None,
    overlay: site.Option = None,
    form: Annotated[
        Form, typer.Option("--format", "-f", help="How to write the note.")
    ] = Form.TEXT,
    explain: Annotated[
        bool | None,
        typer.Option(
            "--explain/--no-explain",
            help="Add the conditions that decided, all evidence and the rules that could not "
            "answer. On for html, off for text; json and fhir always hold everything.",
        ),
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            "--base",
            metavar="URL",
            help="Of fhir: the service whose rules and codes the answer points to.",
        ),
    ] = NOWHERE,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse what is not valid FHIR R4B, whatever it is about."),
    ] = False,
    lenient: Annotated[
        bool,
        typer.Option(
            "--lenient",
            help="Of a case written by hand: go on where a name is unknown or a unit is missing, "
            "and say so in the note.",
        ),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not the terminal."),
    ] = None,
) -> None:
    """Interpret one patient's results.

    Reads a FHIR Bundle, Parameters, a single resource, a JSON array or NDJSON (R4, R4B, R5), or a
    case written by hand (docs/case.md), and prints a note for a clinician to check: statuses,
    notes, what is missing, what was not taken and why, every cut-off with its source.

    \b
    Examples:
      corrin interpret bundle.json
      corrin interpret case.json
      corrin interpret bundle.json --as-of 2026-11-01 --explain
      corrin interpret case.json --as-of 2026-11-01 --zone Europe/London
      corrin interpret - --format json < bundle.json
      corrin interpret bundle.json --format html --output note.html
      corrin interpret bundle.json --format fhir --base https://cds.example.org
      corrin interpret bundle.json --overlay site.yaml
      corrin interpret bundle.json --packs ./my-packs
    """
    from corrin.intake.limits import Limits
    from corrin.interpretation import answered

    choice.known_zone(zone)
    try:
        data = streams.read(file, Limits().bytes)
        report, reading = answered(
            data,
            as_of=as_of,
            profile=profile,
            packs=tuple(pack or ()),
            folders=own.folders(packs),
            overlay=site.read(overlay),
            strict=strict,
            lenient=lenient,
            zone=zone,
        )
        if form is Form.FHIR:
            streams.write(_bundle(report, base, reading, zone), output)
        else:
            streams.write(written(report, form, explain, to_file=output is not None), output)
    except Stopped:
        raise
    except Exception as error:
        raise of(error, "standard input" if file == "-" else file) from error


def written(report: Report, form: Form, explain: bool | None, *, to_file: bool) -> bytes | str:
    """A report in one of the forms; text is coloured and fitted when a terminal will show it."""
    if form is Form.JSON:
        from corrin.render import json

        return json.render(report)
    if form is Form.HTML:
        from corrin.render import html

        return html.render(report, explain=explain is not False).encode()
    from rich.console import Console

    from corrin.render import text

    console = Console()
    shown = console.is_terminal and not to_file
    return text.render(
        report,
        explain=explain is True,
        width=min(console.width, text.WIDEST) if shown else None,
        colour=shown and not console.no_color and console.color_system is not None,
    )


def _bundle(report: Report, base: str, reading: Reading, zone: str) -> bytes:
    import json

    from corrin.intake.placed import pending
    from corrin.interpretation import UsageError
    from corrin.render.fhir import bundle
    from corrin.zone import zone_of

    if not choice.is_service(base):
        raise UsageError(
            "The base is not the URL of a service.", "Write it as https://cds.example.org."
        )
    where = zone_of(zone)
    ordered = pending(reading, report.as_of, where)
    found = bundle(report, base=base.rstrip("/"), about=reading.about, ordered=ordered, zone=where)
    return json.dumps(found, indent=2, ensure_ascii=False).encode() + b"\n"
