"""Before its first request a process has asked every door once, unseen."""

from __future__ import annotations

import asyncio

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.api.warm import warm


def test_every_door_answers_and_nothing_is_counted_or_told(
    interpreter: Interpreter, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(Settings(), interpreter)
    capsys.readouterr()
    forms, others = 4, 5  # a hand-written case, FHIR twice, CDS Hooks, the page
    assert asyncio.run(warm(app)) == forms * len(interpreter.engines) + others
    assert capsys.readouterr().out == ""
    found = app.state.metrics.registry
    assert found.get_sample_value("corrin_requests_in_flight") == 0
    assert not [
        sample
        for family in found.collect()
        for sample in family.samples
        if sample.name in ("corrin_requests_total", "corrin_reports_total", "corrin_notes_total")
    ]


def test_it_is_done_at_start_and_a_fault_in_it_stops_nothing(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def broken(self: Interpreter, *_given: object, **_named: object) -> None:
        asked.append(1)
        raise ValueError("not to be told")

    monkeypatch.setattr(Interpreter, "report", broken)
    with TestClient(create_app(Settings(), interpreter)) as client:
        told = capsys.readouterr().out
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
    assert asked and '"event":"fault"' in told and "not to be told" not in told
