"""Pages to log parts, as a worker makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsroom import build_world, load_truth
from pipelines.chain import open_store, process_page, store_parameters
from pipelines.cluster.pages import COUNTED, PAGES, process_pages
from pipelines.corpus import articles_from_table, read_part
from pipelines.records import Article, FetchedPage

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pages() -> list[FetchedPage]:
    """Articles of the newsroom over two days, a page of no text, and bytes that are no page."""
    world = build_world()
    bodies = {article.url: (resource.body, article.source) for article in load_truth() if (resource := world.find(article.url))}
    bodies["https://empty.example/1"] = (b"<html><body><p>Short.</p></body></html>", "")
    bodies["https://empty.example/2"] = (b"\x00\x01\x02", "")
    return [
        FetchedPage(
            url=url, body=body, encoding=None, fetched_at=NOON + timedelta(hours=number), source=source or "empty.example", run_id="r"
        )
        for number, (url, (body, source)) in enumerate(bodies.items())
    ]


def as_batches(pages: list[FetchedPage]) -> list[pa.RecordBatch]:
    """The pages as a table has them; a source that is the page's own site is left out."""
    rows = [
        {**{name: getattr(page, name) for name in PAGES.names}, "source": page.source.replace("empty.example", "") or None}
        for page in pages
    ]
    return pa.Table.from_pylist(rows, schema=PAGES).to_batches()


def run(folder: Path, pages: list[FetchedPage]) -> list[dict[str, object]]:
    """What a worker counts."""
    found = process_pages(as_batches(pages), folder=str(folder), parameters=store_parameters(), run_id="r")
    return [row for batch in found for row in pa.Table.from_batches([batch], schema=COUNTED).to_pylist()]


def test_a_page_gives_the_article_of_a_crawl(tmp_path: Path, pages: list[FetchedPage]) -> None:
    """Every page is an article or a rejection with its reason, counted and stored; the store takes the parts for its own."""
    counted = run(tmp_path, pages)
    expected = [process_page(page) for page in pages]
    articles = [item for item in expected if isinstance(item, Article)]
    stored = [
        article for path in (tmp_path / "articles").rglob("*.parquet") for article in articles_from_table(read_part(path, "articles"))
    ]
    assert sorted(article.article_id for article in stored) == sorted(article.article_id for article in articles)
    assert {article.article_id: article.text for article in stored} == {article.article_id: article.text for article in articles}
    assert sum(row["pages"] for row in counted if row["reason"] is None) == len(articles) > 10  # type: ignore[misc]
    assert sum(row["pages"] for row in counted) == len(pages)  # type: ignore[misc]
    rejected = [row for path in (tmp_path / "rejected").rglob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]
    assert {row["source"] for row in rejected if "empty" in row["url"]} == {"empty.example"}
    assert len(rejected) == len(pages) - len(articles) >= 2
    with open_store(tmp_path) as store:
        store.finish()
        assert store.verify() == []
        assert store.counts().articles == len(articles)


def test_a_task_that_runs_again_leaves_the_same_files(tmp_path: Path, pages: list[FetchedPage]) -> None:
    """Spark tries a lost task again: names follow from the rows, so nothing is there twice."""
    run(tmp_path, pages)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    run(tmp_path, pages)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == files
