"""Which pairs of texts are worth a comparison: those that share enough living keys and are not together yet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import count_distinct, distinct, expand_ranges, is_first, pack, unpack
from pipelines.dedup.parameters import DedupParameters

# Pairs counted in one go, 8 bytes each a few times over: a live page with a thousand revisions must not take the memory.
_PAIRS_AT_ONCE = 1 << 22

Texts = NDArray[np.uint32]
Packed = NDArray[np.uint64]


def is_shared(entries: Packed) -> NDArray[np.bool_]:
    """Say of each posting, sorted by key, whether another text has its key."""
    keys, _ = unpack(entries)
    first = np.append(is_first(keys), True)
    return np.asarray(~(first[1:] & first[:-1]))


def find_neighbors(entries: Packed, queries: Texts, living_samples: NDArray[np.int32], parameters: DedupParameters) -> Packed:
    """Return some of the candidates: those that also stand next to each other in the lists of enough keys.

    The work grows with the entries, not with the pairs. Most copies are found here, and all that are together need not be paired.
    """
    keys, texts = unpack(entries)
    is_query = _is_among(texts, queries)
    is_neighbor = (keys[1:] == keys[:-1]) & (is_query[1:] | is_query[:-1])
    one, other = texts[:-1][is_neighbor], texts[1:][is_neighbor]
    return _choose(pack(one, other), (keys[1:][is_neighbor] & np.uint32(1)).astype(np.bool_), living_samples, parameters)


def find_candidates(
    entries: Packed, queries: Texts, labels: NDArray[np.int64], living_samples: NDArray[np.int32], parameters: DedupParameters
) -> Packed:
    """Return the pairs (smaller text << 32 | larger), sorted, of a query and any text of another label, that are to be compared.

    entries: the living postings (key << 32 | text) of all keys of the queries, sorted and distinct. queries: sorted texts.
    labels: of each entry's text. living_samples: number of living sampled shingles by text. A pair shares at least
    ``min_shared_samples`` sampled shingles and ``min_shared_share`` of the smaller text's, or one band (odd keys) where one of the texts
    has few samples. No cap on anything: it would make the result depend on order.
    """
    found = [np.zeros(0, np.uint64)]
    for pairs, is_band in shared_keys(entries, queries, labels):
        found.append(_choose(pairs, is_band, living_samples, parameters))
    return distinct(np.concatenate(found))


def _choose(pairs: Packed, is_band: NDArray[np.bool_], living_samples: NDArray[np.int32], parameters: DedupParameters) -> Packed:
    """Return the distinct pairs that share enough; pairs has each as often as it shares keys."""
    samples, hits = count_distinct(pairs[~is_band])
    enough = share_enough(hits, _fewer(samples, living_samples), parameters)
    bands = pairs[is_band]
    bands = bands[are_few(_fewer(bands, living_samples), parameters)]
    return distinct(np.concatenate((samples[enough], bands)))


def is_candidate(shared: Texts, fewer: int, parameters: DedupParameters) -> bool:
    """Say whether a pair is to be compared, by its shared living keys and the living samples of the text that has fewer."""
    bands = np.count_nonzero(shared & np.uint32(1))
    enough = share_enough(np.array([len(shared) - bands]), np.array([fewer]), parameters)
    return bool(enough[0] or (bands and are_few(np.array([fewer]), parameters)[0]))


def share_enough(hits: NDArray[np.int64], fewer: NDArray[np.int32], parameters: DedupParameters) -> NDArray[np.bool_]:
    """Say of each pair whether it is to be compared, by its shared living samples and the living samples of the text that has fewer."""
    return np.asarray((hits >= parameters.min_shared_samples) & (hits >= parameters.min_shared_share * fewer))


def are_few(fewer: NDArray[np.int32], parameters: DedupParameters) -> NDArray[np.bool_]:
    """Say of each pair whether one shared band is enough; of texts with many rare shingles the samples tell all."""
    return np.asarray(fewer < parameters.few_shingles)


def _fewer(pairs: Packed, living_samples: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the living samples of the text of each pair that has fewer."""
    one, other = unpack(pairs)
    return np.minimum(living_samples[one], living_samples[other])


def shared_keys(entries: Packed, queries: Texts, labels: NDArray[np.int64]) -> Iterator[tuple[Packed, NDArray[np.bool_]]]:
    """Yield each shared key once per pair of texts of different labels, one of them a query: the pair, and whether the key is a band. All keys of a pair come in one piece."""
    keys, texts = unpack(entries)
    starts = np.flatnonzero(is_first(keys))
    if not len(starts):
        return
    sizes = np.diff(np.append(starts, len(keys)))
    # Lists of texts that are all together hold no pair.
    is_mixed = np.repeat(np.minimum.reduceat(labels, starts) != np.maximum.reduceat(labels, starts), sizes)
    group = np.repeat(np.arange(len(starts)), sizes)
    is_query = _is_among(texts, queries)
    asking = np.flatnonzero(is_query & is_mixed)
    asking = asking[np.argsort(texts[asking], kind="stable")]
    for part in _pieces(texts[asking], sizes[group[asking]]):
        asked = asking[part]
        counts = sizes[group[asked]]
        one = np.repeat(asked, counts)
        other = expand_ranges(starts[group[asked]], counts)
        # A pair of two queries is met from both sides: keep the larger one's.
        keep = (texts[one] > texts[other]) | ((texts[one] < texts[other]) & ~is_query[other])
        keep &= labels[one] != labels[other]
        one, other = one[keep], other[keep]
        x, y = texts[one], texts[other]
        yield pack(np.minimum(x, y), np.maximum(x, y)), (keys[one] & np.uint32(1)).astype(np.bool_)


def _is_among(texts: Texts, some: Texts) -> NDArray[np.bool_]:
    """Say which texts are among some; texts are small numbers, so a bitmap tells."""
    among = np.zeros(1 + max(texts.max(initial=0), some.max(initial=0)), np.bool_)
    among[some] = True
    return np.asarray(among[texts])


def _pieces(texts: Texts, sizes: NDArray[np.int64]) -> Iterator[slice]:
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
