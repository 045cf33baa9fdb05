"""A page is parsed once, or rejected with the reason."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import htmldate.utils
import lxml.html
import pytest
import trafilatura.utils

from pipelines import extract
from pipelines.extract import parse as parse_module
from pipelines.records import Draft, FetchedPage, ParsedPage, Rejection

PROSE = "<p>The harbour council voted on Tuesday to close the old ferry terminal after ninety years.</p>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "empty_page", id="no bytes"),
        pytest.param(b" \n\t ", "empty_page", id="only spaces"),
        pytest.param(b"<!doctype html><html>", "empty_page", id="no element"),
        pytest.param(b"\x00" * 5000, "not_html", id="NULs"),
        pytest.param(b"%PDF-1.7 \xe2\xe3\xcf\xd3 binary", "not_html", id="PDF"),
        pytest.param(b'{"articles": []}', "not_html", id="JSON"),
        pytest.param(b"Just a line of text.", "not_html", id="plain text"),
        pytest.param(b"<?xml version='1.0'?><rss><channel><title>x</title></channel></rss>", "not_html", id="a feed"),
        pytest.param(
            f"<!-- {'ж' * 290} --><rss><title>x</title></rss>".encode(), "not_html", id="a feed behind a comment of two bytes a letter"
        ),
        pytest.param(b"<?xml version='1.0'?>\n<urlset xmlns='x'><url/></urlset>", "not_html", id="a sitemap"),
        pytest.param(b"\x1f\x8b\x08 broken", "undecodable", id="damaged gzip"),
        pytest.param(gzip.compress(b"a" * 20_000_001), "too_large", id="a gzip bomb"),
        pytest.param(b"<p>" + b"word " * 700_000, "too_large", id="three million characters"),
        pytest.param(b"<p>x</p>" + b"<!-->" * 300_001, "too_large", id="three hundred thousand comments"),
        pytest.param(b"<p>x</p>" * 60_000, "too_large", id="sixty thousand elements"),
        pytest.param(b"<html><body>" + b"<div>" * 5000 + PROSE.encode(), "too_deep", id="five thousand nested tags"),
        pytest.param(b"<html><body>" + b"<b>" * 100_000 + PROSE.encode(), "too_deep", id="a hundred thousand unclosed inline tags"),
    ],
)
def test_what_is_no_page_is_rejected(fetched: Callable[..., FetchedPage], body: bytes, reason: str) -> None:
    """Each with its reason, the stage, and the page's own facts."""
    outcome = extract.parse_page(fetched(body, encoding=None))
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.reason, outcome.source) == ("extract", reason, "daily")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 400 + PROSE * 3, id="four hundred nested tags"),
        pytest.param("<script>" + "x=1;" * 3_000_000 + "</script>" + PROSE * 3, id="a script of 12 MB"),
        pytest.param(f"<div {' '.join(f'a{i}=x' for i in range(100_000))}>{PROSE * 3}</div>", id="a hundred thousand attributes"),
        pytest.param(PROSE.replace("council", "coun\ud800cil") * 3, id="a lone surrogate"),
        pytest.param(PROSE.replace("council", "coun\x00cil") * 3, id="a NUL"),
    ],
)
def test_hostile_pages_keep_their_text(parse: Callable[..., ParsedPage], html: str) -> None:
    """libxml2 and trafilatura by themselves lose the text of each, or hang."""
    text = "".join(parse(f"<html><body>{html}</body></html>").tree.itertext())
    assert text.count("The harbour council voted on Tuesday to close the old ferry terminal after ninety years.") == 3


def test_a_page_is_parsed_once(fetched: Callable[..., FetchedPage], news_page: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither trafilatura nor htmldate parses the page again; no date and no author are given, so that both last resorts run.

    trafilatura compares with readability, which reads back its own summary: an excerpt, known by the imprint that it lacks.
    """
    parses: list[str] = []

    def counting(name: str, original: Callable[..., object]) -> Callable[..., object]:
        def count(text: str | bytes, *args: object, **options: object) -> object:
            if "Imprint of the Daily" in (text if isinstance(text, str) else text.decode()):
                parses.append(name)
            return original(text, *args, **options)

        return count

    monkeypatch.setattr(parse_module, "parse_html", counting("ours", parse_module.parse_html))
    for module in (lxml.html, trafilatura.utils, htmldate.utils):
        monkeypatch.setattr(module, "fromstring", counting(module.__name__, module.fromstring))
    page = fetched(news_page(after="<footer>Imprint of the Daily</footer>"))
    parsed = extract.parse_page(page)
    assert isinstance(parsed, ParsedPage)
    assert isinstance(extract.extract_article(parsed, page), Draft)
    assert parses == ["ours"]


def test_extraction_leaves_the_tree_as_it_was(fetched: Callable[..., FetchedPage], news_page: Callable[..., str]) -> None:
    """Other stages read the same tree."""
    page = fetched(news_page(after="<aside><table><tr><td>x</td></tr></table></aside><footer>Imprint</footer>"))
    parsed = extract.parse_page(page)
    assert isinstance(parsed, ParsedPage)
    before = lxml.html.tostring(parsed.tree)
    extract.extract_article(parsed, page)
    assert lxml.html.tostring(parsed.tree) == before


def test_head_is_read(parse: Callable[..., ParsedPage], news_page: Callable[..., str]) -> None:
    """Meta by lower-case name, first non-empty value; canonical absolute and cleaned; site name."""
    head = (
        '<meta property="OG:Title" content=" "><meta property="og:title" content="Council  closes"><meta property="og:title" content="Later">'
        '<meta name="Author" content="Jane Doe"><meta itemprop="datePublished" content="2024-05-01">'
        '<link rel="canonical" href="/news/ferry?utm_source=feed"><meta property="og:site_name" content="Daily Example">'
    )
    parsed = parse(news_page(head=head))
    assert (parsed.meta["og:title"], parsed.meta["author"], parsed.meta["datepublished"]) == ("Council closes", "Jane Doe", "2024-05-01")
    assert parsed.canonical_url == "https://www.daily.example/news/ferry"
    assert parsed.site_name == "Daily Example"


@pytest.mark.parametrize("href", ["javascript:void(0)", "mailto:x@y.example", "http://", ""], ids=["script", "mail", "no host", "empty"])
def test_a_canonical_that_is_no_page_is_none(parse: Callable[..., ParsedPage], news_page: Callable[..., str], href: str) -> None:
    """Only http and https."""
    assert parse(news_page(head=f'<link rel="canonical" href="{href}">')).canonical_url is None


def test_marked_elements_are_found_once_by_each_name(parse: Callable[..., ParsedPage], news_page: Callable[..., str]) -> None:
    """In page order, those of microdata before those of RDFa."""
    marks = (
        '<i property="name">c</i><b itemprop="name">a</b><u itemprop="name" property="name">b</u><s itemprop="name" property="author">b</s>'
    )
    marked = parse(news_page(after=marks)).marked
    assert [element.tag for element in marked["name"]] == ["b", "u", "s", "i"]
    assert [element.tag for element in marked["author"]] == ["s"]
