"""How shingles are kept: the posted sample whole, three bytes of the others. They only decide within a pair of texts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HEADER = np.dtype("<u4")
_LOW = np.uint32(0xFFFFFF)


def sampled(shingles: NDArray[np.uint32], sample_every: int) -> NDArray[np.bool_]:
    """Say which shingles belong to the posted sample; their hashes are even, for every power of two from 2."""
    return np.asarray((shingles & np.uint32(sample_every - 1)) == 0)


def shorten(shingles: NDArray[np.uint32], sample_every: int) -> NDArray[np.uint32]:
    """Return the shingles as the index compares them: 24 bits of those that are not posted."""
    return np.where(sampled(shingles, sample_every), shingles, shingles & _LOW)


def pack_shingles(shortened: NDArray[np.uint32], sample_every: int) -> bytes:
    """Return shortened shingles as bytes: count, sample_every, the three low bytes of each, the upper byte of the posted ones."""
    little = np.ascontiguousarray(shortened, "<u4")
    low = little.view(np.uint8).reshape(-1, 4)[:, :3]
    high = (little[sampled(little, sample_every)] >> np.uint32(24)).astype(np.uint8)
    return np.array([len(little), sample_every], _HEADER).tobytes() + low.tobytes() + high.tobytes()


def unpack_shingles(data: bytes) -> NDArray[np.uint32]:
    """Return the shingles that ``pack_shingles`` packed."""
    count, sample_every = np.frombuffer(data, _HEADER, 2).tolist()
    whole = np.zeros((count, 4), np.uint8)
    whole[:, :3] = np.frombuffer(data, np.uint8, 3 * count, 8).reshape(count, 3)
    shingles = whole.view("<u4")[:, 0]
    shingles[sampled(shingles, sample_every)] |= np.frombuffer(data, np.uint8, offset=8 + 3 * count).astype(np.uint32) << np.uint32(24)
    return shingles
