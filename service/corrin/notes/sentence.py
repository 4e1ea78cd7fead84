"""Sentences put as people read them: times, units, first letters."""

from __future__ import annotations

import re

_ANNOTATED = re.compile(r"\{(\d+(?:\.\d+)?)_([A-Za-z]+\d?)\}", re.ASCII)
_POWER = re.compile(r"\b10\*(\d+)/", re.ASCII)
# The space comes first: it is looked for quickly, what stands before it only then.
_PERIOD = re.compile(
    r" (?<=\d )(?:(a|wk)(?=[),;.]|$| or above| or below| \()|(d)(?![\w/*^-]))", re.ASCII
)
_ONE = re.compile(r"(?<![\d.])1 (year|week|day)s\b", re.ASCII)
_PERIODS = {"a": "years", "wk": "weeks", "d": "days"}
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)


def readable(text: str) -> str:
    """A sentence with its times and annotated units put as people read them.

    ``2026-03-01T08:30:00Z``, ``mL/min/{1.73_m2}``, ``34 10*9/L`` and ``50 a`` become
    ``2026-03-01 08:30 UTC``, ``mL/min/1.73 m2``, ``34 x10^9/L`` and ``50 years``.
    """
    if "T" in text:
        text = _TIME.sub(_time, text)
    if "*" in text:
        text = _POWER.sub(r"x10^\1/", text)
    if " a" in text or " d" in text or " wk" in text:
        text = _PERIOD.sub(lambda found: f" {_PERIODS[found[1] or found[2]]}", text)
    if "1 " in text:
        text = _ONE.sub(r"1 \1", text)
    return _ANNOTATED.sub(r"\1 \2", text) if "{" in text else text


def _time(found: re.Match[str]) -> str:
    day, minute, zone = found.groups()
    offset = {"Z": " UTC", "+00:00": " UTC", None: ""}.get(zone, f" {zone}")
    return f"{day} {minute}{offset}"


def capital(text: str) -> str:
    """A sentence with its first letter large; ``eGFR`` and ``pH`` stay as they are."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def small(text: str) -> str:
    """A sentence to stand inside another: its first letter small, unless a name begins it."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
