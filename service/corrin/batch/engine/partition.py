"""Into which partition a person's rows go: by a hash of the subject that never changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_WORD = 8
# Of a word that a text ends in, what belongs to the text; the lowest byte stands first.
_KEPT = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], np.uint64)


def partitions_of(subjects: pa.Array, partitions: int) -> npt.NDArray[np.int32]:
    """The partition of each subject, from 0.

    Args:
        subjects: texts, none of them null.
        partitions: how many there are.
    """
    if partitions == 1 or len(subjects) == 0:
        return np.zeros(len(subjects), np.int32)
    hashed = hashes(subjects)
    return (hashed % np.uint64(partitions)).astype(np.int32)


def hashes(texts: pa.Array) -> npt.NDArray[np.uint64]:
    """A number of 64 bits for each text, made of its bytes eight at a time."""
    texts = texts.cast(pa.large_string())
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    data = np.zeros(last - first + _WORD, np.uint8)
    data[: last - first] = np.frombuffer(data_buffer or b"", np.uint8)[first:last]
    words = np.ndarray((last - first + 1,), "<u8", data, strides=(1,))  # one begins at each byte
    at, left = offsets[:-1] - first, np.diff(offsets)
    found = left.astype(np.uint64) ^ _START
    rows = np.arange(len(texts))
    with np.errstate(over="ignore"):
        while len(rows := rows[left[rows] > 0]):
            word = words[at[rows]] & _KEPT[np.minimum(left[rows], _WORD)]
            mixed = (found[rows] ^ word) * _PRIME
            found[rows] = mixed ^ (mixed >> _SHIFT)
            at[rows] += _WORD
            left[rows] -= _WORD
    return found
