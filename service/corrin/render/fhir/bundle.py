"""The answer as a whole: every resource under an id that only its content decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType

from corrin.facts.moment import Moment
from corrin.notes.report import Report
from corrin.render.fhir import guidance, messages, naming, proposal, provenance, statuses
from corrin.render.fhir.issue import Issues
from corrin.render.fhir.words import Resource

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DATE_TIME = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?",
    re.ASCII,
)


def bundle(
    report: Report,
    *,
    base: str,
    about: str = "",
    ordered: Mapping[str, str] = _NOTHING,
    zone: tzinfo = UTC,
) -> Resource:
    """The collection Bundle of a report.

    Args:
        base: public URL of the service, without a final slash; every canonical URL begins with it.
        about: reference to the person, as the request wrote it; ``""`` where it did not say.
        ordered: tests that were ordered already, each with the date of its order or ``""``; they
            are told as on order, and not proposed.
        zone: where the moment of the report was written, if it names no zone.

    Returns:
        A Bundle: GuidanceResponse, DetectedIssues in the order of the notes, ServiceRequests,
        Provenance, Device. The same report, base and person give the same Bundle.
    """
    when, instant = times(report.as_of, zone)
    proposed = proposal.proposals(report)
    said = messages.issues(report, base)
    said += [
        messages.on_order(one.test, ordered[one.test]) for one in proposed if one.test in ordered
    ]
    root = _root(report, base, about, repr(said))
    output = statuses.parameters(report, base)
    machine = provenance.device(report, base)
    device = f"urn:uuid:{machine['id']}"
    found: list[Resource] = [
        guidance.response(
            report,
            base=base,
            id=_id(root, "guidance"),
            about=about,
            when=when,
            device=device,
            issues=said,
            output=output,
        )
    ]
    issues = Issues(base=base, about=about, when=when, device=device, statement=report.statement)
    met: dict[str, int] = {}
    for note in report.notes:
        # A rule that looks at each value can give several notes.
        met[note.rule] = count = met.get(note.rule, 0) + 1
        found.append(issues.detected(note, _id(root, "note", note.rule, str(count))))
    for one in proposed:
        if one.test in ordered:
            continue
        id = _id(root, "proposal", one.test)
        found.append(
            proposal.request(report, one, base=base, id=id, about=about, when=when, device=device)
        )
    found.append(
        provenance.provenance(
            report,
            base=base,
            id=_id(root, "provenance"),
            about=about,
            when=when,
            recorded=instant,
            device=device,
            targets=[f"urn:uuid:{resource['id']}" for resource in found],
        )
    )
    found.append(machine)
    return {
        "resourceType": "Bundle",
        "id": root,
        "type": "collection",
        "timestamp": instant,
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in found
        ],
    }


def _root(report: Report, base: str, about: str, said: str) -> str:
    """The id of the answer: of everything that decides its content, and of the person."""
    overlay = "" if report.overlay is None else report.overlay.digest
    packs = [part for pack in report.packs for part in (pack.id, pack.version, pack.digest)]
    return naming.uuid(
        (
            *("answer", base, about, report.corrin, report.as_of, report.facts_digest),
            *(report.profile.id, report.profile.digest, overlay, *packs, said),
        )
    )


def _id(root: str, *element: str) -> str:
    return naming.uuid(element, root)


def times(as_of: str, zone: tzinfo = UTC) -> tuple[str, str]:
    """The moment asked about as a FHIR dateTime, as it was written, and as an instant.

    The instant of a date, month or year is its last second in the zone, written in UTC: everything
    of that day has happened by then, as interpretation takes it. A time is written with its zone.
    """
    moment = Moment.parse(as_of, zone)
    instant = as_of if "T" in as_of and _fits(as_of) else _written(moment.end)
    return (as_of if _fits(as_of) else _written(moment.start)), instant


def _fits(text: str) -> bool:
    return _DATE_TIME.fullmatch(text) is not None


def _written(moment: datetime) -> str:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # within hours of the first or the last day there is
        moment = moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
