"""Whether what a request says of its subjects can be one person.

Keys that are named together belong together; ids, servers and names that contradict do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from corrin.intake.code import codings_of
from corrin.intake.item import Resource

MESSAGE = "urn"
"""Stands as the server of an id that was made for one message (``urn:uuid:``)."""
_MOST_NAMES = 64  # different names that are still compared, each with each


_ANYTHING = "urn:ietf:rfc:3986"  # as a system: the value is a URI, of whatever kind
_PASSING = frozenset({"old", "temp"})  # uses of a number that is not the one a person goes by


class Numbers:
    """The numbers a person goes by, as the identifiers of that person's Patients give them.

    How a number is written (blanks, hyphens, case, leading zeros) makes no other number; nor do
    numbers of unlike types, old ones, or those of no system, contradict.
    """

    def __init__(self, own: Iterable[object]) -> None:
        # Codes of the types per system, and per number of it; "" where one has no type.
        self._types: dict[tuple[str, ...], set[str]] = {}
        for found in own:
            for system, number, types in _numbers(found):
                for key in ((system,), (system, number)):
                    self._types.setdefault(key, set()).update(types or {""})

    def deny(self, said: object) -> bool:
        """Whether an Identifier, or one of a list, gives another number of a system of theirs."""
        return any(
            self._has(types, system) and not self._has(types, system, number)
            for system, number, types in _numbers(said)
        )

    def _has(self, types: frozenset[str], *key: str) -> bool:
        known: set[str] = self._types.get(key, set())
        return bool(known) and (not types or "" in known or not types.isdisjoint(known))


def _numbers(found: object) -> list[tuple[str, str, frozenset[str]]]:
    """System, number and codes of the type of each Identifier that can be compared."""
    numbers = []
    for one in found if isinstance(found, list) else (found,):
        if not isinstance(one, dict) or one.get("use") in _PASSING:
            continue
        system, value, kind = one.get("system"), one.get("value"), one.get("type")
        if not isinstance(system, str) or not isinstance(value, str) or system == _ANYTHING:
            continue
        bare = re.sub(r"[\W_]", "", value.casefold()).lstrip("0")
        codings = codings_of(kind) if kind is not None else None
        codes = frozenset(code for _, code in codings or () if code)
        if system and bare:
            numbers.append((system, bare, codes))
    return numbers


class Groups:
    """Keys that belong together (union-find), and where each group was first met."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.first: dict[str, str] = {}
        self.servers: dict[str, set[str]] = {}
        self.local: set[str] = set()  # ids as a server gives them, not those made for a message

    def join(self, keys: Iterable[str], place: str) -> None:
        roots = []
        for key in keys:
            if key.startswith("id:"):
                server, _, identity = key[3:].rpartition("|")
                key = f"id:{identity}"
                if server != MESSAGE:
                    self.local.add(key)
                if server and server != MESSAGE:
                    self.servers.setdefault(key, set()).add(server)
            self.parent.setdefault(key, key)
            self.first.setdefault(key, place)
            roots.append(self._root(key))
        for root in roots[1:]:
            if root != roots[0]:
                self.parent[self._root(root)] = self._root(roots[0])

    def _root(self, key: str) -> str:
        while self.parent[key] != key:
            self.parent[key] = self.parent[self.parent[key]]
            key = self.parent[key]
        return key

    def places(self) -> list[str]:
        """One place per group; an id used by two servers makes two."""
        roots: dict[str, str] = {}
        for key in self.parent:
            roots.setdefault(self._root(key), self.first[key])
        found = sorted(set(roots.values())) if len(roots) > 1 else list(roots.values())
        if len(roots) > 1 and len(found) == 1:
            found = found * 2
        for key, servers in self.servers.items():
            if len(servers) > 1:
                found += [self.first[key]] * (len(servers) - 1)
        return found

    def rivals(self) -> list[str]:
        """Places of ids that may be of one server and that nothing but an identifier joins."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.local):
            found.setdefault(self._root(key), []).append(key)
        seen: set[str] = set()
        for at, keys in enumerate(found.values()):
            servers = {server for key in keys for server in self.servers.get(key, ())}
            if len(found) > 1 and (not servers or servers & seen):
                other = next(iter(found.values())) if at else list(found.values())[1]
                return [self.first[other[0]], self.first[keys[0]]]
            seen |= servers
        return []


def words(text: object) -> frozenset[str]:
    """The words of a person's name, whatever their order, case and punctuation."""
    return frozenset(re.findall(r"\w+", text.casefold())) if isinstance(text, str) else frozenset()


def displays_differ(displays: Iterable[str]) -> bool:
    """Whether two texts that alone say whom results are about name different people."""
    named = sorted({words(text) for text in displays} - {frozenset()}, key=len)
    return any(not one <= other for one, other in pairwise(named))


def names_differ(resources: Sequence[Resource]) -> bool:
    """Whether two Patients have no family name, or no initial of a given name, in common."""
    families: set[frozenset[str]] = set()
    initials: set[frozenset[str]] = set()
    for resource in resources:
        names = resource.get("name")
        family: set[str] = set()
        given: set[str] = set()
        for name in names if isinstance(names, list) else ():
            if isinstance(name, dict):
                family |= words(name.get("family"))
                for one in name["given"] if isinstance(name.get("given"), list) else ():
                    given |= {word[0] for word in words(one)}
        families.add(frozenset(family))
        initials.add(frozenset(given))
    return any(
        len(told) > _MOST_NAMES
        or any(one and other and one.isdisjoint(other) for one, other in combinations(told, 2))
        for told in (families, initials)
    )
