"""The Python door: one patient's results as bytes in, a report out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corrin import __version__

if TYPE_CHECKING:
    from corrin.comparison.side_by_side import Comparison
    from corrin.evaluate.engine import Engine
    from corrin.facts.case import Case, Reading
    from corrin.facts.moment import Moment
    from corrin.notes.compose import Composer
    from corrin.notes.report import Report
    from corrin.packs.library import Library, Profile
    from corrin.packs.overlay_file import SiteFile


class UsageError(ValueError):
    """A question that cannot be asked this way: ``message`` says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def interpret(
    data: bytes | str | dict[str, Any] | list[Any],
    *,
    as_of: str | None = None,
    profile: str = "uk",
    packs: Sequence[str] = (),
    folders: Sequence[str | Path] = (),
    overlay: str | Path | bytes | SiteFile | None = None,
    strict: bool = False,
    lenient: bool = False,
    zone: str | tzinfo = "UTC",
) -> Report:
    """Interpret one patient's laboratory results.

    Args:
        data: a FHIR Bundle, Parameters, resource, JSON array or NDJSON, or a case written by hand
            (``docs/case.md``), as bytes or text, or parsed already (a number as Decimal keeps every
            digit; one that was a float has lost what a float loses).
        as_of: FHIR date or dateTime the question is asked for; else what the request says
            (``Parameters.evaluationTime``), else now.
        profile: which packs run together (``uk``).
        packs: ``id`` or ``id@version``, run in addition; a version must be the one installed.
        folders: folders of packs of one's own, or packs, run in addition.
        overlay: a site file, as its path or its bytes: what a site sets for itself.
        strict: let ``fhir.resources`` judge every whole resource first.
        lenient: of a case written by hand: let what its writer could mend (an unknown name, a
            missing unit) become a refusal, and stop nothing.
        zone: where dates and times without a zone were written, ``as_of`` among them: an IANA
            name (``Australia/Sydney``), a ``ZoneInfo`` or a ``datetime.timezone``.

    Returns:
        The report. Nothing usable is a report too.

    Raises:
        corrin.intake.IntakeError: the input is refused whole; says what, where, why.
        UsageError: there is no such profile, pack, moment or zone.
        corrin.packs.finding.ContentProblem: the installed rules, or the site file, cannot be used.
    """
    return answered(
        data,
        as_of=as_of,
        profile=profile,
        packs=packs,
        folders=folders,
        overlay=overlay,
        strict=strict,
        lenient=lenient,
        zone=zone,
    )[0]


def answered(
    data: bytes | str | dict[str, Any] | list[Any],
    *,
    as_of: str | None,
    profile: str,
    packs: Sequence[str],
    folders: Sequence[str | Path],
    overlay: str | Path | bytes | SiteFile | None,
    strict: bool,
    lenient: bool,
    zone: str | tzinfo,
) -> tuple[Report, Reading]:
    """As :func:`interpret`, with the reading: an answer in FHIR also needs how the person was
    referred to, and what is on order."""
    from corrin.zone import zone_of

    own, where = tuple(Path(one) for one in folders), zone_of(zone)
    engine, composer = prepared(profile, tuple(packs), own, site_file(overlay))
    reading = _read(data, as_of, where, strict=strict, lenient=lenient)
    moment = moment_of(as_of, reading, where)
    return report_of(engine, composer, choose_case(reading, moment, engine)), reading


def compare(
    data: bytes | str | dict[str, Any] | list[Any],
    *,
    packs: Sequence[str],
    as_of: str | None = None,
    profile: str = "uk",
    strict: bool = False,
    zone: str | tzinfo = "UTC",
) -> Comparison:
    """Say what each of several frameworks says of one patient, and what makes the difference.

    Each framework takes the place of the pack that decides the vitamin B12 status in the profile;
    everything else of the profile stays.

    Args:
        data: as :func:`interpret` takes it.
        packs: ids, ``id@version`` (earlier versions too) or folders; the others are held against
            the first.
        as_of: as in :func:`interpret`.
        profile: whose other packs run, and whose look-back holds.
        strict, zone: as in :func:`interpret`.

    Raises:
        corrin.intake.IntakeError: the input is refused whole.
        UsageError: there is no such profile, pack, moment or zone, or a pack decides something
            else.
        corrin.packs.finding.ContentProblem: the content of a pack cannot be used.
    """
    from corrin.comparison.comparer import CannotCompare, Comparer
    from corrin.packs.library import open_library
    from corrin.packs.versions import NoSuchPack
    from corrin.zone import zone_of

    where, library = zone_of(zone), open_library().sound()
    try:
        comparer = Comparer(library, profile_of(library, profile), packs, __version__)
    except (CannotCompare, NoSuchPack) as error:
        raise UsageError(error.message, error.hint) from error
    reading = _read(data, as_of, where, strict=strict)
    return comparer.compare(choose_reading(reading, moment_of(as_of, reading, where), profile))


def moment_of(as_of: str | None, reading: Reading, zone: tzinfo = UTC) -> Moment:
    """The moment a question is asked for: as given, else as the request says, else now; with the
    days counted on the calendar of the zone.

    Raises:
        UsageError: what is given is no FHIR date or dateTime.
    """
    given = _moment(as_of, zone) if as_of is not None else reading.evaluation_time
    return (given or now(zone)).asked_in(zone)


def choose_case(reading: Any, as_of: Moment, engine: Engine) -> Case:
    """The case of a reading under the profile's look-back and pairing."""
    return choose_reading(reading, as_of, engine.profile.head.id)


def choose_reading(reading: Reading, as_of: Moment, profile: str) -> Case:
    """The case of a reading under the look-back and pairing of the profile of an id."""
    from corrin.facts.choose import choose

    return choose(reading, as_of, policy_of(profile))


def report_of(engine: Engine, composer: Composer, case: Case) -> Report:
    """Evaluate a case and put it into words."""
    return composer.compose(engine.evaluate(case))


def site_file(overlay: str | Path | bytes | SiteFile | None) -> SiteFile | None:
    """A site file read, from its path or its bytes.

    Raises:
        UsageError: the file cannot be read.
        corrin.packs.finding.ContentProblem: it is no site file.
    """
    from corrin.packs.overlay_file import MOST_BYTES, SiteFile, read_overlay

    if overlay is None or isinstance(overlay, SiteFile):
        return overlay
    if isinstance(overlay, bytes):
        return read_overlay(overlay)
    try:
        with open(overlay, "rb") as file:
            return read_overlay(file.read(MOST_BYTES + 1), str(overlay))
    except OSError as error:
        raise UsageError("The site file cannot be read.", "Name a file that exists.") from error


def prepared(
    profile: str,
    packs: tuple[str, ...] = (),
    folders: tuple[Path, ...] = (),
    overlay: SiteFile | None = None,
) -> tuple[Engine, Composer]:
    """The engine and the writer of a profile, compiled once per process.

    Args:
        folders: folders of packs of one's own; compiled anew when a file in them has changed.
        overlay: a site file; two of the same content in the same order share an engine.

    Raises:
        UsageError: there is no such profile, pack or version, or the site file is for another.
        corrin.packs.finding.ContentProblem: the installed rules, one's own, or the site file
            cannot be used.
    """
    from corrin.packs.stamp import stamp

    written = "" if overlay is None else overlay.overlay.model_dump_json()
    return _prepared(profile, packs, folders, tuple(stamp(folders)), overlay, written)


# ``stamp`` and ``written`` only tell one question from another: what changed since, what stands in
# another order (which a digest does not tell, and a report shows).
@lru_cache(maxsize=32)
def _prepared(
    profile: str,
    packs: tuple[str, ...],
    folders: tuple[Path, ...],
    stamp: tuple[object, ...],
    overlay: SiteFile | None,
    written: str,
) -> tuple[Engine, Composer]:
    from corrin import additions, terminology
    from corrin.evaluate.engine import Engine
    from corrin.notes.compose import Composer
    from corrin.packs.library import open_library

    library = open_library(extra=folders).sound()
    found = profile_of(library, profile)
    wanted = [*found.head.packs]
    for text in packs:
        pack_id, _, version = text.partition("@")
        pack = library.packs.get(pack_id)
        if pack is None:
            raise UsageError(
                f"There is no pack called {pack_id!r}.",
                "Use one of: " + ", ".join(sorted(library.packs)) + ".",
            )
        if version and version != pack.pack.head.version:
            raise UsageError(
                f"Pack {pack_id} is installed in version {pack.pack.head.version}, not {version}.",
                "Install the release of Corrin that carries that version, or leave it out.",
            )
        wanted.append(pack_id)
    if folders:
        additions.beside(library)
        wanted += library.own
    if overlay is not None:
        library = additions.overlaid(library, overlay, profile)
    engine = Engine(library, found, tuple(wanted))
    return engine, Composer(engine, terminology.load(), library.rows(), __version__)


def profile_of(library: Library, profile: str) -> Profile:
    """A profile by its id.

    Raises:
        UsageError: there is none of that id.
        corrin.packs.finding.ContentProblem: the content holds no profile at all.
    """
    from corrin.packs.finding import ContentProblem, Place, Unreadable

    if not library.profiles:
        place = Place("profiles", 0)
        raise ContentProblem((Unreadable(place, "profiles", "the content holds no profile"),))
    found = library.profiles.get(profile)
    if found is None:
        raise UsageError(
            f"There is no profile called {profile!r}.",
            "Use one of: " + ", ".join(sorted(library.profiles)) + ".",
        )
    return found


@lru_cache(maxsize=32)
def policy_of(profile: str) -> Any:
    """How facts are chosen under a profile: look-back and pairing."""
    from corrin.facts.choose import Policy
    from corrin.packs.library import open_library

    head = open_library().profiles[profile].head
    return Policy(
        look_back={name: look.days for look in head.look_back for name in look.analytes},
        otherwise=head.look_back_otherwise,
        pairing=tuple((p.days, p.markers, p.metabolites) for p in head.pairing),
    )


def _read(
    data: bytes | str | dict[str, Any] | list[Any],
    as_of: str | None,
    zone: tzinfo,
    *,
    strict: bool,
    lenient: bool = False,
) -> Reading:
    """What is read of FHIR, or of a case written by hand where it is one."""
    from corrin.intake import handed, plain

    try:
        given = handed.as_bytes(data)
    except handed.NotJson as error:
        raise UsageError(error.message, error.hint) from error
    asked = now(zone) if as_of is None else _moment(as_of, zone).asked_in(zone)
    return plain.read_either(given, asked, strict=strict, lenient=lenient, zone=zone)


def _moment(text: str, zone: tzinfo) -> Moment:
    from corrin.intake.dates import parse_moment

    found = parse_moment(text, zone)
    if found is None:
        raise UsageError(
            "The moment to interpret for is not a FHIR date or dateTime.",
            "Write it as 2026-11-01 or 2026-11-01T09:00:00Z.",
        )
    return found


def now(zone: tzinfo = UTC) -> Moment:
    """The moment it is, to the second, told as it is told in a zone."""
    from corrin.facts.moment import Moment

    return Moment.at(datetime.now(UTC).replace(microsecond=0), zone)
