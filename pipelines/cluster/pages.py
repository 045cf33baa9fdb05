"""Pages to articles: the stages of a crawl, and the log parts that they give."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.chain import process_page
from pipelines.cluster.groups import Batches
from pipelines.corpus.files import Layout
from pipelines.corpus.log import FrozenPart, freeze_batch
from pipelines.records import Article, FetchedPage, Rejection
from pipelines.replay import ReplayPlan, process_span
from pipelines.urls import host_of, registrable_domain
from pipelines.warc import Span

PAGES: pa.Schema = pa.schema(
    [
        ("url", pa.string()),
        ("body", pa.binary()),
        ("encoding", pa.string()),
        ("fetched_at", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
    ]
)
"""What a table of pages holds: encoding is the charset of the HTTP header or null; a source that is null or empty is the page's site."""
SPANS: pa.Schema = pa.schema([("path", pa.string()), ("start", pa.int64()), ("end", pa.int64())])
"""Parts of WARC files, as ``warc.split_file`` cuts them."""
COUNTED: pa.Schema = pa.schema([("source", pa.string()), ("stage", pa.string()), ("reason", pa.string()), ("pages", pa.int64())])
"""How the pages of a source ended: reason is null for articles, which are of the stage ``store``."""
PAGES_AT_ONCE = 500


class Ends(NamedTuple):
    """How many pages of a source ended in one way: a row of COUNTED."""

    source: str
    stage: str
    reason: str | None
    pages: int


def process_pages(batches: Batches, *, folder: str, parameters: Mapping[str, Any], run_id: str) -> Iterator[pa.RecordBatch]:
    """Run every page of PAGES through the stages, write parts of ``articles/`` and ``rejected/``, and yield COUNTED.

    The names of the parts follow from their rows, so that a task that is tried again writes the same files.
    """
    layout = _open(folder, parameters)
    for batch in batches:
        for begin in range(0, batch.num_rows, PAGES_AT_ONCE):
            pages = [_page(row, run_id) for row in batch.slice(begin, PAGES_AT_ONCE).to_pylist()]
            yield _write(layout, [process_page(page) for page in pages])


def process_spans(batches: Batches, *, folder: str, parameters: Mapping[str, Any], plan: ReplayPlan) -> Iterator[pa.RecordBatch]:
    """Do the same with the pages of WARC files, for rows of SPANS. Answers that are no pages and damage are counted: stage ``archive``."""
    layout = _open(folder, parameters)
    for batch in batches:
        for row in batch.to_pylist():
            result = process_span(Span(path=Path(row["path"]), start=row["start"], end=row["end"]), plan, {})
            if result.outcomes:
                yield _write(layout, result.outcomes)
            passed_over = result.skipped + Counter(damaged=len(result.damages))
            yield _counted({("", "archive", reason): count for reason, count in passed_over.items()})


def _open(folder: str, parameters: Mapping[str, Any]) -> Layout:
    layout = Layout(Path(folder), parameters)
    layout.create()
    return layout


def _write(layout: Layout, outcomes: Sequence[Article | Rejection]) -> pa.RecordBatch:
    """Write what pages gave, and return how they ended as COUNTED."""
    articles = [item for item in outcomes if isinstance(item, Article)]
    rejections = [item for item in outcomes if isinstance(item, Rejection)]
    now = max((item.fetched_at for item in outcomes if item.fetched_at), default=datetime.now(UTC))
    for part in freeze_batch(articles, rejections, now=now).parts:
        layout.write(part.dataset, part.day, _name_part(part), part.table)
    ends = [(item.source, "store", None) if isinstance(item, Article) else (item.source, item.stage, item.reason) for item in outcomes]
    return _counted(Counter(ends))


def _page(row: Mapping[str, Any], run_id: str) -> FetchedPage:
    source = row["source"] or registrable_domain(host_of(row["url"]))
    return FetchedPage(
        url=row["url"], body=row["body"], encoding=row["encoding"], fetched_at=row["fetched_at"], source=source, run_id=run_id
    )


def _name_part(part: FrozenPart) -> str:
    """Return a name that is the part's own: its time, and a hash of what it holds."""
    said = hashlib.blake2b(part.dataset.encode(), digest_size=8)
    for name in ("url", "fetched_at", "run_id"):
        said.update(repr(part.table[name].to_pylist()).encode())
    moment: datetime = max(part.table["fetched_at"].to_pylist())
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}-{said.hexdigest()}"


def _counted(ends: Mapping[tuple[str, str, str | None], int]) -> pa.RecordBatch:
    rows = [{"source": source, "stage": stage, "reason": reason, "pages": pages} for (source, stage, reason), pages in ends.items()]
    return pa.RecordBatch.from_pylist(rows, schema=COUNTED)
