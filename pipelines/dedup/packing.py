"""How shingles are kept: the posted sample whole, three bytes of the others. They only decide within a pair of texts."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import split_at

_HEADER = struct.Struct("<II")
_LOW = np.uint32(0xFFFFFF)
TEXTS_AT_ONCE = 64
"""The arrays of so many texts stay in the processor's cache."""


def sampled(shingles: NDArray[np.uint32], sample_every: int) -> NDArray[np.bool_]:
    """Say which shingles belong to the posted sample; their hashes are even, for every power of two from 2."""
    return np.asarray((shingles & np.uint32(sample_every - 1)) == 0)


def shorten(shingles: Sequence[NDArray[np.uint32]], sample_every: int) -> list[NDArray[np.uint32]]:
    """Return the shingles of each text as the index compares them: 24 bits of those that are not posted."""
    shortened: list[NDArray[np.uint32]] = []
    for begin in range(0, len(shingles), TEXTS_AT_ONCE):
        some = shingles[begin : begin + TEXTS_AT_ONCE]
        everything = np.concatenate(some)
        # The mask of a sampled one is all ones.
        everything &= _LOW | -sampled(everything, sample_every).astype(np.uint32)
        shortened += split_at(everything, np.cumsum([len(own) for own in some]).tolist())
    return shortened


def pack_shingles(shortened: Sequence[NDArray[np.uint32]], sample_every: int) -> list[bytes]:
    """Return the shortened shingles of each text as bytes.

    They are count and sample_every, the lower 16 bits of each, the 8 bits above, and the upper 8 bits of the posted ones.
    """
    packed: list[bytes] = []
    for begin in range(0, len(shortened), TEXTS_AT_ONCE):
        packed += _pack_some(shortened[begin : begin + TEXTS_AT_ONCE], sample_every)
    return packed


def _pack_some(shortened: Sequence[NDArray[np.uint32]], sample_every: int) -> list[bytes]:
    everything = np.concatenate(shortened)
    is_sampled = sampled(everything, sample_every)
    low = everything.astype("<u2").tobytes()
    middle = (everything >> np.uint32(16)).astype(np.uint8).tobytes()
    high = (everything[is_sampled] >> np.uint32(24)).astype(np.uint8).tobytes()
    ends = np.cumsum([len(own) for own in shortened])
    high_ends = np.concatenate(([0], np.cumsum(is_sampled)))[ends].tolist()
    packed, begin, high_begin = [], 0, 0
    for end, high_end in zip(ends.tolist(), high_ends, strict=True):
        header = _HEADER.pack(end - begin, sample_every)
        packed.append(b"".join((header, low[2 * begin : 2 * end], middle[begin:end], high[high_begin:high_end])))
        begin, high_begin = end, high_end
    return packed


def unpack_shingles(packed: Sequence[bytes]) -> list[NDArray[np.uint32]]:
    """Return the shingles of each text that ``pack_shingles`` packed, all with one sample_every."""
    shingles: list[NDArray[np.uint32]] = []
    for begin in range(0, len(packed), TEXTS_AT_ONCE):
        shingles += _unpack_some(packed[begin : begin + TEXTS_AT_ONCE])
    return shingles


def _unpack_some(packed: Sequence[bytes]) -> list[NDArray[np.uint32]]:
    low, middle, high, counts, sample_every = [], [], [], [], 2
    for data in packed:
        count, sample_every = _HEADER.unpack_from(data)
        at = _HEADER.size + 2 * count
        low.append(data[_HEADER.size : at])
        middle.append(data[at : at + count])
        high.append(data[at + count :])
        counts.append(count)
    shingles = np.frombuffer(b"".join(middle), np.uint8).astype(np.uint32)
    shingles <<= np.uint32(16)
    shingles |= np.frombuffer(b"".join(low), "<u2")
    places = np.flatnonzero(sampled(shingles, sample_every))
    shingles[places] |= np.frombuffer(b"".join(high), np.uint8).astype(np.uint32) << np.uint32(24)
    return split_at(shingles, np.cumsum(counts).tolist())
