"""What every resource that describes something has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from corrin import __version__
from corrin.api.interpreter import Interpreter
from corrin.api.settings import Settings

PUBLISHER = "The Corrin project"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What a service runs, as the resources about it are written from.

    Attributes:
        base: public URL, without a final slash.
        date: of the newest pack or profile: nothing here is newer.
    """

    base: str
    settings: Settings
    interpreter: Interpreter
    date: str

    def head(
        self, kind: str, id: str, *, title: str, says: str, version: str = __version__
    ) -> Resource:
        """The elements every such resource begins with."""
        return {
            "resourceType": kind,
            "id": id,
            "url": f"{self.base}/fhir/{kind}/{id}",
            "version": version,
            "name": computable(kind, id),
            "title": title,
            "status": "active",
            "experimental": False,
            "date": self.date,
            "publisher": PUBLISHER,
            "description": says,
        }


def source(settings: Settings, interpreter: Interpreter) -> Source:
    """What there is to describe."""
    engines = [engine for engine, _ in interpreter.engines.values()]
    dates = [str(engine.profile.head.date) for engine in engines]
    dates += [str(b.pack.head.date) for engine in engines for b in engine.library.packs.values()]
    return Source(settings.base, settings, interpreter, max(dates))


def computable(kind: str, id: str) -> str:
    """A name for programs, as FHIR wants it: ``Corrin`` and the words of kind and id."""
    words = id.replace(".", "-").split("-")
    return "Corrin" + "".join(word[:1].upper() + word[1:] for word in words if word) + kind


def kept(resource: Resource) -> Resource:
    """The resource without elements that are empty."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
