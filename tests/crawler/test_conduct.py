"""What a crawl does with sites that answer in odd ways: a small server of our own, as forward proxy for any host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pandas as pd
import pytest

from tests.crawler.conftest import ROOT, Ran, read

Crawl = Callable[..., Ran]
Answers = dict[str, tuple[int, dict[str, str], bytes]]
RULES = (200, {}, b"User-agent: *\nAllow: /\n")


class Site:
    """Answers by URL; anything else is 404. ``asked`` lists what was requested."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.answers.get(self.path, RULES if self.path.endswith("/robots.txt") else (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.proxy = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = Thread(target=site.server.serve_forever)
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def page(headline: str) -> bytes:
    paragraphs = "".join(
        f"<p>On day {day} of the hearing on {headline.lower()}, the council listened to {day + 3} residents and put off its vote.</p>"
        for day in range(9)
    )
    return f"<!doctype html><html lang=en><title>{headline}</title><h1>{headline}</h1>{paragraphs}".encode()


def feed(*urls: str) -> tuple[int, dict[str, str], bytes]:
    items = "".join(f"<item><title>Story</title><link>{url}</link></item>" for url in urls)
    return (
        200,
        {"Content-Type": "application/rss+xml", "ETag": '"1"'},
        f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode(),
    )


def catalogue(folder: Path, *hosts: str) -> Path:
    entry = '[[source]]\nname = "{name}"\nkind = "outlet"\nhome = "http://{host}/"\nfeeds = ["http://{host}/feed"]\ndelay_seconds = 0\n'
    path = folder / "sources.toml"
    path.write_text("".join(entry.format(name=host.partition(".")[0], host=host) for host in hosts))
    return path


@pytest.fixture
def run(crawl: Crawl, site: Site, tmp_path: Path) -> Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]:
    """Crawl these hosts; returns (what was printed, articles, rejected)."""

    def go(*hosts: str, **environment: str) -> tuple[Ran, pd.DataFrame, pd.DataFrame]:
        ran = crawl(
            "news", tmp_path / "out", "-s", "RETRY_TIMES=0", sources=catalogue(tmp_path, *hosts), http_proxy=site.proxy, **environment
        )
        return ran, read(tmp_path / "out", "articles"), read(tmp_path / "out", "rejected")

    return go


def test_a_robots_txt_that_answers_5xx_means_not_now(site: Site, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
    """Neither feed nor article is asked for, and the reason is told (RFC 9309); 404 means there are no rules."""
    for host, status in (("down.example", 503), ("none.example", 404)):
        site.answers[f"http://{host}/robots.txt"] = (status, {}, b"<html>error</html>")
        site.answers[f"http://{host}/feed"] = feed(f"http://{host}/2026/11/bridge-works-go-on")
        site.answers[f"http://{host}/2026/11/bridge-works-go-on"] = (200, {}, page("Bridge works go on"))
    ran, articles, _ = run("down.example", "none.example")
    assert {urlsplit(url).netloc for url in articles["url"]} == {"none.example"}
    assert [url for url in site.asked if "down.example" in url] == ["http://down.example/robots.txt"]
    assert "robots.txt of down.example could not be had (it answered HTTP 503)" in ran.output


def test_a_redirect_leads_nowhere_that_discovery_would_not_go(
    site: Site, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]
) -> None:
    """To another site, or back to the front page: a rejection that names both ends, no article."""
    site.answers["http://paper.example/feed"] = feed(
        "http://paper.example/2026/11/moved-away-story", "http://paper.example/2026/11/gone-story-now"
    )
    site.answers["http://paper.example/2026/11/moved-away-story"] = (302, {"Location": "http://other.example/2026/11/elsewhere-story"}, b"")
    site.answers["http://paper.example/2026/11/gone-story-now"] = (302, {"Location": "http://paper.example/"}, b"")
    site.answers["http://other.example/2026/11/elsewhere-story"] = (200, {}, page("Another paper's story"))
    site.answers["http://paper.example/"] = (200, {}, page("Front page"))
    _, articles, rejected = run("paper.example")
    assert articles.empty
    assert set(rejected["reason"]) == {"redirect_offsite", "redirect_not_article_url"}
    assert set(rejected["requested_url"]) == {
        "http://paper.example/2026/11/moved-away-story",
        "http://paper.example/2026/11/gone-story-now",
    }


def test_a_page_that_fails_for_now_is_asked_again_later(site: Site, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
    """503 is no final rejection, and the next run waits; 404 is final."""
    site.answers["http://paper.example/feed"] = feed(
        "http://paper.example/2026/11/busy-story-here", "http://paper.example/2026/11/gone-story-here"
    )
    site.answers["http://paper.example/2026/11/busy-story-here"] = (503, {}, b"busy")
    _, _, rejected = run("paper.example")
    assert dict(zip(rejected["reason"], rejected["is_final"], strict=True)) == {"http_503": False, "http_404": True}
    asked = len(site.asked)
    run("paper.example")
    assert not [url for url in site.asked[asked:] if "/2026/" in url]


def test_html_under_another_name_is_still_a_page(site: Site, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
    """text/plain that starts with a byte order mark and a comment, then HTML."""
    site.answers["http://paper.example/feed"] = feed("http://paper.example/2026/11/plain-text-story")
    body = b"\xef\xbb\xbf<!-- cached -->\n" + page("Plain text story")
    site.answers["http://paper.example/2026/11/plain-text-story"] = (200, {"Content-Type": "text/plain"}, body)
    _, articles, _ = run("paper.example")
    assert list(articles["title"]) == ["Plain text story"]


def test_a_crawl_of_one_slow_site_ends_when_asked_to(site: Site, tmp_path: Path) -> None:
    """SIGTERM: the requests that wait for the site's delay are dropped, not worked off; what was fetched is stored."""
    urls = [f"http://paper.example/2026/11/story-number-{number}-here" for number in range(60)]
    site.answers["http://paper.example/feed"] = feed(*urls)
    site.answers |= {url: (200, {}, page(f"Story number {number}")) for number, url in enumerate(urls)}
    sources = catalogue(tmp_path, "paper.example")
    sources.write_text(sources.read_text().replace("delay_seconds = 0", "delay_seconds = 1.5"))
    settings = {"SOURCES": sources, "OUTPUT_DIR": tmp_path / "out", "LOG_LEVEL": "ERROR"}
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    env = {**os.environ, "http_proxy": site.proxy, "no_proxy": ""}
    process = subprocess.Popen([sys.executable, "-m", "scrapy", "crawl", "news", *options], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 40
        while sum("/2026/" in url for url in site.asked) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=25) == 0
    finally:
        process.kill()
    asked = [url for url in site.asked if "/2026/" in url]
    assert len(asked) < 12
    assert set(read(tmp_path / "out", "articles")["url"]) == set(asked)


def test_sitemaps_that_name_each_other_are_asked_once(site: Site, crawl: Crawl, tmp_path: Path) -> None:
    """A circle of indexes ends."""
    urls = [f"http://paper.example/sitemap{number}.xml" for number in range(4)]
    children = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'.encode()
    site.answers |= {url: (200, {"Content-Type": "application/xml"}, index) for url in urls}
    sources = tmp_path / "sources.toml"
    sources.write_text(
        f'[[source]]\nname = "paper"\nkind = "outlet"\nhome = "http://paper.example/"\ndelay_seconds = 0\nsitemaps = ["{urls[0]}"]\n'
    )
    assert crawl("news", tmp_path / "out", sources=sources, http_proxy=site.proxy).status == 0
    assert sorted(url for url in site.asked if "sitemap" in url) == urls
