"""How much one line of an input may hold."""

from __future__ import annotations

MOST_LINE = 128 * 1024 * 1024
"""Bytes of one line that are read; a longer one is refused, and the rest goes on."""
