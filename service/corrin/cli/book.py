"""``corrin rules book``: everything a profile may say, as one document to validate and sign."""

from __future__ import annotations

from typing import Annotated

import typer

from corrin.cli import overlay as site
from corrin.cli import own, streams
from corrin.cli.rules import Folder, opened
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of


def book(
    profile: Annotated[str, typer.Option("--profile", metavar="ID", help="Which profile.")] = "uk",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not the terminal."),
    ] = None,
    rules: Folder = None,
    packs: own.Packs = None,
    overlay: site.Option = None,
) -> None:
    """Write the rule book of a profile: one HTML page, to read, print or keep as PDF.

    Every rule in words, cut-offs with dates and sources, how well each was checked, the worked
    examples with the results they give now, and room for signatures. With a site file: under its
    cut-offs and wording, with all it changes.

    \b
    Examples:
      corrin rules book --output rule-book.html
      corrin rules book --profile us --output rule-book-us.html
      corrin rules book --overlay site.yaml --output rule-book.html
    """
    from corrin.book import html
    from corrin.book.collect import collect
    from corrin.packs.finding import ContentProblem

    library = opened(rules, packs)
    try:
        found = library.sound().profiles.get(profile)
    except ContentProblem as error:
        raise of(error) from error
    if found is None:
        known = ", ".join(sorted(library.profiles))
        trouble = Trouble(
            f"There is no profile called {profile!r}.", "--profile", "", f"Use one of: {known}."
        )
        raise Stopped(ExitCode.USAGE, trouble)
    put = site.put(library, overlay)
    if put is not None:
        library = put.sound()
        put.for_profile(profile)
    streams.write(
        html.render(collect(library, own.running_too(library, found), library.rows())).encode(),
        output,
    )
