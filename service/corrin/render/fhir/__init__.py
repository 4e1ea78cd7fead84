"""Report → FHIR R4: a collection Bundle that any FHIR client can read.

One GuidanceResponse (with every status as coded parameters, what would settle them, and what was
refused or missing), a DetectedIssue per note, a draft ServiceRequest per test that would settle
something found, a Provenance and the Device. Plain dicts, ready for any JSON writer. The same
report gives the same Bundle, ids included.
"""

from __future__ import annotations

from corrin.render.fhir.bundle import bundle

__all__ = ["bundle"]
