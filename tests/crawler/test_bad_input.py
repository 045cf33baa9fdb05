"""What a user gets wrong: a clear message, an exit status, and nothing stored is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from newsroom import Newsroom, load_truth
from tests.crawler.conftest import Ran, read

Crawl = Callable[..., Ran]
ENTRY = """[[source]]
name = "paper"
kind = "outlet"
home = "http://{host}/"
language = "en"
country = "GB"
"""


@pytest.fixture
def stored(crawl: Crawl, tmp_path: Path) -> Path:
    """An output folder with one article in it."""
    output = tmp_path / "output"
    assert crawl("page", output, "-a", f"url={load_truth()[0].url}").status == 0
    return output


def catalogue(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('[[source]\nname = "a"', "sources.toml", id="broken TOML"),
        pytest.param("", "sources.toml", id="empty catalogue"),
        pytest.param(ENTRY.format(host="paper.example") + 'feeds = ["rss"]', "feeds[0]", id="feed that is no URL"),
        pytest.param(ENTRY.format(host="paper.example") + 'feed = ["http://paper.example/rss"]', "feed", id="misspelt field"),
    ],
)
def test_a_wrong_catalogue_is_told_before_anything_is_fetched(
    crawl: Crawl, newsroom: Newsroom, stored: Path, tmp_path: Path, text: str, message: str
) -> None:
    """The message names the file and the field; exit status 1; no request; the store is as it was."""
    before, rows = len(newsroom.requests), len(read(stored, "articles"))
    ran = crawl("news", stored, sources=catalogue(tmp_path, text))
    assert ran.status == 1
    assert message in ran.output
    assert "Traceback" not in ran.output
    assert len(newsroom.requests) == before
    assert len(read(stored, "articles")) == rows


def test_an_unknown_source_name_is_told_with_what_is_near(crawl: Crawl, stored: Path) -> None:
    """``-a source=`` with a typing error."""
    ran = crawl("news", stored, "-a", "source=northwyre")
    assert ran.status == 1
    assert "northwyre" in ran.output
    assert "northwire" in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("argument", ["source=northwyre", "sources=northwire"], ids=["unknown source", "unknown argument"])
def test_a_refused_run_leaves_no_folder_behind(crawl: Crawl, tmp_path: Path, argument: str) -> None:
    """A typing error makes no empty corpus."""
    ran = crawl("news", tmp_path / "output", "-a", argument)
    assert ran.status == 1
    assert not (tmp_path / "output").exists()


def test_an_unknown_spider_is_told_with_those_that_exist(crawl: Crawl, tmp_path: Path) -> None:
    """Wrong usage exits with 2."""
    ran = crawl("gossip", tmp_path)
    assert ran.status == 2
    assert "syndicated" in ran.output


def test_an_output_folder_that_cannot_be_written_is_told(crawl: Crawl, tmp_path: Path) -> None:
    """A file stands where the folder should be: its path is named."""
    (tmp_path / "taken").write_text("not a folder")
    ran = crawl("news", tmp_path / "taken" / "output")
    assert ran.status == 1
    assert str(tmp_path / "taken") in ran.output
    assert "Traceback" not in ran.output


def test_a_forgotten_page_is_fetched_again(crawl: Crawl, scrapy: Crawl, stored: Path, newsroom: Newsroom) -> None:
    """Also when its feed answers 304; the log has both fetches, the corpus the article once. A second time there is nothing to forget."""
    page = load_truth()[0]
    assert crawl("news", stored, "-a", f"source={page.source}").status == 0
    told = [scrapy("corpus", "forget", page.url, "-s", f"OUTPUT_DIR={stored}") for _ in range(2)]
    assert [ran.status for ran in told] == [0, 1], told
    assert "asks for it again" in told[0].output
    before, rows = len(newsroom.requests), len(read(stored, "articles"))
    assert crawl("news", stored, "-a", f"source={page.source}").status == 0
    asked = {request.url for request in newsroom.requests[before:] if request.status == 200}
    assert asked & {page.url, page.requested_url}
    assert len(read(stored, "articles")) == rows + 1
    shown = [*read(stored, "corpus")["url"], *(read(stored, "copies")["url"] if any((stored / "copies").rglob("*.parquet")) else [])]
    assert shown.count(page.url) == 1


@pytest.mark.parametrize(
    ("body", "channel", "message"),
    [
        pytest.param("<!doctype html><title>Down</title><p>Maintenance", "feeds", "HTML", id="feed that is HTML"),
        pytest.param(
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>',
            "sitemaps",
            "empty",
            id="empty sitemap",
        ),
    ],
)
def test_an_endpoint_that_gives_nothing_is_told_and_the_others_go_on(
    crawl: Crawl, stored: Path, tmp_path: Path, body: str, channel: str, message: str
) -> None:
    """A broken endpoint beside a sound source: a problem in the report, the good articles are stored."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b"User-agent: *\nAllow: /\n" if self.path.endswith("robots.txt") else body.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        sources = catalogue(tmp_path, ENTRY.format(host=f"127.0.0.1:{server.server_port}") + f'{channel} = ["{base}/x"]')
        ran = crawl("news", stored, "-s", "ALLOW_PRIVATE_ADDRESSES=True", sources=sources, no_proxy="127.0.0.1")
        server.shutdown()
    assert message.lower() in ran.output.lower()
    assert f"{base}/x" in ran.output
    assert "Traceback" not in ran.output
    assert len(read(stored, "articles")) == 1
    assert ran.status == (1 if channel == "feeds" else 0)


def test_a_page_without_text_is_told(crawl: Crawl, stored: Path, newsroom: Newsroom) -> None:
    """One page asked for and no article on it: the reason on the terminal, exit status 1."""
    from newsroom import load_rejections

    (bad,) = [rejection for rejection in load_rejections() if rejection.fault == "no_text"][:1]
    ran = crawl("page", stored, "-a", f"url={bad.url}")
    assert ran.status == 1
    assert bad.url in ran.output
    assert len(read(stored, "articles")) == 1


def test_a_url_that_is_none_is_told(crawl: Crawl, tmp_path: Path) -> None:
    """``-a url=`` must be http(s)."""
    ran = crawl("page", tmp_path, "-a", "url=file:///etc/passwd")
    assert ran.status == 1
    assert "http(s) URL" in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("argument", ["sources=northwire", "source="], ids=["misspelt argument", "empty list of names"])
def test_a_wrong_spider_argument_does_not_crawl_everything(crawl: Crawl, newsroom: Newsroom, tmp_path: Path, argument: str) -> None:
    """``-a sources=`` or an unset shell variable is told, and nothing is fetched."""
    before = len(newsroom.requests)
    ran = crawl("news", tmp_path, "-a", argument)
    assert ran.status == 1
    assert "expected" in ran.output
    assert "Traceback" not in ran.output
    assert len(newsroom.requests) == before


def test_a_site_that_is_switched_off_is_not_fetched_by_the_page_spider(crawl: Crawl, newsroom: Newsroom, tmp_path: Path) -> None:
    """The catalogue's reason is told."""
    sources = catalogue(
        tmp_path,
        ENTRY.format(host="www.northwire.example")
        + 'enabled = false\nnote = "terms forbid it"\n'
        + ENTRY.format(host="b.example").replace("paper", "other")
        + 'feeds = ["http://b.example/feed"]',
    )
    before = len(newsroom.requests)
    ran = crawl("page", tmp_path / "out", "-a", "url=http://www.northwire.example/article/x", sources=sources)
    assert ran.status == 1
    assert "terms forbid it" in ran.output
    assert len(newsroom.requests) == before


@pytest.mark.parametrize("settings", [{"STORE_BATCH_SECONDS": 0, "STORE_FOLD_SECONDS": 0}], ids=["no pause between commits"])
def test_a_crawl_that_commits_all_the_time_loses_nothing(crawl: Crawl, tmp_path: Path, settings: dict[str, int]) -> None:
    """Commits and folds follow each other without pause, and every article is stored."""
    ran = crawl("news", tmp_path, *(part for name, value in settings.items() for part in ("-s", f"{name}={value}")))
    assert ran.status == 0
    assert sorted(read(tmp_path, "articles")["url"]) == sorted(article.url for article in load_truth())
