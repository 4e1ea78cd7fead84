"""What is asked of every person, and what is known of the export as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

EACH_RESULT = "each-result"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every person.

    Attributes:
        as_of: a FHIR date or dateTime, or :data:`EACH_RESULT`.
        profile: which packs run together.
        packs: ``id`` or ``id@version``, run in addition.
        folders: folders of packs of one's own.
        overlay: path of a site file.
        complete: lists the export holds completely (``medicines``).
        against: another framework the same people are judged by.
        zone: time zone of times that name none (``Europe/London``).
        fhir: URL of the service that answers in FHIR are to point to; ``None`` for no such answers.
    """

    as_of: str
    profile: str = "uk"
    packs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    overlay: str | None = None
    complete: tuple[str, ...] = ()
    against: str | None = None
    zone: str = "UTC"
    fhir: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a chunk stood: the file's name as reported, and the lines before the chunk in it.

    ``format`` is that of its source: each numbers people in its own way. ``native`` maps elements
    of the resource made of a row to the columns or fields they came from (``.value.unit`` →
    ``OBX-6``), longest first.
    """

    file: str
    before: int = 0
    native: Mapping[str, str] = field(default_factory=dict)
    format: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What every partition needs to know of the whole export.

    Attributes:
        pieces: by number of the chunk.
        products: Medication resources by ``Type/id``, as JSON.
        deleted: ``Type/id`` of resources the export says are deleted.
        newest: of ``Type/id`` that the export holds more than once, the newest version met
            anywhere in it (:func:`corrin.intake.history.version_of`); older ones are superseded.
        disputed: of these, what several people have in that newest version: nobody's to use.
    """

    pieces: Mapping[int, Piece]
    products: Mapping[str, bytes] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    newest: Mapping[str, tuple[datetime, int]] = field(default_factory=dict)
    disputed: frozenset[str] = frozenset()
