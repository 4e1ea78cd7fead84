"""An answer taken along: the same as the doors of programs give, and a line that asks them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from corrin.api.page.submission import Submission
from corrin.api.page.take import curl_line
from support import places
from support.service import Service, service

FHIR = (places.CASES / "demo" / "request.json").read_text("utf-8")
CASE = (places.ROOT / "fixtures" / "cases" / "below-the-scale.json").read_text("utf-8")
AS_OF = "2026-11-01T09:00:00Z"
DOCUMENTS = {"fhir": FHIR, "case": CASE}
SENT = {"fhir": "application/fhir+json", "case": "application/json"}


def fields(kind: str, document: str) -> dict[str, str]:
    return {"kind": kind, "document": document, "profile": "uk", "as_of": AS_OF}


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize(
    ("form", "accept"),
    [
        ("text", "text/plain"),
        ("fhir", "application/fhir+json"),
        ("json", "application/json"),
        ("html", "text/html"),
    ],
)
def test_is_what_the_programs_door_gives(
    client: TestClient, kind: str, form: str, accept: str
) -> None:
    given = client.post(f"/page/take/{form}", data=fields(kind, DOCUMENTS[kind]))
    asked = client.post(
        "/v1/interpret",
        params={"as_of": AS_OF, "profile": "uk"},
        content=DOCUMENTS[kind].encode(),
        headers={"Content-Type": SENT[kind], "Accept": accept},
    )
    assert given.status_code == asked.status_code == 200
    assert given.headers["content-type"].partition(";")[0] == accept
    assert "no-store" in given.headers["cache-control"]
    if accept.endswith("json"):
        assert given.json() == asked.json()
    else:
        assert given.text == asked.text


def test_files_are_named_after_nobody(client: TestClient) -> None:
    for form in ("json", "fhir", "html"):
        found = client.post(f"/page/take/{form}", data=fields("fhir", FHIR))
        said = found.headers["content-disposition"]
        assert said.startswith("attachment;") and "corrin-note." in said


def test_what_cannot_be_read_is_told_as_a_page(client: TestClient) -> None:
    found = client.post("/page/take/text", data=fields("case", "{}"))
    assert found.status_code == 422 and "Nothing was interpreted" in found.text
    assert client.post("/page/take/pdf", data=fields("case", CASE)).status_code == 404
    found = client.post("/page/take/text", data={"document": CASE})
    assert found.status_code == 400


# --- the line for a shell -------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    """A real service, for a real curl."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    with service() as found:
        yield found


def run(line: str, folder: Path) -> str:
    """What a shell prints that is given the line."""
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


HARD = CASE.replace('"results"', '"id": "it\'s $HOME `id` \\\\ !",\n  "results"')


@pytest.mark.parametrize(
    ("kind", "document"),
    [("fhir", FHIR), ("case", CASE), ("case", HARD)],
    ids=["fhir", "case", "hard"],
)
def test_a_shell_gets_the_same_note(
    running: Service, tmp_path: Path, kind: str, document: str
) -> None:
    asked = Submission(kind, document, "uk", AS_OF)  # type: ignore[arg-type]
    body = urlencode(fields(kind, document)).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, text = running.ask("/page/take/text", body, form)
    assert status == 200 and b"B12" in text
    assert run(curl_line(asked, running.url), tmp_path) == text.decode()


def test_a_document_that_ends_as_the_line_would(running: Service, tmp_path: Path) -> None:
    document = CASE.rstrip() + "\nEND\nEND1\n"
    line = curl_line(Submission("case", document, "uk", AS_OF), running.url)
    assert line.endswith("\nEND2\n")
    assert run(line + "echo; echo only this\n", tmp_path).splitlines()[-1] == "only this"


def test_options_of_the_line_are_quoted(tmp_path: Path) -> None:
    asked = Submission("case", CASE, "uk'; touch seen; '", "2026-11-01$(touch seen)")
    line = curl_line(asked, "http://127.0.0.1:9")
    subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert not list(tmp_path.iterdir())


def test_what_has_no_door_for_programs_goes_to_the_form() -> None:
    line = curl_line(Submission("hl7v2", "MSH|^~\\&|\rPID|1\r", "uk", ""), "http://127.0.0.1:9")
    assert "/page/take/text" in line and "kind=hl7v2" in line
    assert "MSH|^~\\&|\nPID|1\nEND\n" in line


def test_no_key_of_a_terminal_comes_with_the_line() -> None:
    keys = "".join(map(chr, (*range(9), *range(11, 13), *range(14, 32), *range(127, 160))))
    line = curl_line(Submission("hl7v2", f"\x0bMSH|^~\\&|{keys}|\r\x1c\r", "uk", ""), "http://h")
    assert all(one == "\n" or one.isprintable() for one in line)
    assert "MSH|^~\\&||\n" in line
