"""Every command of ``docs/cds-hooks.md`` does what the page says, against a running service."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from support import places
from support.service import Service, service

PAGE = (places.ROOT / "docs" / "cds-hooks.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with service() as found:
        yield found


def test_every_command_is_tried() -> None:
    assert len(EXAMPLES) == PAGE.count("```sh") >= 5


@pytest.mark.parametrize(("command", "said"), EXAMPLES)
def test_a_command_says_what_the_page_says(running: Service, command: str, said: str) -> None:
    command = command.replace("http://127.0.0.1:8000", running.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=places.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == said
