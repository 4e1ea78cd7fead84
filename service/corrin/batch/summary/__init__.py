"""One page about a finished dataset, for the people who run it: no patient in it, no script."""

from __future__ import annotations

from pathlib import Path

from corrin.batch.summary.page import write_summary

NAME = "summary.html"

__all__ = ["NAME", "Path", "write_summary"]
