"""Which records cannot become rows, and why: found before a batch is frozen, so that one of them does not hold up the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import pyarrow as pa

from pipelines.corpus.rows import articles_to_table, rejections_to_table
from pipelines.errors import CorpusError
from pipelines.records import Article, Rejection

_ARTICLE_ID = re.compile("[0-9a-f]{32}")
Record = TypeVar("Record", Article, Rejection)


def make_article_rows(articles: Sequence[Article]) -> tuple[pa.Table, dict[int, str]]:
    """Return the rows of the log of those articles that can become any, and {index: what is wrong} of the others, both in order."""
    return _make_rows(articles, articles_to_table, _find_article_fault)


def find_rejection_faults(rejections: Sequence[Rejection]) -> dict[int, str]:
    """Return {index: what is wrong} of the rejections that cannot become rows of ``rejected/``, in order."""
    return _make_rows(rejections, rejections_to_table, lambda item: _find_time_fault("fetched_at", item.fetched_at))[1]


def _make_rows(
    records: Sequence[Record], to_table: Callable[[Sequence[Record]], pa.Table], look: Callable[[Record], str | None]
) -> tuple[pa.Table, dict[int, str]]:
    faults = {index: fault for index, record in enumerate(records) if (fault := look(record))}
    table = _try_rows([record for index, record in enumerate(records) if index not in faults], to_table)
    if isinstance(table, str):
        # One by one, to find out which.
        for index in range(len(records)):
            if index not in faults and isinstance(fault := _try_rows([records[index]], to_table), str):
                faults[index] = fault
        table = to_table([record for index, record in enumerate(records) if index not in faults])
    return table, dict(sorted(faults.items()))


def _try_rows(records: Sequence[Record], to_table: Callable[[Sequence[Record]], pa.Table]) -> pa.Table | str:
    """Return records as rows, or what is wrong with them."""
    try:
        return to_table(records)
    except (CorpusError, AttributeError) as error:
        return str(error)


def _find_article_fault(article: Article) -> str | None:
    if not isinstance(article.article_id, str) or not _ARTICLE_ID.fullmatch(article.article_id):
        return f"expected an article_id of 32 hex digits, got {article.article_id!r}"
    if article.fetched_at is None:
        return "expected fetched_at, got None"
    for name in ("fetched_at", "published_at", "modified_at"):
        if fault := _find_time_fault(name, getattr(article, name)):
            return fault
    return None


def _find_time_fault(name: str, moment: datetime | None) -> str | None:
    """A time near year 1 or 9999 may have no UTC date: it could be written, and stop every fold that reads it."""
    if moment is None:
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return f"expected {name} with a time zone, got {moment}"
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return f"expected {name} between the years 1 and 9999 in UTC, got {moment.isoformat()}"
    return None
