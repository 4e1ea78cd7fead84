"""The guidelines a request may have compared, each compiled once and kept.

What may be named is a short list that the content gives: what is kept is bounded by it, and no
name from outside reaches the file system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from starlette.datastructures import State

from corrin import __version__
from corrin.api.content import nearest
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.comparison.comparer import CannotCompare, Comparer, deciding
from corrin.comparison.framework import Framework, framework
from corrin.packs.library import Library, Profile, open_library
from corrin.packs.versions import Found

MOST = 6  # frameworks in one comparison
_KEPT = 64  # combinations; they share the frameworks they are made of
_OPENING = Lock()


@dataclass(slots=True)
class Frameworks:
    """All that can be compared, by profile.

    A guideline is compared as it is published: the cut-offs a site has set are not the guideline's.
    """

    library: Library
    profiles: Mapping[str, Profile]
    default: str
    names: tuple[str, ...]
    _comparers: dict[tuple[str, ...], Comparer] = field(default_factory=dict)
    _made: dict[tuple[str, str], Framework] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)

    def comparer(self, names: tuple[str, ...], profile: str | None) -> Comparer:
        """What compares some frameworks under a profile.

        Raises:
            Problem: 422, for names that cannot be compared.
        """
        chosen = self._profile(profile)
        if not 2 <= len(names) <= MOST:
            raise _refused(
                "packs-wanted",
                f"Between two and {MOST} packs can be compared.",
                "Name them with commas between: packs=ng239,aafp-2025.",
                "packs",
            )
        for name in names:
            if name not in self.names:
                raise _refused(
                    "pack-unknown",
                    "A pack is not there, or does not decide the vitamin B12 status.",
                    f"Use some of: {', '.join(self.names)}.",
                    "packs",
                    nearest(name, self.names),
                )
        key = (*names, chosen.head.id)
        found = self._comparers.get(key)
        if found is None:
            try:
                found = Comparer(self.library, chosen, names, __version__, self._framework)
            except CannotCompare as error:
                raise _refused("packs-wanted", error.message, error.hint, "packs") from error
            if len(self._comparers) >= _KEPT:
                self._comparers.clear()
            self._comparers[key] = found
        return found

    def _profile(self, profile: str | None) -> Profile:
        found = self.profiles.get(profile or self.default)
        if found is None:
            known = ", ".join(sorted(self.profiles))
            raise _refused(
                "profile-unknown",
                "There is no profile of this id.",
                f"Use one of: {known}.",
                "profile",
                nearest(str(profile), self.profiles),
            )
        return found

    def _framework(
        self, library: Library, profile: Profile, found: Found, version: str
    ) -> Framework:
        key = (profile.head.id, found.pack.digest)
        with self._making:
            if key not in self._made:
                self._made[key] = framework(library, profile, found, version)
            return replace(self._made[key], name=found.name)


def open_frameworks(interpreter: Interpreter) -> Frameworks:
    """What an interpreter's site can compare: the packs that decide, and their earlier versions."""
    engine, _ = interpreter.engine()
    library = engine.library if engine.library.site is None else open_library()
    names = deciding(library)
    installed = (library.packs[name].pack.head for name in names if name in library.packs)
    versions = tuple(f"{head.id}@{head.version}" for head in installed)
    return Frameworks(
        library=library,
        profiles={name: library.profiles[name] for name in interpreter.engines},
        default=interpreter.default,
        names=tuple(sorted({*names, *versions})),
    )


def frameworks_of(state: State) -> Frameworks:
    """What the service asked can compare, opened when it is first asked for."""
    with _OPENING:
        if not hasattr(state, "frameworks"):
            state.frameworks = open_frameworks(state.interpreter)
        found: Frameworks = state.frameworks
        return found


def _refused(reason: str, says: str, remedy: str, path: str, near: tuple[str, ...] = ()) -> Problem:
    return Problem(422, Fault(reason, says, remedy, path=path, nearest=near, in_url=True))
