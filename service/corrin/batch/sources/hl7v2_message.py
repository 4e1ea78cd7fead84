"""The lines of one HL7 v2 message → its segments, parted by the delimiters of its own header."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import hl7
import hl7.util

from corrin.batch.sources.hl7v2_lines import Message
from corrin.content import read_document, rules_root

# The library logs what it cannot read, with the text; texts are patients'.
logging.getLogger(hl7.util.__file__).disabled = True

_HEADER = re.compile(rb"MSH([^A-Za-z0-9\s])([^A-Za-z0-9\s]{1,5})(?:\1|\r?$)")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_SURROGATES = re.compile("[\ud800-\udfff]")
_CHARACTER_SET = 17  # of the header's parts, which begin with MSH and MSH-2
_NULL = '""'


class MessageError(Exception):
    """A message that cannot be read; ``reason`` is a reason code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """``rules/intake/hl7v2.yaml``."""
    found: Mapping[str, Any] = read_document(rules_root() / "intake" / "hl7v2.yaml")
    return found


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What parts a message: after MSH-1 and MSH-2, with what they leave out filled in."""

    field: str
    component: str = "^"
    repeat: str = "~"
    escape: str = "\\"
    part: str = "&"
    truncation: str = "#"


class Segment:
    """One segment; fields are counted as HL7 counts them, empty where there is none.

    Attributes:
        name: ``OBX``; empty for a line that is no segment.
        line: where it stands in the file.
    """

    def __init__(self, name: str, line: int, fields: Any, marks: Delimiters, encoding: str) -> None:
        self.name, self.line = name, line
        self._fields, self._marks, self._encoding = fields, marks, encoding

    def repeats(self, number: int) -> list[list[list[str]]]:
        """A field as repetitions of components of parts, escapes undone; at least one of each."""
        if self._fields is None or number >= len(self._fields):
            return [[[""]]]
        field = self._fields[number]
        if isinstance(field, str):
            return [[[self._plain(field)]]]
        return [self._components(one) for one in field] or [[[""]]]

    def _components(self, repeat: Any) -> list[list[str]]:
        if isinstance(repeat, str):
            return [[self._plain(repeat)]]
        return [
            [self._plain(one)]
            if isinstance(one, str)
            else [self._plain(str(part)) for part in one] or [""]
            for one in repeat
        ] or [[""]]

    def raw(self, number: int) -> str:
        """A field as it stands, escapes undone and delimiters kept."""
        if self._fields is None or number >= len(self._fields):
            return ""
        return self._plain(str(self._fields[number]))

    def text(self, number: int, component: int = 1) -> str:
        """A component of a field's first repetition; empty for the explicit null."""
        components = self.repeats(number)[0]
        found = components[component - 1][0] if component <= len(components) else ""
        return "" if found == _NULL else found.strip()

    def _plain(self, text: str) -> str:
        return unescaped(text, self._marks, self._encoding)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message as segments; what is none has an empty name. ``left`` were not parsed."""

    segments: tuple[Segment, ...]
    left: int = 0

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]


def parse(
    message: Message,
    encoding: str | None = None,
    leave: Callable[[str, Delimiters], bool] | None = None,
    decoded: bool = False,
) -> Parsed:
    """The segments of a message.

    Args:
        message: its lines.
        encoding: of messages that do not name a character set of ours.
        leave: whether an OBX, by its text, need not be looked at: most of the time goes into
            parting segments. Remarks behind it are left with it.
        decoded: whether its lines are UTF-8 whatever it says, since it came as text; its escapes
            are still of the character set it names.

    Raises:
        MessageError: input-message-header, input-line-too-long.
    """
    first = message.lines[0].data
    match = _HEADER.match(first) if first is not None else None
    if match is None or first is None:
        raise MessageError("input-message-header")
    named = _encoding(first, match[1], match[2], encoding)
    said = "utf-8" if decoded else named
    marks = _delimiters(match[1].decode("latin-1"), match[2].decode("latin-1"))
    texts = [
        "" if one.data is None else one.data.decode(said, "surrogateescape").strip("\x00 \t")
        for one in message.lines
    ]
    good = [at for at, text in enumerate(texts) if _is_segment(text, marks)]
    passed = _passed(texts, good, marks, leave)
    good = [at for at in good if at not in passed]
    parsed = hl7.parse("\r".join(texts[at] for at in good))
    fields = dict(zip(good, parsed, strict=True))
    return Parsed(
        tuple(
            Segment(texts[at][:3] if at in fields else "", one.number, fields.get(at), marks, named)
            for at, one in enumerate(message.lines)
            if at not in passed
        ),
        sum(1 for at in passed if texts[at].startswith("OBX")),
    )


def single(text: str, marks: Delimiters) -> Segment:
    """One segment by itself."""
    others = marks.component + marks.repeat + marks.escape + marks.part
    parsed = hl7.parse(f"MSH{marks.field}{others}{marks.field}\r{text}")
    return Segment(text[:3], 0, parsed[1], marks, "utf-8")


def _passed(
    texts: list[str],
    good: list[int],
    marks: Delimiters,
    leave: Callable[[str, Delimiters], bool] | None,
) -> frozenset[int]:
    found: set[int] = set()
    before = False
    for at in good if leave is not None else ():
        name = texts[at][:3]
        if leave is not None and name == "OBX":
            before = leave(texts[at], marks)
        elif name != "NTE":
            before = False
        if before:
            found.add(at)
    return frozenset(found)


def _is_segment(text: str, marks: Delimiters) -> bool:
    return _NAME.fullmatch(text[:3]) is not None and text[3:4] in ("", marks.field)


def _delimiters(field: str, others: str) -> Delimiters:
    found = Delimiters(field, *others)
    if len({field, found.component, found.repeat, found.escape, found.part}) < len("|^~\\&"):
        raise MessageError("input-message-header")
    return found


def _encoding(header: bytes, field: bytes, marks: bytes, said: str | None) -> str:
    """How the bytes of a message are encoded: by MSH-18, else as was said, else UTF-8."""
    parts = header.split(field)
    named = parts[_CHARACTER_SET] if len(parts) > _CHARACTER_SET else b""
    repeat = marks[1:2] or b"~"
    name = " ".join(named.split(repeat)[0].decode("latin-1").split()).upper()
    found = words()["character_sets"].get(name)
    if found is None or name in ("", "ASCII"):
        found = said or found or "utf-8"
    return codecs.lookup(found).name


_FORMATS = {"H": "", "N": "", ".br": "\n", ".fi": "", ".nf": "", ".ce": "\n"}
_COUNTED = re.compile(r"\.(?P<what>sp|sk|in|ti)(?P<count>[+-]?\d{0,3})", re.ASCII)
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)", re.ASCII)


def unescaped(text: str, marks: Delimiters, encoding: str = "utf-8") -> str:
    """A text with its escape sequences undone; one that is not known stays as it stands."""
    if marks.escape not in text:
        return text
    mark = re.escape(marks.escape)
    return re.sub(
        f"{mark}([^{mark}]*){mark}",
        lambda match: _meant(match[1], match[0], marks, encoding),
        text,
    )


def _meant(code: str, whole: str, marks: Delimiters, encoding: str) -> str:
    named = {
        "F": marks.field,
        "S": marks.component,
        "R": marks.repeat,
        "E": marks.escape,
        "T": marks.part,
        "P": marks.truncation,
        **_FORMATS,
    }
    if code in named:
        return named[code]
    counted = _COUNTED.fullmatch(code)
    if counted is not None:
        lines = counted["what"] == "sp"
        many = min(abs(int(counted["count"] or "1")), 100) if counted["count"] not in "+-" else 1
        return ("\n" if lines else " ") * many
    match = _HEX.fullmatch(code)
    if match is not None:
        try:
            return bytes.fromhex(match[1]).decode(encoding)
        except UnicodeDecodeError:
            return whole
    return whole


def undecoded(text: str) -> bool:
    """Whether bytes of a text were not in the encoding it was said to be in."""
    return _SURROGATES.search(text) is not None


def shown(text: str) -> str:
    """A text for people only, with a mark for what could not be decoded."""
    return _SURROGATES.sub("\ufffd", text)
