"""Counts of several processes, told by any of them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from support.service import Service, service

PACKS = 'corrin_requests_total{door="catalogue",method="GET",route="/v1/packs",status="200"}'


def _counted(running: Service) -> dict[str, float]:
    _, _, body = running.ask("/metrics")
    lines = (line for line in body.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_workers_that_share_a_folder_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "counts"))
    (tmp_path / "counts").mkdir()
    (tmp_path / "counts" / "counter_1.db").write_bytes(b"left by an earlier run, and torn")
    with service(workers=2) as running:
        for _ in range(12):
            assert running.ask("/v1/packs")[0] == 200
        found = _counted(running)
        assert found[PACKS] == 12
        assert found["corrin_requests_in_flight"] == 1
        assert sum(name.startswith("corrin_build_info{") for name in found) == 1
        assert max(n for name, n in found.items() if name.startswith("corrin_pack_info{")) == 1
        _, headers, body = running.ask(
            "/metrics", headers={"Accept": "application/openmetrics-text"}
        )
        assert body.endswith(b"# EOF\n") and "openmetrics" in headers["content-type"]
        held = {int(name.stem.rsplit("_")[-1]) for name in (tmp_path / "counts").glob("*live*.db")}
        os.kill(min(held), signal.SIGKILL)
        time.sleep(1)
        for _ in range(5):
            assert running.ask("/v1/packs")[0] == 200
        found = _counted(running)
        assert found[PACKS] == 17, "what a worker that was killed has counted stays"
        assert found["corrin_requests_in_flight"] == 1
        assert "metrics-per-worker" not in running.said()


def test_workers_that_share_nothing_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with service(workers=2) as running:
        assert running.said().count('"event":"metrics-per-worker"') == 2
        assert running.ask("/livez")[0] == 200
