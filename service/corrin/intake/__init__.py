"""Intake: what comes from outside → facts; every value not taken becomes a refusal, as data.

Every element used is checked strictly, the rest is passed over, so that an unrelated fault hides no
value. What is read of each input form and resource, and every refusal: ``docs/intake.md``.
"""

from __future__ import annotations

from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, Problem
from corrin.intake.reader import read

__all__ = ["IntakeError", "Limits", "Problem", "read"]
