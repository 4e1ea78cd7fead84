"""Manifests of FHIR Bulk Data exports: which files there are, and what each is for.

Read in all the forms there have been: ``error`` (up to STU3) and ``outcome`` (STU4), ``extension``
as an object or a list, ``outputOrganizedBy``, ``continuesInFile``, pages by ``link``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from corrin.batch.sources import files
from corrin.batch.sources.source import InputError

MOST_BYTES = 16 * 1024 * 1024
OUTPUT, DELETED, OUTCOME = "output", "deleted", "outcome"
_ROLES = {"output": OUTPUT, "deleted": DELETED, "error": OUTCOME, "outcome": OUTCOME}
_SIGNS = tuple(f'"{one}"'.encode() for one in ("transactionTime", "requiresAccessToken", *_ROLES))
PACKED = ("", ".gz", ".zst")
"""Endings a file may have been given after it was fetched."""
_BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file a manifest names.

    Attributes:
        name: the last part of its url, by which it is found.
        role: ``output``, ``deleted`` or ``outcome``.
        count: how many resources the manifest says are in it, if it does.
    """

    name: str
    role: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest and what it names.

    Attributes:
        path: where it is.
        listed: each file once, in the order of the manifest.
        unclear: names that several of its urls end in, so that nobody can tell the files apart.
        next: the last part of the url of the page that follows, if one does.
        time: ``transactionTime``.
    """

    path: Path
    listed: tuple[Listed, ...]
    unclear: tuple[str, ...] = ()
    next: str | None = None
    time: str = ""


def may_be(head: bytes) -> bool:
    """Whether a file's first bytes can be those of a manifest."""
    start = head.lstrip(_BLANK)
    return (
        start.startswith(b"{")
        and b'"resourceType"' not in start
        and any(one in start for one in _SIGNS)
    )


def read(path: Path, name: str) -> Manifest | None:
    """The manifest a file is; ``None`` when it is something else.

    Raises:
        InputError: input-manifest when it is one that cannot be followed; else what
            :func:`corrin.batch.sources.files.open_lines` raises.
    """
    with files.open_lines(path, name=name) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return None
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("transactionTime"), str):
        return None
    if "resourceType" in found or not any(one in found for one in _ROLES):
        return None
    listed: dict[str, tuple[str, Listed]] = {}
    unclear: dict[str, None] = {}
    for element, role in _ROLES.items():
        entries = found.get(element)
        if entries is None:
            continue
        if not isinstance(entries, list):
            raise InputError(name, "input-manifest", hint=element)
        for at, entry in enumerate(entries):
            url = entry.get("url") if isinstance(entry, dict) else None
            if not isinstance(url, str) or not last_part(url):
                raise InputError(name, "input-manifest", hint=f"{element}[{at}].url")
            for address, count in ((url, entry.get("count")), (entry.get("continuesInFile"), None)):
                if not isinstance(address, str) or not last_part(address):
                    continue
                one = Listed(last_part(address), role, _count(count))
                known, before = listed.setdefault(one.name, (address, one))
                if known != address:
                    unclear[one.name] = None
                elif before.count is None:
                    listed[one.name] = (address, one)
    return Manifest(
        path,
        tuple(one for _, one in listed.values()),
        tuple(unclear),
        _next(found.get("link")),
        found["transactionTime"],
    )


def last_part(url: str) -> str:
    """The name a file has by its url; empty for a url that ends in none."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""
    return "" if name in (".", "..") or "/" in name or "\0" in name else name


def _count(found: Any) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _next(links: Any) -> str | None:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return last_part(url) if isinstance(url, str) else ""
    return None
