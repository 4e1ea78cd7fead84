"""A sentence filled for many cases reads as it does when it is filled for one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from corrin.notes.fit import MOST_WORDS
from corrin.notes.many_text import Sentence, Tidy, too_long_detail
from corrin.notes.sentence import capital, readable

# What the sentences of notes are made of, and all that is changed to make them readable, in pieces.
PIECES = (
    *(
        "a",
        " a",
        "a ",
        " d",
        "d ",
        " wk",
        " a)",
        " above",
        " below",
        " (",
        "(",
        ")",
        ". ",
        ", ",
        ": ",
    ),
    *(
        "1",
        "1 ",
        " 1 year",
        " years",
        "s",
        " weeks",
        "50 a",
        "8 wk",
        "3 d",
        "12",
        ".5",
        ".",
        ":",
        ";",
    ),
    *("2026-03-01", "T08:30", "T08:30:00Z", ":00", "Z", "+01:00", "-", "T", " UTC"),
    *(
        "10*9/L",
        "10*",
        "9/L",
        "*",
        "{1.73_m2}",
        "{",
        "}",
        "/",
        "mL/min/",
        "ng/L",
        "Total B12 ",
        " and ",
    ),
    *("%", "%s", "é", "\n", "eGFR", "pH ", "is ", "of "),
)
texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
values = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@given(st.lists(texts, min_size=2, max_size=4), st.data())
@example(["Latest result: ", ". Consider repeating it."], None)
def test_filled_at_once_or_one_by_one(words: list[str], data: st.DataObject | None) -> None:
    gaps = list(range(len(words) - 1))
    rows = [["2026-03-01T08:30:00+01:00"] * len(gaps)]
    if data is not None:
        rows = data.draw(st.lists(st.tuples(*(values for _ in gaps)), min_size=1, max_size=5))
    columns = [[row[gap] for row in rows] for gap in gaps]
    found = Sentence(words, gaps, Tidy()).filled(columns)
    for row, text in zip(rows, found, strict=True):
        whole = words[0] + "".join(
            value + after for value, after in zip(row, words[1:], strict=True)
        )
        assert text == capital(readable(whole))


@given(st.lists(st.sampled_from(["a", "bb", " ", "  ", "\n", "c d"]), max_size=260).map(" ".join))
def test_a_detail_is_too_long_by_its_words(text: str) -> None:
    assert too_long_detail(text) is (len(text.split()) > MOST_WORDS)
