"""The HTTP service: doors for clinicians' programs, for FHIR and for CDS Hooks.

HTTP only. Every door reads with ``corrin.intake``, asks the one :class:`Interpreter` and writes
with ``corrin.render``; nothing is decided here, and nothing of a request outlives its answer.
"""

from __future__ import annotations

from corrin.api.app import create_app
from corrin.api.settings import Settings

__all__ = ["Settings", "create_app"]
