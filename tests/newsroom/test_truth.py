"""The truth about the newsroom: it is large and varied enough, and the served pages bear it out."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from urllib.parse import urlsplit

import lxml.html
import pytest

from newsroom import Newsroom, build_world, load_rejections, load_truth
from newsroom.sites import read_sites
from newsroom.truth import ExpectedArticle

TRUTH = load_truth()
BODY_TAGS = ("p", "h2", "h3", "li")


def blocks_of(body: bytes, charset: str | None) -> list[str]:
    """The page's paragraph-like elements as a reader sees them, in page order."""
    tree = lxml.html.document_fromstring(body, parser=lxml.html.HTMLParser(encoding=charset))
    return [" ".join(element.text_content().split()) for element in tree.iter(*BODY_TAGS)]


def shingles(article: ExpectedArticle) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", article.text.lower())
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def test_there_is_enough_of_everything() -> None:
    """At least 40 articles, 15 of them copies, 25 stories, 6 hosts and 4 languages."""
    assert len(TRUTH) >= 40
    assert sum(article.copy_of is not None for article in TRUTH) >= 15
    assert len({article.story for article in TRUTH}) >= 25
    assert len({urlsplit(article.url).netloc for article in TRUTH}) >= 6
    assert {article.language[:2] for article in TRUTH} == {"en", "de", "fr", "es"}
    assert {"AP", "REUTERS", "AFP", "DPA", "EFE"} == {code for article in TRUTH for code in article.agencies}


def test_urls_are_unique_and_copies_name_their_original() -> None:
    """No URL stands twice; what copy_of names is the first article of the same story."""
    by_url = {article.url: article for article in TRUTH}
    assert len(by_url) == len(TRUTH)
    for article in TRUTH:
        if article.copy_of:
            original = by_url[article.copy_of]
            assert (original.story, original.copy_of) == (article.story, None)
            assert article.edit


@pytest.mark.parametrize("article", TRUTH, ids=lambda article: f"{article.source}: {article.story}")
def test_a_page_shows_what_the_truth_says(newsroom: Newsroom, fetch, article: ExpectedArticle) -> None:
    """The requested URL leads to the page, and its paragraphs stand there whole and in order, among the furniture."""
    answer = fetch(article.requested_url)
    if answer.status == 301:
        answer = fetch(answer.headers["Location"])
    assert answer.status == 200
    assert newsroom.requests[-1].url.startswith(article.url)
    blocks = blocks_of(answer.body, answer.headers.get_content_charset())
    places = [blocks.index(paragraph) for paragraph in article.paragraphs]
    assert all(earlier < later for earlier, later in pairwise(places))
    page = " ".join(
        lxml.html.document_fromstring(answer.body, parser=lxml.html.HTMLParser(encoding=answer.headers.get_content_charset()))
        .text_content()
        .split()
    )
    for words in (article.title, article.standfirst or "", *article.furniture, *article.contributors):
        assert words in page


@pytest.mark.parametrize("article", TRUTH, ids=lambda article: f"{article.source}: {article.story}")
def test_the_expected_text_is_clean(article: ExpectedArticle) -> None:
    """No furniture, title or mark stands in the expected text, the dateline does, and the length is a news story's."""
    assert [words for words in (*article.furniture, article.title) if words in article.text] == []
    assert not re.search(r"\]\(|^#|^- |\*|\s\s", article.text.replace("\n\n", " "), re.MULTILINE)
    assert article.dateline is None or any(paragraph.startswith(article.dateline) for paragraph in article.paragraphs[:2])
    assert 3 <= len(article.paragraphs) <= 14
    assert 100 <= len(article.text.split()) <= 600
    assert article.published_at.isoformat() < "2026-11-14"


def test_copies_are_near_and_stories_are_apart() -> None:
    """Every copy shares half of the smaller text with its original; two stories share at most a seventh, templated pairs included."""
    by_url = {article.url: article for article in TRUTH}
    sets = {article.url: shingles(article) for article in TRUTH}

    def containment(one: str, other: str) -> float:
        return len(sets[one] & sets[other]) / min(len(sets[one]), len(sets[other]))

    assert min(containment(article.url, article.copy_of) for article in TRUTH if article.copy_of) > 0.5
    assert max(containment(one, other) for one, other in combinations(by_url, 2) if by_url[one].story != by_url[other].story) < 1 / 7


def test_one_copy_is_word_for_word_the_same() -> None:
    """Some copies have exactly the original's text, so that an exact match is put to the test too."""
    texts = Counter(article.text for article in TRUTH)
    assert sum(count > 1 for count in texts.values()) >= 3


def test_the_second_edition_changes_one_page_and_its_feed_alone() -> None:
    """Edition 2 has a fuller text under one URL; only pages and feeds of its site change."""
    first, second = build_world(1), build_world(2)
    assert first.resources.keys() == second.resources.keys()
    changed = {url for url, resource in second.resources.items() if resource != first.resources[url]}
    (updated,) = (one for one in load_truth(2) if one not in TRUTH)
    assert updated.url in changed
    assert "http://www.northwire.example/feeds/top.xml" in changed
    assert {urlsplit(url).netloc for url in changed} == {"www.northwire.example"}
    assert (updated.copy_of, len(updated.paragraphs)) == (None, 10)


def test_a_world_is_built_the_same_every_time() -> None:
    """Two builds give the same bytes: a second crawl of one day or of two finds nothing new."""
    assert build_world.__wrapped__(1) == build_world.__wrapped__(1)


def test_what_must_be_refused_is_announced_and_served_as_said(fetch) -> None:
    """Each fault is named by an endpoint or a section page and answers what makes it a fault."""
    statuses = {rejection.fault: fetch(rejection.url).status for rejection in load_rejections()}
    assert statuses == {
        "too_short": 200,
        "private_address": 502,
        "not_a_feed": 200,
        "robots": 200,
        "not_found": 404,
        "no_text": 200,
        "off_site": 502,
    }
    endpoints = {
        site.url_of(endpoint.path): fetch(site.url_of(endpoint.path)).body for site in read_sites().values() for endpoint in site.endpoints
    }
    for rejection in load_rejections():
        assert rejection.url in endpoints or any(rejection.url.encode() in body for body in endpoints.values()), rejection.url


def test_the_robots_fault_is_disallowed(fetch) -> None:
    """The page that robots.txt refuses lies below a path that it names, and the crawl delay stays short."""
    (rejection,) = (one for one in load_rejections() if one.fault == "robots")
    robots = fetch("http://www.northwire.example/robots.txt").body.decode()
    (disallowed,) = re.findall(r"^Disallow: (\S+)$", robots, re.MULTILINE)
    assert urlsplit(rejection.url).path.startswith(disallowed)
    assert float(re.findall(r"^Crawl-delay: (\S+)$", robots, re.MULTILINE)[0]) <= 0.2
