"""What is decided pair by pair: which texts are compared, and which of them are one story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.cluster.documents import integers, posted
from pipelines.cluster.groups import Batches
from pipelines.dedup.arrays import is_in, pack
from pipelines.dedup.candidates import are_few, share_enough
from pipelines.dedup.packing import TEXTS_AT_ONCE, unpack_shingles
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.tables import decode, encode
from pipelines.dedup.verify import is_same_story, rare_shingles

TEXTS: pa.Schema = pa.schema(
    [
        ("text", pa.int64()),
        ("living", pa.int32()),
        ("rare", pa.binary()),
        ("shingles", pa.binary()),
        ("bands", pa.binary()),
        ("dead", pa.list_(pa.int64())),
    ]
)
"""living: number of sampled shingles that count. rare: sorted distinct shingles without boilerplate. dead: keys that do not count."""
PAIRS: pa.Schema = pa.schema([("a", pa.int64()), ("b", pa.int64())])


class DeadKeys:
    """The keys that do not count, of some texts: in the place of the index's ``Occurrences``."""

    def __init__(self, dead_of: Mapping[int, list[int] | None]) -> None:
        pairs = sorted((text, key) for text, keys in dead_of.items() for key in keys or ())
        texts, keys = np.array(pairs, np.uint32).reshape(-1, 2).T
        self._dead = pack(texts, keys)

    def is_alive(self, texts: NDArray[np.uint32], keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say of each (text, key) whether the key counts in the text."""
        return ~is_in(pack(texts, keys), self._dead)


def describe_texts(batches: Batches, *, sample_every: int) -> Iterator[pa.RecordBatch]:
    """Yield TEXTS for rows of text, shingles, bands and dead (list of keys, or null for none)."""
    for batch in batches:
        for begin in range(0, batch.num_rows, TEXTS_AT_ONCE):
            yield _describe(batch.slice(begin, TEXTS_AT_ONCE), sample_every)


def _describe(batch: pa.RecordBatch, sample_every: int) -> pa.RecordBatch:
    dead = DeadKeys(dict(enumerate(batch["dead"].to_pylist())))
    shingles = dict(enumerate(unpack_shingles(batch["shingles"].to_pylist())))
    rows, keys = posted(batch, sample_every)
    counts = dead.is_alive(rows.astype(np.uint32), keys.astype(np.uint32)) & (keys & 1 == 0)
    living = np.bincount(rows[counts], minlength=batch.num_rows).astype(np.int32)
    rare = rare_shingles(shingles, dead, sample_every)
    columns = {name: batch[name] for name in ("text", "shingles", "bands", "dead")}
    columns |= {"living": pa.array(living), "rare": pa.array([encode(rare[row]) for row in range(batch.num_rows)], pa.binary())}
    return pa.record_batch([columns[field.name].cast(field.type) for field in TEXTS], schema=TEXTS)


def choose_pairs(batches: Batches, *, parameters: DedupParameters) -> Iterator[pa.RecordBatch]:
    """Yield the PAIRS that are to be compared, of rows of a, b, hits (shared living samples), bands (shared ones), living_a and living_b."""
    for batch in batches:
        fewer = np.minimum(integers(batch["living_a"]), integers(batch["living_b"]))
        chosen = share_enough(integers(batch["hits"]), fewer, parameters)
        chosen |= (integers(batch["bands"]) > 0) & are_few(fewer, parameters)
        yield batch.filter(pa.array(chosen)).select(PAIRS.names)


def verify_pairs(batches: Batches, *, parameters: DedupParameters) -> Iterator[pa.RecordBatch]:
    """Yield those PAIRS that are one story, of rows of a, b, and rare and shingles of both: rare_a, rare_b, shingles_a, shingles_b."""
    for batch in batches:
        whole = zip(_whole(batch["shingles_a"]), _whole(batch["shingles_b"]), strict=True)
        rare = zip(map(decode, batch["rare_a"].to_pylist()), map(decode, batch["rare_b"].to_pylist()), strict=True)
        holds = [is_same_story(some, all_of_it, parameters) for some, all_of_it in zip(rare, whole, strict=True)]
        yield batch.filter(pa.array(holds, pa.bool_())).select(PAIRS.names)


def contract(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield the edges PAIRS of this worker as stars: each text with the smallest of those that it is together with here."""
    above: dict[int, int] = {}

    def top(text: int) -> int:
        while (higher := above.setdefault(text, text)) != text:
            above[text] = text = above[higher]
        return text

    for batch in batches:
        for one, other in zip(batch["a"].to_pylist(), batch["b"].to_pylist(), strict=True):
            low, high = sorted((top(one), top(other)))
            above[high] = low
    stars = [(text, top(text)) for text in list(above)]
    columns = np.array([star for star in stars if star[0] != star[1]], np.int64).reshape(-1, 2).T
    yield pa.record_batch([pa.array(column) for column in columns], schema=PAIRS)


def _whole(column: Any) -> list[NDArray[np.uint32]]:
    return unpack_shingles(column.to_pylist())
