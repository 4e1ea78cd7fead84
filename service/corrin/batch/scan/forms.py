"""How lines were written so far: a line written like one before is not walked over again.

A *form* is a regular line without its texts and numbers. Whoever fills the gaps of a form with
sound texts and numbers writes a regular line again: with the same keys, none of them twice, nested
as deep, and with its members in the same places. So of such a line only the gaps are looked at,
and what stands between them is compared.

Forms that begin alike share their beginnings: each is a way through a tree, of which a node holds
what stands before one gap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corrin.batch.scan.compiled import part
from corrin.batch.scan.line import CONCEPTS, FIRST_CONCEPT, FOREIGN, SEEN, SPACED, STOP
from corrin.batch.scan.members import NAMES
from corrin.batch.scan.span import address_of, copied, same
from corrin.batch.scan.text import DOUBT, after_blanks, after_number, closing_quote
from corrin.batch.scan.vector import WIDTH, byte, word

MOST_NODES = 8192
MOST_MARKS = 4 * MOST_NODES
MOST_BESIDE = 12
"""Nodes tried in one place: a line that fits none of so many is walked over."""
ROOM = 1024 * 1024
LONGEST = 8 * 1024
"""Bytes of one node."""
TEXT, NUMBER, END = range(3)
"""What follows a node: the gap of a text or a number, or the end of the line."""
_PLACE, _LENGTH, _GAP, _INSIDE, _BESIDE, _FIRST_MARK, _LAST_MARK, _SEEN, _REST = range(9)
_NODE, _MARK = 8 * 9, 8 * 3  # bytes of one
_SPACED, _FOREIGN, _COUNT = 1, 2, 2  # in the last column: two bits, then how many concepts
_QUOTE, _LINE_FEED, _COLON = 0x22, 0x0A, 0x3A
_FIXED, _MOVED = 0, 1


class Forms(NamedTuple):
    """All forms known, in arrays for compiled code.

    Of each node ``nodes`` holds where its bytes stand in ``bytes`` and how many they are, what
    follows it, the first node inside (after the gap) and the next beside it, which ``marks`` are
    its own, and, at the end of a line, what :func:`corrin.batch.scan.line.after_line` found of it
    as a whole. A mark says which span begins or ends so many bytes after the beginning of the
    node, or always has that number. ``size`` is how many nodes, marks and bytes there are.
    """

    nodes: NDArray[np.int64]
    marks: NDArray[np.int64]
    bytes: NDArray[np.uint8]
    size: NDArray[np.int64]


def nothing_known() -> Forms:
    """To begin with: the root, before every line."""
    nodes = np.full((MOST_NODES, 9), -1, np.int64)
    nodes[0, _LENGTH] = 0
    return Forms(
        nodes,
        np.zeros((MOST_MARKS, 3), np.int64),
        np.zeros(ROOM + WIDTH, np.uint8),
        np.array([1, 0, 0], np.int64),
    )


@part
def after_known(at: int, forms: Forms, spans: NDArray[np.int64]) -> int:
    """The line feed after a line of a known form, as ``after_line``; ``DOUBT`` for any other."""
    # Read by address, since a view of a row of an array is made and counted each time.
    nodes, marks = address_of(forms.nodes), address_of(forms.marks)
    base = address_of(forms.bytes)
    found = word(nodes + 8 * _INSIDE)
    while found >= 0:
        node = nodes + found * _NODE
        if same(at, base + word(node + 8 * _PLACE), word(node + 8 * _LENGTH)):
            end = at + word(node + 8 * _LENGTH)
            gap = word(node + 8 * _GAP)
            if gap == TEXT:
                end = closing_quote(end)
            elif gap == NUMBER:
                end = after_number(end)
            else:
                end = after_blanks(end)
                if byte(end) != _LINE_FEED:
                    end = DOUBT
        else:
            end = DOUBT
        if end == DOUBT:
            found = word(node + 8 * _BESIDE)
            continue
        mark = marks + word(node + 8 * _FIRST_MARK) * _MARK
        last = marks + word(node + 8 * _LAST_MARK) * _MARK
        while mark < last:
            spans[word(mark)] = at * word(mark + 16) + word(mark + 8)
            mark += _MARK
        if gap == END:
            spans[SEEN] = word(node + 8 * _SEEN)
            rest = word(node + 8 * _REST)
            spans[SPACED] = rest & _SPACED
            spans[FOREIGN] = rest & _FOREIGN
            spans[CONCEPTS] = rest >> _COUNT
            return end
        at = end
        found = word(node + 8 * _INSIDE)
    return DOUBT


@part
def learn(at: int, forms: Forms, spans: NDArray[np.int64]) -> bool:
    """Keep the form of a regular line, of which ``spans`` says all; whether there was room."""
    above = 0
    begin = at
    while True:
        met = byte(at)
        if at == spans[STOP]:
            return _within(above, begin, at, END, forms, spans) >= 0
        if met == _QUOTE:
            end = closing_quote(at + 1)
            after = after_blanks(end + 1)
            if byte(after) == _COLON:  # a key belongs to the form
                at = after
                continue
            above = _within(above, begin, at + 1, TEXT, forms, spans)
            begin = end
            at = end + 1
        elif met == 0x2D or 0x30 <= met <= 0x39:
            above = _within(above, begin, at, NUMBER, forms, spans)
            at = after_number(at)
            begin = at
        else:
            at += 1
        if above < 0:
            return False


@part
def _within(
    above: int, begin: int, end: int, gap: int, forms: Forms, spans: NDArray[np.int64]
) -> int:
    """The node of a span inside another, made where there is none; -1 for want of room."""
    length = end - begin
    base = address_of(forms.bytes)
    last, beside = -1, 0
    found = forms.nodes[above, _INSIDE]
    while found >= 0:
        node = forms.nodes[found]
        if (
            node[_LENGTH] == length
            and node[_GAP] == gap
            and same(begin, base + node[_PLACE], length)
        ):
            return int(found)
        last = found
        found = node[_BESIDE]
        beside += 1
    count, marks, used = forms.size[0], forms.size[1], forms.size[2]
    if (
        beside == MOST_BESIDE
        or count == MOST_NODES
        or length > LONGEST
        or used + length > ROOM - WIDTH
    ):
        return -1
    marked = _marked(begin, end, marks, forms, spans)
    if marked < 0:
        return -1
    copied(base + used, begin, end)
    made = forms.nodes[count]
    made[_PLACE], made[_LENGTH], made[_GAP] = used, length, gap
    made[_INSIDE], made[_BESIDE] = -1, -1
    made[_FIRST_MARK], made[_LAST_MARK] = marks, marked
    if gap == END:
        made[_SEEN] = spans[SEEN]
        made[_REST] = (
            (spans[CONCEPTS] << _COUNT)
            | (_SPACED if spans[SPACED] else 0)
            | (_FOREIGN if spans[FOREIGN] else 0)
        )
    forms.size[0], forms.size[1], forms.size[2] = count + 1, marked, used + length
    if last < 0:
        forms.nodes[above, _INSIDE] = count
    else:
        forms.nodes[last, _BESIDE] = count
    return int(count)


@part
def _marked(begin: int, end: int, marks: int, forms: Forms, spans: NDArray[np.int64]) -> int:
    """Write down which spans begin or end in a node; how many marks there are then, or -1."""
    seen = spans[SEEN]
    for member in range(len(NAMES)):
        if (seen >> member) & 1:
            for place in (2 * member, 2 * member + 1):
                if begin <= spans[place] <= end:
                    if marks == MOST_MARKS:
                        return -1
                    _write_mark(forms, marks, place, spans[place] - begin, _MOVED)
                    marks += 1
    for concept in range(spans[CONCEPTS]):
        first = FIRST_CONCEPT + 3 * concept
        for place in (first, first + 1):
            if begin <= spans[place] <= end:
                if marks > MOST_MARKS - 2:
                    return -1
                _write_mark(forms, marks, place, spans[place] - begin, _MOVED)
                marks += 1
                if place == first:
                    _write_mark(forms, marks, first + 2, spans[first + 2], _FIXED)
                    marks += 1
    if begin <= spans[STOP] <= end:
        if marks == MOST_MARKS:
            return -1
        _write_mark(forms, marks, STOP, spans[STOP] - begin, _MOVED)
        marks += 1
    return marks


@part
def _write_mark(forms: Forms, number: int, place: int, offset: int, moved: int) -> None:
    found = forms.marks[number]
    found[0], found[1], found[2] = place, offset, moved
