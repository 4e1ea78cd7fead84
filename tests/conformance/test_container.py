"""The container: what its Dockerfile says, and its steps done again without an engine."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from corrin import __version__
from corrin.api import create_app
from corrin.api.auth import open_gate
from corrin.api.settings import Settings
from support import places
from support.container import Context, Root, Stage, may_replay, stages
from support.service import service

ROOT = places.ROOT
BUILD, FINAL = stages(ROOT / "Dockerfile")
DEMO = places.CASES / "demo" / "request.json"


def test_both_stages_have_the_same_base() -> None:
    """The environment made in one runs with the Python of the other."""
    assert BUILD.base == FINAL.base == "python:${PYTHON}"


def test_every_package_is_the_one_that_was_locked() -> None:
    for step in BUILD.steps:
        if step.name == "RUN" and "pip" in step.words() and "install" in step.words():
            assert "--no-index" in step.words() or "--require-hashes" in step.words(), step.rest


def test_nothing_is_installed_in_the_final_stage() -> None:
    for step in FINAL.steps:
        assert step.name != "ADD"
        if step.name == "RUN":
            assert not re.search(r"\b(apt|apt-get|install|curl|wget|gcc)\b", step.rest), step.rest
        if step.name == "COPY":
            assert step.flags.get("from") == BUILD.name


def test_it_runs_as_nobody_of_the_host() -> None:
    user, _, group = FINAL.last("USER").rest.partition(":")
    assert (
        int(user) >= 10_000 and int(group) >= 10_000
    )  # numeric: Kubernetes can see it is not root


def test_commands_are_in_exec_form() -> None:
    """A shell in between would not pass SIGTERM on."""
    assert FINAL.last("ENTRYPOINT").words() == ["/app/corrin/bin/corrin"]
    assert FINAL.last("CMD").words() == ["serve"]
    assert FINAL.last("HEALTHCHECK").rest.startswith("CMD [")


def test_its_settings_are_settings_and_do_not_start_without_tokens() -> None:
    own = {name: value for name, value in FINAL.pairs("ENV").items() if name.startswith("CORRIN")}
    given = {name.removeprefix("CORRIN_").lower(): value for name, value in own.items()}
    assert given.keys() <= Settings.model_fields.keys()
    with pytest.raises(ValueError, match="CORRIN_AUTH=none listens on loopback only"):
        Settings.model_validate(given)


def test_it_has_the_labels_of_oci() -> None:
    labels = FINAL.pairs("LABEL")
    for name in ("title", "description", "licenses", "version", "revision"):
        assert labels[f"org.opencontainers.image.{name}"]


def test_the_builder_is_given_what_is_copied_and_nothing_else() -> None:
    context = Context(ROOT)
    for step in BUILD.steps:
        if step.name == "COPY":
            for source in step.words()[:-1]:
                assert context.reaches(source), source
    for kept in (
        ".git/config", ".venv/bin/python", "tests/conftest.py", "fixtures/a.json", "out/a.json",
        "fixtures/fhir/demo/expected.json",
        "service/corrin/__pycache__/a.pyc", "rules/a.pyc", ".env", "deploy/stub_issuer.py",
    ):  # fmt: skip
        assert not context.has(kept), kept


# --- its steps, done again ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    root: Root
    stage: Stage

    def environment(self, **more: str) -> dict[str, str]:
        return self.stage.pairs("ENV") | more

    def command(self, *words: str, **more: str) -> list[str]:
        """As an engine runs it: as its user, its root read only, without a place to write."""
        return self.root.command(
            list(words),
            self.environment(**more),
            user=self.stage.last("USER").rest,
            read_only=True,
            network=True,
        )

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, **more), capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The final stage, from a context, a store of wheels and nothing else."""
    # Only root of a Linux machine may change its root; run by `make wheel-test`, which says so.
    if why := may_replay():
        pytest.skip(f"the steps of the Dockerfile are not done again: {why}")
    folder = tmp_path_factory.mktemp("container")
    wheels = _wheels(folder / "wheels")
    roots: dict[str, Root] = {}
    for stage in (BUILD, FINAL):
        roots[stage.name] = Root(folder / (stage.name or "final"))
        roots[stage.name].make()
        _replay(stage, roots, wheels)
    yield Image(roots[FINAL.name], FINAL)
    shutil.rmtree(folder, ignore_errors=True)


def _wheels(folder: Path) -> Path:
    """Every wheel the locks name, fetched once; the steps themselves see no network."""
    for lock in ("requirements-build.lock", "requirements.lock"):
        done = subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "-qq", "--require-hashes",
                "--only-binary=:all:", "--dest", str(folder), "--requirement", str(ROOT / lock),
            ],
            cwd=folder.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _replay(stage: Stage, roots: dict[str, Root], wheels: Path) -> None:
    root, workdir, environment = roots[stage.name], "/", {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    for step in stage.steps:
        if step.name == "WORKDIR":
            workdir = step.rest
            (root.own / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif step.name == "ENV":
            environment |= dict(word.split("=", 1) for word in step.words())
        elif step.name == "COPY":
            _copy(step.words(), roots.get(step.flags.get("from", "")), root, workdir)
        elif step.name == "RUN":
            index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
            done = subprocess.run(
                root.command(
                    ["/bin/sh", "-c", step.rest],
                    environment | index,
                    workdir=workdir,
                    wheels=wheels,
                ),
                capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{step.rest}\n{done.stdout}{done.stderr}"


def _copy(words: list[str], source: Root | None, root: Root, workdir: str) -> None:
    *sources, given = words
    target = root.own / os.path.normpath(f"{workdir}/{given}" if given[0] != "/" else given)[1:]
    if source is not None:
        shutil.copytree(source.own / sources[0].lstrip("/"), target, symlinks=True)
        return
    for one in sources:
        into_folder = given.endswith("/") or given == "."
        assert Context(ROOT).copy(one, target / Path(one).name if into_folder else target), one


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.network
def test_the_image_interprets_with_a_read_only_root(image: Image) -> None:
    entry = FINAL.last("ENTRYPOINT").words()
    assert __version__ in image.run(*entry, "--version").stdout
    done = subprocess.run(
        image.command(*entry, "interpret", "-"),
        input=DEMO.read_text(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "B12" in done.stdout
    assert image.run("touch", "/app/corrin/x").returncode != 0
    assert image.run("touch", "/tmp/x").returncode != 0
    assert image.run("id", "-u").stdout.strip() == "10001"


@pytest.mark.network
def test_the_image_holds_no_build_tools(image: Image) -> None:
    python = "/app/corrin/bin/python"
    for module in ("pip", "setuptools", "hatchling", "pytest", "httpx", "ensurepip"):
        assert image.run(python, "-c", f"import {module}").returncode != 0, module
    held = {path.name for path in (image.root.own / "opt").iterdir()}
    assert held == {"corrin"}
    assert not list((image.root.own / "opt").rglob("*.lock"))


@pytest.mark.network
def test_the_image_refuses_to_serve_everybody(image: Image) -> None:
    done = image.run(*FINAL.last("ENTRYPOINT").words(), *FINAL.last("CMD").words())
    assert done.returncode not in (0, None)
    assert "CORRIN_AUTH=none listens on loopback only" in re.sub(r"\s+", " ", done.stderr)


@pytest.mark.network
def test_the_image_serves_is_healthy_and_stops(image: Image) -> None:
    port = _free_port()
    own = {"CORRIN_HOST": "127.0.0.1", "CORRIN_PORT": str(port)}
    health = FINAL.last("HEALTHCHECK").rest.removeprefix("CMD ")
    assert image.run(*json.loads(health), **own).returncode == 1  # nothing serves yet
    words = [*FINAL.last("ENTRYPOINT").words(), *FINAL.last("CMD").words()]
    with subprocess.Popen(
        image.command(*words, **own), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert any("serves profile" in line for line in process.stdout)
            done = image.run(*json.loads(health), **own)
            assert done.returncode == 0, done.stderr
            status, body = _ask(port, "POST", "/fhir/$interpret", DEMO.read_bytes())
            assert status == 200, body
            child = _child(process.pid)
            os.kill(child, signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def _child(parent: int) -> int:
    """The process within the namespaces: unshare's own child."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if found:
            return int(found[0])
    raise AssertionError("nothing runs")


# --- the try --------------------------------------------------------------------------------

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_the_settings_of_the_try_are_settings() -> None:
    for name in ("corrin", "corrin-jwt"):
        service = COMPOSE["services"][name]
        given = {
            key.removeprefix("CORRIN_").lower(): value
            for key, value in service["environment"].items()
        }
        assert given.keys() <= Settings.model_fields.keys()
        found = Settings.model_validate(given)
        if found.auth == "none":  # loopback of the host, or nobody could reach it
            assert service["network_mode"] == "host" and found.loopback
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert int(service["stop_grace_period"].rstrip("s")) > found.shutdown_seconds


def test_a_token_of_the_stub_opens_the_door() -> None:
    """The try with tokens, as compose.yaml sets it up, on ports that are free."""
    stub, port = str(ROOT / "deploy" / "stub_issuer.py"), str(_free_port())
    given = COMPOSE["services"]["corrin-jwt"]["environment"]
    base = given["CORRIN_PUBLIC_URL"]
    settings = {
        name.removeprefix("CORRIN_").lower(): value
        for name, value in given.items()
        if name not in ("CORRIN_PORT", "CORRIN_HOST", "CORRIN_HOOKS_CLIENTS")
    }
    settings["token_jwks_url"] = settings["token_jwks_url"].replace("9000", port)
    around = os.environ | {"STUB_PORT": port}

    def token(kind: str, audience: str) -> dict[str, str]:
        command = [sys.executable, stub, kind, audience]
        done = subprocess.run(command, env=around, capture_output=True, text=True, check=True)
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    with subprocess.Popen([sys.executable, stub], env=around) as issuer:
        try:
            with (
                tempfile.TemporaryDirectory() as folder,
                service(**settings, hooks_clients=_clients(Path(folder), port)) as found,
            ):
                _wait(int(port))
                case = (ROOT / "fixtures" / "cases" / "critical-potassium.json").read_bytes()
                assert found.ask("/v1/interpret", case)[0] == 401
                assert found.ask("/v1/interpret", case, token("access", base))[0] == 200
                called = token("hooks", f"{base}/cds-services")
                assert found.ask("/cds-services", headers=called)[0] == 200
                assert found.ask("/cds-services", headers=called)[0] == 401
        finally:
            issuer.kill()


def _clients(folder: Path, port: str) -> Path:
    text = (ROOT / "deploy" / "stub_clients.json").read_text()
    (folder / "clients.json").write_text(text.replace("9000", port))
    return folder / "clients.json"


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the stub does not answer")


# --- the manifests --------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
BLOCKS = [
    list(yaml.safe_load_all(text)) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


def _manifest(kind: str, name: str = "corrin") -> Any:
    (found,) = [one for one in BLOCKS[0] if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def test_the_manifests_set_what_the_service_knows(tmp_path: Path) -> None:
    data = _manifest("ConfigMap")["data"]
    clients = tmp_path / "clients.json"
    clients.write_text(_manifest("ConfigMap", "corrin-files")["data"]["clients.json"])
    own = FINAL.pairs("ENV") | data | {"CORRIN_HOOKS_CLIENTS": str(clients)}
    given = {
        name.removeprefix("CORRIN_").lower(): value
        for name, value in own.items()
        if name.startswith("CORRIN_")
    }
    assert given.keys() <= Settings.model_fields.keys()
    gate = open_gate(Settings.model_validate(given))
    assert gate.access is not None and gate.hooks is not None


def test_the_manifests_fit_the_image() -> None:
    pod = _manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    user, _, group = FINAL.last("USER").rest.partition(":")
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (
        int(user),
        int(group),
    )
    assert container["args"] == FINAL.last("CMD").words()
    assert str(container["ports"][0]["containerPort"]) == FINAL.last("EXPOSE").rest
    assert container["securityContext"]["readOnlyRootFilesystem"]
    kept = int(_manifest("ConfigMap")["data"]["CORRIN_SHUTDOWN_SECONDS"])
    waited = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= kept + waited + 5


def test_the_probes_are_open() -> None:
    (container,) = _manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    with TestClient(create_app(Settings())) as client:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert client.get(container[probe]["httpGet"]["path"]).status_code == 200


def test_what_docs_link_to_is_there() -> None:
    for page in ("deployment.md", "authentication.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for name, place in re.findall(r"\]\(([\w-]+\.md)(?:#([\w-]+))?\)", text):
            headings = (ROOT / "docs" / name).read_text(encoding="utf-8").lower()
            assert not place or f"# {place.replace('-', ' ')}\n" in headings, place
