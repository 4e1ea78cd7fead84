"""A whole run comes to the same bytes with compiled code and without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import samples

# Processes of the run import this file too, so each of them reads in the same way.
DOOR = """
import os
from corrin.batch.scan import reading
if os.environ["READ_BY"] == "line":
    reading._LOADED.pays = lambda more: False
else:
    reading._LOADED.now = True
if __name__ == "__main__":
    from corrin.cli.program import app
    app()
"""


@pytest.mark.samples
def test_a_run_comes_to_the_same_bytes(tmp_path: Path) -> None:
    folder = samples()
    assert folder is not None
    export = tmp_path / "export"
    tool = folder.parent / "tools" / "make_bulk.py"
    command = [sys.executable, str(tool), "--patients", "40", "--out", str(export)]
    subprocess.run([*command, "--dirty", "0.02"], check=True, capture_output=True)
    door = tmp_path / "door.py"
    door.write_text(DOOR)
    found = []
    for way in ("line", "block"):
        out = tmp_path / way
        asked = ["batch", str(export), "--out", str(out), "--as-of", "2024-06-01", "--no-summary"]
        # Some rows of a dirty export are refused, which is no failure of the run.
        done = subprocess.run(
            [sys.executable, str(door), *asked],
            env=os.environ | {"READ_BY": way},
            capture_output=True,
            text=True,
        )
        assert (out / "run.json").exists(), done.stderr
        files = {one.relative_to(out) for one in out.rglob("*") if one.is_file()}
        found.append({one: (out / one).read_bytes() for one in files if one.name != "timing.json"})
    assert found[0].keys() == found[1].keys()
    assert len(found[0]) >= 6
    assert [one for one, data in found[0].items() if data != found[1][one]] == []
