"""Tests of a group are dealt out together: their ids say so to pytest-xdist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support import groups


class Grouped:
    """As much of a test of a group as is looked at."""

    def __init__(self, identity: object) -> None:
        self._id = identity

    @property
    def nodeid(self) -> str:
        return str(self._id)

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
        yield pytest.mark.xdist_group("some").mark


class Unnameable(Grouped):
    """One whose id is kept where nobody knows."""

    def __init__(self) -> None:
        self._elsewhere = "tests/test_a.py::test_b"

    @property
    def nodeid(self) -> str:
        return self._elsewhere


def test_an_id_ends_with_its_group_once(request: pytest.FixtureRequest) -> None:
    one: Any = Grouped(request.node.id)
    groups.name([one])
    assert one.nodeid == f"{request.node.nodeid}@some"
    groups.name([one])
    assert one.nodeid == f"{request.node.nodeid}@some"


def test_a_group_that_would_be_dealt_apart_stops_the_run() -> None:
    one: Any = Unnameable()
    with pytest.raises(pytest.UsageError):
        groups.name([one])
