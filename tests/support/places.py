"""Where the checkout's parts and the public sample files lie."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "service"
PACKAGE = SERVICE / "corrin"
RULES = ROOT / "rules"
CASES = ROOT / "fixtures" / "fhir"


def samples() -> Path | None:
    """The folder of public sample files: ``CORRIN_SAMPLES``, else beside the checkout."""
    named = os.environ.get("CORRIN_SAMPLES")
    folder = Path(named) if named else ROOT.parent / "shared" / "samples"
    return folder if folder.is_dir() else None


def sample_files(pattern: str) -> list[Path]:
    """The sample files that match, in order; none when the samples are not there."""
    folder = samples()
    return sorted(folder.glob(pattern)) if folder else []


def profiles() -> list[Path]:
    """The folders of FHIR profiles (``CORRIN_FHIR_PROFILES``, else beside the checkout), if any."""
    named = os.environ.get("CORRIN_FHIR_PROFILES")
    folder = Path(named) if named else ROOT.parent / "shared" / "fhir-profiles"
    return sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
