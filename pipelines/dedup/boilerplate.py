"""Which shingles are a source's boilerplate or template.

A posted shingle flips for a source when more than ``limit`` of the source's documents hold it that differ pairwise in URL *and*
in text: revisions of one URL count once, and so does one text under several URLs. The largest such set is a maximum matching of URLs
and texts, so the count only grows as documents come, and a flip is for good: this is what makes stories independent of order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import is_first


def find_flips(flip_keys: NDArray[np.uint64], texts: NDArray[np.uint32], urls: NDArray[np.uint64], *, limit: int) -> NDArray[np.uint64]:
    """Return the sorted flip keys (a shingle in a source, as one number) that more than limit documents use.

    The arguments are parallel: one entry per use of a shingle by a text under a URL; equal entries count once.
    """
    order = np.argsort(flip_keys, kind="stable")
    keys = flip_keys[order]
    starts = np.flatnonzero(is_first(keys))
    sizes = np.diff(np.append(starts, len(keys)))
    often = sizes > limit
    if not often.any():
        return np.zeros(0, np.uint64)
    groups = np.repeat(np.arange(np.count_nonzero(often)), sizes[often])
    entries = order[np.repeat(often, sizes)]
    distinct_texts = _count_distinct(groups, texts[entries])
    distinct_urls = _count_distinct(groups, urls[entries])
    fewest = np.minimum(distinct_texts, distinct_urls)
    # Where every use has its own text and its own URL, the use is the document.
    flipped = (distinct_texts == sizes[often]) & (distinct_urls == sizes[often])
    ends = np.cumsum(sizes[often])
    for group in np.flatnonzero((fewest > limit) & ~flipped).tolist():
        own = entries[ends[group] - sizes[often][group] : ends[group]]
        flipped[group] = count_documents(texts[own].tolist(), urls[own].tolist(), enough=limit + 1) > limit
    return np.asarray(keys[starts[often][flipped]])


def count_documents(texts: Sequence[int], urls: Sequence[int], *, enough: int) -> int:
    """Return how many pairs (text, URL) differ pairwise in both, at most ``enough``: a maximum matching by augmenting paths."""
    urls_of: dict[int, list[int]] = {}
    for text, url in zip(texts, urls, strict=True):
        urls_of.setdefault(text, []).append(url)
    text_of: dict[int, int] = {}
    for text in urls_of:
        if len(text_of) >= enough:
            break
        _augment(text, urls_of, text_of)
    return len(text_of)


def _augment(text: int, urls_of: dict[int, list[int]], text_of: dict[int, int]) -> None:
    """Match one more text if a path of exchanges leads to a free URL; without recursion, which a long path would exhaust."""
    came_from: dict[int, int] = {}
    waiting = [text]
    while waiting:
        current = waiting.pop()
        for url in urls_of[current]:
            if url in came_from:
                continue
            came_from[url] = current
            if url in text_of:
                waiting.append(text_of[url])
                continue
            _exchange(url, text, came_from, text_of)
            return


def _exchange(url: int, text: int, came_from: dict[int, int], text_of: dict[int, int]) -> None:
    """Give the free URL to the text that reached it, that text's old URL to the one before, back to the start."""
    url_of = {matched: taken for taken, matched in text_of.items()}
    while True:
        owner = came_from[url]
        text_of[url] = owner
        if owner == text:
            return
        url = url_of[owner]


def _count_distinct(groups: NDArray[np.int64], values: NDArray[np.uint32] | NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of distinct values in each of the groups, which are numbered from 0."""
    order = np.lexsort((values, groups))
    group, value = groups[order], values[order]
    first = np.concatenate(([True], (group[1:] != group[:-1]) | (value[1:] != value[:-1])))
    return np.bincount(group[first])
