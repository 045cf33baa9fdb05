"""What is decided key by key: which keys are boilerplate, and which texts share living ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.cluster.documents import integers, posted
from pipelines.cluster.groups import Batches, whole_groups
from pipelines.dedup.arrays import distinct, is_first, is_in, pack, unpack
from pipelines.dedup.boilerplate import find_flips
from pipelines.dedup.candidates import is_shared, shared_keys
from pipelines.dedup.occurrences import flip_key

DEAD, SHARED, CROWDED = 0, 1, 2
FOUND: pa.Schema = pa.schema([("kind", pa.int8()), ("a", pa.int64()), ("b", pa.int64()), ("is_band", pa.bool_())])
"""DEAD: text a and a key b that does not count in it. SHARED: texts a < b that share a living key. CROWDED: a key a, b pairs of which are too many."""
LIVING: pa.Schema = pa.schema([("key", pa.int64()), ("text", pa.int64()), ("story", pa.int64())])
MAX_PAIRS = 2_000_000
"""Of one key: what 2,000 texts give when no two of them are together yet. Beyond it only neighbors are paired."""


def judge_keys(batches: Batches, *, limit: int, unknown: int) -> Iterator[pa.RecordBatch]:
    """Yield FOUND rows for POSTINGS sorted by key: the dead keys of texts, and the texts that stand side by side at a living key.

    A key is boilerplate of a source where more than limit documents of it use it (``find_flips``), never of the source with the number
    unknown; dead in a text when it is so in every source that carries the text.
    """
    for table in whole_groups(batches, "key"):
        keys = integers(table["key"]).astype(np.uint32)
        names, places = np.unique(integers(table["text"]), return_inverse=True)
        texts = places.astype(np.uint32)
        sources = integers(table["source"]).astype(np.uint32)
        urls = integers(table["url"]).view(np.uint64)
        uses = flip_key(keys, sources)
        known = sources != unknown
        is_flipped = is_in(uses, find_flips(uses[known], texts[known], urls[known], limit=limit))
        entries = pack(keys, texts)
        living = distinct(entries[~is_flipped])
        dead = distinct(entries[is_flipped])
        dead_keys, dead_texts = unpack(dead[~is_in(dead, living)])
        yield _found(DEAD, names[dead_texts], dead_keys)
        yield _found(SHARED, *_neighbors(living, names))


def _neighbors(entries: NDArray[np.uint64], names: NDArray[np.int64]) -> tuple[Any, Any, Any]:
    """Return the texts next to each other at a key, and whether it is a band; the order of texts is the same at every key."""
    keys, texts = unpack(entries)
    same = np.flatnonzero(keys[1:] == keys[:-1])
    return names[texts[same]], names[texts[same + 1]], (keys[same] & np.uint32(1)).astype(np.bool_)


def post_living(batches: Batches, *, sample_every: int) -> Iterator[pa.RecordBatch]:
    """Yield LIVING rows: the keys that count in each text. Rows come with text, story, shingles, bands and dead (keys or null)."""
    for batch in batches:
        rows, keys = posted(batch, sample_every)
        dead = [(row, key) for row, some in enumerate(batch["dead"].to_pylist()) for key in some or ()]
        alive = ~is_in(_packed(rows, keys), _packed(*np.array(sorted(dead), np.int64).reshape(-1, 2).T))
        rows, keys = rows[alive], keys[alive]
        columns = [keys, integers(batch["text"])[rows], integers(batch["story"])[rows]]
        yield pa.record_batch([pa.array(column) for column in columns], schema=LIVING)


def pair_stories(batches: Batches, *, max_pairs: int = MAX_PAIRS) -> Iterator[pa.RecordBatch]:
    """Yield FOUND rows for LIVING rows sorted by key: every two texts of different stories that share a key, once for each key.

    A key with more than max_pairs of them is CROWDED: only the texts that stand side by side are paired.
    """
    for table in whole_groups(batches, "key"):
        keys = integers(table["key"]).astype(np.uint32)
        names, texts = np.unique(integers(table["text"]), return_inverse=True)
        _, stories = np.unique(integers(table["story"]), return_inverse=True)
        story_of = np.zeros(len(names), np.int64)
        story_of[texts] = stories
        entries = distinct(pack(keys, texts.astype(np.uint32)))
        entries = entries[is_shared(entries)]
        if not len(entries):
            continue
        crowded = _crowded(entries, story_of, max_pairs)
        yield _found(CROWDED, *crowded)
        is_crowded = is_in(unpack(entries)[0], crowded[0])
        one, other, is_band = _neighbors(entries[is_crowded], np.arange(len(names)))
        apart = story_of[one] != story_of[other]
        yield _found(SHARED, names[one[apart]], names[other[apart]], is_band[apart])
        entries = entries[~is_crowded]
        queries = np.arange(len(names), dtype=np.uint32)
        for pairs, bands in shared_keys(entries, queries, story_of[unpack(entries)[1]]):
            ones, others = unpack(pairs)
            yield _found(SHARED, names[ones], names[others], bands)


def _crowded(entries: NDArray[np.uint64], story_of: NDArray[np.int64], max_pairs: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the sorted keys with more than max_pairs pairs of texts of different stories, and how many they have."""
    keys, texts = unpack(entries)
    starts = np.flatnonzero(is_first(keys))
    sizes = np.diff(np.append(starts, len(keys)))
    pairs = sizes * (sizes - 1) // 2
    # Few keys can have so many: those are counted by story.
    for group in np.flatnonzero(pairs > max_pairs).tolist():
        _, together = np.unique(story_of[texts[starts[group] : starts[group] + sizes[group]]], return_counts=True)
        pairs[group] -= int((together * (together - 1) // 2).sum())
    many = np.flatnonzero(pairs > max_pairs)
    return keys[starts[many]], pairs[many]


def _packed(rows: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    return pack(rows.astype(np.uint32), keys.astype(np.uint32))


def _found(kind: int, a: Any, b: Any, is_band: Any = None) -> pa.RecordBatch:
    count = len(a)
    bands = np.zeros(count, np.bool_) if is_band is None else is_band
    columns = [np.full(count, kind, np.int8), a.astype(np.int64), b.astype(np.int64), bands]
    return pa.record_batch([pa.array(column) for column in columns], schema=FOUND)
