"""Every line of ``docs/catalogue.md`` that can be typed answers what stands below it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

from support.places import ROOT

PAGE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
TYPED = re.findall(r"```sh\n(.*?)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_has_its_answer() -> None:
    assert len(TYPED) == PAGE.count("```sh") == 4


@pytest.mark.parametrize(("line", "expected"), TYPED)
def test_typed(client: TestClient, line: str, expected: str) -> None:
    words = shlex.split(line)
    at = words.index("|")
    asked, rest = words[:at], words[at + 1 :]
    headers = dict(asked[n + 1].split(": ", 1) for n, one in enumerate(asked) if one == "-H")
    url = next(one for one in asked if one.startswith("http://127.0.0.1:8000/"))
    if "--data-binary" in asked:
        file = asked[asked.index("--data-binary") + 1].removeprefix("@")
        answer = client.post(url, content=(ROOT / file).read_bytes(), headers=headers)
    else:
        answer = client.get(url, headers=headers)
    if rest[0] == "head":
        said = "".join(answer.text.splitlines(keepends=True)[: int(rest[1].removeprefix("-"))])
    else:
        assert rest[:2] == ["python3", "-c"]
        code = [sys.executable, "-c", rest[2]]
        said = subprocess.run(code, input=answer.content, capture_output=True, check=True).stdout
        said = said.decode()
    assert said == expected


def test_every_path_of_the_table_is_there(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    told = re.findall(r"`(/v1/[^`?]*)", PAGE)
    catalogue = {
        p for p, item in paths.items() if "catalogue" in item.get("get", {}).get("tags", ())
    }
    assert catalogue <= set(told)
