"""Corrin: one patient's laboratory results in, the vitamin B12 note a clinician can check out."""

from __future__ import annotations

__version__ = "0.1.0"
