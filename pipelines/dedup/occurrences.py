"""Where texts stand and what is boilerplate there: the part of the index that is kept in memory, 30 bytes a text.

A *text* is a number: equal matching forms are one text, however many documents carry it. An *occurrence* is a text under a URL of a
source. A posted shingle is alive in a text unless it is boilerplate in every source that carries the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import distinct, expand_ranges, is_in, pack

NO_SOURCE = np.uint32(0xFFFFFFFF)
"""Of a text whose documents have all moved away: nothing in it is alive."""


def flip_key(keys: NDArray[np.uint32], sources: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return what flips: a key in a source, as one number that sorts by key."""
    return pack(keys, sources)


class Occurrences:
    """Sources and URLs of every text, and the flipped shingles of every source.

    The first occurrence of a text stands in arrays by text; the others, as few as copies are, in arrays sorted by text.
    """

    def __init__(self) -> None:
        self.flips = np.zeros(0, np.uint64)
        """Sorted flip keys; change them with ``set_flips``."""
        self._maybe_flipped = np.zeros(1024, np.bool_)
        self._sources = np.zeros(0, np.uint32)
        self._urls = np.zeros(0, np.uint64)
        self._has_more = np.zeros(0, np.bool_)
        self._more_texts = np.zeros(0, np.uint32)
        self._more_sources = np.zeros(0, np.uint32)
        self._more_urls = np.zeros(0, np.uint64)

    def reserve(self, count: int) -> None:
        """Make room for texts 0 to count - 1."""
        if count <= len(self._sources):
            return
        more = max(count, 2 * len(self._sources), 1024) - len(self._sources)
        self._sources = np.concatenate((self._sources, np.full(more, NO_SOURCE)))
        self._urls = np.concatenate((self._urls, np.zeros(more, np.uint64)))
        self._has_more = np.concatenate((self._has_more, np.zeros(more, np.bool_)))

    def add(self, texts: NDArray[np.uint32], sources: NDArray[np.uint32], urls: NDArray[np.uint64]) -> None:
        """Add occurrences; the caller gives none twice."""
        order = np.argsort(texts, kind="stable")
        texts, sources, urls = texts[order], sources[order], urls[order]
        first = np.concatenate(([True], texts[1:] != texts[:-1])) if len(texts) else np.zeros(0, np.bool_)
        first &= self._sources[texts] == NO_SOURCE
        self._sources[texts[first]] = sources[first]
        self._urls[texts[first]] = urls[first]
        texts, sources, urls = texts[~first], sources[~first], urls[~first]
        place = np.searchsorted(self._more_texts, texts, "right")
        self._more_texts = np.insert(self._more_texts, place, texts)
        self._more_sources = np.insert(self._more_sources, place, sources)
        self._more_urls = np.insert(self._more_urls, place, urls)
        self._has_more[texts] = True

    def replace(self, text: int, occurrences: Sequence[tuple[int, int]]) -> None:
        """Let a text have just these occurrences (source, URL)."""
        others = self._more_texts != text
        self._more_texts, self._more_sources, self._more_urls = (
            self._more_texts[others],
            self._more_sources[others],
            self._more_urls[others],
        )
        self._sources[text], self._has_more[text] = NO_SOURCE, False
        count = len(occurrences)
        sources = np.array([source for source, _ in occurrences], np.uint32)
        urls = np.array([url for _, url in occurrences], np.uint64)
        self.add(np.full(count, text, np.uint32), sources, urls)

    def texts_of_source(self, source: int, count: int) -> NDArray[np.uint32]:
        """Return the texts among the first count that a source carries, sorted."""
        first = np.flatnonzero(self._sources[:count] == source).astype(np.uint32)
        return distinct(np.concatenate((first, self._more_texts[self._more_sources == source])))

    def expand(self, texts: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint64]]:
        """Return every occurrence of the texts: position in texts, source, URL."""
        own = np.flatnonzero(self._sources[texts] != NO_SOURCE)
        place, more = self._more_of(texts)
        return (
            np.concatenate((own, place)),
            np.concatenate((self._sources[texts[own]], self._more_sources[more])),
            np.concatenate((self._urls[texts[own]], self._more_urls[more])),
        )

    def is_alive(self, texts: NDArray[np.uint32], keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say of each (text, key) whether the key counts in the text: some source carries the text in which the key has not flipped."""
        sources = self._sources[texts]
        alive: NDArray[np.bool_] = (sources != NO_SOURCE) & ~self.is_flipped(flip_key(keys, sources))
        dead = np.flatnonzero(~alive & self._has_more[texts])
        if len(dead):
            place, more = self._more_of(texts[dead])
            elsewhere = ~self.is_flipped(flip_key(keys[dead][place], self._more_sources[more]))
            alive[dead[place[elsewhere]]] = True
        return alive

    def is_flipped(self, flip_keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say which keys are boilerplate of their source. A bitmap answers nearly all: a search in the long array misses the cache."""
        found: NDArray[np.bool_] = self._maybe_flipped[_slot(flip_keys, len(self._maybe_flipped))]
        maybe = np.flatnonzero(found)
        found[maybe] = is_in(flip_keys[maybe], self.flips)
        return found

    def add_flips(self, flip_keys: NDArray[np.uint64]) -> None:
        """Add flips, sorted and none of them known."""
        self.set_flips(np.insert(self.flips, np.searchsorted(self.flips, flip_keys), flip_keys), added=flip_keys)

    def remove_flips(self, flip_keys: NDArray[np.uint64]) -> None:
        """Take flips back, sorted: only when a document was withdrawn from its source."""
        self.set_flips(self.flips[~is_in(self.flips, flip_keys)])

    def set_flips(self, flips: NDArray[np.uint64], *, added: NDArray[np.uint64] | None = None) -> None:
        """Let these be the flips, sorted; added: those of them that are new, where all others stay."""
        self.flips = flips
        if added is None or len(self._maybe_flipped) < 8 * len(flips):
            self._maybe_flipped = np.zeros(1 << (16 * len(flips) + 1024).bit_length(), np.bool_)
            added = flips
        self._maybe_flipped[_slot(added, len(self._maybe_flipped))] = True

    def _more_of(self, texts: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the occurrences beyond the first: position in texts, position in the arrays of the others."""
        several = np.flatnonzero(self._has_more[texts])
        first = np.searchsorted(self._more_texts, texts[several])
        counts = np.searchsorted(self._more_texts, texts[several], "right") - first
        return np.repeat(several, counts), expand_ranges(first, counts)


def _slot(flip_keys: NDArray[np.uint64], size: int) -> NDArray[np.int64]:
    """The place of flip keys in a bitmap; size is a power of two. Keys are hashes, so their upper bits are spread already."""
    spread = (flip_keys >> np.uint64(32)) + flip_keys * np.uint64(0x9E3779B1)
    return (spread & np.uint64(size - 1)).astype(np.int64)
