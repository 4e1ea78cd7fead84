"""What goes on beside a run: processes begun ahead, files settled while others are made."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from corrin.batch.engine import ahead, settling
from corrin.batch.engine.settling import Settling


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    found: list[bool] = []
    monkeypatch.setattr(ahead, "prepare", lambda: found.append(True))
    monkeypatch.setattr(ahead, "cores", lambda: 2)
    return found


def export(tmp_path: Path, size: int) -> str:
    folder = tmp_path / "export" / "inner"
    folder.mkdir(parents=True)
    (folder / "small").write_bytes(b"x")
    with (folder / "large").open("wb") as file:
        file.truncate(size)
    return str(tmp_path / "export")


def test_a_large_export_is_begun_at_once(tmp_path: Path, begun: list[bool]) -> None:
    place = export(tmp_path, ahead.ALONE_BYTES)
    ahead.begin([place], 1)
    assert begun == []
    ahead.begin([place], 0)
    assert begun == [True]
    ahead.begin(["missing", os.path.join(place, "inner", "large")], 0)
    assert begun == [True, True]


def test_a_small_export_is_not_unless_processes_are_asked_for(
    tmp_path: Path, begun: list[bool]
) -> None:
    place = export(tmp_path, 1000)
    ahead.begin([place, "missing", "nul\0", "x" * 300], 0)
    assert begun == []
    ahead.begin([place], 2)
    assert begun == [True]


def test_one_core_begins_nothing(
    tmp_path: Path, begun: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "cores", lambda: 1)
    ahead.begin([export(tmp_path, ahead.ALONE_BYTES)], 0)
    assert begun == []


def test_finished_partitions_are_settled_and_a_failing_disk_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").mkdir()
    for number in (0, 1):
        (tmp_path / "notes" / f"part-{number:05d}.csv").touch()
    met: list[list[str]] = []
    told = threading.Event()

    def failing(paths: Iterable[Path]) -> None:
        met.append([one.name for one in paths])
        told.set()
        raise OSError("no room")

    monkeypatch.setattr(settling, "settle", failing)
    with pytest.raises(OSError, match="no room"), Settling(tmp_path) as beside:
        beside.partition(1)
        assert told.wait(60)
    assert met == [["part-00001.csv"]]
    with pytest.raises(KeyboardInterrupt), Settling(tmp_path) as beside:
        beside.partition(1)
        raise KeyboardInterrupt
