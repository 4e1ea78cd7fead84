"""A whole run comes to the same bytes with compiled code and without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corrin.batch.scan import reading
from support import command
from support.places import samples


class ByLine(reading._Loaded):
    """Never worth loading."""

    def pays(self, more: int) -> bool:
        return False


def by_block() -> reading._Loaded:
    """Loaded from the beginning."""
    found = reading._Loaded()
    found.now = True
    return found


@pytest.mark.samples
def test_a_run_comes_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = samples()
    assert folder is not None
    export = tmp_path / "export"
    tool = folder.parent / "tools" / "make_bulk.py"
    make = [sys.executable, str(tool), "--patients", "40", "--out", str(export)]
    subprocess.run([*make, "--dirty", "0.02"], check=True, capture_output=True)
    found = []
    for way, loaded in (("line", ByLine()), ("block", by_block())):
        out = tmp_path / way
        monkeypatch.setattr(reading, "_LOADED", loaded)
        asked = ["batch", str(export), "--out", str(out), "--as-of", "2024-06-01", "--no-summary"]
        # Some rows of a dirty export are refused, which is no failure of the run.
        done = command.run(*asked, "--workers", "1")
        assert (out / "run.json").exists(), done.stderr
        files = {one.relative_to(out) for one in out.rglob("*") if one.is_file()}
        found.append({one: (out / one).read_bytes() for one in files if one.name != "timing.json"})
    assert found[0].keys() == found[1].keys()
    assert len(found[0]) >= 6
    assert [one for one, data in found[0].items() if data != found[1][one]] == []
