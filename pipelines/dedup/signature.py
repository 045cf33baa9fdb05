"""MinHash signatures, bit-equal to datasketch's, and the bands that find near-equal texts with few rare shingles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.parameters import SHINGLE_DEFINITION
from pipelines.dedup.shingles import shingle_texts
from pipelines.dedup.tokens import mix
from pipelines.text import mask_dateline

NUM_PERM = 128
SEED = 1
SCHEME = "affine32"
BANDS = 8
ROWS = 4

MINHASH_SCHEME = {
    "library": "datasketch>=2.0",
    "scheme": SCHEME,
    "seed": str(SEED),
    "num_perm": str(NUM_PERM),
    "hash": "identity on the 32-bit shingle hash",
    "byte_order": "little",
    "shingles": SHINGLE_DEFINITION,
}
"""Stands in the metadata of every file with a ``minhash`` column. Signatures compare only where all of it is equal."""

_BAND_FACTOR = 0xA24BAED4963EE407
_ELEMENTS_AT_ONCE = 2048
_ELEMENTS_IN_BLOCK = 1 << 15


def minhash_bytes(text: str, *, dateline: str | None = None) -> bytes | None:
    """Return the ``minhash`` column: 128 little-endian uint32, as MINHASH_SCHEME says. None for a text shorter than one shingle.

    The share of equal positions estimates the Jaccard similarity of two texts' shingles, standard error at most 0.044.
    """
    shingles = shingle_texts([mask_dateline(text, dateline)])[0].shingles
    if not len(shingles):
        return None
    return minhash_signature(shingles).astype("<u4").tobytes()


def minhash_signature(shingles: NDArray[np.uint32], *, num_perm: int = NUM_PERM) -> NDArray[np.uint32]:
    """Return the first num_perm values, at most 128, of the MinHash signature of shingle hashes, dtype uint32; repeats do not matter.

    Equal to those of ``MinHash(num_perm=128, seed=1, hashfunc=lambda x: x)`` after ``update_batch(shingles)``, without its Python loop
    over elements. Raises ValueError if shingles is empty: an empty text resembles nothing.
    Source: Broder 1997, On the resemblance and containment of documents; datasketch 2.0, scheme "affine32".
    """
    if not len(shingles):
        raise ValueError("shingles must not be empty")
    return _least(_mix32(shingles), num_perm)


def band_keys(shingles: Sequence[NDArray[np.uint32]]) -> list[NDArray[np.uint32]]:
    """Return the keys of 8 bands of 4 rows for each text's shingles, from the first 32 values of its signature; none for a text without.

    Two texts of Jaccard similarity 0.8 share at least one with probability 0.985, of 0.9 with 0.9999. Band keys are odd, sampled
    shingles even: both are posted in one index.
    """
    keys = [np.zeros(0, np.uint32)] * len(shingles)
    signed = [index for index, own in enumerate(shingles) if len(own)]
    if not signed:
        return keys
    signatures = _signatures([shingles[index] for index in signed], BANDS * ROWS)
    rows = signatures.reshape(len(signed), BANDS, ROWS).astype(np.uint64)
    hashes = mix((rows * _band_factors()).sum(axis=2, dtype=np.uint64) + np.arange(BANDS, dtype=np.uint64))
    for index, own in zip(signed, (hashes >> np.uint64(32)).astype(np.uint32) | np.uint32(1), strict=True):
        keys[index] = own
    return keys


def _signatures(shingles: Sequence[NDArray[np.uint32]], num_perm: int) -> NDArray[np.uint32]:
    """Return the first num_perm values of each text's signature, shape (texts, num_perm); no text is without shingles.

    One permutation at a time over many texts: a third of the time of all permutations over one text.
    """
    least = np.empty((num_perm, len(shingles)), np.uint32)
    ends = np.cumsum([len(own) for own in shingles])
    starts = ends - [len(own) for own in shingles]
    factors, offsets = (column[:num_perm, 0] for column in _permutations())
    begin = 0
    while begin < len(shingles):
        end = max(begin + 1, int(np.searchsorted(ends, starts[begin] + _ELEMENTS_IN_BLOCK, "right")))
        mixed = _mix32(np.concatenate(shingles[begin:end]))
        permuted = np.empty_like(mixed)
        firsts = starts[begin:end] - starts[begin]
        for factor, offset, row in zip(factors, offsets, least, strict=True):
            np.multiply(mixed, factor, out=permuted)
            np.add(permuted, offset, out=permuted)
            np.minimum.reduceat(permuted, firsts, out=row[begin:end])
        begin = end
    return least.T


def _least(mixed: NDArray[np.uint32], num_perm: int) -> NDArray[np.uint32]:
    """Return the least value of each permutation."""
    factors, offsets = (column[:num_perm] for column in _permutations())
    least = np.full(num_perm, 0xFFFFFFFF, np.uint32)
    for begin in range(0, len(mixed), _ELEMENTS_AT_ONCE):
        permuted = factors * mixed[begin : begin + _ELEMENTS_AT_ONCE]
        permuted += offsets
        np.minimum(least, permuted.min(axis=1), out=least)
    return least


def _mix32(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's 32-bit finalizer, which datasketch applies before the permutations."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


@lru_cache(maxsize=1)
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """datasketch's factors and offsets, each of shape (128, 1).

    From a table, for to import datasketch is to import SciPy: 0.7 s of CPU in each process. A test compares what comes out with datasketch.
    """
    table = json.loads(Path(__file__).with_name("permutations.json").read_text("utf-8"))
    factors, offsets = (np.array(table[name], np.uint32)[:, None] for name in ("factors", "offsets"))
    return factors, offsets


@lru_cache(maxsize=1)
def _band_factors() -> NDArray[np.uint64]:
    return np.array([pow(_BAND_FACTOR, power + 1, 1 << 64) for power in range(ROWS)], np.uint64)
