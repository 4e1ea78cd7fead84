"""The catalogue of one service, prepared once: everything by id, as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from anyio import to_thread
from pydantic import BaseModel
from starlette.datastructures import State
from starlette.requests import Request

from corrin.api.catalogue import collect, form
from corrin.api.catalogue.entries import Entries, Entry
from corrin.api.catalogue.parts import Parts
from corrin.api.interpreter import Interpreter

_PREPARING = Lock()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Analytes, packs, profiles and rules by id; ``rules`` may have one id in several packs.

    Of those the first is the one that counts where the profile used by default runs.
    """

    analytes: Mapping[str, form.Analyte]
    packs: Mapping[str, form.Pack]
    briefs: tuple[form.PackBrief, ...]
    attributes: Mapping[str, form.SourceAttributesOf]
    profiles: form.ProfileList
    rules: Mapping[str, tuple[Entry, ...]]
    listed: tuple[form.RuleBrief, ...]


def prepare(interpreter: Interpreter) -> Shelf:
    """The catalogue of the rules an interpreter runs; takes a third of a second."""
    engines = {name: engine for name, (engine, _) in interpreter.engines.items()}
    parts = Parts(engines, interpreter.default)
    packs, entries = tuple(collect.packs(parts)), tuple(Entries(parts))
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    default = interpreter.default

    def rank(entry: Entry) -> tuple[bool, bool]:
        decides = isinstance(entry, form.Decision) and default in entry.decides_in
        return not decides, default not in entry.run_by

    fields = set(form.RuleBrief.model_fields)
    return Shelf(
        analytes={one.id: one for one in collect.analytes(parts)},
        packs={whole.id: whole for _, whole, _ in packs},
        briefs=tuple(brief for brief, _, _ in packs),
        attributes={one.pack: one for _, _, one in packs},
        profiles=collect.profiles(parts),
        rules={
            name: tuple(
                one.model_copy(update={"also_in": tuple(o.pack for o in several if o is not one)})
                for one in sorted(several, key=rank)
            )
            for name, several in by_id.items()
        },
        listed=tuple(
            form.RuleBrief(**{name: getattr(one, name) for name in fields}) for one in entries
        ),
    )


async def shelf_of(request: Request) -> Shelf:
    """The catalogue of the service asked, prepared when it is first asked for."""
    state = request.app.state
    found: Shelf | None = getattr(state, "shelf", None)
    if found is None:
        found = await to_thread.run_sync(_once, state, limiter=state.interpreter.threads)
    return found


def _once(state: State) -> Shelf:
    with _PREPARING:
        if not hasattr(state, "shelf"):
            state.shelf = prepare(state.interpreter)
        found: Shelf = state.shelf
        return found


def as_json(found: BaseModel) -> bytes:
    """What is answered as ``application/json``."""
    return found.model_dump_json().encode()


def filtered(rules: tuple[form.RuleBrief, ...], **wanted: Any) -> form.RuleList:
    """The entries of which every field named is what is wanted; ``None`` wants nothing."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    found = tuple(
        one for one in rules if all(getattr(one, name) == value for name, value in asked.items())
    )
    return form.RuleList(count=len(found), rules=found)
