"""How shingles are kept: the posted sample whole, three bytes of the others. They only decide within a pair of texts."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<II")
_LOW = np.uint32(0xFFFFFF)


def sampled(shingles: NDArray[np.uint32], sample_every: int) -> NDArray[np.bool_]:
    """Say which shingles belong to the posted sample; their hashes are even, for every power of two from 2."""
    return np.asarray((shingles & np.uint32(sample_every - 1)) == 0)


def shorten(shingles: Sequence[NDArray[np.uint32]], sample_every: int) -> list[NDArray[np.uint32]]:
    """Return the shingles of each text as the index compares them: 24 bits of those that are not posted."""
    if not shingles:
        return []
    everything = np.concatenate(shingles)
    everything = np.where(sampled(everything, sample_every), everything, everything & _LOW)
    return np.split(everything, np.cumsum([len(own) for own in shingles])[:-1])


def pack_shingles(shortened: Sequence[NDArray[np.uint32]], sample_every: int) -> list[bytes]:
    """Return the shortened shingles of each text as bytes: count, sample_every, the three low bytes of each, the upper byte of the posted ones."""
    if not shortened:
        return []
    everything = np.ascontiguousarray(np.concatenate(shortened), "<u4")
    low = everything.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    is_sampled = sampled(everything, sample_every)
    high = (everything[is_sampled] >> np.uint32(24)).astype(np.uint8).tobytes()
    ends = np.cumsum([len(own) for own in shortened])
    high_ends = np.concatenate(([0], np.cumsum(is_sampled)))[ends].tolist()
    packed, begin, high_begin = [], 0, 0
    for end, high_end in zip(ends.tolist(), high_ends, strict=True):
        header = _HEADER.pack(end - begin, sample_every)
        packed.append(header + low[3 * begin : 3 * end] + high[high_begin:high_end])
        begin, high_begin = end, high_end
    return packed


def unpack_shingles(data: bytes) -> NDArray[np.uint32]:
    """Return the shingles that ``pack_shingles`` packed."""
    count, sample_every = _HEADER.unpack_from(data)
    whole = np.zeros((count, 4), np.uint8)
    whole[:, :3] = np.frombuffer(data, np.uint8, 3 * count, 8).reshape(count, 3)
    shingles = whole.view("<u4")[:, 0]
    shingles[sampled(shingles, sample_every)] |= np.frombuffer(data, np.uint8, offset=8 + 3 * count).astype(np.uint32) << np.uint32(24)
    return shingles
