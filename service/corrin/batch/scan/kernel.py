"""All lines of a block: regular ones taken, the others told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corrin.batch import identity
from corrin.batch.scan.columns import BODIES, IDENTIFIERS, LONGEST_LINE, MOST_ROWS, ROOM, Columns
from corrin.batch.scan.compiled import compiled, part
from corrin.batch.scan.concepts import (
    LONGEST,
    NOT_OURS,
    OURS,
    OURS_WITH_VALUE,
    UNKNOWN,
    Concepts,
    answer,
)
from corrin.batch.scan.forms import Forms, after_known, learn
from corrin.batch.scan.line import CONCEPTS, FIRST_CONCEPT, FOREIGN, SEEN, after_line
from corrin.batch.scan.members import (
    CODE,
    EFFECTIVE,
    ID,
    ISSUED,
    SUBJECT,
    TYPE,
    VALUES,
    numbers_of,
)
from corrin.batch.scan.person import (
    LONGEST_ID,
    end_of_id,
    is_spelt_apart,
    patient_in,
    reference_in,
)
from corrin.batch.scan.slim import write, write_patient
from corrin.batch.scan.span import mixed, number_of
from corrin.batch.scan.text import DOUBT, after_blanks, plain_quote
from corrin.batch.scan.vector import WIDTH, byte, in_line, word

DONE, FULL, ASKED = 0, 1, 2
"""Why the scan stopped: at the end of the block, for want of room, or over an unknown concept."""
AT, LINE, ROWS, KEYS, LEFT, DOUBTS, ASKED_AT, ASKED_LENGTH, ASKED_KIND, ASKED_NUMBER = range(10)
STATE_ROOM = 10
"""Where the scan stands: the place in the block, the number of the line there; how many rows, keys
and doubts are written, how many lines were left as not ours; and which concept is unknown."""
_LONGEST_TIME = 64
_QUOTE, _LINE_FEED, _NULL = 0x22, 0x0A, 0x6E
_OBSERVATION, _PATIENT = b"Observation", b"Patient"
_FIRST, _LAST, _ = numbers_of(_OBSERVATION)
_PERSON, _, _ = numbers_of(_PATIENT)
_SEVEN = (1 << 56) - 1
_NEEDED = (1 << SUBJECT) | (1 << CODE)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


# Of the keys of all Observations, and of all Patients.
_OF_OBSERVATION = _signed(identity.of_kind("Observation"))
_OF_PATIENT = _signed(identity.of_kind("Patient"))


@part
def line_end(at: int) -> int:
    """The next line feed."""
    while True:
        ahead = in_line(at)
        at += ahead
        if ahead < WIDTH:
            return at


@part
def _is_observation(spans: NDArray[np.int64]) -> bool:
    start, stop = spans[2 * TYPE], spans[2 * TYPE + 1]
    return bool(
        stop - start == len(_OBSERVATION) + 2
        and byte(start) == _QUOTE
        and word(start + 1) == _FIRST
        and word(start + len(_OBSERVATION) - 7) == _LAST
    )


@part
def _is_patient(spans: NDArray[np.int64]) -> bool:
    start, stop = spans[2 * TYPE], spans[2 * TYPE + 1]
    return bool(
        stop - start == len(_PATIENT) + 2
        and byte(start) == _QUOTE
        and word(start + 1) & _SEVEN == _PERSON
    )


@part
def _is_plain_text(spans: NDArray[np.int64], member: int, most: int) -> bool:
    """Whether a member, if it is there, is a text without anything to be unescaped."""
    if not (spans[SEEN] >> member) & 1:
        return True
    start, stop = spans[2 * member], spans[2 * member + 1]
    return byte(start) == _QUOTE and stop - start - 2 <= most and plain_quote(start + 1) == stop - 1


@part
def _among(key: int, wanted: NDArray[np.int64]) -> bool:
    place = np.searchsorted(wanted, key)
    return bool(place < len(wanted) and wanted[place] == key)


@part
def _asked(spans: NDArray[np.int64], known: Concepts, state: NDArray[np.int64]) -> int:
    """Whether any concept of the line can be ours; the first unknown one is put into the state."""
    found = NOT_OURS
    for one in range(spans[CONCEPTS]):
        place = FIRST_CONCEPT + 3 * one
        start, length, kind = spans[place], spans[place + 1] - spans[place], spans[place + 2]
        number = number_of(start, length)
        said = answer(known, start, length, kind, number)
        if said == UNKNOWN:
            if length <= LONGEST:
                state[ASKED_AT], state[ASKED_LENGTH] = start, length
                state[ASKED_KIND], state[ASKED_NUMBER] = kind, number
            return UNKNOWN
        if said == OURS or (said == OURS_WITH_VALUE and _has_value(spans)):
            found = OURS
    return found


@part
def _has_value(spans: NDArray[np.int64]) -> bool:
    """Whether any ``value[x]`` is there that is not null."""
    found = False
    for member in VALUES:
        found |= (spans[SEEN] >> member) & 1 and byte(spans[2 * member]) != _NULL
    return found


@compiled
def scan(
    base: int,
    length: int,
    heads: NDArray[np.uint8],
    forms: Forms,
    known: Concepts,
    columns: Columns,
    keys: NDArray[np.int64],
    doubts: NDArray[np.int64],
    whole: NDArray[np.int64],
    state: NDArray[np.int64],
    names: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> int:
    """Scan a block from where the state says.

    Args:
        base: address of ``length`` bytes that end with a line feed. Some bytes behind them are read
            with them, so they must be there; what they are does not matter.
        heads: fixed texts of bodies.
        forms: how regular lines were written so far.
        known: what is known of concepts.
        columns: where slim rows are written.
        keys: where keys are written of regular lines, ours or not.
        doubts: where start, stop and number of every other line are written.
        whole: keys of resources whose lines are doubts in any case, in order.
        state: see :data:`STATE_ROOM`.
        names, spans: room to work in.

    Returns:
        Why it stopped; to be called again, but for ``DONE``.
    """
    at, stop = base + state[AT], base + length
    while at < stop:
        row = state[ROWS]
        if (
            row == MOST_ROWS
            or columns.ends[BODIES, row] > ROOM - LONGEST_LINE
            or columns.ends[IDENTIFIERS, row] > ROOM - LONGEST_LINE
            or state[KEYS] == len(keys)
            or state[DOUBTS] == len(doubts)
        ):
            return FULL
        begin = after_blanks(at)
        if byte(begin) == _LINE_FEED:
            end = begin
        else:
            end = _regular(begin, heads, forms, known, columns, keys, whole, state, names, spans)
            if end == DOUBT:
                if state[ASKED_LENGTH] > 0:
                    state[ASKED_AT] -= base
                    return ASKED
                end = line_end(at)
                found = doubts[state[DOUBTS]]
                found[0], found[1], found[2] = at - base, end - base, state[LINE]
                state[DOUBTS] += 1
        at = end + 1
        state[AT] = at - base
        state[LINE] += 1
    return DONE


@part
def _regular(
    at: int,
    heads: NDArray[np.uint8],
    forms: Forms,
    known: Concepts,
    columns: Columns,
    keys: NDArray[np.int64],
    whole: NDArray[np.int64],
    state: NDArray[np.int64],
    names: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> int:
    """Take one line; its line feed, or ``DOUBT``."""
    end = after_known(at, forms, spans)
    new = end == DOUBT
    if new:
        end = after_line(at, names, spans)
    if end == DOUBT or end - at > LONGEST_LINE:
        return DOUBT
    observation = _is_observation(spans)
    if observation:
        if spans[FOREIGN] or spans[SEEN] & _NEEDED != _NEEDED:
            return DOUBT
    elif not _is_patient(spans):
        return DOUBT
    if new:
        learn(at, forms, spans)
    start, stop = spans[2 * ID] + 1, spans[2 * ID + 1] - 1
    if not _is_plain_text(spans, ID, LONGEST_ID) or start == stop or end_of_id(start) != stop:
        return DOUBT
    key = mixed(start, stop - start, _OF_OBSERVATION if observation else _OF_PATIENT)
    if len(whole) > 0 and _among(key, whole):
        return DOUBT
    if observation:
        taken = _take(heads, known, columns, state, spans)
    else:
        taken = not is_spelt_apart(start, stop)
        if taken:
            write_patient(columns, state[ROWS], heads, at, spans)
            _count_row(columns, state)
    if not taken:
        return DOUBT
    keys[state[KEYS]] = key
    state[KEYS] += 1
    return end


@part
def _take(
    heads: NDArray[np.uint8],
    known: Concepts,
    columns: Columns,
    state: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> bool:
    """Take one Observation; whether there was no doubt."""
    if not _is_plain_text(spans, EFFECTIVE, _LONGEST_TIME) or not _is_plain_text(
        spans, ISSUED, _LONGEST_TIME
    ):
        return False
    if byte(spans[2 * SUBJECT]) != 0x7B:
        return False
    reference = reference_in(spans[2 * SUBJECT])
    if reference == DOUBT:
        return False
    patient = patient_in(reference)
    if patient == DOUBT:
        return False
    ours = _asked(spans, known, state)
    if ours == UNKNOWN:
        return False
    if ours == NOT_OURS:
        state[LEFT] += 1
    else:
        write(columns, state[ROWS], heads, spans, reference, patient, plain_quote(patient))
        _count_row(columns, state)
    return True


@part
def _count_row(columns: Columns, state: NDArray[np.int64]) -> None:
    columns.lines[state[ROWS]] = state[LINE]
    state[ROWS] += 1
