"""The short way to read a usual instant says what the exact way says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin.facts import moment
from corrin.facts.moment import Moment

NEARLY = st.builds(
    lambda text, at, sign: text[:at] + sign + text[at + 1 :],
    st.sampled_from(
        ["2021-10-28T20:18:00-06:00", "2024-02-29T23:59:60Z", "2021-10-28T20:18:00+14:59"]
    ),
    st.integers(0, 24),
    st.sampled_from("0123456789-+:TZW. ٣"),
)


@contextmanager
def exactly(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without the short way."""
    with patch.context() as inner:
        inner.setattr(moment, "_usual", lambda _: None)
        moment._parse.cache_clear()
        yield
    moment._parse.cache_clear()


def read(text: str) -> tuple[object, ...] | None:
    """The moment, and how far from UTC it was written; ``None`` where there is none."""
    try:
        found = Moment.parse(text)
    except (ValueError, OverflowError):
        return None
    return found, found.start.utcoffset(), found.end.utcoffset()


@given(NEARLY)
def test_the_short_way_says_what_the_exact_way_says(text: str) -> None:
    moment._parse.cache_clear()
    short = read(text)
    with pytest.MonkeyPatch.context() as patch, exactly(patch):
        assert read(text) == short
