"""The catalogue of the newsroom's sites, and what its endpoints name."""

from __future__ import annotations

import gzip
import re
import tomllib
from urllib.parse import urljoin, urlsplit

import feedparser
import lxml.etree
import lxml.html
import pytest

from newsroom import SOURCES_FILE, load_truth
from newsroom.sites import read_sites

SOURCES = tomllib.loads(SOURCES_FILE.read_text(encoding="utf-8"))["source"]
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def links_of(fetch, source: dict, kind: str) -> set[str]:
    """The URLs that a source's feeds, sitemaps or sections name, sitemap indexes followed."""
    links: set[str] = set()
    for url in source.get(kind, ()):
        body = fetch(url).body
        if kind == "feeds":
            links |= {entry.link for entry in feedparser.parse(body).entries}
        elif kind == "sitemaps":
            links |= sitemap_links(fetch, url)
        else:
            links |= {urljoin(url, link) for link in lxml.html.document_fromstring(body).xpath("//a/@href")}
    return links


def sitemap_links(fetch, url: str) -> set[str]:
    body = fetch(url).body
    root = lxml.etree.fromstring(gzip.decompress(body) if url.endswith(".gz") else body)
    locations = {element.text for element in root.iter(LOC)}
    if root.tag.endswith("sitemapindex"):
        return set().union(*(sitemap_links(fetch, location) for location in locations))
    return locations


def test_the_catalogue_names_every_site_and_no_other() -> None:
    """Names, kinds, homes and languages agree with the sites."""
    listed = {(source["name"], source["kind"], source["home"], source["language"]) for source in SOURCES}
    assert listed == {(site.name, site.kind, site.home, site.language) for site in read_sites().values()}
    assert {source["kind"] for source in SOURCES} == {"wire", "outlet", "syndicator"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["name"])
def test_every_url_of_the_catalogue_is_served(fetch, source: dict) -> None:
    """Home, feeds, sitemaps and sections answer 200 over plain http, and no request is to wait."""
    for url in (source["home"], *source.get("feeds", ()), *source.get("sitemaps", ()), *source.get("sections", ())):
        assert url.startswith("http://")
        assert fetch(url).status == 200, url
    assert source["delay_seconds"] == 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["name"])
def test_the_endpoints_name_every_article(fetch, source: dict) -> None:
    """What a source's endpoints name holds each of its articles as the truth says it is requested."""
    named = links_of(fetch, source, "feeds") | links_of(fetch, source, "sitemaps") | links_of(fetch, source, "sections")
    expected = {article.requested_url for article in load_truth() if article.source == source["name"]}
    assert expected
    assert expected <= named


@pytest.mark.parametrize("source", [source for source in SOURCES if "article_urls" in source], ids=lambda source: source["name"])
def test_the_article_patterns_fit_articles_and_no_other_link(fetch, source: dict) -> None:
    """The patterns match the path of every article, and on section pages of nothing else on the site."""
    is_article = {
        link: any(re.search(pattern, urlsplit(link).path) for pattern in source["article_urls"])
        for link in links_of(fetch, source, "sections")
    }
    articles = {article.url for article in load_truth() if article.source == source["name"]}
    assert all(any(re.search(pattern, urlsplit(url).path) for pattern in source["article_urls"]) for url in articles)
    assert {link for link, fits in is_article.items() if fits} <= articles


def test_the_kinds_of_discovery_are_all_there(fetch) -> None:
    """RSS, Atom, a sitemap index with a gzipped and an empty sitemap, a section page without a feed, a broken feed, tracking parameters."""
    versions = {feedparser.parse(fetch(url).body).version for source in SOURCES for url in source.get("feeds", ())}
    assert versions == {"rss20", "atom10", ""}
    index = fetch("http://www.brackenmoorecho.example/sitemap.xml").body.decode()
    assert ".xml.gz" in index
    assert sitemap_links(fetch, "http://www.brackenmoorecho.example/sitemaps/video.xml") == set()
    assert any(set(source) & {"feeds", "sitemaps"} == set() for source in SOURCES)
    assert any("utm_source=" in article.requested_url for article in load_truth())
