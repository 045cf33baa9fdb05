"""Which pairs of texts are worth a comparison: those that share enough living keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import count_distinct, distinct, expand_ranges, is_first, is_in, unpack
from pipelines.dedup.parameters import DedupParameters

_SHIFT = np.uint64(32)
# Pairs counted in one go, 8 bytes each a few times over: a live page with a thousand revisions must not take the memory.
_PAIRS_AT_ONCE = 1 << 22


def find_candidates(
    entries: NDArray[np.uint64], queries: NDArray[np.uint32], living_samples: NDArray[np.int32], parameters: DedupParameters
) -> NDArray[np.uint64]:
    """Return the pairs (smaller text << 32 | larger), sorted, of a query and any text, that are to be compared.

    entries: the living postings (key << 32 | text) of all keys of the queries, sorted and distinct. queries: sorted texts.
    living_samples: number of living sampled shingles by text. A pair shares at least ``min_shared_samples`` sampled shingles
    and ``min_shared_share`` of the smaller text's, or one band (odd keys). No cap on anything: it would make the result depend on order.
    """
    found = [np.zeros(0, np.uint64)]
    for pairs, is_band in _shared_keys(entries, queries):
        samples, hits = count_distinct(pairs[~is_band])
        one, other = unpack(samples)
        smaller = np.minimum(living_samples[one], living_samples[other])
        enough = (hits >= parameters.min_shared_samples) & (hits >= parameters.min_shared_share * smaller)
        found += [samples[enough], pairs[is_band]]
    return distinct(np.concatenate(found))


def _shared_keys(entries: NDArray[np.uint64], queries: NDArray[np.uint32]) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.bool_]]]:
    """Yield each shared key once per pair: the pair, and whether the key is a band. All keys of a pair come in one piece."""
    keys, texts = unpack(entries)
    starts = np.flatnonzero(is_first(keys))
    sizes = np.diff(np.append(starts, len(keys)))
    is_query = is_in(texts, queries)
    group = np.repeat(np.arange(len(starts)), sizes)
    asking = np.flatnonzero(is_query & (sizes[group] > 1))
    asking = asking[np.argsort(texts[asking], kind="stable")]
    for part in _pieces(texts[asking], sizes[group[asking]]):
        asked = asking[part]
        counts = sizes[group[asked]]
        one = np.repeat(asked, counts)
        other = expand_ranges(starts[group[asked]], counts)
        # A pair of two queries is met from both sides: keep the larger one's.
        keep = (texts[one] > texts[other]) | ((texts[one] < texts[other]) & ~is_query[other])
        one, other = one[keep], other[keep]
        x, y = texts[one].astype(np.uint64), texts[other].astype(np.uint64)
        yield np.minimum(x, y) << _SHIFT | np.maximum(x, y), (keys[one] & np.uint32(1)).astype(np.bool_)


def _pieces(texts: NDArray[np.uint32], sizes: NDArray[np.int64]) -> Iterator[slice]:
    """Cut the sorted texts into slices of about ``_PAIRS_AT_ONCE`` pairs that split no text."""
    if not len(texts):
        return
    ends = np.flatnonzero(np.concatenate((texts[1:] != texts[:-1], [True]))) + 1
    piece = np.cumsum(sizes)[ends - 1] // _PAIRS_AT_ONCE
    last = np.concatenate((piece[1:] != piece[:-1], [True]))
    begin = 0
    for end in ends[last].tolist():
        yield slice(begin, end)
        begin = end
