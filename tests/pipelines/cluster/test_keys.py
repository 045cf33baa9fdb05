"""Keys and pairs: beside the index's own ``Occurrences``, and where there are too many."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa

from pipelines.cluster import keys
from pipelines.cluster.documents import POSTINGS
from pipelines.cluster.pairs import PAIRS, contract
from pipelines.dedup.boilerplate import find_flips
from pipelines.dedup.occurrences import Occurrences, flip_key

LIMIT = 3
UNKNOWN = 0


def found(batches: object) -> list[tuple[int, int, int, bool]]:
    """FOUND rows as tuples."""
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]  # type: ignore[attr-defined]


def living(rows: list[tuple[int, int, int]]) -> pa.RecordBatch:
    """LIVING rows, sorted by key."""
    columns = np.array(sorted(rows), np.int64).reshape(-1, 3).T
    return pa.record_batch([pa.array(column) for column in columns], schema=keys.LIVING)


def test_dead_keys_are_those_of_the_index() -> None:
    """Over made-up uses: a key is dead in a text when it flipped in every source that carries the text, never in the unknown one."""
    draw = random.Random(5)
    texts = sorted({draw.getrandbits(62) for _ in range(60)})
    places = sorted({(text, draw.randrange(4), draw.randrange(40)) for text in texts for _ in range(draw.choice((1, 1, 2)))})
    holds = {text: draw.sample(range(100, 130), 8) for text in texts}
    uses = sorted((key, text, source, url) for text, source, url in places for key in holds[text])
    columns = [np.array(column, np.int64) for column in zip(*uses, strict=True)]
    batch = pa.record_batch([pa.array(column).cast(field.type) for column, field in zip(columns, POSTINGS, strict=True)], schema=POSTINGS)
    got = found(keys.judge_keys([batch.slice(0, 70), batch.slice(70)], limit=LIMIT, unknown=UNKNOWN))

    number = {text: place for place, text in enumerate(texts)}
    occurrences = Occurrences()
    occurrences.reserve(len(texts))
    placed = [(number[text], source, url) for text, source, url in places]
    occurrences.add(
        *(np.array(column, kind) for column, kind in zip(zip(*placed, strict=True), (np.uint32, np.uint32, np.uint64), strict=True))
    )
    known = [(key, number[text], source, url) for key, text, source, url in uses if source != UNKNOWN]
    key, text, source, url = (np.array(column) for column in zip(*known, strict=True))
    flips = find_flips(
        flip_key(key.astype(np.uint32), source.astype(np.uint32)), text.astype(np.uint32), url.astype(np.uint64), limit=LIMIT
    )
    occurrences.set_flips(flips)
    expected = {
        (name, key)
        for name, own in holds.items()
        for key in own
        if not occurrences.is_alive(np.array([number[name]], np.uint32), np.array([key], np.uint32))[0]
    }
    assert {(a, b) for kind, a, b, _ in got if kind == keys.DEAD} == expected
    assert 0 < len(expected) < sum(map(len, holds.values()))


def test_texts_of_one_story_are_not_paired_again() -> None:
    """Only pairs of different stories come, each once a key, the smaller text first; odd keys are bands."""
    rows = [(10, 1, 1), (10, 2, 1), (10, 3, 3), (11, 3, 3), (11, 1, 1), (12, 9, 9)]
    assert sorted(found(keys.pair_stories([living(rows)]))) == [
        (keys.SHARED, 1, 3, False),
        (keys.SHARED, 1, 3, True),
        (keys.SHARED, 2, 3, False),
    ]


def test_a_crowded_key_is_counted_and_only_neighbors_are_paired() -> None:
    """Ten texts of ten stories make 45 pairs: beyond the limit nine are looked at, and the key is named with its pairs."""
    rows = [(10, text, text) for text in range(10)]
    assert len(found(keys.pair_stories([living(rows)], max_pairs=45))) == 45
    got = found(keys.pair_stories([living(rows)], max_pairs=44))
    assert [row for row in got if row[0] == keys.CROWDED] == [(keys.CROWDED, 10, 45, False)]
    assert [row[1:3] for row in got if row[0] == keys.SHARED] == [(text, text + 1) for text in range(9)]


def test_texts_that_are_together_do_not_crowd_a_key() -> None:
    """A story of many copies is no reason to look at less: what counts is pairs of different stories."""
    rows = [(10, text, 0) for text in range(10)] + [(10, 99, 99)]
    got = found(keys.pair_stories([living(rows)], max_pairs=10))
    assert {row[0] for row in got} == {keys.SHARED}
    assert len(got) == 10


def test_edges_contract_to_stars() -> None:
    """Each text once with the smallest of its component."""
    edges = [(5, 4), (4, 3), (9, 8), (3, 1), (8, 7), (7, 9)]
    batch = pa.record_batch([pa.array(column, pa.int64()) for column in zip(*edges, strict=True)], schema=PAIRS)
    stars = sorted(tuple(row.values()) for some in contract([batch.slice(0, 2), batch.slice(2)]) for row in some.to_pylist())
    assert stars == [(3, 1), (4, 1), (5, 1), (8, 7), (9, 7)]
