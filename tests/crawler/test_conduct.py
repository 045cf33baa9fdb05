"""What a crawl does with sites that answer in odd ways: a small server of our own, as forward proxy for any host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest

from tests.crawler.conftest import ROOT, Ran, read
from tests.crawler.odd_site import OddSite, catalogue, feed, page

Crawl = Callable[..., Ran]


@pytest.fixture
def run(crawl: Crawl, site: OddSite, tmp_path: Path) -> Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]:
    """Crawl these hosts; returns (what was printed, articles, rejected)."""

    def go(*hosts: str, **environment: str) -> tuple[Ran, pd.DataFrame, pd.DataFrame]:
        ran = crawl(
            "news", tmp_path / "out", "-s", "RETRY_TIMES=0", sources=catalogue(tmp_path, *hosts), http_proxy=site.proxy, **environment
        )
        return ran, read(tmp_path / "out", "articles"), read(tmp_path / "out", "rejected")

    return go


def test_a_robots_txt_that_answers_5xx_means_not_now(site: OddSite, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
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
    site: OddSite, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]
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


def test_a_page_that_fails_for_now_is_asked_again_later(site: OddSite, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
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


def test_html_under_another_name_is_still_a_page(site: OddSite, run: Callable[..., tuple[Ran, pd.DataFrame, pd.DataFrame]]) -> None:
    """text/plain that starts with a byte order mark and a comment, then HTML."""
    site.answers["http://paper.example/feed"] = feed("http://paper.example/2026/11/plain-text-story")
    body = b"\xef\xbb\xbf<!-- cached -->\n" + page("Plain text story")
    site.answers["http://paper.example/2026/11/plain-text-story"] = (200, {"Content-Type": "text/plain"}, body)
    _, articles, _ = run("paper.example")
    assert list(articles["title"]) == ["Plain text story"]


def test_a_crawl_of_one_slow_site_ends_when_asked_to(site: OddSite, tmp_path: Path) -> None:
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


def test_sitemaps_that_name_each_other_are_asked_once(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
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
