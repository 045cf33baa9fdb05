"""Which discovered URLs are requested."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipelines.discover import admit
from pipelines.records import Discovered, Source

SOURCE = Source(
    name="gazette",
    kind="outlet",
    home="https://www.gazette.co.uk/",
    language="en",
    country="GB",
    feeds=("https://feeds.example/gazette",),
    allow_domains=("partner.example",),
    max_age_days=3,
)


def found(url: str, **fields: datetime) -> Discovered:
    return Discovered(url=url, found_in="https://feeds.example/gazette", channel="feed", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://www.gazette.co.uk/local/rain", id="own host"),
        pytest.param("http://sport.gazette.co.uk/rain?id=7", id="another host of the same domain"),
        pytest.param("https://partner.example/rain", id="allowed domain"),
        pytest.param("https://news.partner.example/rain", id="below an allowed domain"),
        pytest.param("https://www.gazette.co.uk/?p=123", id="address by query"),
        pytest.param("https://www.gazette.co.uk/rain.html", id="HTML file"),
        pytest.param("https://www.gazette.co.uk/why-we-use-png", id="a word that is an extension elsewhere"),
    ],
)
def test_pages_of_the_source_are_admitted(url: str, now: datetime) -> None:
    """None means: may be requested."""
    assert admit(found(url), SOURCE, now=now) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("javascript:alert(1)", "bad_scheme", id="script"),
        pytest.param("file:///etc/passwd", "bad_scheme", id="file"),
        pytest.param("ftp://www.gazette.co.uk/a", "bad_scheme", id="FTP"),
        pytest.param("/local/rain", "bad_url", id="relative"),
        pytest.param("https://", "bad_url", id="no host"),
        pytest.param("https://www.gazette.co.uk:port/a", "bad_url", id="port in words"),
        pytest.param("https://user:secret@www.gazette.co.uk/a", "bad_url", id="password"),
        pytest.param("https://www.gazette.co.uk/" + "a" * 5000, "bad_url", id="too long"),
        pytest.param("https://other.co.uk/rain", "offsite", id="same suffix, other domain"),
        pytest.param("https://gazette.co.uk.evil.example/rain", "offsite", id="look-alike"),
        pytest.param("https://feeds.example/rain", "offsite", id="host of the feed"),
        pytest.param("https://notpartner.example/rain", "offsite", id="ends like an allowed domain"),
        pytest.param("http://127.0.0.1/rain", "offsite", id="loopback"),
        pytest.param("https://www.gazette.co.uk/podcast.mp3", "media_file", id="sound"),
        pytest.param("https://www.gazette.co.uk/a/Report.PDF?download=1", "media_file", id="document"),
        pytest.param("https://www.gazette.co.uk/", "not_article_url", id="home page"),
        pytest.param("https://www.gazette.co.uk", "not_article_url", id="home page without slash"),
    ],
)
def test_what_is_not_requested_has_a_reason(url: str, reason: str, now: datetime) -> None:
    """The rejection names stage, source and reason."""
    rejection = admit(found(url), SOURCE, now=now)
    assert rejection is not None
    assert (rejection.stage, rejection.source, rejection.reason, rejection.url) == ("discover", "gazette", reason, url)
    assert rejection.detail


def test_article_urls_are_searched_in_the_path(now: datetime) -> None:
    """One that is found is enough; the query does not count."""
    source = replace(SOURCE, article_urls=(r"^/story/\d+", r"/article-"))
    assert admit(found("https://www.gazette.co.uk/story/12/rain"), source, now=now) is None
    assert admit(found("https://www.gazette.co.uk/local/article-rain"), source, now=now) is None
    rejection = admit(found("https://www.gazette.co.uk/live?x=/story/12"), source, now=now)
    assert rejection is not None
    assert rejection.reason == "not_article_url"


@pytest.mark.parametrize(
    ("published", "modified", "is_old"),
    [
        pytest.param(1, None, False, id="published yesterday"),
        pytest.param(3, None, False, id="exactly at the limit"),
        pytest.param(4, None, True, id="published too long ago"),
        pytest.param(None, 4, True, id="only modified, too long ago"),
        pytest.param(None, 1, False, id="only modified, yesterday"),
        pytest.param(9, 1, True, id="old, touched yesterday"),
        pytest.param(None, None, False, id="no date"),
    ],
)
def test_age_is_that_of_publication_else_of_the_last_change(
    now: datetime, published: int | None, modified: int | None, is_old: bool
) -> None:
    """A page without dates is given the benefit of the doubt."""
    dates = {"published_at": published, "modified_at": modified}
    entry = found("https://www.gazette.co.uk/a", **{name: now - timedelta(days=days) for name, days in dates.items() if days is not None})
    rejection = admit(entry, SOURCE, now=now)
    assert (rejection is not None and rejection.reason == "too_old") == is_old
    assert admit(entry, replace(SOURCE, max_age_days=None), now=now) is None


@pytest.mark.parametrize(
    ("path", "dates", "is_old"),
    [
        pytest.param("/2019/05/03/a-story", {}, True, id="old by its address"),
        pytest.param("/2019/05/03/a-story", {"modified_at": 1}, True, id="old by its address, touched yesterday"),
        pytest.param("/2019/05/03/a-story", {"published_at": 1}, False, id="the feed knows better"),
        pytest.param("/story-20190503.html", {}, True, id="a date without signs"),
        pytest.param("/a-story", {}, False, id="no date anywhere"),
    ],
)
def test_an_address_tells_the_age_where_no_feed_does(now: datetime, path: str, dates: dict[str, int], is_old: bool) -> None:
    """Before lastmod, which moves when a template changes."""
    moments = {name: now - timedelta(days=days) for name, days in dates.items()}
    rejection = admit(found(f"https://www.gazette.co.uk{path}", **moments), SOURCE, now=now)
    assert (rejection is not None and rejection.reason == "too_old") == is_old


def test_both_spellings_of_an_international_domain_are_one_site(now: datetime) -> None:
    """As letters and as xn--."""
    source = replace(SOURCE, home="https://zürich.example/", allow_domains=("xn--mnchen-3ya.example",))
    assert admit(found("https://xn--zrich-kva.example/a"), source, now=now) is None
    assert admit(found("https://münchen.example/a"), source, now=now) is None
