"""Finding the feeds and sitemaps of a site."""

from __future__ import annotations

from pipelines.discover import find_feeds, find_sitemaps


def test_declared_feeds_are_found() -> None:
    """Absolute, each once, in page order; other alternates are not feeds."""
    page = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/feed"><link rel="alternate" hreflang="de" href="/de/">
      <link rel="Alternate home" type="application/atom+xml; charset=utf-8" href="https://feeds.example/atom">
      <link rel="alternate" type="application/rss+xml" href="/feed#x"><link rel="stylesheet" type="text/css" href="/s.css"></head></html>"""
    assert find_feeds(page, "https://gazette.example/") == ("https://gazette.example/feed", "https://feeds.example/atom")


def test_a_page_without_feeds_has_none() -> None:
    """Nothing is guessed."""
    assert find_feeds(b"", "https://gazette.example/") == ()
    assert find_feeds(b"<html></html>", "https://gazette.example/") == ()


def test_sitemaps_of_a_robots_txt_are_found() -> None:
    """In any case, also relative; comments do not count."""
    robots = b"User-agent: *\nDisallow: /x\nSITEMAP: https://gazette.example/news.xml # fresh\nSitemap:/all.xml\n# Sitemap: /old.xml\nSitemap: ftp://x/\n"
    assert find_sitemaps(robots, "https://gazette.example/robots.txt") == (
        "https://gazette.example/news.xml",
        "https://gazette.example/all.xml",
    )
