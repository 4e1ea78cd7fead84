"""The groups of tests that one process runs (``xdist_group``), told to who deals the tests out.

pytest-xdist tells them by a suffix of a test's id. From pytest 9.2 on an id is kept elsewhere than
pytest-xdist 3.8 writes to, and it then deals out every test by itself and says nothing: each
process would start a browser, a Spark and a validator of its own.
"""

from __future__ import annotations

import pytest


def name(items: list[pytest.Item]) -> None:
    """See that the id of every test of a group ends with the group."""
    for item in items:
        suffix = _suffix(item)
        if not suffix or item.nodeid.endswith(suffix):
            continue
        kept = getattr(item, "_id", None)
        if kept is not None:
            item._id = type(kept).parse(item.nodeid + suffix)  # type: ignore[attr-defined]
        if not item.nodeid.endswith(suffix):
            raise pytest.UsageError(f"pytest-xdist cannot group the tests of this pytest: {suffix}")


def _suffix(item: pytest.Item) -> str:
    names = {str(mark.args[0]) for mark in item.iter_markers("xdist_group")}
    return "@" + "_".join(sorted(names)) if names else ""
