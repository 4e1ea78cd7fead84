"""The JSON Schema (2020-12) of a case, with the names our content knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from corrin.content import read_document, rules_root
from corrin.intake import lists
from corrin.intake.plain import context, names, person, results

Schema = dict[str, Any]

_DATE = {
    "type": "string",
    "pattern": r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$",
    "description": "a FHIR date or dateTime; a month or a year alone is taken as such",
}
_TEXT = {"type": "string", "minLength": 1}
_TRUTH = {"type": "boolean"}
_STATUS = (
    *("final", "amended", "corrected", "preliminary"),
    *("registered", "cancelled", "entered-in-error", "unknown"),
)


@lru_cache(maxsize=1)
def schema() -> Schema:
    """The schema of one case; the same object every time, not to be changed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:corrin:case:1",
        "title": "Case",
        "description": "One person's results and context, written by hand. null: left out.",
        **_object(
            {
                "as_of": _with(_DATE, "the moment to interpret for; else now"),
                "patient": _nullable(_patient()),
                "results": _nullable({"type": "array", "items": _result()}),
                "context": _nullable(_context()),
                "id": _text("your name for this case; a batch gives it back", maxLength=64),
            }
        ),
        "anyOf": [{"required": ["results"]}, {"required": ["context"]}],
        "examples": [example()],
    }


@lru_cache(maxsize=1)
def example() -> Any:
    """A whole case, as it is shown wherever its form is published."""
    document = read_document(rules_root() / "intake" / "plain.yaml")
    return json.loads(json.dumps(document["example"]))


def _patient() -> Schema:
    sexes = tuple(dict.fromkeys(names.words().sex.values()))
    return _object(
        {
            "age": {
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": person.OLDEST,
                "description": "completed years at as_of; instead of birth_date",
            },
            "birth_date": _with(_DATE, "a date without a time; may be a month or a year"),
            "sex": _text("administrative sex", examples=list(sexes)),
            "deceased": {"type": ["boolean", "string", "null"], "description": "or since when"},
        }
    )


def _result() -> Schema:
    ends = _object({"low": _number(), "high": _number()})
    found = {
        "test": _text(
            "a name, our id, or a LOINC code", examples=["B12", "total_b12", "2132-9", "Hb"]
        ),
        "value": {
            "type": ["number", "string", "boolean", "object", "null"],
            "description": "a number; a text such as <150; low and high; of a present/absent test "
            "positive, negative, true or false",
            "examples": [182, "<150", "positive"],
            "properties": ends["properties"],
            "additionalProperties": False,
        },
        "unit": _text("as the laboratory writes it; never assumed", examples=["ng/L", "pmol/L"]),
        "date": _with(_DATE, "when the sample was taken"),
        "status": _text("final when left out", examples=list(_STATUS)),
        "comparator": _text("when the number is a bound", examples=["<", "<=", ">=", ">"]),
        "range": {
            "type": ["string", "object", "null"],
            "description": "the laboratory's own range, in the unit of the result",
            "examples": ["200-900"],
            "properties": ends["properties"],
            "additionalProperties": False,
        },
        "specimen": _text("what the sample is", examples=["serum"]),
        "issued": _with(_DATE, "when the result was issued"),
        "id": _text("your name for this result", maxLength=64),
        "interpretation": _text("the laboratory's flag", examples=["L", "H", "POS"]),
        "comment": _text("read for haemolysis only", examples=["haemolysed"]),
    }
    assert tuple(sorted(found)) == tuple(sorted(results.KEYS))
    return _object(found, ("test",))


def _context() -> Schema:
    parts: Schema = {name: _list(name) for name in context.LISTS}
    diet = _list("diet")
    parts["diet"] = {"anyOf": [_text("one diet", examples=["vegan"]), *diet["anyOf"]]}
    for name in context.TRUTHS:
        parts[name] = {"type": ["boolean", "null"]}
    weeks = {
        "weeks": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "at date, else at as_of",
        },
        "days": {"type": ["integer", "null"], "minimum": 0, "maximum": 6},
        "date": _DATE,
    }
    parts["pregnant"] = {"anyOf": [{"type": ["boolean", "null"]}, _object(weeks)]}
    parts["setting"] = _text(
        "where the person is seen; only a stay in hospital is used",
        examples=["primary-care", "inpatient"],
    )
    return _object(parts)


def _list(name: str) -> Schema:
    entry = {
        "anyOf": [
            _text("a name, our id, or a code with its system", examples=["snomed:91019004"]),
            _object({key: _ENTRY[key]() for key in context.ENTRY[name]}, ("name",)),
        ]
    }
    several = {"type": ["array", "null"], "items": entry}
    sides: Schema = {"present": several, "absent": several}
    sides["complete"] = {
        "type": ["boolean", "null"],
        "description": "whether the list holds everything there is"
        if name in context.CLOSABLE
        else "of this list never true",
    }
    if name not in context.CLOSABLE:
        sides["complete"]["enum"] = [False, None]
    return {"anyOf": [several, _object(sides)]}


def _route() -> Schema:
    known = [text for one in lists.load().routes for text in map(" ".join, one.texts)]
    return _text("how it is given", examples=known[:3])


_ENTRY: dict[str, Callable[[], Schema]] = {
    "name": lambda: _TEXT,
    "since": lambda: _nullable(_DATE),
    "until": lambda: _nullable(_DATE),
    "date": lambda: _with(_DATE, "when it was done"),
    "given": lambda: _with(_DATE, "one dose on a day, instead of since and until"),
    "route": _route,
    "resolved": lambda: _nullable(_TRUTH),
    "stopped": lambda: _nullable(_TRUTH),
}


def _object(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _text(description: str, **more: Any) -> Schema:
    return {"type": ["string", "null"], "minLength": 1, "description": description, **more}


def _number() -> Schema:
    return {"type": ["number", "null"]}


def _with(found: Schema, description: str) -> Schema:
    return _nullable({**found, "description": description})


def _nullable(found: Schema) -> Schema:
    return {**found, "type": [found["type"], "null"]}
