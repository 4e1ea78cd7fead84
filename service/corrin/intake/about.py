"""How a request refers to the one person it is about, so that an answer can refer alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corrin.intake.history import PLAIN_URL
from corrin.intake.item import Item

_PATIENT = re.compile(
    r"(?P<kept>(?P<base>https?://[A-Za-z0-9:/._~%-]{1,1024}/)?Patient/[A-Za-z0-9._-]{1,128})"
    r"(?:/_history/[^/#?]+)?(?:#.*)?",
    re.ASCII,
)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


def best(written: Iterable[str], patients: Iterable[Item]) -> str:
    """The reference to the person that most readers can follow, as the request wrote it.

    A relative one (``Patient/p1``) before an absolute one, that before one made for the message
    (``urn:uuid:…``); of several of a kind the first in the alphabet, so that the order of entries
    does not show. Without the version it may name.

    Args:
        written: references of the request that mean a Patient.
        patients: the Patients of the request; one that is contained cannot be referred to.

    Returns:
        ``""`` when there is no reference another system could follow.
    """
    found = {_rank(text) for text in written}
    for item in patients:
        if item.parent is None:
            identity = item.resource.get("id")
            if isinstance(identity, str) and _ID.fullmatch(identity) is not None:
                found.add((0, f"Patient/{identity}"))
            elif item.full_url:
                found.add(_rank(item.full_url))
    return min(found, default=(3, ""))[1]


def _rank(text: str) -> tuple[int, str]:
    match = _PATIENT.fullmatch(text)
    if match is not None:
        return (1 if match["base"] else 0, match["kept"])
    if text.startswith("urn:") and PLAIN_URL.fullmatch(text) is not None:
        return (2, text)
    return (3, "")
