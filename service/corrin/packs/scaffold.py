"""The beginnings of a pack and of a rule of one's own, filled in from ``rules/scaffold``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from types import MappingProxyType

from corrin.packs.library import Library
from corrin.packs.own import EVIDENCE

FOLDER = "scaffold"
PACK = "own-rules"
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LETTERS = "OWN"


class CannotBegin(ValueError):
    """A pack or rule that cannot be begun so: ``message`` says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Beginning:
    """The files to write, by path, and the pack they belong to; ``is_new`` if it is one."""

    pack: str
    folder: Path
    is_new: bool
    files: Mapping[Path, str]


def begin(library: Library, where: Path, rule: str, pack: str | None, today: str) -> Beginning:
    """The files of a new rule, and of its pack where there is none yet.

    Args:
        library: the shipped packs and those that stand in ``where`` already.
        where: a folder of packs, or a pack.
        pack: its id; else that of the only pack there, or ``own-rules`` in an empty folder.
        today: the date of a new pack (``2026-11-20``).

    Raises:
        CannotBegin: an id is taken or badly formed, or it is not clear which pack is meant.
    """
    _well_formed("rule", rule)
    taken = {one.id: bound.id for bound in library.packs.values() for one in bound.pack.rules}
    if rule in taken:
        raise CannotBegin(
            f"A rule of the pack {taken[rule]} is called {rule} already.", "Choose another id."
        )
    pack_id, folder, is_new = _pack(library, where, pack)
    row, verified = _row(library, pack_id, is_new)
    words = {
        "pack": pack_id,
        "rule": rule,
        "title": rule[0].upper() + rule[1:].replace("-", " "),
        "today": today,
        "row": row,
        "status": "source-checked" if verified else "draft",
        "folder": where.as_posix(),
    }
    wanted = {folder / "rules" / f"{rule}.yaml": "rule.yaml"}
    if is_new:
        wanted |= {folder / name: name for name in ("pack.yaml", EVIDENCE, "CHANGELOG.md")}
    elif row not in library.own_rows.rows:
        wanted[folder / EVIDENCE] = EVIDENCE
    for file in wanted:
        if file.exists():
            raise CannotBegin(
                f"There is a file {file.name} already.", f"Nothing is written over: {file}"
            )
    root = library.root / FOLDER
    files = {
        file: Template((root / name).read_text(encoding="utf-8")).substitute(words)
        for file, name in sorted(wanted.items())
    }
    return Beginning(pack_id, folder, is_new, MappingProxyType(files))


def _well_formed(what: str, name: str) -> None:
    if _ID.fullmatch(name) is None:
        raise CannotBegin(
            f"{name!r} cannot be the id of a {what}.",
            "Use small letters and digits with - between, as in low-ferritin-in-pregnancy.",
        )


def _pack(library: Library, where: Path, pack: str | None) -> tuple[str, Path, bool]:
    """Which pack is meant, its folder, and whether it is yet to be made."""
    if (where / "pack.yaml").is_file():
        found = _standing(library, where)
        if found is None or pack not in (None, found):
            raise CannotBegin(
                f"The folder is itself a pack{f', called {found}' if found else ''}.",
                "Leave out --pack, or name the folder above it.",
            )
        return found, where, False
    standing = {name: where / name for name in library.own if (where / name).is_dir()}
    if pack is None and len(standing) > 1:
        raise CannotBegin(
            "There are several packs in the folder.", f"Say which: --pack {' or '.join(standing)}."
        )
    chosen = pack or next(iter(standing), PACK)
    _well_formed("pack", chosen)
    if chosen in standing:
        return chosen, standing[chosen], False
    if chosen in library.packs:
        raise CannotBegin(
            f"A pack called {chosen} exists already, in another folder.", "Choose another id."
        )
    return chosen, where / chosen, True


def _standing(library: Library, folder: Path) -> str | None:
    head = folder / "pack.yaml"
    for name in library.own:
        if Path(library.packs[name].pack.places["pack"].file).resolve() == head.resolve():
            return name
    return None


def _row(library: Library, pack_id: str, is_new: bool) -> tuple[str, bool]:
    """A row to cite: one the pack's rules cite already, else a new one that nobody has."""
    rows = library.rows().rows
    if not is_new:
        own = library.own_rows.rows
        for rule in library.packs[pack_id].pack.rules:
            for name in rule.evidence:
                if name in own:
                    return name, own[name].verified
    for number in range(1, 100):
        name = f"{_LETTERS}-{number:02}"
        if name not in rows:
            return name, False
    raise CannotBegin("There are rows OWN-01 to OWN-99 already.", "Choose rows of another name.")
