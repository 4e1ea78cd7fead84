"""Who assembled an answer, from what, by which rules."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from corrin.notes.report import Report
from corrin.render.fhir import naming, reference, words
from corrin.render.fhir.words import Resource, exact


def device(report: Report, base: str) -> Resource:
    """The software with its version and the content it ran; the same for every person.

    Shared: never to be changed.
    """
    content: list[tuple[str, str, str, str]] = [
        ("profile", report.profile.id, report.profile.version, report.profile.digest)
    ]
    content += [("pack", pack.id, pack.version, pack.digest) for pack in report.packs]
    if report.overlay is not None:
        used = report.overlay
        content.append(("site_file", used.id, used.version, used.digest))
    return _device(base, report.corrin, tuple(content))


@lru_cache(maxsize=32)
def _device(base: str, version: str, content: tuple[tuple[str, str, str, str], ...]) -> Resource:
    said = words.load().device
    id = naming.uuid(("device", base, version, *(part for one in content for part in one)))
    versions: list[dict[str, Any]] = [{"type": {"text": said["software"]}, "value": version}]
    properties: list[dict[str, Any]] = []
    for kind, name, of, digest in content:
        versions.append(
            {"type": {"text": said[kind]}, "component": {"value": exact(name)}, "value": exact(of)}
        )
        properties.append(
            {
                "type": {"text": exact(f"{said['digest']}: {said[kind]} {name}")},
                "valueCode": [{"text": digest}],
            }
        )
    return {
        "resourceType": "Device",
        "id": id,
        "status": "active",
        "deviceName": [{"name": said["name"], "type": "user-friendly-name"}],
        "type": {"text": said["type"]},
        "version": versions,
        "property": properties,
        "url": f"{base}/fhir",
    }


def provenance(
    report: Report,
    *,
    base: str,
    id: str,
    about: str,
    when: str,
    recorded: str,
    device: str,
    targets: list[str],
) -> Resource:
    """The record of one run.

    Args:
        when: the moment asked about, as a FHIR dateTime; ``recorded`` the same as an instant.
        targets: references to everything the run said.
    """
    content = words.load()
    used = reference.inputs(report)
    person = reference.patient(about) if report.subject.stated else None
    sources = used if person is None else [person, *used]
    found: Resource = {
        "resourceType": "Provenance",
        "id": id,
        "target": [{"reference": target} for target in targets],
        "occurredDateTime": when,
        "recorded": recorded,
        "policy": [
            f"{naming.plan(base, report.profile.id)}|{report.profile.version}",
            *naming.policies(report, base),
        ],
        "agent": [
            {
                "type": {"coding": [dict(content.participant)]},
                "who": {"reference": device},
                "onBehalfOf": {"display": content.on_behalf_of},
            }
        ],
        "entity": [{"role": "source", "what": source} for source in sources],
    }
    return {name: value for name, value in found.items() if value}
