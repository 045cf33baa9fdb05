"""The log: batches frozen into parts, written durably, then registered with their URLs."""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa

from pipelines.corpus.files import Layout, make_part_name
from pipelines.corpus.frontier import Marks, marks_of_articles, marks_of_rejections, write_marks
from pipelines.corpus.objects import Place
from pipelines.corpus.parts import read_part
from pipelines.corpus.rows import rejections_to_table
from pipelines.corpus.source_lines import LINE_COLUMNS, LineRow, NoteLines, line_rows, write_line_rows
from pipelines.corpus.state import FOLDED, REGISTERED
from pipelines.corpus.storable import find_rejection_faults, make_article_rows
from pipelines.records import Article, Rejection

logger = logging.getLogger(__name__)

LogDataset = Literal["articles", "rejected"]

MAX_PART_ROWS = 5_000
"""A fold holds the texts of one part in memory; a crawl's batch is far smaller."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenPart:
    """One part as it will be written: its name never changes, so that a retry writes the same file."""

    dataset: LogDataset
    day: str
    name: str
    table: pa.Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Articles and rejections ready to be committed, as often as it takes."""

    parts: tuple[FrozenPart, ...]
    """Rejected parts first: they are renamed before the articles of the same batch."""
    marks: tuple[Marks, ...]
    lines: tuple[LineRow, ...]
    articles: int
    rejections: int
    """Those made of unstorable articles included."""
    unstorable: tuple[Article, ...] = ()
    """Articles that could not become rows; each is a final Rejection of this batch (stage ``store``, reason ``unstorable``)."""


def freeze_batch(
    articles: Sequence[Article], rejections: Sequence[Rejection], *, now: datetime, note_lines: NoteLines | None = None
) -> Batch:
    """Freeze records into parts, one per UTC day of ``fetched_at``, each article_id once with its earliest fetch.

    A rejection without a time of its own happened now. Never refuses: one bad record must not hold up the others of its batch. An
    article that cannot become a row becomes a rejection that says why, and so does such a rejection.
    """
    logged, faults = make_article_rows(articles)
    unstorable = tuple(articles[index] for index in faults)
    articles = [article for index, article in enumerate(articles) if index not in faults]
    dated = [item if item.fetched_at else replace(item, fetched_at=now) for item in rejections]
    for index, fault in find_rejection_faults(dated).items():
        dated[index] = _reject_unstorable(dated[index], f"{dated[index].stage} {dated[index].reason}: {fault}", now)
    dated += [_reject_unstorable(article, fault, now) for article, fault in zip(unstorable, faults.values(), strict=True)]
    rejected = rejections_to_table(dated)
    kept = _earliest(articles)
    article_parts = _split("articles", logged, {index: articles[index].fetched_at for index in kept}, now)
    return Batch(
        parts=(*_split("rejected", rejected, {index: item.fetched_at or now for index, item in enumerate(dated)}, now), *article_parts),
        # Of all articles: one that came twice under two URLs makes both known.
        marks=(marks_of_rejections(rejected), marks_of_articles(logged)),
        # Of what will be on disk, so that the log gives the same.
        lines=tuple(row for part in article_parts for row in line_rows(part.table, note_lines)) if note_lines else (),
        articles=len(kept),
        rejections=len(dated),
        unstorable=unstorable,
    )


def write_batch(layout: Layout, batch: Batch) -> None:
    """Write every part of a batch; all of them are durable when this returns."""
    for part in batch.parts:
        layout.write(part.dataset, part.day, part.name, part.table)


def register_batch(connection: sqlite3.Connection, batch: Batch) -> None:
    """Enter a batch's parts, URLs and lines, inside the caller's transaction. Idempotent: recovery may have entered the parts already."""
    for part in batch.parts:
        _register(connection, part.dataset, part.day, part.name, part.table.num_rows)
    for marks in batch.marks:
        write_marks(connection, marks)
    write_line_rows(connection, batch.lines)


def register_stranger(
    connection: sqlite3.Connection, dataset: LogDataset, day: str, name: str, path: Place, *, note_lines: NoteLines | None = None
) -> int:
    """Enter a part that is on disk and not in the registry, the URLs that its rows settle and its lines, and return how many rows it has.

    Inside the caller's transaction.
    """
    if dataset == "articles":
        table = read_part(path, dataset, ["url", "canonical_url", "extra", *(set(LINE_COLUMNS) if note_lines else ())])
        write_marks(connection, marks_of_articles(table))
        if note_lines:
            write_line_rows(connection, line_rows(table, note_lines))
    else:
        table = read_part(path, dataset)
        write_marks(connection, marks_of_rejections(table))
    _register(connection, dataset, day, name, table.num_rows)
    return int(table.num_rows)


def _register(connection: sqlite3.Connection, dataset: LogDataset, day: str, name: str, row_count: int) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO part(dataset, name, day, row_count, state) VALUES (?, ?, ?, ?, ?)",
        (dataset, name, day, row_count, REGISTERED if dataset == "articles" else FOLDED),
    )


def _reject_unstorable(record: Article | Rejection, fault: str, now: datetime) -> Rejection:
    """Return a rejection that can be stored whatever the record holds: the time is now, everything else text."""
    logger.error("%s: cannot be stored: %s", record.url, fault)
    return Rejection(
        url=str(record.url),
        source=str(record.source),
        stage="store",
        reason="unstorable",
        detail=fault[:300],
        fetched_at=now,
        run_id=str(record.run_id),
    )


def _earliest(articles: Sequence[Article]) -> list[int]:
    """Return the indices of the rows to keep: of each article_id the earliest fetch."""
    kept: dict[str, int] = {}
    for index, article in enumerate(articles):
        known = kept.get(article.article_id)
        if known is None or article.fetched_at < articles[known].fetched_at:
            kept[article.article_id] = index
    return list(kept.values())


def _split(dataset: LogDataset, table: pa.Table, moments: Mapping[int, datetime], now: datetime) -> list[FrozenPart]:
    """Return rows as parts, given {row: its time}."""
    days = defaultdict(list)
    for index, moment in moments.items():
        days[moment.astimezone(UTC).date().isoformat()].append(index)
    return [
        FrozenPart(dataset=dataset, day=day, name=make_part_name(now), table=table.take(indices[start : start + MAX_PART_ROWS]))
        for day, indices in sorted(days.items())
        for start in range(0, len(indices), MAX_PART_ROWS)
    ]
