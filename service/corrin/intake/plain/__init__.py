"""The case a person writes by hand → a :class:`~corrin.facts.case.Reading`; see ``docs/case.md``.

Only names and shapes are decided here. Every value goes through the reader of FHIR, so that one
result is taken, flagged or refused alike whichever way it came.
"""

from __future__ import annotations

from corrin.intake.plain.case import looks_like, read, read_either
from corrin.intake.plain.fault import CaseError
from corrin.intake.plain.schema import schema

__all__ = ["CaseError", "looks_like", "read", "read_either", "schema"]
