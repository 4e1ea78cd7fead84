"""How far a run is, told to whoever waits: a bar in a terminal, plain lines elsewhere, or nothing.

Only counts, times and the names of phases are ever told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

LINE_EVERY = 10.0
"""Seconds between two lines of one phase."""
MEGA = 1_000_000


class Progress(Protocol):
    """What an engine tells while it runs."""

    def phase(self, name: str, total: int, unit: str) -> None:
        """A phase begins: what it does, and how many units there are (``bytes``, or things)."""

    def more(self, done: int = 0, rows: int = 0) -> None:
        """So many units more are done, so many rows more were met."""

    def close(self) -> None:
        """Nothing more is told."""


class Quiet:
    """Tells nothing."""

    def phase(self, name: str, total: int, unit: str) -> None:
        """Tell nothing."""

    def more(self, done: int = 0, rows: int = 0) -> None:
        """Tell nothing."""

    def close(self) -> None:
        """Tell nothing."""


@dataclass(slots=True)
class Pace:
    """One phase as it goes.

    Attributes:
        clock: seconds that only ever go up.
    """

    name: str
    total: int
    unit: str
    clock: Callable[[], float]
    began: float
    done: int = 0
    rows: int = 0

    def left(self) -> float | None:
        """Seconds left, as far as can be told."""
        if not self.done or self.done >= self.total:
            return None
        return (self.clock() - self.began) * (self.total - self.done) / self.done

    def said(self) -> str:
        """How far it is, in one line."""
        seconds = max(self.clock() - self.began, 1e-9)
        parts = [f"{self.name}: {self._amount()}"]
        if self.rows:
            parts.append(f"{self.rows:,} rows")
        if self.unit == "bytes" and self.done:
            parts.append(f"{self.done / MEGA / seconds:,.0f} MB/s")
        left = self.left()
        parts.append(f"{clock_time(left)} left" if left is not None else clock_time(seconds))
        return ", ".join(parts)

    def _amount(self) -> str:
        if self.unit == "bytes":
            return f"{self.done / MEGA:,.1f} of {self.total / MEGA:,.1f} MB"
        return f"{self.done:,} of {self.total:,} {self.unit}"


@dataclass(slots=True)
class Lines:
    """Plain lines: one when a phase ends, and one every ten seconds until then."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    _pace: Pace | None = None
    _told: float = 0.0

    def phase(self, name: str, total: int, unit: str) -> None:
        """End the phase before, begin another."""
        self.close()
        self._told = self.clock()
        self._pace = Pace(name, total, unit, self.clock, self._told)

    def more(self, done: int = 0, rows: int = 0) -> None:
        """Count; say so now and then."""
        if self._pace is None:
            return
        self._pace.done += done
        self._pace.rows += rows
        ended = 0 < self._pace.total <= self._pace.done  # which is told when it is closed
        if not ended and self.clock() - self._told >= LINE_EVERY:
            self._tell()

    def close(self) -> None:
        """Tell how the phase ended."""
        if self._pace is not None:
            self._tell()
            self._pace = None

    def _tell(self) -> None:
        if self._pace is not None:
            self.stream.write(f"corrin: {self._pace.said()}\n")
            self.stream.flush()
            self._told = self.clock()


class Bar:
    """A bar per phase, in a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bars: Bars = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(30),
            TextColumn("{task.fields[said]}"),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self._pace: Pace | None = None
        self._task: object = None
        self._bars.start()

    def phase(self, name: str, total: int, unit: str) -> None:
        """Begin another bar."""
        self._pace = Pace(name, total, unit, time.monotonic, time.monotonic())
        self._task = self._bars.add_task(name, total=max(total, 1), said="")

    def more(self, done: int = 0, rows: int = 0) -> None:
        """Move the bar."""
        if self._pace is None:
            return
        self._pace.done += done
        self._pace.rows += rows
        said = self._pace.said().partition(": ")[2]
        self._bars.update(self._task, completed=self._pace.done, said=said, refresh=True)  # type: ignore[arg-type]

    def close(self) -> None:
        """Leave the bars as they are."""
        self._bars.stop()


def progress(quiet: bool) -> Progress:
    """What suits where it is told: standard error."""
    if quiet:
        return Quiet()
    return Bar() if sys.stderr.isatty() else Lines()


class Timed:
    """Notes how long each phase took, and passes everything on."""

    def __init__(self, to: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._to, self._clock = to, clock
        self._phase: tuple[str, float] | None = None
        self.seconds: dict[str, float] = {}

    def phase(self, name: str, total: int, unit: str) -> None:
        """Begin a phase."""
        self._end()
        self._phase = (name, self._clock())
        self._to.phase(name, total, unit)

    def more(self, done: int = 0, rows: int = 0) -> None:
        """Pass on."""
        self._to.more(done, rows)

    def close(self) -> None:
        """End the last phase."""
        self._end()
        self._to.close()

    def _end(self) -> None:
        if self._phase is not None:
            name, began = self._phase
            self.seconds[name] = round(self.seconds.get(name, 0.0) + self._clock() - began, 3)
            self._phase = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def clock_time(seconds: float) -> str:
    """``1:02:03``, or ``2:03`` within an hour."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
