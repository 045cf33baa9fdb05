"""Batches that come sorted, as tables of whole groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

Batches = Iterable[pa.RecordBatch]
ROWS_AT_ONCE = 1 << 18


def whole_groups(batches: Batches, column: str, *, rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Yield the rows as tables of about so many rows, or of one group where that is larger; a group is a run of equal values in the column.

    The last rows of a table wait for the next batch, for their group may go on there.
    """
    held: list[pa.RecordBatch] = []
    limit = rows
    for batch in batches:
        held.append(batch)
        if sum(item.num_rows for item in held) < limit:
            continue
        table = pa.Table.from_batches(held)
        begin = int(pc.index(table[column], table[column][-1]).as_py())
        if begin:
            yield table.slice(0, begin)
        held = table.slice(begin).to_batches()
        limit = max(rows, 2 * (table.num_rows - begin))
    if any(item.num_rows for item in held):
        yield pa.Table.from_batches(held)


def each_group(table: pa.Table, column: str) -> Iterator[pa.Table]:
    """Yield the groups of a table of whole groups."""
    values = table[column].to_pylist()
    begin = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[begin]:
            yield table.slice(begin, end - begin)
            begin = end
