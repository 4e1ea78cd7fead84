"""Pages of what searches found: whether those that follow are here too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from corrin.intake import searchset
from corrin.intake.item import Resource


class Page(NamedTuple):
    """One page of what a search found: its own url, and that of the page that follows.

    ``fewer``: it is the last one, and the search found more than it holds.
    """

    place: str
    url: str | None
    following: str | None
    fewer: bool


@dataclass(slots=True)
class Pages:
    """The pages of searches in one chunk, each with its line and the one person it is about."""

    met: list[tuple[int, str, Page]] = field(default_factory=list)

    def lacking(self) -> Iterator[tuple[int, str, str]]:
        """Line, place and person of the pages of which the others are not here."""
        here = {page.url for _, _, page in self.met if page.url}
        named = {page.following for _, _, page in self.met if page.following}
        for line, person, page in self.met:
            if page.following is not None:
                complete = page.following in here
            else:
                complete = not page.fewer or page.url in named
            if not complete:
                yield line, page.place, person


def page_of(bundle: Resource, place: str) -> Page | None:
    """A page of search results; ``None`` when it lacks something that no other page can hold."""
    if searchset.extent(bundle) not in ("failed", "incomplete"):
        return Page(place, _link(bundle, "self"), None, False)
    alone = {name: value for name, value in bundle.items() if name not in ("link", "total")}
    if searchset.extent(alone) in ("failed", "incomplete"):
        return None
    following = _link(bundle, "next")
    return Page(place, _link(bundle, "self"), following, following is None)


def _link(bundle: Resource, relation: str) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == relation:
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None
