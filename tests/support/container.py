"""A Dockerfile read, and its steps done without an engine: in chroots, over this machine's system.

What stands for the base image is this machine's ``/usr`` (read only) with the Python of these
tests in the place of ``/usr/local``; what steps write there is written beside it. No step sees a
network, this environment, or anything of the checkout that ``.dockerignore`` keeps back.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

_SYSTEM = ("usr", "dev", "proc")
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, with its flags taken off."""

    name: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """Its words, be they an array (exec form) or as in a shell."""
        array = self.rest.startswith("[")
        found: list[str] = json.loads(self.rest) if array else shlex.split(self.rest)
        return found


@dataclass(slots=True)
class Stage:
    """What follows one FROM."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)

    def last(self, name: str) -> Step:
        """The last instruction of a name, the one that counts."""
        return [step for step in self.steps if step.name == name][-1]

    def pairs(self, name: str) -> dict[str, str]:
        """All of ENV or LABEL."""
        found: dict[str, str] = {}
        for step in self.steps:
            if step.name == name:
                found |= dict(word.split("=", 1) for word in step.words())
        return found


def stages(dockerfile: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        flags = {}
        while match := re.match(r"\s*--([a-z-]+)=(\S+)\s*", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        step = Step(name.upper(), flags, rest.strip())
        if step.name == "FROM":
            base, _, alias = step.rest.partition(" AS ")
            found.append(Stage(alias, base))
        elif found:
            found[-1].steps.append(step)
    return found


class Context:
    """What of a folder reaches the builder, by its ``.dockerignore``; the last line that fits."""

    def __init__(self, root: Path) -> None:
        self.root = root
        lines = (root / ".dockerignore").read_text().splitlines()
        self._lines = [line.strip() for line in lines if line.strip() and line[0] != "#"]

    def has(self, path: str) -> bool:
        """Whether a path below the root is let through."""
        kept = True
        for line in self._lines:
            pattern, shown = line.removeprefix("!"), line.startswith("!")
            if self._fits(path, pattern):
                kept = shown
        return kept

    def reaches(self, source: str) -> bool:
        """Whether a file is let through, or of a folder any file."""
        given = self.root / source
        files = [given] if given.is_file() else given.rglob("*")
        return any(self.has(one.relative_to(self.root).as_posix()) for one in files)

    @staticmethod
    def _fits(path: str, pattern: str) -> bool:
        parts = path.split("/")
        if pattern.startswith("**/"):
            return any(fnmatch(part, pattern[3:]) for part in parts)
        above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        return any(fnmatch(one, pattern) for one in above if one.count("/") == pattern.count("/"))

    def copy(self, source: str, target: Path) -> int:
        """Copy a file, or what is in a folder; how many files that was."""
        given, count = self.root / source, 0
        for file in [given] if given.is_file() else sorted(given.rglob("*")):
            if not file.is_file() or not self.has(file.relative_to(self.root).as_posix()):
                continue
            place = target if given.is_file() else target / file.relative_to(given)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class Root:
    """The root of one stage's file system: ``own`` and, over the system, ``local``."""

    folder: Path

    @property
    def own(self) -> Path:
        return self.folder / "root"

    def make(self) -> None:
        """An empty one."""
        for name in (*_SYSTEM, "etc", "tmp", "opt", "root", "wheels"):
            (self.own / name).mkdir(parents=True)
        for name, target in _LINKS.items():
            (self.own / name).symlink_to(target)
        for name in ("upper", "work"):
            (self.folder / name).mkdir()
        (self.own / "tmp").chmod(0o1777)
        (self.own / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")

    def command(
        self,
        words: list[str],
        environment: dict[str, str],
        *,
        workdir: str = "/",
        user: str = "0:0",
        wheels: Path | None = None,
        read_only: bool = False,
        network: bool = False,
    ) -> list[str]:
        """A command line that does a command in this root, in namespaces of its own."""
        own = shlex.quote(str(self.own))
        local = (
            f"lowerdir={sys.base_prefix},upperdir={self.folder}/upper,workdir={self.folder}/work"
        )
        mounts = [
            "mount --make-rprivate /",
            f"mount --bind {own} {own}",
            f"mount --bind -o ro /usr {own}/usr",
            f"mount -t overlay overlay -o {shlex.quote(local)} {own}/usr/local",
            f"mount -t proc proc {own}/proc",
            f"mount --bind /dev {own}/dev",
            f"mount -t tmpfs tmpfs {own}/etc",
            f"cp /etc/ld.so.conf {own}/etc/ && cp -r /etc/ld.so.conf.d {own}/etc/",
            f"ldconfig -r {own}",
        ]
        if wheels is not None:
            mounts.append(f"mount --bind -o ro {shlex.quote(str(wheels))} {own}/wheels")
        if read_only:
            mounts += [f"mount -o remount,bind,ro {own}", f"mount -o remount,ro {own}/etc"]
        uid, _, gid = user.partition(":")
        inside = [
            "chroot", f"--userspec={uid}:{gid}", str(self.own), "/usr/bin/env", "-i",
            *(f"{name}={value}" for name, value in environment.items()),
            "/bin/sh", "-c", f"cd {shlex.quote(workdir)} && exec " + shlex.join(words),
        ]  # fmt: skip
        script = " && ".join([*mounts, "exec " + shlex.join(inside)])
        alone = ["--mount", "--pid", "--fork", "--kill-child"] + ([] if network else ["--net"])
        return ["unshare", *alone, "--", "/bin/sh", "-c", script]


def may_replay() -> str:
    """Why steps cannot be done here; "" when they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux, for chroot and mounts"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else "needs unshare, which is not allowed here"
