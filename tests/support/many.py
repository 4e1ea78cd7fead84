"""Records of many cases at once beside those of one case after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from corrin.comparison.framework import framework
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case
from corrin.interpretation import prepared, site_file
from corrin.notes.compose import Composer
from corrin.notes.many import Many
from corrin.notes.record import Record, Recorder
from corrin.packs.library import open_library
from corrin.packs.versions import find
from support import places
from support.site import B12_CV_5, TOTAL_200, cut_off, site

PROFILES = ("uk", "us")
FRAMEWORKS = ("aafp-2025", "mayo-acasm", "labcorp-141503", "bsh-2014", "nih-ods")
# Under the example of a site file, and under ones that move cut-offs critical values rest on.
SITES = {
    "site": (places.ROOT / "fixtures" / "site" / "example.yaml").read_bytes(),
    "site-200": site(TOTAL_200),
    "site-150": site(cut_off("ng239", "total_b12_low", "{ng/L: 150, pmol/L: 111}"), B12_CV_5),
    "site-counts": site(cut_off("clinical-terms", "platelets_low", "{10*9/L: 100}")),
}
ENGINES = (*PROFILES, "cb12", *FRAMEWORKS, *SITES)


@cache
def engine(name: str) -> tuple[Engine, Composer]:
    """The engine of a profile, of uk with cB12 beside it, or with another framework in it."""
    if name in PROFILES:
        return prepared(name)
    if name in SITES:
        return prepared("uk", overlay=site_file(SITES[name]))
    if name == "cb12":
        return prepared("uk", ("cb12",))
    library = open_library().sound()
    found = framework(library, library.profiles["uk"], find(library, name), "test")
    return found.engine, found.composer


@cache
def recorder(name: str) -> Recorder:
    """What records the evaluations of an engine."""
    return Recorder(*engine(name))


@cache
def many(name: str) -> Many:
    """What records many cases at once."""
    return Many(engine(name)[0], recorder(name))


def one_by_one(name: str, cases: Sequence[Case]) -> list[Record]:
    """The records as they are made online."""
    asked = engine(name)[0]
    return [recorder(name).of(asked.evaluate(case)) for case in cases]


def differing(found: Sequence[Record], wanted: Sequence[Record]) -> list[str]:
    """Where two lists of records differ, first differences first, without values."""
    assert len(found) == len(wanted)
    return [f"case {at}: {what}" for at in range(len(found)) for what in _of(found[at], wanted[at])]


def _of(found: Record, wanted: Record) -> list[str]:
    if found == wanted:
        return []
    said = [
        name
        for name in ("in_scope", "urgency", "results")
        if getattr(found, name) != getattr(wanted, name)
    ]
    for one, other in zip(found.statuses, wanted.statuses, strict=True):
        said += [f"{other.topic} {name}" for name in _fields(one, other)]
    mine, theirs = [n.rule for n in found.notes], [n.rule for n in wanted.notes]
    if mine != theirs:
        said.append(f"rules {sorted(set(mine) ^ set(theirs))}")
    else:
        for note, expected in zip(found.notes, wanted.notes, strict=True):
            said += [f"{expected.rule} {name}" for name in _fields(note, expected)]
    return said


def _fields(one: object, other: object) -> list[str]:
    names = type(one).__dataclass_fields__  # type: ignore[attr-defined]
    return [name for name in names if getattr(one, name) != getattr(other, name)]
