"""Sorted batches as tables of whole groups."""

from __future__ import annotations

import itertools
import random

import pyarrow as pa
import pytest

from pipelines.cluster.groups import each_group, whole_groups


def batches(values: list[int], sizes: list[int]) -> list[pa.RecordBatch]:
    """The values in batches of these sizes, by turns."""
    table = pa.table({"key": pa.array(values, pa.int64())})
    found, begin = [], 0
    for size in itertools.cycle(sizes):
        if begin >= len(values):
            return found
        found += table.slice(begin, size).combine_chunks().to_batches()
        begin += size
    return found


@pytest.mark.parametrize("rows", [1, 3, 10, 1000])
@pytest.mark.parametrize("sizes", [[1], [2, 5], [7], [100]])
def test_no_group_is_cut_and_no_row_lost(rows: int, sizes: list[int]) -> None:
    """However the batches are cut: all rows in order, and each value in one table only."""
    draw = random.Random(rows)
    values = sorted(draw.randrange(12) for _ in range(60))
    tables = list(whole_groups(batches(values, sizes), "key", rows=rows))
    assert [value for table in tables for value in table["key"].to_pylist()] == values
    seen = [set(table["key"].to_pylist()) for table in tables]
    assert sum(map(len, seen)) == len(set(values))


def test_a_large_group_stays_whole() -> None:
    """It may be many times the rows that are held at once."""
    values = [1] * 3 + [2] * 500 + [3] * 2
    tables = list(whole_groups(batches(values, [5]), "key", rows=4))
    assert [group["key"].to_pylist() for table in tables for group in each_group(table, "key")] == [[1] * 3, [2] * 500, [3] * 2]


def test_nothing_gives_nothing() -> None:
    """No batch, or batches without rows."""
    assert list(whole_groups([], "key")) == []
    assert list(whole_groups([pa.record_batch({"key": pa.array([], pa.int64())})], "key")) == []
