"""``corrin config``, and what is told of settings that cannot be used."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from corrin.cli.program import run


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """No setting of whoever runs the tests; none left behind."""
    kept = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("CORRIN_"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(kept)


def _rows(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert run(["config", "--format", "json"]) == 0
    return {row["variable"]: row for row in json.loads(capsys.readouterr().out)}


def test_every_setting_is_told_with_where_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from corrin.api import Settings

    os.environ["CORRIN_PORT"] = "9000"
    rows = _rows(capsys)
    assert set(rows) == {f"CORRIN_{name.upper()}" for name in Settings.model_fields}
    assert all(row["says"] for row in rows.values())
    assert (rows["CORRIN_PORT"]["value"], rows["CORRIN_PORT"]["from"]) == (9000, "environment")
    assert (rows["CORRIN_HOST"]["value"], rows["CORRIN_HOST"]["from"]) == ("127.0.0.1", "default")
    assert run(["config"]) == 0
    said = capsys.readouterr().out
    assert "CORRIN_PORT = 9000" in said and "[environment]" in said
    assert max(map(len, said.splitlines())) <= 80


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ["CORRIN_METRICS_TOKEN"] = "hidden-token"
    os.environ["CORRIN_TOKEN_JWKS_URL"] = "https://user:hidden-word@issuer.example/jwks"
    for form in ("text", "json"):
        assert run(["config", "--format", form]) == 0
        said = capsys.readouterr().out
        assert "hidden" not in said and "issuer.example" in said and "**" in said


@pytest.mark.parametrize("command", ["config", "serve"])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"PORT": "many"}, ["CORRIN_PORT", "integer", "port to listen on"]),
        ({"PORT": "tcp://10.0.0.1:80"}, ["CORRIN_PORT", "enableServiceLinks: false"]),
        ({"AUTH": "maybe"}, ["CORRIN_AUTH", "'none' or 'jwt'"]),
        ({"HOST": "0.0.0.0"}, ["loopback", "CORRIN_AUTH=jwt"]),
        ({"AUTH": "jwt"}, ["CORRIN_PUBLIC_URL"]),
        ({"ALLOWED_ORIGINS": "*"}, ["CORRIN_ALLOWED_ORIGINS", "* is no origin"]),
        ({"TRUSTED_PROXIES": "proxy"}, ["CORRIN_TRUSTED_PROXIES", "no address or network"]),
        ({"TLS_KEY": "/k"}, ["CORRIN_TLS_CERTIFICATE and CORRIN_TLS_KEY go together"]),
        ({"TLS_CLIENT_CA": "/c"}, ["CORRIN_TLS_CLIENT_CA", "CORRIN_TLS_CERTIFICATE"]),
        ({"DEPTH": "1000000", "BODY_BYTES": "1"}, ["CORRIN_DEPTH", "CORRIN_BODY_BYTES"]),
    ],
)
def test_a_setting_that_cannot_be_used_is_told(
    capsys: pytest.CaptureFixture[str], command: str, settings: dict[str, str], told: list[str]
) -> None:
    os.environ.update({f"CORRIN_{name}": value for name, value in settings.items()})
    assert run([command]) == 2
    found = capsys.readouterr()
    said = " ".join(found.err.split())
    assert found.out == "" and "Traceback" not in said
    for part in told:
        assert part in said
    assert "to do" in said


def test_a_secret_is_not_told_where_it_cannot_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ["CORRIN_METRICS_TOKEN"] = "hidden-token"
    os.environ["CORRIN_PORT"] = "-1"
    assert run(["serve"]) == 2
    assert "hidden" not in capsys.readouterr().err


def test_an_option_is_named_beside_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", "70000"]) == 2
    assert "CORRIN_PORT (--port)" in capsys.readouterr().err


def test_a_name_that_is_nearly_a_setting_is_pointed_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    os.environ["CORRIN_BODY_BYTE"] = "1"
    assert run(["config"]) == 0
    assert "Did you mean CORRIN_BODY_BYTES?" in capsys.readouterr().err


def test_a_certificate_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ.update(
        {"CORRIN_TLS_CERTIFICATE": "/nowhere", "CORRIN_TLS_KEY": "/none", "CORRIN_PORT": "0"}
    )
    assert run(["serve"]) == 5
    said = capsys.readouterr().err
    assert "CORRIN_TLS_CERTIFICATE: /nowhere" in said


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--profile", "none-such"], 2, "no profile"),
        (["--overlay", "/nowhere.yaml"], 2, "site file"),
        (["--host", "192.0.2.1", "--auth", "jwt", "--public-url", "https://x"], 5, "192.0.2.1"),
    ],
)
def test_a_service_that_cannot_run_says_why(
    capsys: pytest.CaptureFixture[str], options: list[str], code: int, told: str
) -> None:
    assert run(["serve", "--port", "0", *options]) == code
    assert told in " ".join(capsys.readouterr().err.split())
