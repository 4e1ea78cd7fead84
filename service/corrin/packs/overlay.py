"""A site file: what one laboratory or clinic sets for itself over the published packs.

Cut-offs, wording, which tests it can do and how exactly its assays measure; nothing else. Every
figure says why and whence. The models here are its shape; ``overlay_file`` reads one,
``overlay_apply`` puts it over a library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from corrin.packs import schema
from corrin.packs.schema import Content, Identifier

if TYPE_CHECKING:
    from corrin.packs.bound import BoundPack

# No published cut-off has more digits than a handful; more is not a figure but an attempt.
_FIGURE = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_CV = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)
_SD = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s+(\S{1,40})", re.ASCII)

Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


def _exact(value: Any) -> Decimal:
    """A figure as it was written; refuses what would have to be guessed at or rounded."""
    text = format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)
    if isinstance(value, bool | float) or _FIGURE.fullmatch(text) is None:
        raise ValueError("a figure is written in plain digits, such as 180 or 0.28")
    return Decimal(text)


Figure = Annotated[
    Decimal,
    BeforeValidator(_exact),
    WithJsonSchema({"type": "number", "minimum": 0}),
]


def _written_as(form: re.Pattern[str], example: str) -> Callable[[Any], Any]:
    """What refuses a text that is not wholly of a form, and shows one that is."""

    def fits(value: Any) -> Any:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            raise ValueError(f"write it as in: {example}")
        return value

    return fits


class SetVariant(Content):
    """The site's figure for some people: ``when`` is a condition on stated facts."""

    when: schema.Condition
    value: dict[str, Figure] = Field(min_length=1)


class SetThreshold(Content):
    """A cut-off as the site sets it: one figure per unit, or variants; why, and whence."""

    value: dict[str, Figure] | None = Field(default=None, min_length=1)
    variants: tuple[SetVariant, ...] = ()
    because: Line
    source: Line
    evidence: tuple[schema.EvidenceRow, ...] = ()

    @model_validator(mode="after")
    def _has_a_value(self) -> SetThreshold:
        if (self.value is None) is not bool(self.variants):
            raise ValueError("give either value or variants")
        return self

    def figures(self) -> tuple[Mapping[str, Decimal], ...]:
        """All figures set: of the one value, or of each variant."""
        return (self.value,) if self.value is not None else tuple(v.value for v in self.variants)


class SetWording(Content):
    """A rule's note as the site words it; its limits are added to those of the rule."""

    summary: Prose | None = None
    detail: Prose | None = None
    limits: tuple[Prose, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> SetWording:
        if self.summary is None and self.detail is None and not self.limits:
            raise ValueError("give a summary, a detail or limits")
        return self


class Tests(Content):
    """What the site can measure: either all but ``unavailable``, or only ``available``."""

    unavailable: tuple[Identifier, ...] | None = None
    available: tuple[Identifier, ...] | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Tests:
        if self.unavailable is not None and self.available is not None:
            raise ValueError("give either unavailable or available")
        return self


class SetImprecision(Content):
    """How exactly an assay measures: a coefficient of variation, or a standard deviation."""

    cv: (
        Annotated[
            str,
            StringConstraints(pattern=_CV.pattern, max_length=20),
            BeforeValidator(_written_as(_CV, "5 %")),
        ]
        | None
    ) = None
    sd: (
        Annotated[
            str,
            StringConstraints(pattern=_SD.pattern, max_length=60),
            BeforeValidator(_written_as(_SD, "0.02 umol/L")),
        ]
        | None
    ) = None
    because: Line

    @model_validator(mode="after")
    def _one_of_two(self) -> SetImprecision:
        if (self.cv is None) is (self.sd is None):
            raise ValueError("give either cv or sd")
        return self

    def spread(self) -> Spread:
        """The imprecision as numbers."""
        if self.cv is not None:
            found = _CV.fullmatch(self.cv)
            assert found is not None
            return Spread(Decimal(found[1]).scaleb(-2), None, self.cv)
        found = _SD.fullmatch(str(self.sd))
        assert found is not None
        return Spread(Decimal(found[1]), found[2], str(self.sd))


class Overlay(Content):
    """The whole of a site file."""

    id: Annotated[Identifier, StringConstraints(max_length=80)]
    title: Line
    version: Annotated[str, StringConstraints(pattern=r"^\d{1,6}\.\d{1,6}\.\d{1,6}$")]
    date: date
    owner: Line
    based_on: Identifier | None = Field(
        default=None, description="the profile it was written for; no other can be run with it"
    )
    thresholds: dict[Identifier, dict[Identifier, SetThreshold]] = Field(default_factory=dict)
    wording: dict[Identifier, SetWording] = Field(default_factory=dict)
    tests: Tests = Tests()
    imprecision: dict[Identifier, SetImprecision] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """``id@version``, as the report names it."""
        return f"{self.id}@{self.version}"


def schema_of_site_file() -> bytes:
    """The JSON Schema (2020-12) of a site file, as UTF-8 JSON with a newline at its end."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:corrin:overlay"}
    found = Overlay.model_json_schema(mode="validation")
    return json.dumps({**head, **found}, indent=2, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Spread:
    """One standard deviation of an assay: a share of the value, or (with ``unit``) an amount."""

    amount: Decimal
    unit: str | None
    said: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many standard deviations are looked at on either side of a value, and what that is."""

    factor: Decimal
    says: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A cut-off the site set: as published, as it now stands, and what the site file says."""

    upstream: schema.Threshold
    now: schema.Threshold
    set: SetThreshold


@dataclass(frozen=True, slots=True)
class Change:
    """One difference from the published content, old and new in words."""

    kind: str
    name: str
    pack: str | None
    part: str
    old: str
    new: str
    because: str = ""
    source: str = ""

    @property
    def sentence(self) -> str:
        """The change in one line."""
        where = f" of pack {self.pack}" if self.pack else ""
        told = (("upstream", self.old), ("because", self.because), ("source", self.source))
        why = "; ".join(f"{label}: {text}" for label, text in told if text)
        return f"{self.part} {self.name}{where}: {self.new} ({why})"


@dataclass(frozen=True, slots=True)
class Site:
    """A site file in effect: what a library that carries it has been changed by.

    ``moved`` is keyed by pack and threshold, ``reworded`` names the parts of a rule's note that
    the site worded. ``guards`` are the packs that always run, with their own cut-offs as the site
    set them but with those they use of other packs as published, and ``published`` are all packs
    as published: what fires by them is never silenced by a cut-off moved elsewhere.
    """

    overlay: Overlay
    digest: str
    moved: Mapping[tuple[str, str], Moved]
    reworded: Mapping[str, tuple[str, ...]]
    unavailable: frozenset[str]
    imprecision: Mapping[str, Spread]
    coverage: Coverage
    guards: Mapping[str, BoundPack]
    published: Mapping[str, BoundPack]
    changes: tuple[Change, ...]
