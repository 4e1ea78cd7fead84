"""Code systems: their canonical URIs, their other names, and how their codes are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "loinc": LOINC,
        "snomed": SNOMED,
        "icd10cm": ICD10CM,
        "icd10": ICD10,
        "rxnorm": RXNORM,
        "atc": ATC,
    }
)
"""The names used in our content files."""

_OIDS: Mapping[str, str] = MappingProxyType(
    {
        "2.16.840.1.113883.6.1": LOINC,
        "2.16.840.1.113883.6.96": SNOMED,
        "2.16.840.1.113883.6.90": ICD10CM,
        "2.16.840.1.113883.6.3": ICD10,
        "2.16.840.1.113883.6.88": RXNORM,
        "2.16.840.1.113883.6.73": ATC,
    }
)
_KNOWN = frozenset(SHORT.values())
_EDITION = re.compile(r"http://snomed\.info/(?:sct|xsct)/\d+(?:/version/\d+)?", re.ASCII)


def canonical_system(system: str | None) -> str | None:
    """The canonical URI of one of our code systems, or ``None`` for any other.

    Takes OIDs with and without ``urn:oid:``, ``https``, a trailing slash, a ``|version``, and
    the URI of a SNOMED CT edition.
    """
    if not system:
        return None
    if system in _KNOWN:
        return system
    bare = system.strip().split("|", 1)[0].rstrip("/")
    if bare.lower().startswith("urn:oid:"):
        return _OIDS.get(bare[8:])
    if bare in _OIDS:
        return _OIDS[bare]
    if bare.startswith("https://"):
        bare = "http://" + bare[8:]
    if bare in _KNOWN:
        return bare
    return SNOMED if _EDITION.fullmatch(bare) else None


def written(system: str, code: str) -> str:
    """A code as we compare it: ICD and ATC without regard to case, ICD without its dot."""
    code = code.strip()
    if system in (ICD10CM, ICD10):
        return code.replace(".", "").upper()
    return code.upper() if system == ATC else code


def loinc_check_digit_holds(code: str) -> bool:
    """Whether a LOINC code has the shape ``digits-digit`` and a right mod-10 check digit."""
    match = re.fullmatch(r"(\d{1,7})-(\d)", code, re.ASCII)
    if match is None:
        return False
    return _mod10(match[1]) == int(match[2])


def _mod10(number: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
