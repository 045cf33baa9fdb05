"""Servers that mean harm, in real crawls: what they can reach, and what they can cost."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import brotli
import pytest
from backports import zstd

from benchmarks.hostile import FORBIDDEN, METADATA, trap_page
from tests.crawler.conftest import Ran, read
from tests.crawler.odd_site import OddSite, catalogue, feed, page

Crawl = Callable[..., Ran]
ZEROS = bytes(60 * 1024 * 1024)
RAW = page("A bomb of today") + ZEROS


def drip(handler: BaseHTTPRequestHandler) -> None:
    """An answer that never ends and never stops: a byte now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        handler.wfile.write(b"<")
        time.sleep(0.3)


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    """Headers that come one at a time, without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        handler.wfile.write(b"X-Slow: 1\r\n")
        time.sleep(0.3)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """A gigabyte of headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        handler.wfile.write(f"X-Flood-{number}: {'x' * 1000}\r\n".encode())


def pour(handler: BaseHTTPRequestHandler) -> None:
    """A body without length and end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n<rss><channel>")
    for _ in range(100_000):
        handler.wfile.write(b"<item><title>And so on, and so on</title></item>" * 200)


def safely(answer: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Let a crawl hang up on it."""

    def go(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            answer(handler)

    return go


@pytest.fixture
def hostile(site: OddSite) -> OddSite:
    """evil.example, all of whose pages are traps, and trap.example, whose indexes, feeds and sections are."""
    pages = {
        "gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(RAW)),
        "brotli": (200, {"Content-Encoding": "br"}, brotli.compress(RAW, quality=1)),
        "zstd": (200, {"Content-Encoding": "zstd"}, zstd.compress(RAW)),
        "layers": (200, {"Content-Encoding": ", ".join(["gzip"] * 20)}, gzip.compress(RAW)),
        "slow-body": safely(drip),
        "slow-head": safely(drip_head),
        "flooding": safely(flood),
        "circling": (302, {"Location": "http://evil.example/2026/11/circling-story-of-today?"}, b""),
        "leading": (302, {"Location": METADATA}, b""),
        "refreshing": (200, {}, f'<html><meta http-equiv="refresh" content="0; url={METADATA}"><p>Soon.</html>'.encode()),
    }
    urls = {name: f"http://evil.example/2026/11/{name}-story-of-today" for name in pages}
    site.answers |= {url: pages[name] for name, url in urls.items()}  # type: ignore[misc]
    site.answers[urls["circling"] + "?"] = (302, {"Location": urls["circling"]}, b"")
    site.answers["http://evil.example/feed"] = feed(
        *urls.values(), *FORBIDDEN, "file:///etc/passwd", "http://other.example/2026/11/an-advertisement-here"
    )
    inside = [f"{url.rstrip('/')}/2026/11/a-story-inside-here" for url in FORBIDDEN]
    site.answers["http://evil.example/sitemap.xml"] = (
        200,
        {"Content-Type": "application/xml"},
        ("<sitemapindex>" + "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in inside) + "</sitemapindex>").encode(),
    )
    site.answers["http://evil.example/bomb.xml.gz"] = (200, {"Content-Type": "application/gzip"}, gzip.compress(b"<urlset>" + ZEROS))
    site.answers["http://evil.example/pour"] = safely(pour)
    site.answers["http://evil.example/entities"] = (200, {"Content-Type": "application/xml"}, trap_page("/entities")[0])
    site.answers["http://evil.example/links"] = (200, {}, trap_page("/links")[0])
    for path in ("/index.xml", *(f"/{number}/index.xml" for number in range(200))):
        site.answers[f"http://evil.example{path}"] = (
            200,
            {"Content-Type": "application/xml"},
            trap_page(path)[0].replace(b"trap.", b"evil."),
        )
    return site


# A process begins with the peak memory of the one that starts it, which here is a test process that may have held hundreds of megabytes.
FROM_A_SHELL = """sh -c '"$@"; exit $?' sh"""


def test_hostile_servers_reach_nothing_and_cost_little(hostile: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """Bombs, drips, floods, circles and mazes end as counted rejections, nothing inside is asked for, and the good site beside them is stored."""
    hostile.publish("good.example", "Good story of today", "Other story of today")
    sources = catalogue(tmp_path, "good.example", "evil.example")
    endless = ', "http://evil.example/'.join(["", 'pour"', 'entities"'])
    text = sources.read_text().replace('"http://evil.example/feed"', f'"http://evil.example/feed"{endless}')
    sources.write_text(
        text
        + 'sitemaps = ["http://evil.example/sitemap.xml", "http://evil.example/bomb.xml.gz", "http://evil.example/index.xml"]\n'
        + 'sections = ["http://evil.example/links"]\n'
    )
    settings = {
        "DOWNLOAD_TIMEOUT": 3, "RETRY_TIMES": 0, "HOST_BACKOFF_SECONDS": 0.1, "HOST_FAILURES_TO_REST": 50,
        "DISCOVER_MAX_URLS_PER_SOURCE": 30, "DISCOVER_MAX_SITEMAPS_PER_SOURCE": 40,
        "MEMUSAGE_CHECK_INTERVAL_SECONDS": 1, "STATS_DUMP": 1, "LOG_LEVEL": "INFO",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    ran = crawl("news", tmp_path / "out", *options, sources=sources, http_proxy=hostile.proxy, through=FROM_A_SHELL)
    assert {url.split("/")[2] for url in hostile.asked} == {"good.example", "evil.example"}
    assert sorted(read(tmp_path / "out", "articles")["source"]) == ["good", "good"]
    rejected = read(tmp_path / "out", "rejected").set_index("requested_url")
    by_url = read(tmp_path / "out", "rejected").set_index("url")["reason"].to_dict()
    reasons = {url.removeprefix("http://evil.example/2026/11/").partition("-story")[0]: reason for url, reason in by_url.items()}
    assert {reasons[name] for name in ("gzip", "brotli", "zstd")} == {"too_large"}
    assert reasons["layers"] == "too_many_layers"
    assert reasons["slow-body"] == reasons["slow-head"] == "timeout"
    assert reasons["flooding"] == "connection"
    assert rejected.loc["http://evil.example/2026/11/leading-story-of-today", "reason"] == "forbidden_address"
    assert rejected.loc["http://evil.example/2026/11/refreshing-story-of-today", "reason"] == "forbidden_address"
    assert not rejected.loc["http://evil.example/2026/11/leading-story-of-today", "is_final"]
    assert "beyond_limit" in ran.output
    assert len([url for url in hostile.asked if url.endswith("index.xml")]) <= 41
    assert len({url for url in hostile.asked if "/2026/" in url}) <= 33
    peak = re.search(r"'memusage/max': (\d+)", ran.output)
    assert peak, ran.output[-2000:]
    assert 0 < int(peak[1]) < 1024**3


def test_without_a_proxy_nothing_on_this_machine_is_asked(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """By address in any spelling, and by a name that the resolver finds to be private."""
    port = site.proxy.rpartition(":")[2]
    hosts = (f"127.0.0.1:{port}", f"2130706433:{port}", f"0x7f.1:{port}", f"[::ffff:127.0.0.1]:{port}", f"localhost:{port}")
    sources = tmp_path / "sources.toml"
    sources.write_text(
        "".join(
            f'[[source]]\nname = "inside-{number}"\nkind = "outlet"\nhome = "http://{host}/"\nfeeds = ["http://{host}/feed"]\n'
            for number, host in enumerate(hosts)
        )
    )
    ran = crawl("news", tmp_path / "out", sources=sources, http_proxy="", no_proxy="*")
    assert site.asked == []
    assert ran.status == 1
