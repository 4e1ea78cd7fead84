"""A pack by what a person calls it: its id, ``id@version``, or the folder it stands in.

Earlier versions of shipped packs are kept under ``earlier/<id>/<version>`` and read only when
somebody asks for one. They never run by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from corrin.packs.bound import BoundPack
from corrin.packs.finding import ContentProblem, WrongShape
from corrin.packs.library import Library
from corrin.packs.own import NOTHING, read_folders, together
from corrin.packs.pack import Pack, read_pack
from corrin.terminology.evidence import Evidence

EARLIER = "earlier"
_NAMED = re.compile(r"([a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)(?:@(\d+\.\d+\.\d+))?")

Origin = Literal["installed", "earlier", "folder"]


class NoSuchPack(LookupError):
    """No pack is called that: ``message`` says so, ``hint`` names those there are."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True)
class Found:
    """A pack found by name, where it came from, and the rows of evidence it brings."""

    name: str
    pack: Pack
    origin: Origin
    rows: Evidence = NOTHING


def find(library: Library, name: str) -> Found:
    """The pack a person means by ``id``, ``id@version`` or a folder.

    Raises:
        NoSuchPack: there is none of that name or version.
        ContentProblem: its content cannot be read.
    """
    match = _NAMED.fullmatch(name)
    if match is None or (match[2] is None and match[1] not in library.packs):
        return _in_folder(library, name)
    pack_id, version = match[1], match[2]
    installed = library.packs.get(pack_id)
    if installed is not None and version in (None, installed.pack.head.version):
        own = pack_id in library.own
        rows = library.own_rows if own else NOTHING
        return Found(name, installed.pack, "folder" if own else "installed", rows)
    if name in library.versions:
        return Found(name, library.versions[name], "folder", library.own_rows)
    folder = library.root / EARLIER / pack_id / str(version)
    if not (folder / "pack.yaml").is_file():
        raise _missing(library, pack_id, str(version))
    pack, findings = read_pack(folder, library.root, any_name=True)
    wrong = tuple(f for f in findings if f.severity == "error")
    if wrong or pack is None:
        raise ContentProblem(wrong or findings)
    if (pack.id, pack.head.version) != (pack_id, version):
        why = f"it holds {pack.id} {pack.head.version}"
        raise ContentProblem((WrongShape(pack.places["pack"], f"{pack_id}@{version}", why),))
    return Found(name, pack, "earlier")


def earlier_versions(library: Library) -> Mapping[str, tuple[str, ...]]:
    """The versions kept of each pack, by id, oldest first; the installed ones are not among them.

    Named by their folders; nothing is read.
    """
    found: dict[str, list[str]] = {}
    for file in (library.root / EARLIER).glob("*/*/pack.yaml"):
        found.setdefault(file.parent.parent.name, []).append(file.parent.name)
    return {name: tuple(sorted(versions, key=_order)) for name, versions in sorted(found.items())}


def beside(library: Library, found: Found) -> tuple[Library, str]:
    """The library with a pack that others do not come to use, and the id it stands under.

    The installed version of a pack stands there already. Any other is put beside it under the
    name ``id@version``, so that what is shared between versions stays as it is.
    """
    pack = found.pack
    standing = library.packs.get(pack.id)
    if standing is not None and standing.pack is pack:
        return library, pack.id
    alias = f"{pack.id}@{pack.head.version}"
    head = pack.head.model_copy(update={"id": alias})
    joined = library.with_packs({alias: replace(pack, head=head)})
    return replace(joined, own_rows=together(library.own_rows, found.rows)), alias


def instead(library: Library, found: Found) -> tuple[Library, str]:
    """The library with a pack in the place of the installed one of its id, and that id.

    Where others need what this version does not have, it is put beside (:func:`beside`).
    """
    pack = found.pack
    standing = library.packs.get(pack.id)
    if standing is not None and standing.pack is pack:
        return library, pack.id
    joined = library.with_packs({pack.id: pack})
    if joined.findings == library.findings:
        return replace(joined, own_rows=together(library.own_rows, found.rows)), pack.id
    return beside(library, found)


def _in_folder(library: Library, name: str) -> Found:
    folder = Path(name)
    try:
        is_pack, is_folder = (folder / "pack.yaml").is_file(), folder.is_dir()
    except (OSError, ValueError):  # a name no file can have
        is_pack = is_folder = False
    if not is_pack:
        if is_folder:
            raise NoSuchPack(
                f"There is no pack in the folder {name}.",
                "Name the folder that holds the pack.yaml itself.",
            )
        raise NoSuchPack(
            f"There is no pack called {name[:80]!r}.",
            "Use one of: " + ", ".join(sorted(library.packs)) + "; or name a folder.",
        )
    own = read_folders((folder,), library.root, library.rows())
    wrong = tuple(f for f in own.findings if f.severity == "error")
    if wrong or not own.packs:
        raise ContentProblem(wrong or own.findings)
    return Found(name, own.packs[0][1], "folder", own.rows)


def _missing(library: Library, pack_id: str, version: str) -> NoSuchPack:
    standing: BoundPack | None = library.packs.get(pack_id)
    known = [*earlier_versions(library).get(pack_id, ())]
    known += [standing.pack.head.version] if standing is not None else []
    known += [name.partition("@")[2] for name in library.versions if name.startswith(f"{pack_id}@")]
    if not known:
        return NoSuchPack(
            f"There is no pack called {pack_id!r}.",
            "Use one of: " + ", ".join(sorted(library.packs)) + "; or name a folder.",
        )
    return NoSuchPack(
        f"There is no version {version} of the pack {pack_id}.",
        f"Use one of: {', '.join(f'{pack_id}@{v}' for v in sorted(set(known), key=_order))}.",
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
