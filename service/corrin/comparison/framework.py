"""A profile with one pack in the place of another: an engine, and the writer of its reports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from corrin import terminology
from corrin.evaluate.engine import Engine
from corrin.language.to_prose import Prose
from corrin.notes.basis import Basis
from corrin.notes.compose import Composer
from corrin.notes.words import Dictionary
from corrin.packs.bound import BoundPack
from corrin.packs.finding import ContentProblem
from corrin.packs.library import Library, Profile
from corrin.packs.lint import lint
from corrin.packs.pack import Pack
from corrin.packs.versions import Found, Origin, beside, instead


@dataclass(frozen=True, slots=True)
class Framework:
    """A pack as it was asked for (``name``), standing in a profile under the id ``stands_as``."""

    name: str
    pack: Pack
    origin: Origin
    stands_as: str
    engine: Engine
    composer: Composer
    basis: Basis

    @property
    def bound(self) -> BoundPack:
        """The pack, bound."""
        return self.engine.library.packs[self.stands_as]

    @property
    def prose(self) -> Prose:
        """Puts this pack's conditions into words."""
        return self.basis.prose


def framework(
    library: Library,
    profile: Profile,
    found: Found,
    version: str,
    *,
    out: Collection[str] = (),
    shared: bool = False,
) -> Framework:
    """A profile in which a pack stands and decides every owned topic it can decide.

    The packs that owned these topics, and those of ``out``, do not run.

    Args:
        version: Corrin's own, for the reports.
        shared: let the packs that use this one use this version of it; else they keep theirs.

    Raises:
        ContentProblem: the pack cannot be used.
    """
    joined, pack_id = (instead if shared else beside)(library, found)
    _sound(library, joined, found)
    placed, packs = _placed(joined, profile, pack_id, out)
    engine = Engine(joined, placed, packs)
    terms, rows = terminology.load(), joined.rows()
    words = Dictionary(terms, rows, placed.head.notices, joined.truths)
    composer = Composer(engine, terms, rows, version)
    return Framework(
        found.name, found.pack, found.origin, pack_id, engine, composer, Basis(engine, words)
    )


def _sound(library: Library, joined: Library, found: Found) -> None:
    """Whatever is wrong with a pack that is not one of the installed is told before it is run.

    An earlier version kept what was right when it was released.
    """
    if joined is library:
        return
    known = {str(one) for one in library.findings}
    places = {place.file for place in found.pack.places.values()}
    wrong = [one for one in joined.findings if str(one) not in known]
    if found.origin == "folder":
        wrong += [one for one in lint(joined) if one.place.file in places]
    errors = tuple(dict.fromkeys(one for one in wrong if one.severity == "error"))
    # Rules of two versions of one pack have the same ids; only one of them runs.
    errors = tuple(one for one in errors if one.code != "duplicate-id" or one in joined.findings)
    if errors:
        raise ContentProblem(errors)


def _placed(
    library: Library, profile: Profile, pack_id: str, out: Collection[str]
) -> tuple[Profile, tuple[str, ...]]:
    head = profile.head
    decides = [topic for topic in head.owns if topic in library.packs[pack_id].decisions]
    gone = {*out, *(head.owns[topic] for topic in decides)} - {pack_id}
    first = tuple(dict.fromkeys(pack_id if name in out else name for name in head.always_first))
    packs = list(dict.fromkeys(pack_id if name in gone else name for name in head.packs))
    if pack_id not in packs:
        packs.append(pack_id)
    owns = {**head.owns, **dict.fromkeys(decides, pack_id)}
    changed = head.model_copy(update={"packs": tuple(packs), "owns": owns, "always_first": first})
    return replace(profile, head=changed), tuple(packs)
