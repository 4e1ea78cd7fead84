"""Somebody else's CDS Hooks client (PyPI ``healthchain``), in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from support import places

LOCK = places.ROOT / "requirements-healthchain.lock"
SCRIPT = places.ROOT / "tests" / "conformance" / "healthchain_client.py"
SECONDS = 120


def python() -> Path:
    """The interpreter of its environment (``CORRIN_HEALTHCHAIN`` names another folder)."""
    named = os.environ.get("CORRIN_HEALTHCHAIN")
    folder = Path(named) if named else places.ROOT / ".venv-healthchain"
    return folder / "bin" / "python"


def lacking() -> str | None:
    """What is not there for it to run; None when everything is."""
    ready = python().parent.parent / ".ready"
    if not ready.is_file():
        return "whose environment is not there"
    if ready.stat().st_mtime < LOCK.stat().st_mtime:
        return "whose environment is older than its lock"
    return None


def ask(url: str, *cases: dict[str, Any]) -> dict[str, Any]:
    """The services as the client reads them, and what came of each case (see its script)."""
    done = subprocess.run(
        [str(python()), str(SCRIPT), url],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
