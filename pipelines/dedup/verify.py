"""Are two texts one story? Decided on their rare shingles: all but the boilerplate of the sources that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import distinct, distinct_each, pack
from pipelines.dedup.packing import TEXTS_AT_ONCE, sampled
from pipelines.dedup.parameters import DedupParameters


class Living(Protocol):
    """What knows which posted keys count in which texts: the index's ``Occurrences``, or a batch job's list of dead keys."""

    def is_alive(self, texts: NDArray[np.uint32], keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say of each (text, key) whether the key counts in the text."""
        ...


def posted_keys(
    shingles: Mapping[int, NDArray[np.uint32]], bands: Mapping[int, NDArray[np.uint32]], sample_every: int
) -> NDArray[np.uint64]:
    """Return the distinct keys that each text may be posted under, its sampled shingles and its bands, as sorted text << 32 | key."""
    owner, hashes = _join(shingles)
    in_sample = np.flatnonzero(sampled(hashes, sample_every))
    return distinct(np.concatenate((pack(owner[in_sample], hashes[in_sample]), pack(*_join(bands)))))


def _join(hashes: Mapping[int, NDArray[np.uint32]]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    owner = np.repeat(np.array(list(hashes), np.uint32), [len(own) for own in hashes.values()])
    return owner, np.concatenate([np.zeros(0, np.uint32), *hashes.values()])


def distinct_shingles(shingles_of: Mapping[int, NDArray[np.uint32]]) -> dict[int, NDArray[np.uint32]]:
    """Return the sorted distinct shingles of each text."""
    texts, own = list(shingles_of), list(shingles_of.values())
    found: list[NDArray[np.uint32]] = []
    for begin in range(0, len(texts), TEXTS_AT_ONCE):
        some = own[begin : begin + TEXTS_AT_ONCE]
        found += distinct_each(np.concatenate(some), np.cumsum([len(shingles) for shingles in some]).tolist())
    return dict(zip(texts, found, strict=True))


def rare_shingles(shingles_of: Mapping[int, NDArray[np.uint32]], occurrences: Living, sample_every: int) -> dict[int, NDArray[np.uint32]]:
    """Return the sorted distinct shingles of each text without its boilerplate.

    Known for the sampled shingles only; the others go by their nearest sampled neighbor in the text. Without any, all stay.
    """
    texts = list(shingles_of)
    if not texts:
        return {}
    lengths = np.array([len(shingles_of[text]) for text in texts])
    ends = np.cumsum(lengths)
    everything = np.concatenate([shingles_of[text] for text in texts])
    owner = np.repeat(np.arange(len(texts)), lengths)
    kept = ~_boilerplate_spans(everything, owner, np.array(texts, np.uint32), ends - lengths, ends, occurrences, sample_every)
    if kept.all():
        rare = distinct_each(everything, ends.tolist())
    else:
        kept_ends = np.concatenate(([0], np.cumsum(kept)))[ends]
        rare = distinct_each(everything[kept], kept_ends.tolist())
    return dict(zip(texts, rare, strict=True))


def is_same_story(
    rare: tuple[NDArray[np.uint32], NDArray[np.uint32]], whole: tuple[NDArray[np.uint32], NDArray[np.uint32]], parameters: DedupParameters
) -> bool:
    """Say whether two texts tell one story in the same words.

    rare: sorted distinct rare shingles of both; whole: all their shingles in any order, looked at where the rare ones are few.
    """
    sizes = len(rare[0]), len(rare[1])
    if min(sizes) < parameters.few_shingles:
        jaccard, _ = similarity(distinct(whole[0]), distinct(whole[1]))
        return jaccard >= parameters.min_jaccard_few
    jaccard, containment = similarity(*rare)
    return containment >= parameters.min_containment or jaccard >= parameters.min_jaccard


def similarity(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> tuple[float, float]:
    """Return Jaccard similarity and containment (shared over the smaller set) of two sorted sets; 0 and 0 if one is empty."""
    if not len(one) or not len(other):
        return 0.0, 0.0
    both = np.concatenate((one, other))
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared), shared / min(len(one), len(other))


def _boilerplate_spans(
    shingles: NDArray[np.uint32],
    owner: NDArray[np.int64],
    texts: NDArray[np.uint32],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    occurrences: Living,
    sample_every: int,
) -> NDArray[np.bool_]:
    """Say of each shingle of the joined texts whether its nearest sampled one is boilerplate."""
    places = np.flatnonzero(sampled(shingles, sample_every))
    of = owner[places]
    dead = ~occurrences.is_alive(texts[of], shingles[places])
    if not dead.any():
        return np.zeros(len(shingles), np.bool_)
    halfway = (places[1:] + places[:-1] + 1) // 2
    same_text = of[1:] == of[:-1]
    first = np.concatenate((begins[of[:1]], np.where(same_text, halfway, begins[of[1:]])))
    after = np.concatenate((np.where(same_text, halfway, ends[of[:-1]]), ends[of[-1:]]))
    # By turns a text without samples or nothing, and the span of a sampled shingle.
    is_dead, counts = np.zeros(2 * len(places) + 1, np.bool_), np.empty(2 * len(places) + 1, np.int64)
    is_dead[1::2] = dead
    counts[0::2] = np.append(first, len(shingles)) - np.concatenate(([0], after))
    counts[1::2] = after - first
    return np.repeat(is_dead, counts)
