"""Records to rows and back: Article and Rejection to Arrow tables, log rows to Article and Document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.corpus.schema import ARTICLES, REJECTED
from pipelines.errors import CorpusError
from pipelines.records import SCHEMA_VERSION, Article, Document, Evidence, Rejection, Removed

DOCUMENT_COLUMNS = [field.name for field in fields(Document)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def warm_up() -> None:
    """Make pyarrow's first array now. Where pandas is installed that imports it: half a second that no crawl should stand still for."""
    pa.array([0])


def to_microseconds(moment: datetime) -> int:
    """Return an aware datetime as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def articles_to_table(articles: Sequence[Article]) -> pa.Table:
    """Return articles as rows of the log, in the order given. Raises CorpusError naming the column that does not hold what it should."""
    columns = {name: [getattr(article, name) for article in articles] for name in ARTICLES.names}
    columns["provenance"] = [[_evidence_row(item) for item in article.provenance] for article in articles]
    columns["removed"] = [[{"reason": item.reason, "text": item.text} for item in article.removed] for article in articles]
    return _table(columns, ARTICLES)


def rejections_to_table(rejections: Sequence[Rejection]) -> pa.Table:
    """Return rejections as rows of ``rejected/``, in the order given."""
    columns = {name: [getattr(item, name) for item in rejections] for name in REJECTED.names if name != "schema_version"}
    return _table({**columns, "schema_version": [SCHEMA_VERSION] * len(rejections)}, REJECTED)


def articles_from_table(table: pa.Table) -> list[Article]:
    """Return log or corpus rows as articles. Positions of removed pieces are not stored: they are numbered in page order."""
    return [_article(row) for row in table.select(ARTICLES.names).to_pylist()]


def documents_from_table(table: pa.Table) -> Iterator[Document]:
    """Yield the rows of a log table with DOCUMENT_COLUMNS as what dedup needs to know."""
    for row in table.to_pylist():
        yield Document(**{**row, "text": row["text"] or "", "agencies": tuple(row["agencies"] or ())})


def microseconds_of(column: pa.ChunkedArray) -> list[int]:
    """Return a timestamp column as whole microseconds since 1970."""
    found: list[int] = column.cast(pa.int64()).to_pylist()
    return found


def _article(row: Mapping[str, Any]) -> Article:
    lists = {name: tuple(row[name] or ()) for name in ("authors", "tags", "agencies", "credited_agencies", "contributors")}
    provenance = tuple(Evidence(**item) for item in row["provenance"] or ())
    removed = tuple(Removed(**item, position=position) for position, item in enumerate(row["removed"] or ()))
    return Article(**{**row, **lists, "provenance": provenance, "removed": removed})


def _evidence_row(item: Evidence) -> dict[str, Any]:
    return {
        "field": item.field,
        "value": item.value,
        "signal": item.signal,
        "evidence": item.evidence,
        "confidence": item.confidence,
    }


def _table(columns: Mapping[str, list[Any]], schema: pa.Schema) -> pa.Table:
    return pa.table([_array(columns[field.name], field) for field in schema], schema=schema)


def _array(values: list[Any], field: pa.Field) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except UnicodeEncodeError:
        # A lone surrogate, in a URL say, is no reason to lose the article.
        return _array(_encodable(values), field)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise CorpusError(f"column {field.name}: expected {field.type}, {error}") from error


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {name: _encodable(item) for name, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [_encodable(item) for item in value]
    return value
