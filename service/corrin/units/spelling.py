"""A unit as typed, brought to plain characters: what it says is kept, how it was typed is not.

Nothing here knows any unit. Every string is taken; one that cannot be a unit gives ``None``.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_RAW = 96
LONGEST = 32

_SUPERSCRIPTS = {
    ord(mark): digit for mark, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True)
}
_POWER_OF_TEN = re.compile("(10)([⁺⁻]?[⁰¹²³⁴-⁹]+)")
_SAME_AS = str.maketrans(
    {
        "µ": "u",  # micro sign
        "μ": "u",  # Greek mu
        "×": "x",
        "✕": "x",
        "\u00b7": ".",  # middle dot
        "\u2022": ".",  # bullet
        "\u2219": ".",  # bullet operator
        "\u22c5": ".",  # dot operator
        "\u2215": "/",  # division slash
        "\u2044": "/",  # fraction slash
        "\u2212": "-",  # minus sign
        "\u2010": "-",  # hyphen
        "\u2011": "-",  # hyphen that does not break
        "\u2013": "-",  # dash
        "\u2019": "'",  # apostrophe
        "\u2018": "'",  # opening quote
        "\uff0a": "*",  # wide asterisk
        "\u00ad": None,  # soft hyphen
        "\u200b": None,  # zero-width space
        "\u200c": None,
        "\u200d": None,
        "\u2060": None,
        "\ufeff": None,
    }
)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}),(\d{3})(?![\d,.])")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_TIMES_BEFORE_TEN = re.compile(r"^[xX*]+(?=10)")


def plain(text: str) -> str | None:
    """A unit's text in printable ASCII without blanks, or ``None`` when it cannot be a unit.

    ``"x10⁹ / L"`` and ``"x10\\S\\9/L"`` (the HL7 v2 escape of ``^``) both give ``"10^9/L"``,
    ``"µmol/L"`` gives ``"umol/L"``, ``"ml/min/1,73 m²"`` gives ``"ml/min/1.73m2"``. An empty
    string is a unit not given; ``None`` is one too long or in characters no unit has.
    """
    return None if len(text) > LONGEST_RAW else _plain(text)


def _plain(text: str) -> str | None:
    # Before NFKC, which would turn a superscript into an ordinary digit: 10⁹ would read 109.
    text = _POWER_OF_TEN.sub(r"\1^\2", text).translate(_SUPERSCRIPTS)
    text = unicodedata.normalize("NFKC", text.translate(_SAME_AS)).translate(_SAME_AS)
    text = "".join(text.split())
    if len(text) > LONGEST + 8:
        return None
    text = text.replace("\\S\\", "^").replace("\\s\\", "^")
    text = _THOUSANDS.sub(r"\1\2", text)
    text = _DECIMAL_COMMA.sub(".", text)
    if len(text) > 2 and text[0] == "(" and text[-1] == ")" and text.count("(") == 1:
        text = text[1:-1]
    text = _TIMES_BEFORE_TEN.sub("", text)
    if len(text) > LONGEST or not all("!" <= character <= "~" for character in text):
        return None
    return text
