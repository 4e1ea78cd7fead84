"""Site files on the command line: read, checked, shown as what they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corrin.cli import streams
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of

if TYPE_CHECKING:
    from corrin.evaluate.turned import Turned
    from corrin.packs.finding import Finding
    from corrin.packs.library import Library
    from corrin.packs.overlay import Change
    from corrin.packs.overlay_apply import Overlaid
    from corrin.packs.overlay_file import SiteFile

Option = Annotated[
    str | None,
    typer.Option(
        "--overlay",
        metavar="FILE",
        help="A site file: cut-offs, wording, tests and imprecision of your own.",
    ),
]


def read(name: str | None) -> SiteFile | None:
    """The site file of a name, when one is given.

    Raises:
        Stopped: it cannot be read (5).
        corrin.packs.finding.ContentProblem: it is no site file.
    """
    from corrin.packs.overlay_file import MOST_BYTES, read_overlay

    if name is None:
        return None
    said = "standard input" if name == "-" else name
    return read_overlay(streams.read(name, MOST_BYTES), said)


@dataclass(frozen=True, slots=True)
class Put:
    """A site file put over a library, for a command to tell about."""

    published: Library
    file: SiteFile | None
    overlaid: Overlaid

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong with the site file."""
        return self.overlaid.findings

    @property
    def changes(self) -> tuple[Change, ...]:
        """All it changes; nothing while something is wrong with it."""
        site = self.overlaid.library.site
        return () if site is None else site.changes

    def sound(self) -> Library:
        """The library with the site file over it.

        Raises:
            Stopped: the site file cannot be used (4).
        """
        from corrin.packs.finding import ContentProblem

        try:
            return self.overlaid.sound()
        except ContentProblem as error:
            raise of(error) from error

    def for_profile(self, profile: str) -> None:
        """Refuse a site file that was written for another profile.

        Raises:
            Stopped: it was (2).
        """
        written_for = self.file.overlay.based_on if self.file is not None else None
        if written_for not in (None, profile):
            raise Stopped(
                ExitCode.USAGE,
                Trouble(
                    f"The site file was written for profile {written_for}, not for {profile}.",
                    do=f"Run it with profile {written_for}, or write one for {profile}.",
                ),
            )

    def run(self, rules: Iterable[str]) -> Turned:
        """The examples run under the site file, with those it turns apart."""
        from corrin.evaluate import turned

        return turned.run(self.sound(), self.published, tuple(rules))

    def as_data(self) -> dict[str, Any]:
        """The site file and its changes, for a program."""
        if self.file is None:
            return {"id": None, "version": None, "digest": None, "changes": []}
        return {
            "id": self.file.overlay.id,
            "version": self.file.overlay.version,
            "digest": self.file.digest,
            "changes": [
                {
                    "kind": one.kind,
                    "pack": one.pack,
                    "name": one.name,
                    "part": one.part,
                    "old": one.old,
                    "new": one.new,
                    "because": one.because,
                    "source": one.source,
                }
                for one in self.changes
            ],
        }

    def show(self) -> None:
        """Print what the site file is and all it changes, old and new."""
        from corrin.cli import table
        from corrin.render.basis import short
        from corrin.render.safe import visible
        from corrin.render.words import capital, count

        if self.file is None:
            return
        page = table.sheet()
        head = self.file.overlay
        page.put(visible(f"{head.title} ({head.name} of {head.date})"), style="bold cyan")
        page.put(visible(f"{head.owner}; {short(self.file.digest)}"), first=2, style="dim")
        for one in self.changes:
            where = f", {one.pack}" if one.pack else ""
            page.blank()
            page.put(visible(capital(f"{one.part} {one.name}{where}")), style="bold")
            for label, text in (
                ("old", one.old),
                ("new", one.new),
                ("because", one.because),
                ("source", one.source),
            ):
                if text:
                    page.labelled(label, visible(text), indent=2, column=11)
        page.blank()
        if self.overlaid.library.site is None:
            page.put("What it changes is listed once nothing is wrong with it.")
        else:
            page.put(f"{count(len(self.changes), 'change')}.")
        page.blank()
        table.show(page)


def put(library: Library, name: str | None) -> Put | None:
    """A site file put over a library; ``None`` when none is named.

    Raises:
        Stopped: it cannot be read (5).
    """
    from corrin.packs.finding import ContentProblem
    from corrin.packs.overlay_apply import Overlaid, apply

    if name is None:
        return None
    try:
        file = read(name)
    except ContentProblem as error:
        return Put(library, None, Overlaid(library, error.findings))
    return Put(library, file, apply(library, file)) if file is not None else None


def show_turned(turned: Turned) -> None:
    """Print the examples, leaves and rows a site file turns."""
    from corrin.cli import table
    from corrin.render.safe import visible
    from corrin.render.words import count

    page = table.sheet()
    for case in turned.cases:
        head = f"{case.place}: {case.subject}, example {case.number}"
        page.put(head, rest=2, style="bold yellow")
        said = f"changed by the overlay: {case.expected} upstream, {case.got} here"
        page.put(visible(said), first=4)
    for leaf in turned.leaves:
        page.put(f"{leaf.place}: {leaf.subject}", style="bold yellow")
        page.put("changed by the overlay: a condition is no longer tried each way", first=4)
    for subject, row, place in turned.rows:
        page.put(f"{place}: {subject}", style="bold yellow")
        page.put(f"changed by the overlay: no example lands on row {row}", first=4)
    parts = (
        count(len(turned.cases), "example"),
        count(len(turned.leaves), "condition"),
        count(len(turned.rows), "row"),
    )
    page.blank()
    page.put(f"Changed by the overlay, and no failure: {', '.join(parts)}.")
    table.show(page)
