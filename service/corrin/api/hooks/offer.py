"""What is offered to a record system: services, prefetch templates, what orders mean to us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.intake import lists
from corrin.intake.order import Order, measured_by
from corrin.terminology.systems import LOINC

VERSION = "2.0.1"
"""The version of CDS Hooks the services are built to."""
HOOKS = ("patient-view", "order-select", "order-sign")


@dataclass(frozen=True, slots=True)
class Key:
    """One prefetch key.

    Attributes:
        name: as it stands in a request.
        title: what it asks for, in words.
        query: the template.
        analytes: what it asks for of the terminology; none of a key that asks for context only.
        laboratory: whether these are results that notes rest on.
    """

    name: str
    title: str
    query: str
    analytes: tuple[str, ...] = ()
    laboratory: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service; ``keys`` by name, in the order they are listed."""

    id: str
    hook: str
    title: str
    description: str
    keys: Mapping[str, Key]

    @property
    def key_of(self) -> dict[str, str]:
        """Analyte → the key it is asked for under."""
        return {name: key.name for key in self.keys.values() for name in key.analytes}


@dataclass(frozen=True, slots=True)
class Relevance:
    """The topics that concern whoever orders one of some tests or medicines."""

    tests: frozenset[str]
    medicines: frozenset[str]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class Offer:
    """All services, the members of an extension that are read, and what orders mean."""

    services: Mapping[str, Service]
    usage: str
    evaluation_time: str
    profile: str
    relevance: tuple[Relevance, ...]

    def discovery(self) -> dict[str, Any]:
        """The answer of ``GET /cds-services``."""
        return {
            "services": [
                {
                    "hook": one.hook,
                    "id": one.id,
                    "title": one.title,
                    "description": one.description,
                    "usageRequirements": self.usage,
                    "version": VERSION,
                    "prefetch": {key.name: key.query for key in one.keys.values()},
                }
                for one in self.services.values()
            ]
        }

    def tests_of(self, orders: Iterable[Order]) -> frozenset[str]:
        """Every analyte that some orders ask for, alone or in a panel."""
        found: set[str] = set()
        for one in orders:
            found |= one.tests
            found |= measured_by(one.panels)
        return frozenset(found)

    def topics_of(self, orders: Iterable[Order]) -> frozenset[str]:
        """The topics that concern some orders."""
        orders = tuple(orders)
        tests = self.tests_of(orders)
        medicines = {name for one in orders for name in one.medicines}
        found: set[str] = set()
        for one in self.relevance:
            if not one.tests.isdisjoint(tests) or not one.medicines.isdisjoint(medicines):
                found |= one.topics
        return frozenset(found)


@lru_cache(maxsize=1)
def load() -> Offer:
    """What is offered, read once from ``rules/hooks``.

    Raises:
        corrin.content.ContentError: a file is missing or is not what its name says.
    """
    folder = rules_root() / "hooks"
    listed = read_document(folder / "services.yaml")
    keys = {
        name: _key(name, found)
        for name, found in read_document(folder / "prefetch.yaml")["prefetch"].items()
    }
    orders = read_document(folder / "orders.yaml")
    return Offer(
        services={
            one["id"]: Service(
                id=one["id"],
                hook=one["hook"],
                title=one["title"],
                description=one["description"],
                keys={name: keys[name] for name in one["prefetch"]},
            )
            for one in listed["services"]
        },
        usage=listed["usage"],
        evaluation_time=listed["extensions"]["evaluation_time"],
        profile=listed["extensions"]["profile"],
        relevance=tuple(
            Relevance(
                frozenset(one["tests"]), frozenset(one["medicines"]), frozenset(one["topics"])
            )
            for one in orders["relevance"]
        ),
    )


def _key(name: str, found: Mapping[str, Any]) -> Key:
    analytes = tuple(found.get("analytes", ()))
    if "query" in found:
        return Key(name, found["title"], found["query"])
    known = terminology.load().analytes
    codes = [one.code for analyte in analytes for one in known[analyte].codes]
    asked = frozenset(found.get("asked", ()))
    codes += [
        code
        for (system, code), concept in lists.load().asked.items()
        if concept in asked and system == LOINC
    ]
    tokens = ",".join(f"{LOINC}|{code}" for code in dict.fromkeys(codes))
    query = (
        f"Observation?patient={{{{context.patientId}}}}&code={tokens}"
        f"&_sort=-date&_count={found['count']}"
    )
    return Key(name, found["title"], query, analytes, found.get("laboratory", True))
