"""Compaction: the many small parts of past days become few.

Rows are neither changed, dropped nor put into another order: a merged part is its old parts one after another. Its name is the
one right before the first of them, so that it also owns what they owned where a row of the same moment lies in another part.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.corpus.files import COMPACT_LEVEL, Layout
from pipelines.corpus.merges import adopt_merge, finish_merges
from pipelines.corpus.parts import read_part, read_said
from pipelines.corpus.schema import Dataset
from pipelines.corpus.state import FOLDED
from pipelines.sqlite import transaction

MAX_COMPACT_ROWS = 20_000
"""One takeover rewrites the derived file that it is in: about 4 CPU seconds for 100 MB."""
_DATASETS: tuple[Dataset, ...] = ("articles", "corpus", "copies")


@dataclass(frozen=True, kw_only=True, slots=True)
class Compaction:
    """What a compaction did: days that changed, files and bytes of articles, corpus and copies of all days it looked at."""

    days: int = 0
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def __add__(self, other: Compaction) -> Compaction:
        return Compaction(
            days=self.days + other.days,
            files_before=self.files_before + other.files_before,
            files_after=self.files_after + other.files_after,
            bytes_before=self.bytes_before + other.bytes_before,
            bytes_after=self.bytes_after + other.bytes_after,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    rows: int
    parameters: str
    """JSON: parts are merged only with others of the same parameters."""
    merges: tuple[str, ...]


def days_before(connection: sqlite3.Connection, day: str) -> list[str]:
    """Return the days of the log before ``YYYY-MM-DD``."""
    query = "SELECT DISTINCT day FROM part WHERE dataset = 'articles' AND state = ? AND day < ? ORDER BY day"
    return [found for (found,) in connection.execute(query, (FOLDED, day))]


def compact_day(connection: sqlite3.Connection, layout: Layout, day: str) -> Compaction:
    """Merge the folded parts of a day, as they fit. Under the fold lock; the next publish compares the new files with the index."""
    groups = _plan(connection, layout, day)
    if not groups:
        return Compaction()
    files_before, bytes_before = _measure(layout, day)
    for group in groups:
        _merge(connection, layout, day, group)
    files_after, bytes_after = _measure(layout, day)
    return Compaction(days=1, files_before=files_before, files_after=files_after, bytes_before=bytes_before, bytes_after=bytes_after)


def _plan(connection: sqlite3.Connection, layout: Layout, day: str) -> list[list[_Part]]:
    """Return runs of parts that become one each: neighbors by name, of the same parameters, at most MAX_COMPACT_ROWS together."""
    query = "SELECT name, row_count FROM part WHERE dataset = 'articles' AND state = ? AND day = ? ORDER BY name"
    found = connection.execute(query, (FOLDED, day)).fetchall()
    if len(found) < 2:
        return []
    groups: list[list[_Part]] = [[]]
    for name, rows in found:
        said = read_said(layout.path("articles", day, name), "articles")
        part = _Part(name, rows, json.dumps(said.get("parameters") or {}, sort_keys=True), tuple(said.get("merges") or ()))
        group = groups[-1]
        fits = sum(item.rows for item in group) + rows <= MAX_COMPACT_ROWS
        if group and (not fits or group[0].parameters != part.parameters):
            groups.append(group := [])
        group.append(part)
    return [group for group in groups if len(group) > 1]


def _merge(connection: sqlite3.Connection, layout: Layout, day: str, group: Sequence[_Part]) -> None:
    tables = [read_part(layout.path("articles", day, part.name), "articles").replace_schema_metadata(None) for part in group]
    table = pa.concat_tables(tables)
    # With what the old parts had merged themselves: those tombstones must outlive a rebuild.
    merges = sorted({name for part in group for name in (part.name, *part.merges)})
    name = _name_before(group[0].name)
    layout.write("articles", day, name, table, level=COMPACT_LEVEL, merges=merges, parameters=json.loads(group[0].parameters))
    with transaction(connection):
        adopt_merge(connection, day, name, merges, table.num_rows)
    finish_merges(connection, layout)


def _name_before(name: str) -> str:
    """The name right before it: no other part's, and merged parts keep the order of those they replace."""
    stamp, _, bits = name.rpartition("-")
    return f"{stamp}-{int(bits, 16) - 1:016x}"


def _measure(layout: Layout, day: str) -> tuple[int, int]:
    """Return files and bytes of a day."""
    sizes = [size for dataset in _DATASETS for size in layout.sizes(dataset, day)]
    return len(sizes), sum(sizes)
