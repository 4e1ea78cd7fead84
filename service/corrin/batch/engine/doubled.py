"""Resources that an export holds more than once: found by number, then by name and version.

Nothing here holds more than a bounded part of all keys in memory at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corrin.batch.engine.gathering import NEWEST
from corrin.batch.engine.plan import Plan
from corrin.batch.engine.reading import AGAIN, READ
from corrin.batch.engine.workplace import Workplace
from corrin.batch.sinks.whole import put, whole

Keys = npt.NDArray[np.uint64]
_AT_ONCE = 4 * 1024 * 1024
_SPACE = 1 << 64
_MEMORY = "256MB"
_FETCHED = 8192


def doubled(plan: Plan, work: Workplace) -> tuple[int, ...]:
    """The chunks that hold a resource met more than once; their keys are kept for each.

    Keys of one chunk are sorted, so a range of all keys is a slice of each.
    """
    paths = {chunk.number: work.file(READ, chunk.number, "keys") for chunk in plan.chunks}
    every = {number: _mapped(path) for number, path in paths.items() if path.exists()}
    twice: list[Keys] = [
        keys[1:][keys[1:] == keys[:-1]]
        for held in _ranges(list(every.values()))
        if (keys := np.sort(held)).size
    ]
    met = np.unique(np.concatenate(twice)) if twice else np.zeros(0, np.uint64)
    if not met.size:
        return ()
    found = []
    for number, keys in every.items():
        own = np.unique(_within(keys, met))
        if own.size:
            with whole(work.file(AGAIN, number, "keys"), work.aside) as temporary:
                own.tofile(temporary)
            found.append(number)
    return tuple(found)


def _mapped(path: Path) -> Keys:
    return np.memmap(path, np.uint64, "r")


def _within(keys: Keys, met: Keys) -> Keys:
    """The keys that are among some others, both sorted."""
    at = np.searchsorted(met, keys)
    at[at == met.size] = 0
    found: Keys = keys[met[at] == keys]
    return found


def _ranges(every: list[Keys]) -> Iterator[Keys]:
    """All keys, a range of them at a time."""
    count = sum(keys.size for keys in every)
    ranges = -(-count // _AT_ONCE)
    for at in range(ranges):
        first, end = at * _SPACE // ranges, (at + 1) * _SPACE // ranges
        yield np.concatenate([keys[_slice(keys, first, end)] for keys in every])


def _slice(keys: Keys, first: int, end: int) -> slice:
    start = int(np.searchsorted(keys, np.uint64(first)))
    stop = keys.size if end >= _SPACE else int(np.searchsorted(keys, np.uint64(end)))
    return slice(start, stop)


def keep_newest(chunks: tuple[int, ...], work: Workplace) -> None:
    """Keep, for each partition, the newest versions of its resources that have several.

    With each goes whether it is disputed: several people have that newest version.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 1}) as base:
        base.execute("SET temp_directory = ?", [str(work.aside)])
        base.execute(
            "CREATE TABLE versions"
            " (name TEXT, part INTEGER, moment BIGINT, number INTEGER, whose BIGINT)"
        )
        for number in chunks:
            with pa.OSFile(str(work.file(AGAIN, number, "versions"))) as file:
                base.register("more", pa.ipc.open_file(file).read_all())
                base.execute("INSERT INTO versions SELECT * FROM more")
                base.unregister("more")
        found = base.execute(_SEVERAL)
        rows = chain.from_iterable(iter(lambda: found.fetchmany(_FETCHED), []))
        for partition, group in groupby(rows, itemgetter(0)):
            told = [row[1:] for row in group]
            data = json.dumps(told, ensure_ascii=False).encode()
            put(work.file(NEWEST, partition, "versions"), data, work.aside)


_SEVERAL = """
WITH newest AS (
    SELECT
        name,
        min((moment, number)) AS first,
        max((moment, number)) AS last,
        -- Of the newest versions the greatest and the least number of a person.
        max((moment, number, whose))[3] <> ~max((moment, number, ~whose))[3] AS disputed
    FROM versions GROUP BY name
)
SELECT DISTINCT part, name, last[1], last[2], disputed
FROM versions JOIN newest USING (name)
WHERE part >= 0 AND (first <> last OR disputed)
ORDER BY part, name
"""
