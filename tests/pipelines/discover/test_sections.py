"""Reading section pages."""

from __future__ import annotations

import time

import pytest

from pipelines.discover import looks_like_article, read_section
from pipelines.errors import DiscoveryError

SECTION = "https://www.gazette.example/local/"

PAGE = """<!doctype html><html><head><title>Local</title></head><body>
<nav><a href="/">Home</a><a href="/local/">Local</a><a href="/tag/council">Council</a><a href="/about-us">About us</a></nav>
<main>
 <article><a href="/local/2026/10/03/council-votes-on-the-bridge"><img src="/bridge.jpg"></a>
  <a href="/local/2026/10/03/council-votes-on-the-bridge"><span>Bridge</span><h2>Council <em>votes</em> on the bridge</h2><p>After a long night</p></a></article>
 <article><a href="story.html?id=4711">Library to open on Sundays again</a></article>
 <article><a href="https://blog.gazette.example/why-we-moved-the-office-again/">Why we moved</a></article>
 <a href="https://shop.example/buy-this-now-and-save-much-money">Buy this now and save much money</a>
 <a href="/local/page/2">Older articles of this section here</a>
 <a href="/photos/long-title-of-a-picture-here.jpg">A picture of the bridge at night</a>
 <a href="javascript:void(0)">Share this with all your friends</a><a href="#top">Back to the top of the page</a><a>No address at all here</a>
</main></body></html>"""


def test_the_articles_of_a_section_page_are_found_in_page_order() -> None:
    """Own pages that look like articles, each once, with the headline of their link."""
    reading = read_section(PAGE.encode(), SECTION)
    assert [(entry.url, entry.title) for entry in reading.entries] == [
        ("https://www.gazette.example/local/2026/10/03/council-votes-on-the-bridge", "Council votes on the bridge"),
        ("https://www.gazette.example/local/story.html?id=4711", "Library to open on Sundays again"),
        ("https://blog.gazette.example/why-we-moved-the-office-again/", "Why we moved"),
    ]
    assert {(entry.found_in, entry.channel) for entry in reading.entries} == {(SECTION, "section")}
    assert reading.problems == ()


def test_article_urls_decide_where_a_source_has_them() -> None:
    """Then the shape of the address counts for nothing."""
    reading = read_section(PAGE.encode(), SECTION, article_urls=(r"^/tag/", r"^/about"))
    assert [entry.url for entry in reading.entries] == ["https://www.gazette.example/tag/council", "https://www.gazette.example/about-us"]


def test_relative_links_stand_under_the_base_of_the_page() -> None:
    """``<base href>`` counts, also a relative one."""
    page = '<html><head><base href="/news/"></head><body><a href="2026/10/03/rain-again">Rain again in the whole county</a></body></html>'
    assert [entry.url for entry in read_section(page.encode(), SECTION).entries] == [
        "https://www.gazette.example/news/2026/10/03/rain-again"
    ]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param("Дождь идёт весь день".encode("cp1251"), "windows-1251", id="charset of the header"),
        pytest.param('<meta charset="windows-1251">Дождь идёт весь день'.encode("cp1251"), None, id="charset of the page"),
        pytest.param("Дождь идёт весь день".encode(), "latin-1", id="UTF-8 that the header denies"),
    ],
)
def test_link_texts_survive_every_encoding(body: bytes, encoding: str | None) -> None:
    """Bytes decide first."""
    page = b"<html><body><a href='/2026/10/03/dozhd-idet'>" + body + b"</a></body></html>"
    assert read_section(page, SECTION, encoding=encoding).entries[0].title == "Дождь идёт весь день"


def test_a_page_without_articles_is_a_reading_with_a_problem() -> None:
    """Sites change their addresses."""
    reading = read_section(b"<html><body><a href='/login'>Log in</a></body></html>", SECTION)
    assert reading.entries == ()
    assert reading.problems == ("none of its 1 links looks like an article",)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(b"", "nothing", id="empty"),
        pytest.param(b'{"links": []}', "JSON", id="JSON"),
        pytest.param(b"<rss version='2.0'></rss>", "a feed", id="feed"),
        pytest.param(b"<?xml version='1.0'?><urlset></urlset>", "a sitemap", id="sitemap"),
    ],
)
def test_what_is_no_page_is_named(body: bytes, found: str) -> None:
    """The message says which address, what was expected and what came."""
    with pytest.raises(DiscoveryError, match=f"expected an HTML page, found {found}") as raised:
        read_section(body, SECTION)
    assert str(raised.value).startswith(f"{SECTION}: ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/world/2026/10/03/rain-again", "", id="date and slug"),
        pytest.param("/2026-10-03/rain.html", "Rain again in the county", id="date with hyphens and a headline"),
        pytest.param("/news/council-votes-on-the-new-bridge", "", id="long slug"),
        pytest.param("/world/rain_in_the_whole_county.html", "", id="slug with underscores"),
        pytest.param("/a/74-20123456", "Sataa taas koko maakunnassa", id="id"),
        pytest.param("/articles/c0ez1k4emn0o", "Rain again in the county", id="token"),
        pytest.param("/story.php?story_id=9981", "Rain again in the county", id="id in the query"),
        pytest.param("/doc/7715044", "Дождь снова идёт по всей стране", id="number below a folder"),
        pytest.param("/news/archives/2026/10/03/2003825372", "Rain again", id="archive as the folder of all articles"),
        pytest.param("/rain-again-in-the-county-1019241/article", "Rain again", id="slug before the last segment"),
        pytest.param("/news/rain-again-in-the-county-9691259.html?page=all", "Rain again", id="all pages of an article"),
        pytest.param("/news/20261003", "三日晚間台北市大雨不斷市府呼籲民眾注意安全", id="Chinese headline"),
    ],
)
def test_articles_look_like_articles(path: str, text: str) -> None:
    """By date, slug or id, the last with a headline."""
    assert looks_like_article(f"https://gazette.example{path}", text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/", "The Daily Gazette of the County", id="home page"),
        pytest.param("/sport", "Sport", id="section"),
        pytest.param("/sport/football", "Football", id="section below a section"),
        pytest.param("/2026/10/03/", "All articles of this day here", id="archive of a day"),
        pytest.param("/archive/2026", "Everything that we printed in this year", id="archive of a year"),
        pytest.param("/local/archive", "Everything that we ever printed here", id="archive"),
        pytest.param("/news/?page=2", "More of the news from the county", id="next page of a list"),
        pytest.param("/tag/the-new-bridge-over-the-river", "The new bridge over the river", id="tag"),
        pytest.param("/author/jane-mary-van-der-berg", "Jane Mary van der Berg", id="author"),
        pytest.param("/privacy", "How we use your data here", id="privacy"),
        pytest.param("/files/report-of-the-whole-county-2026.pdf", "The report as a document", id="document"),
        pytest.param("/a/74-20123456", "Lue", id="id without a headline"),
    ],
)
def test_other_pages_do_not(path: str, text: str) -> None:
    """Sections, archives, tags and services are no articles."""
    assert not looks_like_article(f"https://gazette.example{path}", text)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">", id="100,000 attributes"),
        pytest.param("<p " + " ".join(f'a{n}="<"' for n in range(100_000)) + ">", id="100,000 attributes with brackets"),
        pytest.param("<p " + " ".join(f"a{n}=<" for n in range(100_000)) + ">", id="100,000 attributes with bare brackets"),
        pytest.param("<div>" * 200_000, id="deep nesting"),
        pytest.param("<a href='/x'>" * 100_000, id="nested links"),
        pytest.param("<script>" * 100_000, id="scripts that never end"),
        pytest.param("<a '" * 200_000, id="quotes that never end"),
        pytest.param("<" * 1_000_000, id="brackets"),
        pytest.param("<a href='/" + "a-" * 500_000 + "'>x</a>", id="address of a megabyte"),
        pytest.param("<a href='/2026/10/03/rain-again'>" + "x " * 500_000 + "</a>", id="link text of a megabyte"),
    ],
)
def test_hostile_pages_are_read_in_bounded_time(body: str) -> None:
    """libxml2 alone would take minutes for some of them."""
    started = time.process_time()
    reading = read_section(f"<html><body>{body}</body></html>".encode(), SECTION)
    assert time.process_time() - started < 4
    assert all(len(entry.title or "") <= 300 for entry in reading.entries)


def test_scripts_name_no_links() -> None:
    """What a script would write is not on the page."""
    page = b"<html><script>document.write('<a href=\"/2026/10/03/rain-again-today\">Rain again in the county</a>')</script><p>x</p></html>"
    assert read_section(page, SECTION).entries == ()
