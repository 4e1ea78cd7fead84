"""Where each part of the content stands among the pages, without what a proxy takes off."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

HOME = "/rules"
THRESHOLDS = f"{HOME}/thresholds"
EVIDENCE = f"{HOME}/evidence"
COVERAGE = f"{HOME}/coverage"
RATES = f"{HOME}/alert-rates"
ANALYTES = f"{HOME}/analytes"

# The pages beside those of packs, and what each is called.
PAGES: Mapping[str, str] = {
    THRESHOLDS: "Cut-offs",
    EVIDENCE: "Evidence",
    COVERAGE: "Coverage",
    RATES: "Alert rates",
    ANALYTES: "Results that are read",
}

_APART = "~"


def pack(id: str) -> str:
    """The page of a pack."""
    return f"{HOME}/{_pack(id)}"


def entry(pack: str, id: str) -> str:
    """The page of a rule, restriction or decision."""
    return f"{HOME}/{_pack(pack)}/{_part(id)}"


def threshold(pack: str, name: str) -> str:
    """A cut-off, on the page of its pack."""
    return f"{HOME}/{_pack(pack)}#cut-off-{_part(name)}"


def definition(pack: str, name: str) -> str:
    """A definition, on the page of its pack."""
    return f"{HOME}/{_pack(pack)}#definition-{_part(name)}"


def row(id: str) -> str:
    """The page of a row of the reference."""
    return f"{EVIDENCE}/{_part(id)}"


def analyte(id: str) -> str:
    """A result that is read, on the page of all of them."""
    return f"{ANALYTES}#{_part(id)}"


def asked(page: str, **fields: str) -> str:
    """A page with a question; fields that say nothing are left out."""
    said = urlencode({name: value for name, value in fields.items() if value})
    return f"{page}?{said}" if said else page


def pack_of(part: str) -> str:
    """The id of a pack by its part of the path."""
    return part.removeprefix(_APART)


def _pack(id: str) -> str:
    """A pack of one's own may be called as one of the other pages is."""
    return f"{_APART}{_part(id)}" if f"{HOME}/{id}" in PAGES else _part(id)


def _part(text: str) -> str:
    return quote(text, safe="")
