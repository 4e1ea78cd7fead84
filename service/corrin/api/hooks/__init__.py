"""CDS Hooks 2.0.1: what a record system sends along comes in, cards for a clinician go out."""

from __future__ import annotations

from corrin.api.hooks.doors import router
from corrin.api.hooks.feedback import reasons

__all__ = ["reasons", "router"]
