"""Requests with parts replaced or left out at random: an answer in form, and never a fault."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support import hooks

ODD: list[Any] = [
    *(None, "", 0, -1, True, [], {}, [[]], ["a"], {"a": 1}, "x" * 3000, "Patient/p1"),
    *("Patient/p2", "\x00", "<b>", "draft", "urn:uuid:x", {"coding": [None]}),
    *({"resourceType": "Bundle"}, {"resourceType": "Observation"}, {"reference": "#"}),
]
NAMES = ("patient-view", "order-select", "order-sign", "feedback")
ANSWERS = {200, 400, 412, 422}


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    if path:
        yield path
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


def changed(body: Any, chance: random.Random) -> Any:
    """The body with one to three parts replaced or left out."""
    for _ in range(chance.randint(1, 3)):
        found = list(places(body))
        if not found:
            break
        *way, last = chance.choice(found)
        part = body
        for key in way:
            part = part[key]
        if isinstance(part, dict) and chance.random() < 0.2:
            del part[last]
        else:
            part[last] = deepcopy(chance.choice(ODD))
    return body


@pytest.mark.parametrize("name", NAMES)
def test_nothing_a_client_sends_is_a_fault_of_ours(client: TestClient, name: str) -> None:
    chance = random.Random(name)
    service = f"/cds-services/b12-{name}"
    path = f"/cds-services/{hooks.VIEW}/feedback" if name == "feedback" else service
    seen = set()
    for _ in range(150):
        body = changed(hooks.sample(name), chance)
        answer = client.post(
            path, content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        seen.add(answer.status_code)
        assert answer.status_code in ANSWERS, body
        if answer.status_code != 200:
            assert answer.json()["resourceType"] == "OperationOutcome"
        elif name != "feedback":
            assert not hooks.faults("response", answer.json()), body
    assert {200, 400} <= seen
