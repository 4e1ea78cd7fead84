"""Alive, and answering right: the probes, and that they notice an engine that is broken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from corrin.api import Settings, create_app, readiness
from corrin.api.interpreter import Interpreter, open_interpreter
from corrin.packs.library import open_library
from support import places

SITES = sorted((places.ROOT / "fixtures" / "site").glob("*.yaml"))


def _client(interpreter: Interpreter, **settings: Any) -> TestClient:
    return TestClient(create_app(Settings(**settings), interpreter))


@pytest.fixture
def fresh(interpreter: Interpreter) -> Iterator[TestClient]:
    yield _client(interpreter)


def test_alive_and_ready(fresh: TestClient) -> None:
    for path, status in (("/livez", "alive"), ("/readyz", "ready")):
        answer = fresh.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer.headers["cache-control"] == "no-store"
        assert fresh.head(path).status_code == 200 and not fresh.head(path).content
        assert fresh.post(path).status_code == 405
    checks = fresh.get("/readyz").json()["checks"]
    assert {(one["check"], one["profile"]) for one in checks} == {
        (check, profile) for check in ("packs", "case") for profile in open_library().profiles
    }


def _engine(interpreter: Interpreter, **replaced: Any) -> Interpreter:
    """The same interpreter with parts of the engine of one profile replaced."""
    engine, composer = interpreter.engines["us"]
    parts = {"profile": engine.profile, "packs": engine.packs, "evaluate": engine.evaluate}
    broken = SimpleNamespace(**(parts | replaced))
    return replace(interpreter, engines={**interpreter.engines, "us": (broken, composer)})


def _failed(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 503 and answer.json()["status"] == "not-ready"
    return [one for one in answer.json()["checks"] if not one["ok"]]


def test_an_engine_that_raises_is_noticed(interpreter: Interpreter) -> None:
    def fails(case: object) -> object:
        raise ZeroDivisionError("with a message")

    (failed,) = _failed(_client(_engine(interpreter, evaluate=fails)).get("/readyz"))
    assert (failed["check"], failed["profile"]) == ("case", "us")
    assert failed["why"].startswith("ZeroDivisionError at corrin.")
    assert "message" not in failed["why"]


def test_an_engine_that_answers_another_thing_is_noticed(interpreter: Interpreter) -> None:
    real = interpreter.engines["us"][0].evaluate

    def silent(case: Any) -> Any:
        return replace(real(case), fired=())

    (failed,) = _failed(_client(_engine(interpreter, evaluate=silent)).get("/readyz"))
    assert failed["profile"] == "us" and "note critical-potassium-low" in failed["why"]


def test_a_pack_that_is_not_there_is_noticed(interpreter: Interpreter) -> None:
    packs = tuple(one for one in interpreter.engines["us"][0].packs if one.id != "safety")
    (failed,) = _failed(_client(_engine(interpreter, packs=packs)).get("/readyz"))
    assert (failed["check"], failed["why"]) == ("packs", "not loaded: safety")


def test_a_reader_that_is_broken_fails_every_profile_and_the_process_lives(
    fresh: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object, **named: object) -> object:
        raise RecursionError

    monkeypatch.setattr(readiness.intake, "read", fails)
    assert {one["profile"] for one in _failed(fresh.get("/readyz"))} == set(open_library().profiles)
    assert fresh.get("/livez").status_code == 200


def test_the_outcome_is_kept_for_seconds_and_then_made_anew(
    fresh: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(readiness, "monotonic", lambda: now[0])
    assert fresh.get("/readyz").status_code == 200
    monkeypatch.setattr(readiness.intake, "read", lambda *given, **named: None)
    assert fresh.get("/readyz").status_code == 200
    now[0] += readiness.FRESH_SECONDS
    assert fresh.get("/readyz").status_code == 503
    monkeypatch.undo()
    monkeypatch.setattr(readiness, "monotonic", lambda: now[0])
    assert fresh.get("/readyz").status_code == 503
    now[0] += readiness.FRESH_SECONDS
    assert fresh.get("/readyz").status_code == 200
    said = capsys.readouterr().out
    assert said.count('"event":"not-ready"') == 1 and said.count('"event":"ready"') == 1
    assert '"failed":["case uk","case us"]' in said


@pytest.mark.parametrize("file", SITES, ids=lambda file: file.stem)
def test_what_a_site_sets_leaves_the_case_as_it_is(file: Any) -> None:
    from corrin.packs.overlay_file import read_overlay

    profile = read_overlay(file.read_bytes()).overlay.based_on or "uk"
    settings = Settings(site_file=file, profile=profile)
    answer = TestClient(create_app(settings, open_interpreter(settings))).get("/readyz")
    assert answer.status_code == 200, answer.json()


def test_probes_ask_for_no_token(interpreter: Interpreter) -> None:
    client = _client(
        interpreter,
        auth="jwt",
        public_url="https://corrin.example.org",
        token_issuer="https://issuer.example.org",
        token_jwks_url="https://issuer.example.org/keys",
    )
    assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
    assert client.post("/v1/interpret").status_code == 401


def test_scrapes_are_answered_one_at_a_time(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at once would take the processor from those who work: /metrics has no other bound."""
    client = _client(interpreter)
    metrics = client.app.state.metrics  # type: ignore[attr-defined]
    real, now, most = metrics.collected, [], []

    def collected() -> object:
        now.append(1)
        most.append(len(now))
        time.sleep(0.01)
        now.pop()
        return real()

    monkeypatch.setattr(metrics, "collected", collected)

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
            answers = await asyncio.gather(*(asking.get("/metrics") for _ in range(8)))
        return [one.status_code for one in answers]

    assert asyncio.run(ask()) == [200] * 8
    assert most == [1] * 8
