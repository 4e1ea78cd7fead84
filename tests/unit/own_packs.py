"""Small packs written for tests: one that decides the B12 status, one with a rule of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ATTRIBUTES = """\
source_attributes: {citation: x, developer: x, funding: x, release_and_revision: x, race: x,
  ethnicity: x, language: x, sexual_orientation: x, gender_identity: x, sex: x,
  date_of_birth: x, social_determinants: x, health_status_assessments: x}
"""
HEAD = """\
id: {id}
title: "{title}"
version: {version}
date: 2026-10-01
in_force: {{from: 2024-03-06}}
purpose: to be tried
uses: [{uses}]
owner: tests
citations: [{{title: none, publisher: none}}]
"""
DECISIONS = """\
b12_status:
  title: Vitamin B12 status (a test)
  statuses:
    deficiency_confirmed: {says: "deficiency confirmed", urgency: soon}
    indeterminate: {says: indeterminate, urgency: routine}
    deficiency_unlikely: {says: "deficiency unlikely", urgency: routine}
  rows:
    - {id: both, when: total_b12 < total_b12_low and homocysteine > homocysteine_upper,
       status: deficiency_confirmed, because: "Both speak for it.", evidence: [B12-04]}
    - {id: either, when: total_b12 < total_b12_low or homocysteine > homocysteine_upper,
       status: indeterminate, because: "One speaks for it.", evidence: [B12-04]}
  otherwise: deficiency_unlikely
  otherwise_because: Nothing speaks for it.
  evidence: [B12-04]
  cases:
    - {given: {total_b12: "100 ng/L", homocysteine: "99 umol/L"}, expect: deficiency_confirmed,
       row: both}
    - {given: {total_b12: "100 ng/L"}, expect: indeterminate, row: either}
"""
RULE = """\
id: {id}
title: A rule to try
status: {status}
when: {when}
note:
  urgency: routine
  topic: testing
  summary: "A vegan diet was stated"
  detail: Consider it.
evidence: [{evidence}]
cases:
  - {{given: {{vegan: true}}, expect: fires}}
  - {{given: {{vegan: false}}, expect: silent}}
  - {{given: {{}}, expect: cannot say, because: [vegan]}}
"""


def pack(
    folder: Path,
    id: str = "own-probe",
    *,
    version: str = "1.0.0",
    title: str = "A pack to try",
    uses: str = "",
    files: dict[str, str] | None = None,
) -> Path:
    """A pack folder of that id under ``folder``, with more files where given."""
    made = folder / id
    (made / "rules").mkdir(parents=True, exist_ok=True)
    head = HEAD.format(id=id, title=title, version=version, uses=uses) + ATTRIBUTES
    (made / "pack.yaml").write_text(head, encoding="utf-8")
    for name, text in (files or {}).items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def rule(
    id: str = "own-vegan",
    when: str = "vegan",
    evidence: str = "B12-04",
    status: str = "source-checked",
) -> str:
    """A rule that fires for a vegan diet."""
    return RULE.format(id=id, when=when, evidence=evidence, status=status)


def framework(folder: Path, id: str, low: int, homocysteine: int, **more: Any) -> Path:
    """A pack that decides the B12 status by two figures of the shared names."""
    thresholds = "".join(
        f"{name}: {{analyte: {analyte}, meaning: {name}, value: {{{unit}: {figure}}}, "
        "evidence: [B12-04]}\n"
        for name, analyte, unit, figure in (
            ("total_b12_low", "total_b12", "ng/L", low),
            ("homocysteine_upper", "homocysteine", "umol/L", homocysteine),
        )
    )
    files = {"thresholds.yaml": thresholds, "decisions.yaml": DECISIONS, **more.pop("files", {})}
    return pack(folder, id, files=files, **more)


def observation(loinc: str, value: float, unit: str, day: str = "2026-10-20") -> dict[str, Any]:
    """A result of the person ``Patient/p``."""
    return {
        "resourceType": "Observation",
        "id": f"o{loinc}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": day,
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def person(*resources: dict[str, Any]) -> dict[str, Any]:
    """A bundle of a woman of 68 and her results."""
    patient = {
        "resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1958-01-01"
    }  # fmt: skip
    entries = [{"resource": resource} for resource in (patient, *resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def b12(value: float) -> dict[str, Any]:
    """A total B12 in ng/L."""
    return observation("2132-9", value, "ng/L")


def homocysteine(value: float) -> dict[str, Any]:
    """A plasma homocysteine in umol/L."""
    return observation("13965-9", value, "umol/L")


def potassium(value: float) -> dict[str, Any]:
    """A serum potassium in mmol/L."""
    return observation("2823-3", value, "mmol/L", "2026-10-31")


def text(bundle: dict[str, Any]) -> bytes:
    """A bundle as bytes."""
    return json.dumps(bundle).encode()
