"""What docs/authentication.md says can be done as it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from corrin.api.auth import open_gate, refusal
from corrin.api.settings import Settings
from support.guarded import Guarded
from support.issuer import key_server, private_key, published
from support.places import ROOT

PAGE = (ROOT / "docs" / "authentication.md").read_text(encoding="utf-8")


def block(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def environment(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(text))


def test_the_settings_shown_open_a_gate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clients = tmp_path / "clients.json"
    clients.write_text(block("json")[0])
    for name, value in environment(block("sh")[0]).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CORRIN_HOOKS_CLIENTS", str(clients))
    gate = open_gate(Settings())
    assert gate.access is not None and gate.hooks is not None


def test_the_settings_of_tls_are_settings() -> None:
    for name in environment(block("sh")[1]):
        assert name.removeprefix("CORRIN_").lower() in Settings.model_fields


def test_a_token_made_as_shown_is_let_in(tmp_path: Path) -> None:
    made: dict[str, object] = {}
    exec(block("python")[0], made)
    key = private_key("P-384")
    with key_server(published(key, "k")) as server:
        clients = tmp_path / "clients.json"
        clients.write_text(
            f'[{{"iss": "https://ehr.example.org", "jwks_url": "{server.jwks_url}"}}]'
        )
        base = "https://corrin.example.org"
        guarded = Guarded(Settings(auth="jwt", public_url=base, hooks_clients=clients))
        text = made["token"](key, "k", base + "/cds-services")  # type: ignore[operator]
        assert guarded.get("/cds-services", text).status_code == 200


def test_every_reason_is_told_with_its_status() -> None:
    told = {
        reason: int(status)
        for status, cell in re.findall(r"^\| (\d{3}) \| ([^|]+) \|", PAGE, re.MULTILINE)
        for reason in re.findall(r"`([a-z-]+)`", cell)
    }
    assert told == {reason: kind.status for reason, kind in refusal._KINDS.items()}


def test_every_sentence_may_stand_in_a_header() -> None:
    for kind in refusal._KINDS.values():
        assert kind.says.isascii() and not set(kind.says) & set('"\\')
