"""ARCHIVE_WARC: a crawl's archive, and what a replay makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from warcio.archiveiterator import ArchiveIterator

from newsroom import SOURCES_FILE as SOURCES
from pipelines.warc import ArchivedPage, read_pages
from tests.crawler.conftest import Ran, read
from tests.crawler.site import ChangingSite, article, rss


@pytest.fixture(scope="module")
def archived(crawl: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newsroom, crawled with an archive of small files."""
    output = tmp_path_factory.mktemp("archived")
    ran = crawl("news", output, "-s", "ARCHIVE_WARC=1", "-s", "ARCHIVE_WARC_MB=1", "-s", "REPORT_PAGE=False")
    assert ran.status == 0, ran.output
    return output


def same(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in one order, without what names the run."""
    frame = rows.drop(columns=["run_id"]).sort_values("article_id", ignore_index=True)
    return frame.map(str)


def test_a_replay_gives_the_same_corpus(archived: Path, scrapy: Callable[..., Ran], tmp_path: Path) -> None:
    """Every column of every article, story and copy: times, hints, opt-outs and refused redirects are in the archive."""
    ran = scrapy(
        "replay", archived / "archive" / "*.warc.gz", "-s", f"OUTPUT_DIR={tmp_path}", "-s", f"SOURCES={SOURCES}", "-s", "REPORT_PAGE=False"
    )
    assert ran.status == 0, ran.output
    for dataset in ("articles", "corpus", "copies"):
        expected, found = same(read(archived, dataset)), same(read(tmp_path, dataset))
        assert len(expected) > 10
        pd.testing.assert_frame_equal(found, expected)


def test_every_article_is_in_the_archive(archived: Path) -> None:
    """With the time that its row says; feeds and robots.txt are there too, and are no pages."""
    pages = {page.fetched_at for path in (archived / "archive").iterdir() for page in read_pages(path) if isinstance(page, ArchivedPage)}
    assert set(read(archived, "articles")["fetched_at"]) <= pages
    kinds: Counter[str] = Counter()
    targets = set()
    for path in (archived / "archive").iterdir():
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()
                kinds[record.rec_type] += 1
                targets.add(record.rec_headers.get_header("WARC-Target-URI"))
    assert kinds["request"] == kinds["response"] + kinds["revisit"]
    assert any(str(target).endswith("/robots.txt") for target in targets)


@pytest.fixture
def site() -> Iterator[ChangingSite]:
    with ChangingSite.serve() as served:
        yield served


def test_what_has_not_changed_is_a_revisit(site: ChangingSite, crawl: Callable[..., Ran], tmp_path: Path) -> None:
    """A feed that answers 304 the second time is no second copy of it."""
    site.pages["http://gazette.example/feed"] = rss(("http://gazette.example/one", ""))
    site.pages["http://gazette.example/one"] = article("Bridge reopened")
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nname = "gazette"\nkind = "outlet"\nhome = "http://gazette.example/"\nlanguage = "en"\ncountry = "GB"\n'
        'feeds = ["http://gazette.example/feed"]\n'
    )
    for _ in range(2):
        ran = crawl("news", tmp_path / "output", "-s", "ARCHIVE_WARC=1", "-s", "REPORT_PAGE=False", sources=sources, http_proxy=site.proxy)
        assert ran.status == 0, ran.output
    profiles = []
    for path in (tmp_path / "output" / "archive").iterdir():
        with path.open("rb") as file:
            profiles += [
                record.rec_headers.get_header("WARC-Profile").rpartition("/")[2]
                for record in ArchiveIterator(file)
                if record.rec_type == "revisit" and record.rec_headers.get_header("WARC-Target-URI").endswith("/feed")
            ]
    assert profiles == ["server-not-modified"]


def test_an_archive_that_cannot_be_written_stops_no_crawl_and_loses_no_page(
    site: ChangingSite, crawl: Callable[..., Ran], tmp_path: Path
) -> None:
    """No article without its page in the archive; the next crawl, with room for it, has both."""
    site.pages["http://gazette.example/feed"] = rss(("http://gazette.example/one", ""))
    site.pages["http://gazette.example/one"] = article("Bridge reopened")
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nname = "gazette"\nkind = "outlet"\nhome = "http://gazette.example/"\nlanguage = "en"\ncountry = "GB"\n'
        'feeds = ["http://gazette.example/feed"]\n'
    )
    output = tmp_path / "output"
    output.mkdir()
    (output / "archive").write_text("a file where the folder should be")
    ran = crawl("news", output, "-s", "ARCHIVE_WARC=1", "-s", "REPORT_PAGE=False", sources=sources, http_proxy=site.proxy)
    assert ran.status == 1
    assert "the archive could not be written" in ran.output
    assert read(output, "articles").empty
    (output / "archive").unlink()
    ran = crawl("news", output, "-s", "ARCHIVE_WARC=1", "-s", "REPORT_PAGE=False", sources=sources, http_proxy=site.proxy)
    assert ran.status == 0, ran.output
    assert list(read(output, "articles")["url"]) == ["http://gazette.example/one"]


def test_a_shard_crawls_its_own_sources(crawl: Callable[..., Ran], tmp_path: Path) -> None:
    """Two shards of the newsroom share no host, and a wrong shard is one clear line."""
    hosts = []
    for shard in ("1/2", "2/2"):
        ran = crawl("wire", tmp_path / shard[0], "-s", f"SHARD={shard}", "-s", "REPORT_PAGE=False")
        hosts.append(set(read(tmp_path / shard[0], "articles").get("host", [])))
        assert ran.status == (0 if hosts[-1] else 1), ran.output
    assert not hosts[0] & hosts[1]
    assert hosts[0] | hosts[1]
    ran = crawl("wire", tmp_path / "wrong", "-s", "SHARD=3/2")
    assert ran.status == 1
    assert "SHARD must be a part of a whole such as 3/16" in ran.output
