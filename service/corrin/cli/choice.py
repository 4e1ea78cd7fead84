"""Which rules run, where input was written, where answers point: options several commands share."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from corrin.cli.trouble import ExitCode, Stopped, Trouble

Profile = Annotated[str, typer.Option("--profile", metavar="ID", help="Which packs run together.")]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        metavar="ID[@VERSION]",
        help="A pack to run besides the profile's; may be given again.",
    ),
]

Zone = Annotated[
    str,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="Where dates and times without a zone were written, --as-of among them: "
        "Europe/London.",
    ),
]

_SERVICE = re.compile(r"https?://[A-Za-z0-9:/._~%\[\]-]+", re.ASCII)


def is_service(base: str) -> bool:
    """Whether a text can be the URL of a service that answers in FHIR point to."""
    return _SERVICE.fullmatch(base) is not None


def known_zone(zone: str) -> None:
    """Check that there is such a time zone.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    from corrin.interpretation import UsageError
    from corrin.zone import zone_of

    try:
        zone_of(zone)
    except UsageError as error:
        why = "Times that name none would be read as some other moment."
        raise Stopped(ExitCode.USAGE, Trouble(error.message, "--zone", why, error.hint)) from error
