"""What the section that compares frameworks shows: what can be chosen, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import ModuleType

from corrin.abreast import words as told
from corrin.api.page.answered import Answered
from corrin.api.problem import Problem
from corrin.comparison.comparer import TOPIC, deciding
from corrin.comparison.side_by_side import Column, Comparison, Cutoff
from corrin.packs.library import Library, open_library
from corrin.render.safe import clean

# Fewer make no comparison.
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """A framework to tick."""

    name: str
    title: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The section.

    Attributes:
        choices: the frameworks as they are installed, those of the profiles first.
        earlier: their earlier versions.
        found: the comparison asked for, every text fit to show; ``None`` where none was.
        problem: why there is none although it was asked for.
    """

    choices: tuple[Choice, ...]
    earlier: tuple[Choice, ...]
    found: Comparison | None = None
    problem: Problem | None = None

    @property
    def cutoffs(self) -> tuple[str, ...]:
        """Names of the cut-offs that decided in any of them."""
        columns = () if self.found is None else self.found.columns
        return tuple(sorted({cut.name for column in columns for cut in column.cutoffs}))

    @property
    def told(self) -> ModuleType:
        """The words a comparison is told in."""
        return told

    def cut(self, column: Column, name: str) -> Cutoff | None:
        """A cut-off as one framework has it."""
        return next((cut for cut in column.cutoffs if cut.name == name), None)

    def only_with(self, given_by: Collection[str]) -> bool:
        """Whether a note stands under some of the frameworks only."""
        return self.found is not None and len(given_by) < len(self.found.columns)


def compared(
    answered: Answered,
    names: Collection[str] = (),
    found: Comparison | None = None,
    problem: Problem | None = None,
) -> Compared:
    """The section below an answer.

    Args:
        names: those ticked; else the framework of the profile, and that of another.
    """
    engine = answered.engine
    library = engine.library if engine.library.site is None else open_library()
    own = engine.profile.head.id
    preferred = tuple(dict.fromkeys(_owners(library, own)))
    ticked = set(names) or set(preferred[:_FEWEST])
    known = deciding(library)
    installed = sorted((n for n in known if n in library.packs), key=_rank(preferred))
    return Compared(
        choices=tuple(Choice(n, _title(library, n), n in ticked) for n in installed),
        earlier=tuple(
            Choice(n, _title(library, n), n in ticked) for n in known if n not in library.packs
        ),
        found=None if found is None else clean(found),
        problem=problem,
    )


def _owners(library: Library, own: str) -> Iterator[str]:
    """The frameworks that decide in the profiles, that of ``own`` first."""
    for name in sorted(library.profiles, key=lambda one: (one != own, one)):
        owner = library.profiles[name].head.owns.get(TOPIC)
        if owner is not None:
            yield owner


def _rank(preferred: tuple[str, ...]) -> Callable[[str], tuple[int, str]]:
    """The order of the frameworks: those of the profiles first, the rest by name."""
    return lambda name: (
        preferred.index(name) if name in preferred else len(preferred),
        name,
    )


def _title(library: Library, name: str) -> str:
    """The title of a framework; of an earlier version with which one it is."""
    pack, _, version = name.partition("@")
    title = library.packs[pack].pack.head.title if pack in library.packs else pack
    return f"{title}, version {version}" if version else title
