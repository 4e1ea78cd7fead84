"""What changed in a pack, version by version: its ``CHANGELOG.md`` where one was shipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from corrin.content import MOST_BYTES


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its heading (``1.1.0 (2026-11-20)``) and what changed, point by point."""

    heading: str
    changes: tuple[str, ...]


def history(folder: Path) -> tuple[Version, ...]:
    """The versions of the pack in a folder, as its file has them; none without a file."""
    file = folder / "CHANGELOG.md"
    if not file.is_file() or file.stat().st_size > MOST_BYTES:
        return ()
    found: list[tuple[str, list[str]]] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        said = line.strip()
        if said.startswith("## "):
            found.append((said.removeprefix("## "), []))
        elif found and said.startswith(("- ", "* ")):
            found[-1][1].append(said[2:].strip())
        elif found and said and found[-1][1]:
            found[-1][1][-1] += f" {said}"
        elif found and said:
            found[-1][1].append(said)
    return tuple(Version(heading, tuple(changes)) for heading, changes in found)
