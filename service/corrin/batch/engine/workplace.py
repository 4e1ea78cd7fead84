"""The folder ``.corrin`` of a dataset that is not finished: what is done, what is left to do.

Work files are trusted as long as the machine has not been started anew: what was put in place is
whole, killed processes or not, but only the dataset itself is forced to the disk, at the end. A
mark of an earlier start of the machine counts for nothing, and its work is done again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corrin.batch.sinks.whole import put

NAME = ".corrin"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Workplace:
    """The work folder below ``out``."""

    out: Path

    @property
    def root(self) -> Path:
        """The folder."""
        return self.out / NAME

    @property
    def aside(self) -> Path:
        """Where files are written before they are put in place."""
        return self.root / "writing"

    @property
    def plan(self) -> Path:
        """What the run was asked for, and of which inputs."""
        return self.root / "plan.json"

    @property
    def lock(self) -> Path:
        """Held while a run writes."""
        return self.root / "lock"

    def file(self, kind: str, number: int, ending: str) -> Path:
        """A work file of one job."""
        return self.root / kind / f"{number:06d}.{ending}"

    def prepare(self) -> None:
        """Make the folder, and clear away what a killed run was writing."""
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir(parents=True, exist_ok=True)

    def done(self, kind: str, number: int) -> dict[str, Any] | None:
        """What a finished job left word of; ``None`` if it is to be done, or done again."""
        try:
            said: dict[str, Any] = json.loads(self.file(kind, number, "json").read_bytes())
        except FileNotFoundError:
            return None
        return said if said.pop("boot", None) == _boot() else None

    def mark(self, kind: str, number: int, said: dict[str, Any]) -> None:
        """Write down that a job is done. All its files must be in place."""
        data = json.dumps(said | {"boot": _boot()}, ensure_ascii=False).encode()
        put(self.file(kind, number, "json"), data, self.aside)

    def clear(self) -> None:
        """Remove the folder; the lock goes last, so that nobody else begins in the midst."""
        for one in sorted(self.root.iterdir()):
            if one != self.lock:
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        self.lock.unlink(missing_ok=True)
        self.root.rmdir()


def _boot() -> str:
    """What names this start of the machine, on Linux; elsewhere work files are always trusted."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
