"""Which rules run, and where answers point to: options that several commands share."""

from __future__ import annotations

import re
from typing import Annotated

import typer

Profile = Annotated[str, typer.Option("--profile", metavar="ID", help="Which packs run together.")]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        metavar="ID[@VERSION]",
        help="A pack to run besides the profile's; may be given again.",
    ),
]

_SERVICE = re.compile(r"https?://[A-Za-z0-9:/._~%\[\]-]+", re.ASCII)


def is_service(base: str) -> bool:
    """Whether a text can be the URL of a service that answers in FHIR point to."""
    return _SERVICE.fullmatch(base) is not None
