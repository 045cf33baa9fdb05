"""What a crawl does with sites that answer in odd ways: a small server of our own, as forward proxy for any host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pandas as pd
import pytest

from tests.crawler.conftest import ROOT, Ran, read
from tests.crawler.odd_site import OddSite, catalogue, page

Crawl = Callable[..., Ran]


@dataclass(frozen=True)
class Crawled:
    """Two crawls of all hosts, one after the other."""

    ran: Ran
    asked: list[str]
    asked_again: list[str]
    """By the second one."""
    articles: pd.DataFrame
    rejected: pd.DataFrame
    """Of the first one."""

    def rejected_of(self, source: str) -> pd.DataFrame:
        return self.rejected[self.rejected["source"] == source].set_index("requested_url", drop=False)


HOSTS = tuple(f"{name}.example" for name in ("down", "none", "moving", "busy", "plain", "cut", "circle"))
CUT = ("Healed story of today", "Unclosed story of today", "Shaky story of today")
CUT_URLS = [f"http://cut.example/2026/11/{headline.lower().replace(' ', '-')}" for headline in CUT]
CIRCLE = [f"http://circle.example/sitemap{number}.xml" for number in range(4)]


def open_ended(body: bytes, *lengths: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers without a length that end with the connection: the first so many bytes of a body, one number after the other."""
    left = list(lengths)

    def go(handler: BaseHTTPRequestHandler) -> None:
        length = left.pop(0) if len(left) > 1 else left[0]
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n" + body[:length])
        handler.close_connection = True

    return go


@pytest.fixture(scope="module")
def crawled(crawl: Crawl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """What came of hosts that are odd in one way each."""
    folder = tmp_path_factory.mktemp("odd")
    with OddSite.serve() as site:
        for host, status in (("down.example", 503), ("none.example", 404)):
            site.publish(host, "Bridge works go on")
            site.answers[f"http://{host}/robots.txt"] = (status, {}, b"<html>error</html>")
        away, gone = site.publish("moving.example", "Moved away story", "Gone story now")
        site.answers[away] = (302, {"Location": "http://other.example/2026/11/elsewhere-story"}, b"")
        site.answers[gone] = (302, {"Location": "http://moving.example/"}, b"")
        site.answers["http://other.example/2026/11/elsewhere-story"] = (200, {}, page("Another paper's story"))
        site.answers["http://moving.example/"] = (200, {}, page("Front page"))
        busy, lost = site.publish("busy.example", "Busy story here", "Lost story here")
        site.answers[busy] = (503, {}, b"busy")
        del site.answers[lost]
        (plain,) = site.publish("plain.example", "Plain text story")
        site.answers[plain] = (200, {"Content-Type": "text/plain"}, b"\xef\xbb\xbf<!-- cached -->\n" + page("Plain text story"))
        site.publish("cut.example", *CUT)
        whole, unclosed, shaky = (page(headline) + b"</html>" for headline in CUT)
        site.answers[CUT_URLS[0]] = open_ended(whole, 700, len(whole))
        site.answers[CUT_URLS[1]] = open_ended(unclosed, len(unclosed) - len(b"</html>"))
        site.answers[CUT_URLS[2]] = open_ended(shaky, 600, 700, 800, 900, 1000)
        site.publish("circle.example")
        children = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in CIRCLE)
        index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'.encode()
        site.answers |= {url: (200, {"Content-Type": "application/xml"}, index) for url in CIRCLE}
        sources = catalogue(folder, *HOSTS)
        sources.write_text(sources.read_text() + f'sitemaps = ["{CIRCLE[0]}"]\n')
        # No status is retried, so that each is asked for once; what was cut off is.
        options = ("-s", "RETRY_HTTP_CODES=418", "-s", "HOST_BACKOFF_SECONDS=0.1")
        ran = crawl("news", folder / "out", *options, sources=sources, http_proxy=site.proxy)
        asked, articles, rejected = list(site.asked), read(folder / "out", "articles"), read(folder / "out", "rejected")
        crawl("news", folder / "out", *options, sources=sources, http_proxy=site.proxy)
        yield Crawled(ran, asked, site.asked[len(asked) :], articles, rejected)


def test_a_robots_txt_that_answers_5xx_means_not_now(crawled: Crawled) -> None:
    """Neither feed nor article is asked for, and the reason is told (RFC 9309); 404 means there are no rules."""
    assert list(crawled.articles["source"]).count("none") == 1
    assert [url for url in crawled.asked if "down.example" in url] == ["http://down.example/robots.txt"]
    assert "robots.txt of down.example could not be had (it answered HTTP 503)" in crawled.ran.output


def test_a_redirect_leads_nowhere_that_discovery_would_not_go(crawled: Crawled) -> None:
    """To another site, or back to the front page: a rejection that names both ends, no article."""
    assert "moving" not in set(crawled.articles["source"])
    assert crawled.rejected_of("moving")["reason"].to_dict() == {
        "http://moving.example/2026/11/moved-away-story": "redirect_offsite",
        "http://moving.example/2026/11/gone-story-now": "redirect_not_article_url",
    }


def test_a_page_that_fails_for_now_is_asked_again_later(crawled: Crawled) -> None:
    """503 is no final rejection, and the next run waits; 404 is final."""
    busy = crawled.rejected_of("busy")
    assert dict(zip(busy["reason"], busy["is_final"], strict=True)) == {"http_503": False, "http_404": True}
    assert not [url for url in crawled.asked_again if "busy.example/2026/" in url]


def test_html_under_another_name_is_still_a_page(crawled: Crawled) -> None:
    """text/plain that starts with a byte order mark and a comment, then HTML."""
    assert list(crawled.articles.set_index("source").loc[["plain"], "title"]) == ["Plain text story"]


def test_a_page_that_was_cut_off_without_a_word_is_asked_for_again(crawled: Crawled) -> None:
    """A page that ends with its connection: whole the second time, or short each time and its own, or never the same."""
    articles = crawled.articles[crawled.articles["source"] == "cut"].set_index("url")
    assert set(articles.index) == set(CUT_URLS[:2])
    assert [articles.loc[url, "text"].count("put off its vote") for url in CUT_URLS[:2]] == [9, 9]
    rejected = crawled.rejected.set_index("url")
    assert (rejected.loc[CUT_URLS[2], "reason"], rejected.loc[CUT_URLS[2], "is_final"]) == ("truncated", False)


def test_sitemaps_that_name_each_other_are_asked_once(crawled: Crawled) -> None:
    """A circle of indexes ends."""
    assert crawled.ran.status == 0, crawled.ran.output
    assert sorted(url for url in crawled.asked if "sitemap" in url) == CIRCLE


def test_a_crawl_of_slow_and_paused_sites_ends_when_asked_to(site: OddSite, tmp_path: Path) -> None:
    """SIGTERM: what waits for a site's delay is dropped, not worked off, two minutes of rest are not waited for; what was fetched is stored."""
    site.publish("paper.example", *(f"Story number {number} here" for number in range(60)))
    first, *others = site.publish("paused.example", *(f"Tale number {number} here" for number in range(6)))
    for url in others:
        site.answers[url] = (503, {"Retry-After": "120"}, b"busy")
    sources = catalogue(tmp_path, "paper.example", "paused.example")
    sources.write_text(sources.read_text().replace("delay_seconds = 0", "delay_seconds = 1.5", 1))
    settings = {"SOURCES": sources, "OUTPUT_DIR": tmp_path / "out", "LOG_LEVEL": "ERROR"}
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    env = {**os.environ, "http_proxy": site.proxy, "no_proxy": ""}
    process = subprocess.Popen([sys.executable, "-m", "scrapy", "crawl", "news", *options], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if sum("paper.example/2026/" in url for url in site.asked) >= 2 and set(others) & set(site.asked):
                break
            time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    of_paper = [url for url in site.asked if "paper.example/2026/" in url]
    assert 2 <= len(of_paper) < 12
    assert len(set(others) & set(site.asked)) == 1
    assert set(read(tmp_path / "out", "articles")["url"]) == {*of_paper, first}
