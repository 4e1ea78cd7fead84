"""Reads ``language.yaml`` and makes its thresholds and definitions ready."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from corrin import terminology
from corrin.content import read_document
from corrin.evaluate.given import case_of
from corrin.language import tree
from corrin.language.bind import Misfit, Vocabulary, bind
from corrin.language.parse import parse
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs import schema
from corrin.packs.binding import bind_pack
from corrin.packs.library import vocabulary_of
from corrin.packs.pack import Pack

SPEC: dict[str, Any] = read_document(Path(__file__).parent / "language.yaml")
TRUTHS = {"true": True, "false": False, "unknown": None}

_HEAD = schema.PackHead.model_construct(id="spec", scope=None)


def vocabulary() -> Vocabulary:
    """The shipped names together with the thresholds and definitions of the tables."""
    shared = vocabulary_of(terminology.load())
    pack = Pack(
        head=_HEAD,
        thresholds={
            name: schema.Threshold.model_validate(raw) for name, raw in SPEC["thresholds"].items()
        },
        definitions={
            name: schema.Definition.model_validate(raw) for name, raw in SPEC["definitions"].items()
        },
        decisions={},
        restrictions=(),
        rules=(),
        places={"pack": schema},  # type: ignore[dict-item]
        digest="",
    )
    bound, findings = bind_pack(pack, (), shared)
    assert not findings, findings
    return replace(shared, cuts=bound.cuts, definitions=bound.definitions)


VOCABULARY = vocabulary()


def read(condition: str) -> tuple[tree.Expression, tuple[Misfit, ...]]:
    """A condition of the tables, bound."""
    return bind(parse(condition), VOCABULARY)


def truth(condition: str, given: dict[str, Any]) -> bool | None:
    """The truth of a condition for the facts of one row."""
    bound, misfits = read(condition)
    assert not misfits, misfits
    world = World.of(case_of(given, VOCABULARY))
    return Compiler(VOCABULARY.analytes).condition(bound)(world)


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Every row of every table, with the operator it is about."""
    return [(table["operator"], row) for table in SPEC["operators"] for row in table["table"]]
