"""An independent FHIR R4 validator: Medplum's, in Node.js, as one process that answers lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support import places

FOLDER = places.ROOT / "tests" / "conformance" / "node"
SECONDS = 60  # for one answer; a hundred resources take less than one

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing the validator says; ``by`` is ``medplum`` or ``definitions``."""

    severity: str
    code: str
    path: str
    text: str
    by: str

    def __str__(self) -> str:
        return f"{self.path or '(whole)'}: {self.text} [{self.code}, {self.by}]"


def lacking() -> str | None:
    """What is not there for the validator to run; None when everything is."""
    node = shutil.which("node")
    if node is None:
        return "and Node.js is not there"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if version < (20, 19):
        return f"and Node.js is {told.strip()}, older than 20.19"
    for path, locked in _json(FOLDER / "package-lock.json")["packages"].items():
        if not path:
            continue
        manifest = FOLDER / path / "package.json"
        if (
            not manifest.is_file()
            or json.loads(manifest.read_text())["version"] != locked["version"]
        ):
            return "whose packages are not installed"
    return None


def _json(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


class Validator:
    """The process, from ``with`` to its end.

    Raises:
        RuntimeError: it ended, or took longer than a minute for one answer.
    """

    def __init__(self, profiles: Iterable[Path] = ()) -> None:
        self._folders = [str(folder) for folder in profiles]
        self._lock = threading.Lock()
        self._asked = 0
        self.profiles: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", str(FOLDER / "validate.mjs"), *self._folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.profiles = frozenset(self._answer()["ready"]["profiles"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def judge(self, resource: Any, profile: str | None = None) -> list[Issue]:
        """Everything that is wrong with a resource, under R4 or under a profile of R4."""
        with self._lock:
            self._asked += 1
            asked: dict[str, Any] = {"id": self._asked, "resource": resource}
            if profile is not None:
                asked["profile"] = profile
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
            assert answer["id"] == self._asked
        return [Issue(**one) for one in answer["issues"]]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watch = threading.Timer(SECONDS, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise RuntimeError(f"the validator ended: status {self._process.wait(60)}")
        found: dict[str, Any] = json.loads(line)
        return found
