"""Every file and every command of docs/writing-rules.md, in the order of the page."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import places
from support.command import run

PAGE = places.ROOT / "docs" / "writing-rules.md"
BLOCK = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```$", re.M | re.S)
EXIT = re.compile(r"exit=(\d+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, what stands behind the kind, its text and its line."""

    kind: str
    about: str
    text: str
    line: int


def blocks() -> Iterator[Block]:
    page = PAGE.read_text(encoding="utf-8")
    for found in BLOCK.finditer(page):
        yield Block(found[1], found[2], found[3], page[: found.start()].count("\n") + 1)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block with the lines that have to appear in what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, *shown = part.splitlines()
        yield command, [line.strip() for line in shown if line.strip()]


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``corrin`` is the checkout's."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "corrin"
    program.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from corrin.cli import main; main()' \"$@\"\n"
    )
    program.chmod(0o755)
    return {
        "PATH": f"{tools}:{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(places.SERVICE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }


def said_by(command: str, here: Path, shell: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """What comes of a command: of a plain ``corrin`` in this process, of all else in a shell."""
    name, *arguments = shlex.split(command)
    if name == "corrin" and not set(command) & set("|<>;&$*`("):
        with contextlib.chdir(here):
            return run(*arguments)
    return subprocess.run(
        ["sh", "-c", command], cwd=here, env=shell, capture_output=True, timeout=300, check=False
    )


def test_the_page_does_what_it_says(tmp_path: Path, shell: dict[str, str]) -> None:
    here = tmp_path / "desk"
    here.mkdir()
    for block in blocks():
        if block.kind in ("yaml", "json"):
            file = here / block.about
            assert block.about, f"line {block.line}: a file has no name"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            continue
        assert block.kind == "console", f"line {block.line}: neither a file nor commands"
        expected = EXIT.search(block.about)
        for command, shown in commands(block.text):
            ran = said_by(command, here, shell)
            said = ran.stdout.decode()
            lines = " ".join(said.split())
            about = f"line {block.line}: {command}\n{said}{ran.stderr.decode()}"
            assert ran.returncode == (int(expected[1]) if expected else 0), about
            for line in shown:
                assert " ".join(line.split()) in lines, f"{line!r}: {about}"


def test_the_page_leaves_no_block_out() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```") == 2 * len(list(blocks()))
    assert any("rules new" in block.text for block in blocks())
