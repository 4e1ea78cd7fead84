"""What a site puts over and beside the shipped rules: its site file, and packs of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corrin.interpretation import UsageError

if TYPE_CHECKING:
    from corrin.packs.library import Library
    from corrin.packs.overlay_file import SiteFile


def overlaid(library: Library, overlay: SiteFile, profile: str) -> Library:
    """The rules with a site file over them.

    Raises:
        UsageError: it was written for another profile.
        corrin.packs.finding.ContentProblem: it cannot be used.
    """
    from corrin.packs.overlay_apply import apply

    based_on = overlay.overlay.based_on
    if based_on is not None and based_on in library.profiles and based_on != profile:
        raise UsageError(
            f"The site file was written for profile {based_on}, not for {profile}.",
            f"Run it with profile {based_on}, or write one for {profile}.",
        )
    return apply(library, overlay).sound()


def beside(library: Library) -> None:
    """See that packs of one's own can be run beside the shipped ones.

    Raises:
        UsageError: one has the id of a shipped pack.
        corrin.packs.finding.ContentProblem: one cannot be used.
    """
    from corrin.packs.finding import ContentProblem
    from corrin.packs.lint import lint

    if library.versions:
        raise UsageError(
            f"{', '.join(library.versions)}: a shipped pack has this id; it is not replaced.",
            "Choose another id for a pack of your own.",
        )
    own = {place.file for name in library.own for place in library.packs[name].pack.places.values()}
    wrong = tuple(f for f in lint(library) if f.severity == "error" and f.place.file in own)
    if wrong:
        raise ContentProblem(wrong)
