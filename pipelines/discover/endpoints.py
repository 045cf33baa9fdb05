"""Where a site announces its articles: feeds that a page declares, sitemaps that robots.txt names."""

from __future__ import annotations

from itertools import islice

from pipelines.discover.body import html_to_utf8, unpack
from pipelines.discover.links import parse_html
from pipelines.discover.sections import MAX_SECTION_BYTES
from pipelines.urls import absolute_url

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
MAX_ENDPOINTS = 200


def find_feeds(body: bytes, url: str, *, encoding: str | None = None) -> tuple[str, ...]:
    """Return the feeds that a page declares (``<link rel="alternate">``), absolute, in page order, each once; at most 200."""
    data, _ = unpack(body, max_bytes=MAX_SECTION_BYTES)
    root = parse_html(html_to_utf8(data, encoding))
    if root is None:
        return ()
    found: dict[str, None] = {}
    for link in islice(root.iter("link"), 5000):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        if (
            kind in FEED_TYPES
            and "alternate" in (link.get("rel") or "").lower().split()
            and (feed := absolute_url(link.get("href") or "", url))
        ):
            found[feed] = None
    return tuple(islice(found, MAX_ENDPOINTS))


def find_sitemaps(robots_txt: bytes, url: str) -> tuple[str, ...]:
    """Return the sitemaps that a robots.txt names, absolute, in its order, each once; at most 200. url is that of the robots.txt.

    Source: https://www.sitemaps.org/protocol.html#submit_robots.
    """
    found: dict[str, None] = {}
    for line in robots_txt[: 512 * 1024].decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
        field, _, value = line.partition("#")[0].partition(":")
        if field.strip().lower() == "sitemap" and (sitemap := absolute_url(value, url)):
            found[sitemap] = None
    return tuple(islice(found, MAX_ENDPOINTS))
