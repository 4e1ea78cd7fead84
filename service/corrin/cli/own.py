"""``--packs``: folders of packs of one's own, read beside the shipped rules."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from corrin.cli.trouble import ExitCode, Stopped, Trouble

if TYPE_CHECKING:
    from corrin.packs.finding import Finding
    from corrin.packs.library import Library, Profile

Packs = Annotated[
    list[Path] | None,
    typer.Option(
        "--packs",
        metavar="DIR",
        help="A pack of your own, or a folder of such packs, beside the shipped ones; may be "
        "given again.",
    ),
]


def folders(packs: list[Path] | None) -> tuple[Path, ...]:
    """The folders named, each of which is there.

    Raises:
        Stopped: one is not (exit code 5).
    """
    for folder in packs or ():
        if not folder.is_dir():
            why = "It is not a folder." if folder.exists() else "There is no such folder."
            do = "Name a folder with a pack.yaml, or begin one with `corrin rules new`."
            raise Stopped(ExitCode.FILE, Trouble("The packs cannot be read.", str(folder), why, do))
    return tuple(packs or ())


def findings_in(findings: tuple[Finding, ...], packs: list[Path]) -> tuple[Finding, ...]:
    """The findings about files of some folders, links in them and links that lead nowhere too."""
    inside = [os.path.abspath(folder) for folder in packs]

    def is_own(file: str) -> bool:
        there = Path(os.path.abspath(file))
        return os.path.lexists(there) and any(map(there.is_relative_to, inside))

    return tuple(one for one in findings if is_own(one.place.file))


def only_own(library: Library) -> Library:
    """The library without the shipped packs; what one's own use of them stays bound."""
    own = {name: library.packs[name] for name in library.own}
    return replace(library, packs=MappingProxyType(own))


def running_too(library: Library, profile: Profile) -> Profile:
    """The profile with one's own packs at its end."""
    packs = (*profile.head.packs, *library.own)
    return replace(profile, head=profile.head.model_copy(update={"packs": packs}))
