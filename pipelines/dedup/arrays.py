"""Small operations on sorted arrays of hashes, where numpy's own are several times slower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Hashes = TypeVar("Hashes", NDArray[np.uint32], NDArray[np.uint64])


def distinct(values: Hashes) -> Hashes:
    """Return the sorted distinct values."""
    values = np.sort(values)
    return values[is_first(values)]


def merge(one: Hashes, other: Hashes) -> Hashes:
    """Return the sorted distinct values of two sorted arrays, or one of them, as it is, where the other is empty."""
    if not len(one) or not len(other):
        return one if len(one) else other
    both = np.concatenate((one, other))
    # Timsort takes what is sorted as it is: one pass, where a sort from nothing takes several times as long.
    both.sort(kind="stable")
    return both[is_first(both)]


def count_distinct(values: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the sorted distinct values, and how often each occurs."""
    values = np.sort(values)
    starts = np.flatnonzero(is_first(values))
    return values[starts], np.diff(np.append(starts, len(values)))


def is_first(ordered: NDArray[np.uint32] | NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say of each value of a sorted array whether it is the first of its kind."""
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def is_in(values: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    """Say of each value whether it is in the sorted array."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[place] == values)


def split_at(values: Hashes, ends: Sequence[int]) -> list[Hashes]:
    """Return the pieces of an array, given where each ends, as views; ``np.split`` takes ten times as long for each."""
    pieces, begin = [], 0
    for end in ends:
        pieces.append(values[begin:end])
        begin = end
    return pieces


def distinct_each(values: NDArray[np.uint32], ends: Sequence[int]) -> list[NDArray[np.uint32]]:
    """Return the sorted distinct values of each piece of an array, given where each ends. Sorts values in place."""
    pieces = split_at(values, ends)
    for piece in pieces:
        piece.sort()
    first = is_first(values)
    # Where a piece begins, its first value is new; the last mark is of empty pieces at the end.
    first = np.append(first, True)
    first[np.array([0, *ends[:-1]], np.int64)] = True
    counts = np.concatenate(([0], np.cumsum(first[:-1])))[np.array(ends, np.int64)]
    return split_at(values[first[:-1]], counts.tolist())


def expand_ranges(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return first[0], first[0] + 1, ... (counts[0] of them), then the same of first[1], and so on."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - (ends - counts), counts) + np.arange(total)


def pack(high: NDArray[np.uint32], low: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return two columns as one number each, sorting by the first."""
    return high.astype(np.uint64) << np.uint64(32) | low


def unpack(packed: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the two columns that ``pack`` joined."""
    return (packed >> np.uint64(32)).astype(np.uint32), packed.astype(np.uint32)
