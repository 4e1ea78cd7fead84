"""Times of a source that name no zone: what they may be where clocks are put forward or back."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from corrin.zone import zone_of

_DAY = len("2026-03-29")
_DTM = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})"
    r"(?:(?P<second>\d{2})(?P<part>\.\d{1,9})?)?)?)?)?)?(?P<zone>[+-]\d{4}|Z)?",
    re.ASCII,
)


@lru_cache(maxsize=8192)
def settled(text: str, zone: str) -> str:
    """A FHIR dateTime, or its day alone where its hour came twice or never at that place.

    A time with a zone, a date, and what is no date at all stay as they are.
    """
    if len(text) <= _DAY or text[_DAY] != "T" or text[-1] == "Z" or text[-6] in "+-":
        return text
    try:
        naive = datetime.fromisoformat(text[: len("2026-03-29T01:30:00")])
    except ValueError:
        return text
    where = zone_of(zone)
    first, second = (naive.replace(tzinfo=where, fold=fold).utcoffset() for fold in (0, 1))
    return text if first == second else text[:_DAY]


@lru_cache(maxsize=8192)
def of_dtm(text: str, zone: str) -> str:
    """A time of HL7 v2 (``20260701093000.000+0200``) as a FHIR dateTime, as precise as it is.

    An hour without minutes is told as its day, since FHIR has no hours. What is no such time stays
    as it is written, for the reader to refuse.
    """
    text = text.strip()
    match = _DTM.fullmatch(text)
    if match is None:
        return text
    found = match["year"]
    for part in (match["month"], match["day"]):
        found += "" if part is None else f"-{part}"
    if match["hour"] is None or match["minute"] is None:
        return found
    found += f"T{match['hour']}:{match['minute']}"
    found += "" if match["second"] is None else f":{match['second']}{match['part'] or ''}"
    offset = match["zone"]
    if offset is None:
        return settled(found, zone)
    return found + ("Z" if offset == "Z" else f"{offset[:3]}:{offset[3:]}")
