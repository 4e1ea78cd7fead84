"""Text put into GitHub Markdown so that it stays text: no markup, no HTML, no links of its own.

Some clients render the detail of a card as HTML whatever it holds, so angle brackets become
entities and not only backslash escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARKS = re.compile(r"([\\`*_\[\]~|$])")
_BEGINS = re.compile(r"^(?:([#+\-=:])|(\d{1,9})([.)])(?=\s|$))")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\w)(?=@\w)", re.IGNORECASE)
_SCHEME = re.compile(r"\b(javascript|vbscript|data|mailto|xmpp|tel):", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s()<>\[\]\"'`\\|*]+", re.ASCII)
_FIRST = frozenset("#+-=:")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def text(said: str) -> str:
    """One line of text, escaped: what a reader sees is what stood there, and nothing else."""
    said = " ".join(said.split())
    # Each pass is made only where what it looks for can be: most texts need none of them.
    if "@" in said or "//" in said or "www." in said.lower():
        said = _LINKS.sub(" ", said)
    if ":" in said:
        said = _SCHEME.sub(r"\1 :", said)
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = _MARKS.sub(r"\\\1", said)
    return _BEGINS.sub(_begun, said) if said[:1] in _FIRST or said[:1].isdigit() else said


def _begun(found: re.Match[str]) -> str:
    mark, number, end = found.groups()
    return f"\\{mark}" if mark else f"{number}\\{end}"


def plain(said: str) -> str:
    """One line for a place that takes no markup; no HTML tag to whoever takes it for HTML."""
    return _TAG.sub("< ", " ".join(said.split()))


def link(label: str, url: str | None) -> str:
    """A link to an address of ours or of a source; the label alone where it is no address."""
    if url is None or _URL.fullmatch(url) is None:
        return text(label)
    return f"[{text(label)}]({url})"


def field(label: str, *lines: str) -> str:
    """A labelled paragraph, or a labelled list when there is more than one line; escaped before."""
    if len(lines) == 1:
        return f"**{text(label)}**: {lines[0]}"
    return "\n".join((f"**{text(label)}**:", "", *(f"- {line}" for line in lines)))


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that say something, with a blank line between."""
    return "\n\n".join(part for part in parts if part)
