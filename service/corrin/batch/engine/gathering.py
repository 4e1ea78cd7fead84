"""Between the phases: what all chunks said together, for every partition to know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from corrin.batch.engine.plan import Plan
from corrin.batch.engine.reading import AGAIN, BEGAN, MICROSECOND, READ, Said
from corrin.batch.engine.workplace import Workplace
from corrin.batch.question import Piece, Shared
from corrin.batch.sinks.whole import put
from corrin.batch.sources.source import InputError, Source
from corrin.intake import history

NEWEST = "newest"
_SHARED = "shared.json"


class Versions(NamedTuple):
    """Newest versions by ``Type/id``, and which of these several people have."""

    newest: Mapping[str, tuple[datetime, int]]
    disputed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What each chunk said, and by which reading: the first, or the second where there was one."""

    said: tuple[Said, ...]
    kinds: tuple[str, ...]


def gathered(plan: Plan, work: Workplace) -> Gathered:
    """What the chunks said; all of them must have been read.

    Raises:
        RuntimeError: one was not.
    """
    said, kinds = [], []
    for chunk in plan.chunks:
        again = work.done(AGAIN, chunk.number)
        found = again if again is not None else work.done(READ, chunk.number)
        if found is None:
            raise RuntimeError("a chunk was not read")
        said.append(Said.of(found))
        kinds.append(READ if again is None else AGAIN)
    return Gathered(tuple(said), tuple(kinds))


def pieces(sources: Sequence[Source], lines: Sequence[tuple[int, int]]) -> dict[int, Piece]:
    """Where each chunk stood.

    Args:
        sources: what was read.
        lines: of each chunk, in order, the place of its source and how many lines it has.
    """
    found: dict[int, Piece] = {}
    before = dict.fromkeys(range(len(sources)), 0)
    for number, (source, count) in enumerate(lines):
        one = sources[source]
        try:
            native = one.native
        except InputError:  # told as a problem when it was read: nothing of it is to be named
            native = {}
        found[number] = Piece(one.name, before[source], native, one.format)
        before[source] += count
    return found


def keep_shared(plan: Plan, found: Gathered, work: Workplace) -> None:
    """Write down what every partition needs to know of the whole export."""
    deleted: set[str] = set()
    products: dict[str, bytes] = {}
    for chunk, kind in zip(plan.chunks, found.kinds, strict=True):
        try:
            data = json.loads(work.file(kind, chunk.number, "shared").read_bytes())
        except FileNotFoundError:
            continue
        deleted.update(data["deleted"])
        merge_products(products, {name: text.encode() for name, text in data["products"].items()})
    told = {
        "lines": [one.lines for one in found.said],
        "kinds": list(found.kinds),
        "deleted": sorted(deleted),
        "products": {name: body.decode() for name, body in products.items()},
    }
    put(work.root / _SHARED, json.dumps(told, ensure_ascii=False).encode(), work.aside)


def merge_products(into: dict[str, bytes], more: Mapping[str, bytes]) -> None:
    """Add resources that are nobody's; of two versions of one the newer stays."""
    for name, body in more.items():
        if name not in into or _version(body) > _version(into[name]):
            into[name] = body


def _version(body: bytes) -> tuple[datetime, int]:
    return history.version_of(json.loads(body, parse_int=Decimal, parse_float=Decimal))


def shared(plan: Plan, work: Workplace) -> tuple[Shared, tuple[str, ...]]:
    """What every partition needs to know, and which reading of each chunk stands."""
    told: dict[str, Any] = json.loads((work.root / _SHARED).read_bytes())
    lines = [(chunk.source, told["lines"][chunk.number]) for chunk in plan.chunks]
    return Shared(
        pieces(plan.sources, lines),
        {name: text.encode() for name, text in told["products"].items()},
        frozenset(told["deleted"]),
    ), tuple(told["kinds"])


def newest(work: Workplace, partition: int) -> Versions:
    """Newest versions of the resources of a partition that the export holds several of."""
    try:
        told = json.loads(work.file(NEWEST, partition, "versions").read_bytes())
    except FileNotFoundError:
        told = []
    return versions(told)


def versions(told: Iterable[tuple[str, int, int, bool]]) -> Versions:
    """Newest versions from ``Type/id``, microseconds since 1970, number, whether disputed."""
    found: dict[str, tuple[datetime, int]] = {}
    disputed = set()
    for name, at, number, several in told:
        found[name] = (BEGAN + at * MICROSECOND, number)
        if several:
            disputed.add(name)
    return Versions(found, frozenset(disputed))
