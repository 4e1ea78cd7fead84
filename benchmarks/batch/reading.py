"""Measure the reading of NDJSON alone: how many megabytes a second one core takes in.

    python benchmarks/batch/reading.py --tool make_bulk.py [--megabytes 240] [--rounds 5]
                                       [--folder DIR]

*Dense*: every row is wanted. *Wide*: one in ten is. All ways take turns in one process, over the
same bytes; shown are medians, of processor time, so that other programs tell less. The exact reader
and the parser of requests are slow enough to be given only a part.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import exports
import msgspec
import orjson

from corrin.batch import scan
from corrin.batch.row import Read
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import Span
from corrin.intake import jsontext
from corrin.intake.limits import Limits

PART = 12_000_000
KINDS = ("wide", "dense")


class Observed(msgspec.Struct):
    """What a reader with msgspec would decode, and what it would leave as bytes."""

    resourceType: str
    id: str = ""
    status: str = ""
    code: msgspec.Raw = msgspec.Raw(b"")
    subject: msgspec.Raw = msgspec.Raw(b"")
    effectiveDateTime: str | None = None
    issued: str | None = None
    valueQuantity: msgspec.Raw = msgspec.Raw(b"")
    referenceRange: msgspec.Raw = msgspec.Raw(b"")
    interpretation: msgspec.Raw = msgspec.Raw(b"")
    component: msgspec.Raw = msgspec.Raw(b"")


def bytes_only(path: Path, _data: bytes) -> None:
    """The file, in blocks."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


def with_orjson(_path: Path, data: bytes) -> None:
    """Every line parsed, and let go."""
    for line in data.splitlines():
        orjson.loads(line)


def with_msgspec(_path: Path, data: bytes) -> None:
    """Every line decoded as far as it is looked at."""
    decode = msgspec.json.Decoder(Observed).decode
    for line in data.splitlines():
        decode(line)


def scanned(path: Path, _data: bytes) -> None:
    """Every line read into rows: what the batch does."""
    scan.load()
    read = Read()
    for batch in NdjsonSource(path.name, str(path)).batches(Span(), 0, read):
        batch.num_rows  # noqa: B018


def exactly(path: Path, _data: bytes) -> None:
    """Every line read into rows by the exact reader alone."""
    for _row in NdjsonSource(path.name, str(path)).rows(Span(), Read()):
        pass


def parsed(_path: Path, data: bytes) -> None:
    """Every line parsed as a request is, with all its guards."""
    limits = Limits()
    for line in data.splitlines():
        jsontext.parse(line, limits)


WAYS: dict[str, tuple[Callable[[Path, bytes], None], bool]] = {
    "reading the bytes": (bytes_only, False),
    "orjson per line": (with_orjson, False),
    "msgspec per line, as far as looked at": (with_msgspec, False),
    "the scanner, to rows": (scanned, False),
    "the exact reader, to rows": (exactly, True),
    "the parser of requests": (parsed, True),
}
"""By name what is done, and whether only to a part."""


def joined(export: Path, file: Path, most: int | None = None) -> bytes:
    """The Observations of an export in one file, of about so many bytes; and those bytes."""
    found = b"".join(one.read_bytes() for one in sorted(export.glob("Observation.*.ndjson")))
    if most is not None:
        found = found[: found.rfind(b"\n", 0, most) + 1]
    file.write_bytes(found)
    return found


def measure(tool: Path, folder: Path, megabytes: int, rounds: int) -> dict[str, dict[str, float]]:
    """Megabytes a second, by name of the way and kind of export."""
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in WAYS}
    for kind in KINDS:
        export = exports.make(tool, folder, kind, megabytes)
        whole, part = folder / f"{kind}.ndjson", folder / f"{kind}-part.ndjson"
        given = {False: (whole, joined(export, whole)), True: (part, joined(export, part, PART))}
        for at in range(rounds + 1):  # the first is to warm up
            for name, (way, in_part) in WAYS.items():
                path, data = given[in_part]
                start = time.process_time()
                way(path, data)
                seconds = time.process_time() - start
                if at:
                    taken[name].setdefault(kind, []).append(len(data) / 1e6 / seconds)
        for path in (whole, part):
            path.unlink()
    return {
        name: {kind: statistics.median(speeds) for kind, speeds in found.items()}
        for name, found in taken.items()
    }


def main() -> None:
    """Measure and show one table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--tool", type=Path, required=True)
    options.add_argument("--megabytes", type=int, default=240)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(given.tool, folder, given.megabytes, given.rounds)
    print(f"Python {platform.python_version()}, {platform.machine()}, one core, MB/s\n")
    print("| way | " + " | ".join(KINDS) + " |")
    print("|---|" + "---:|" * len(KINDS))
    for name, speeds in found.items():
        print(f"| {name} | " + " | ".join(f"{speeds[kind]:.0f}" for kind in KINDS) + " |")


if __name__ == "__main__":
    main()
