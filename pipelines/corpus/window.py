"""The newest days of an output folder as plain rows: what a report is made of.

Reads Parquet as any user may, while crawls write: a file that another process replaces in that moment is read again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.corpus.objects import UNREADABLE, Place, check_log, open_parquet, parquet_files
from pipelines.corpus.schema import SCHEMAS, Dataset
from pipelines.errors import CorpusError

STORY_COLUMNS = (
    "story_id article_id url source host title agencies syndicated_from language published_at fetched_at word_count run_id"
).split()
COPY_COLUMNS = (
    "story_id article_id canonical_article_id relation jaccard containment url source title agencies published_at fetched_at run_id"
).split()
REJECTED_COLUMNS = ("source", "stage", "reason", "run_id")

READ_TRIES = 5
READ_AGAIN_SECONDS = 0.2
_DAY = "crawl_date="
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Everything that was fetched on some days, newest days first in what is kept. A row has its ``day`` (``YYYY-MM-DD``) besides its columns."""

    days: list[str]
    """Oldest first."""
    days_left_out: int
    """Older days that a limit cut off."""
    stories: list[dict[str, Any]] = field(repr=False)
    """Rows of ``corpus/``: STORY_COLUMNS of each story's canonical copy, under the day on which the story was first seen."""
    copies: list[dict[str, Any]] = field(repr=False)
    """Rows of ``copies/``: COPY_COLUMNS. A copy's story may be older than the window."""
    rejected: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(day, source, stage, reason) -> number of rows."""
    removed: Counter[str] = field(default_factory=Counter)
    """Reason -> pieces of text that were cut from the articles of these days."""


def read_window(datasets: Place, *, max_days: int, max_articles: int) -> Window:
    """Return the newest days of a corpus: at most max_days of them, and no more whole days than hold max_articles, but always one.

    Raises CorpusError if datasets holds no dataset, or one that cannot be read.
    """
    check_log(datasets)
    everyday = sorted({path.parent.name.removeprefix(_DAY) for name in SCHEMAS for path in parquet_files(datasets / name)}, reverse=True)
    days: list[str] = []
    stories: list[dict[str, Any]] = []
    copies: list[dict[str, Any]] = []
    rejected: Counter[tuple[str, str, str, str]] = Counter()
    removed: Counter[str] = Counter()
    for day in everyday[:max_days]:
        if days and len(stories) + len(copies) + _count_articles(datasets, day) > max_articles:
            break
        days.append(day)
        stories += _rows(datasets, "corpus", day, STORY_COLUMNS)
        copies += _rows(datasets, "copies", day, COPY_COLUMNS)
        for row in _rows(datasets, "rejected", day, REJECTED_COLUMNS):
            rejected[day, row["source"] or "", row["stage"] or "", row["reason"] or ""] += 1
        removed.update(_count_removed(datasets, day))
    return Window(
        days=days[::-1], days_left_out=len(everyday) - len(days), stories=stories, copies=copies, rejected=rejected, removed=removed
    )  # fmt: skip


def _count_articles(datasets: Place, day: str) -> int:
    return sum(_read_each(datasets, "articles", day, lambda file: file.metadata.num_rows))


def _count_removed(datasets: Place, day: str) -> dict[str, int]:
    """Only the leaf column is read, not the text that was cut."""
    table = _read(datasets, "articles", day, ["removed.list.element.reason"])
    pieces = pc.list_flatten(table["removed"].combine_chunks())
    counts = pc.value_counts(pc.struct_field(pieces, "reason")) if len(pieces) else []
    return {str(entry["values"].as_py()): entry["counts"].as_py() for entry in counts}


def _rows(datasets: Place, dataset: Dataset, day: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _read(datasets, dataset, day, columns).to_pylist()
    for row in rows:
        row["day"] = day
    return rows


def _read(datasets: Place, dataset: Dataset, day: str, columns: Sequence[str]) -> pa.Table:
    """Return some columns of a day."""
    tables = _read_each(datasets, dataset, day, lambda file: file.read(columns=list(columns)))
    return pa.concat_tables(tables) if tables else _empty(dataset, columns)


def _read_each(datasets: Place, dataset: Dataset, day: str, read: Callable[[pq.ParquetFile], T]) -> list[T]:
    """Return what is read of each part of a day; again when a file was replaced or a folder exchanged meanwhile."""
    for tries_left in reversed(range(READ_TRIES)):
        path = datasets / dataset
        found: list[T] = []
        try:
            for path in _parts(datasets, dataset, day):
                with open_parquet(path) as file:
                    found.append(read(file))
            return found
        except UNREADABLE as error:
            if not tries_left:
                raise CorpusError(f"{path}: expected readable Parquet: {error}") from error
            time.sleep(READ_AGAIN_SECONDS)
    raise AssertionError("unreachable")


def _empty(dataset: Dataset, columns: Sequence[str]) -> pa.Table:
    return SCHEMAS[dataset].empty_table().select([column.partition(".")[0] for column in columns])


def _parts(datasets: Place, dataset: Dataset, day: str) -> list[Place]:
    return parquet_files(datasets / dataset / f"{_DAY}{day}")
