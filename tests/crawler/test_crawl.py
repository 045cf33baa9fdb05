"""Whole crawls of the newsroom: real ``scrapy crawl`` processes, real Parquet read back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from newsroom import ExpectedArticle, ExpectedRejection, Newsroom, load_rejections, load_truth
from tests.crawler.conftest import Ran, read

Crawl = Callable[..., Ran]
TRUTH = load_truth()


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def first(crawl: Crawl, output: Path) -> Ran:
    return crawl("news", output)


@pytest.fixture(scope="module")
def articles(first: Ran, output: Path) -> pd.DataFrame:
    return read(output, "articles")


def test_a_crawl_ends_well_and_without_deprecation_warnings(first: Ran) -> None:
    """Exit status 0, no error, no warning of a deprecated API."""
    assert first.status == 0, first.output
    assert "Deprecat" not in first.output
    assert "Traceback" not in first.output


def test_every_article_of_the_newsroom_is_stored_once(articles: pd.DataFrame) -> None:
    """The log holds each article's URL exactly once, and nothing else."""
    assert sorted(articles["url"]) == sorted(article.url for article in TRUTH)


@pytest.mark.parametrize("expected", TRUTH, ids=lambda article: article.url.removeprefix("http://"))
def test_the_text_is_the_article_and_nothing_else(articles: pd.DataFrame, expected: ExpectedArticle) -> None:
    """No furniture of the page is in the text, and no paragraph is missing."""
    row = articles[articles["url"] == expected.url].iloc[0]
    assert row["text"].split("\n\n") == list(expected.paragraphs)


@pytest.mark.parametrize("expected", TRUTH, ids=lambda article: article.url.removeprefix("http://"))
def test_the_columns_say_what_the_page_says(articles: pd.DataFrame, expected: ExpectedArticle) -> None:
    """Title, instant, authors and provenance are those of the page."""
    row = articles[articles["url"] == expected.url].iloc[0]
    assert row["title"] == expected.title
    assert row["published_at"] == expected.published_at
    assert list(row["authors"]) == list(expected.authors)
    assert list(row["agencies"]) == list(expected.agencies)
    assert list(row["credited_agencies"]) == list(expected.credited_agencies)
    assert none_if_null(row["syndicated_from"]) == expected.syndicated_from
    assert none_if_null(row["dateline"]) == expected.dateline


def none_if_null(value: object) -> object:
    """pandas shows a null string as NaN."""
    return None if pd.isna(value) else value


def test_what_was_cut_is_kept_with_its_reason(articles: pd.DataFrame) -> None:
    """Pieces that left a text stand in ``removed``, in page order, each with a reason."""
    removed = [piece for pieces in articles["removed"] for piece in pieces]
    assert {"related", "newsletter", "caption", "contributors", "source_line"} <= {piece["reason"] for piece in removed}
    assert all(piece["text"] and piece["reason"] for piece in removed)


def test_each_story_is_in_the_corpus_once_and_every_copy_is_recorded(output: Path, articles: pd.DataFrame) -> None:
    """Stories are those of the truth; corpus and copies share out the articles."""
    corpus, copies = read(output, "corpus"), read(output, "copies")
    assert len(corpus) + len(copies) == len(articles)
    assert set(corpus["article_id"]).isdisjoint(copies["article_id"])
    story_of = dict(zip(articles["url"], articles["article_id"].map({**dict(zip(corpus["article_id"], corpus["story_id"], strict=True)), **dict(zip(copies["article_id"], copies["story_id"], strict=True))}), strict=True))  # fmt: skip
    found: dict[str, set[str]] = {}
    expected: dict[str, set[str]] = {}
    for article in TRUTH:
        found.setdefault(story_of[article.url], set()).add(article.url)
        expected.setdefault(article.story, set()).add(article.url)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected.values()))


@pytest.mark.parametrize("expected", load_rejections(), ids=lambda rejection: rejection.fault)
def test_what_is_no_article_is_refused_with_its_reason(first: Ran, output: Path, newsroom: Newsroom, expected: ExpectedRejection) -> None:
    """What was asked for is a row that says why it is none; what must not be asked for is counted and never was."""
    rows = read(output, "rejected").query("url == @expected.url")
    if expected.fault in ("private_address", "off_site"):
        assert expected.url not in {request.url for request in newsroom.requests}
        if expected.stages:
            assert report_of(output)["sources"][expected.source]["discover"]["rejected"]["offsite"] >= 1
    else:
        assert len(rows) == 1
        assert rows.iloc[0]["stage"] in expected.stages
        assert rows.iloc[0]["reason"]


def report_of(output: Path) -> dict[str, Any]:
    """The report of the first run."""
    path = min((output / "runs").glob("*/report.json"))
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def test_kept_and_rejected_add_up_at_every_stage(first: Ran, output: Path) -> None:
    """The report's funnel has no hole, for the run and for every source."""
    report = report_of(output)
    assert report["unbalanced"] == []
    assert report["stages"]["store"]["kept"] == len(TRUTH)
    for source, stages in report["sources"].items():
        for earlier, later in zip(
            ("discover", "fetch", "extract", "scrub", "attribute"), ("fetch", "extract", "scrub", "attribute", "store"), strict=True
        ):
            assert stages[later]["seen"] == stages[earlier]["kept"], (source, later)


def test_what_dedup_did_is_counted(first: Ran, output: Path) -> None:
    """In the report and among Scrapy's stats, by the names that docs/stats.md explains; every story of several texts took a link."""
    counted = report_of(output)["dedup"]
    page = (Path(__file__).parents[2] / "docs" / "stats.md").read_text(encoding="utf-8").partition("## Dedup\n")[2].partition("\n## ")[0]
    explained = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert set(counted) == explained - {"other_signatures"}  # absent without any
    assert {name: float(number) for name, number in re.findall(r"'dedup/(\w+)': ([\d.]+)", first.output)} == counted
    articles, corpus = read(output, "articles"), read(output, "corpus")
    assert counted["texts"] == articles.text_sha256.nunique()
    assert counted["edges"] == counted["new_edges"] >= counted["texts"] - len(corpus) > 0
    assert counted["candidates"] >= counted["comparisons"] >= counted["edges"]
    assert counted["candidates_per_edge"] == round(counted["candidates"] / counted["new_edges"], 2)


def test_plain_readers_agree(first: Ran, output: Path) -> None:
    """pandas, DuckDB and Polars read the corpus with no knowledge of this project."""
    rows = len(read(output, "corpus"))
    assert rows == len({article.story for article in TRUTH})
    assert duckdb.sql(f"SELECT count(DISTINCT story_id) FROM '{output}/corpus/**/*.parquet'").fetchall() == [(rows,)]
    assert pl.read_parquet(f"{output}/corpus/**/*.parquet").height == rows


def test_a_second_crawl_fetches_no_article_and_adds_no_row(
    first: Ran, articles: pd.DataFrame, crawl: Crawl, newsroom: Newsroom, output: Path
) -> None:
    """Feeds answer 304, known articles are not asked for, the corpus stays as it is."""
    before = len(newsroom.requests)
    corpus = read(output, "corpus")
    again = crawl("news", output)
    assert again.status == 0, again.output
    requests = newsroom.requests[before:]
    urls = {article.url for article in TRUTH} | {article.requested_url for article in TRUTH}
    assert [request.url for request in requests if request.url in urls] == []
    assert any(request.status == 304 for request in requests)
    assert len(read(output, "articles")) == len(articles)
    pd.testing.assert_frame_equal(read(output, "corpus"), corpus)
    rejected = read(output, "rejected")
    pages = rejected[rejected["stage"] != "discover"]
    assert pages["url"].is_unique


def test_a_verified_store_is_sound(first: Ran, scrapy: Crawl, output: Path) -> None:
    """``scrapy corpus verify`` finds nothing and says so."""
    verified = scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}")
    assert verified.status == 0, verified.output
    assert "sound" in verified.output


def test_a_rebuilt_corpus_is_the_same(first: Ran, scrapy: Crawl, output: Path) -> None:
    """Corpus and copies are a function of the log."""
    before = {name: read(output, name).sort_values("article_id", ignore_index=True) for name in ("corpus", "copies")}
    assert scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={output}").status == 0
    for name, frame in before.items():
        pd.testing.assert_frame_equal(read(output, name).sort_values("article_id", ignore_index=True), frame)


def test_a_feed_export_gives_the_articles(crawl: Crawl, tmp_path: Path) -> None:
    """``-o file.jsonl`` works as for any Scrapy project."""
    ran = crawl("wire", tmp_path / "out", "-o", tmp_path / "wire.jsonl")
    assert ran.status == 0, ran.output
    rows = [json.loads(line) for line in (tmp_path / "wire.jsonl").read_text().splitlines()]
    wire = {article.url for article in TRUTH if article.source == rows[0]["source"]}
    assert {row["url"] for row in rows} == wire
    assert len(bytes.fromhex(rows[0]["text_sha256"])) == 32


def test_one_page_can_be_crawled(crawl: Crawl, tmp_path: Path) -> None:
    """``scrapy crawl page -a url=…`` stores that article."""
    ran = crawl("page", tmp_path, "-a", f"url={TRUTH[0].url}")
    assert ran.status == 0, ran.output
    assert list(read(tmp_path, "corpus")["url"]) == [TRUTH[0].url]


def test_pages_that_take_too_long_are_rejections_that_are_asked_again(crawl: Crawl, tmp_path: Path) -> None:
    """A worker's time limit costs the page, not the crawl."""
    # One page alone: on a busy machine the reading of a feed would run into the same limit.
    ran = crawl("page", tmp_path, "-a", f"url={TRUTH[0].url}", "-s", "EXTRACT_TIMEOUT_SECONDS=0.0001", "-s", "EXTRACT_WORKERS=1")
    rejected = read(tmp_path, "rejected")
    assert "timeout" in set(rejected["reason"]), ran.output


def test_the_spiders_are_listed(scrapy: Crawl) -> None:
    """``scrapy list`` shows the five spiders."""
    assert scrapy("list").output.split() == ["news", "page", "syndicated", "warc", "wire"]
