"""The one way from a reading to a report: the rules of every profile, compiled at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

from corrin import interpretation
from corrin.api.telemetry import step
from corrin.facts.case import Reading, Subject
from corrin.facts.moment import Moment
from corrin.intake.limits import Limits
from corrin.zone import zone_of

if TYPE_CHECKING:
    from corrin.api.settings import Settings
    from corrin.evaluate.engine import Engine, Evaluation
    from corrin.notes.compose import Composer
    from corrin.notes.report import Report

T = TypeVar("T")

_NOTHING = Reading(Subject())


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Engines and writers by profile, the limits of a request, and threads for large ones.

    ``default`` is the profile used when a request names none; ``zone_name`` the time zone where
    dates and times that name none were written.
    """

    default: str
    engines: Mapping[str, tuple[Engine, Composer]]
    limits: Limits
    hooks_limits: Limits
    inline_bytes: int
    threads: CapacityLimiter
    zone_name: str = "UTC"

    @property
    def zone(self) -> tzinfo:
        """The zone of dates and times that name none."""
        return zone_of(self.zone_name)

    def report(
        self, reading: Reading, *, as_of: str | None = None, profile: str | None = None
    ) -> Report:
        """The report of one reading.

        Args:
            as_of: FHIR date or dateTime; else what the request says, else now.
            profile: id of a profile; else the default.

        Raises:
            corrin.UsageError: there is no such profile, or the moment is none.
        """
        return self.evaluated(reading, as_of=as_of, profile=profile)[1]

    def evaluated(
        self, reading: Reading, *, as_of: str | None = None, profile: str | None = None
    ) -> tuple[Evaluation, Report]:
        """As :meth:`report`, with what it was written from."""
        engine, composer = self.engine(profile)
        moment = self.moment(as_of, reading)
        with step("evaluate"):
            evaluation = engine.evaluate(interpretation.choose_case(reading, moment, engine))
        with step("compose"):
            return evaluation, composer.compose(evaluation)

    def moment(self, as_of: str | None, reading: Reading | None = None) -> Moment:
        """The moment asked for: as given, else as a request says, else now.

        Raises:
            corrin.UsageError: what is given is no moment.
        """
        return interpretation.moment_of(as_of, reading or _NOTHING, self.zone)

    def engine(self, profile: str | None = None) -> tuple[Engine, Composer]:
        """The engine and the writer of a profile.

        Raises:
            corrin.UsageError: there is none of that id.
        """
        found = self.engines.get(profile or self.default)
        if found is None:
            raise interpretation.UsageError(
                "There is no profile of this name.",
                "Use one of: " + ", ".join(sorted(self.engines)) + ".",
            )
        return found

    async def work(self, size: int, job: Callable[[], T]) -> T:
        """Do a job on a body of a size: small ones at once, large ones in a thread."""
        if size <= self.inline_bytes:
            return job()
        return await to_thread.run_sync(job, limiter=self.threads)


def open_interpreter(settings: Settings) -> Interpreter:
    """Compile the rules.

    A site file is written for one profile, so with one only the profile of the settings runs.

    Raises:
        corrin.UsageError: a profile, pack or version is not there.
        corrin.packs.finding.ContentProblem: the rules or the site file cannot be used.
    """
    from corrin.packs.library import open_library

    site = interpretation.site_file(settings.site_file)
    folders = tuple(Path(one) for one in settings.packs_folders)
    names = {settings.profile: None}
    if site is None:
        names |= dict.fromkeys(open_library().profiles)
    return Interpreter(
        default=settings.profile,
        engines={
            name: interpretation.prepared(name, settings.packs, folders, site) for name in names
        },
        limits=settings.limits(),
        hooks_limits=settings.limits(hooks=True),
        inline_bytes=settings.inline_bytes,
        threads=CapacityLimiter(settings.threads),
        zone_name=settings.zone,
    )
