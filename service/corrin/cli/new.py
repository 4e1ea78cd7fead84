"""``corrin rules new``: a rule of one's own begun, in a pack of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corrin.cli import own, streams
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of


def new(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Its id, such as low-ferritin-in-pregnancy.")
    ],
    packs: Annotated[
        Path,
        typer.Option(
            "--packs",
            metavar="DIR",
            help="The folder of your packs, or one pack; it is made when it is not there.",
        ),
    ],
    pack: Annotated[
        str | None,
        typer.Option(
            "--pack",
            metavar="ID",
            help="Which pack of the folder; it is made when it is not there.",
        ),
    ] = None,
) -> None:
    """Begin a rule of your own: files that hold together, with comments that lead on.

    Nothing that is there is written over. What is written passes `corrin rules test` as it stands.

    \b
    Examples:
      corrin rules new low-ferritin-in-pregnancy --packs ./my-packs
      corrin rules new our-second-rule --packs ./my-packs --pack our-hospital
    """
    from corrin.cli import table
    from corrin.interpretation import now
    from corrin.packs.finding import ContentProblem
    from corrin.packs.library import open_library
    from corrin.packs.scaffold import CannotBegin, begin
    from corrin.render.safe import visible

    if packs.exists() and not packs.is_dir():
        own.folders([packs])
    standing = any(packs.glob("*/pack.yaml")) or (packs / "pack.yaml").is_file()
    try:
        library = open_library(extra=(packs,) if standing else ()).sound()
        begun = begin(library, packs, rule, pack, now().text[:10])
    except CannotBegin as error:
        raise Stopped(ExitCode.USAGE, Trouble(error.message, do=error.hint)) from error
    except ContentProblem as error:
        raise of(error) from error
    for file, text in begun.files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"{error.strerror}." if error.strerror else ""
            do = "Name a folder that may be written to."
            raise Stopped(
                ExitCode.FILE, Trouble("The folder cannot be made.", str(file.parent), why, do)
            ) from error
        streams.write(text, str(file))
    page = table.sheet()
    for file in begun.files:
        page.put(visible(f"written: {file.as_posix()}"), rest=9)
    page.blank()
    page.put("Next: open the rule and replace what stands in it, then run")
    page.put(visible(f"corrin rules check --packs {packs.as_posix()}"), first=2)
    page.put(visible(f"corrin rules test --packs {packs.as_posix()}"), first=2)
    table.show(page)
