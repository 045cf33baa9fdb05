"""From a home page and what its endpoints answered to an entry of the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.discover import load_sources
from pipelines.discover.check import EndpointCheck, judge_failure, judge_survey, read_answer, status_of
from pipelines.discover.home_page import HomePage, guess_country, make_name, normalize_language, read_home_page
from pipelines.discover.proposal import describe_checks, propose_entry, render_entry
from pipelines.errors import SourceError
from pipelines.records import Source

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOME = "https://www.gazette.example/"

PAGE = f"""<!doctype html><html lang="en-gb"><head><title>The Gazette</title><meta property="og:site_name" content="The Gazette">
<link rel="alternate" type="application/rss+xml" href="/rss"><link rel="alternate" type="application/rss+xml" href="{HOME}comments/feed/">
</head><body><nav><a href="/">Home</a><a href="/local/">Local</a><a href="/sport">Sport</a><a href="/tag/x">Tags</a>
<a href="https://shop.gazette.example/offers">Offers</a><a href="/search?q=">Search</a></nav>
<main><h2><a href="/local/council-votes-on-the-new-bridge">Council votes on the new bridge</a></h2></main></body></html>"""


def home(**fields: Any) -> HomePage:
    known: dict[str, Any] = {"feeds": (), "sections": (), "language": "en-GB", "country": "GB", "site_name": "The Gazette"}
    return HomePage(url=HOME, **(known | fields))


def check(path: str, channel: Any = "feed", *, urls: str = "abc", **fields: Any) -> EndpointCheck:
    known: dict[str, Any] = {"status": "alive", "entries": len(urls), "newest_at": NOW - timedelta(hours=3)}
    return EndpointCheck(url=f"{HOME}{path}", channel=channel, urls=tuple(urls), **(known | fields))


def propose(*checks: EndpointCheck) -> dict[str, object]:
    return propose_entry(home(), checks, taken=(), now=NOW)


def test_a_home_page_says_what_its_site_is() -> None:
    """Feeds that it declares, sections of its menu, language, country and name."""
    assert read_home_page(PAGE.encode(), HOME) == HomePage(
        url=HOME,
        feeds=(f"{HOME}rss", f"{HOME}comments/feed/"),
        sections=(f"{HOME}local/", f"{HOME}sport"),
        language="en-GB",
        country="GB",
        site_name="The Gazette",
    )


def test_a_page_that_says_nothing_leaves_it_open() -> None:
    """No guess without a sign."""
    assert read_home_page(b"", HOME) == HomePage(url=HOME, feeds=(), sections=(), language=None, country=None, site_name=None)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de", "de"), ("pt_BR", "pt-BR"), ("EN-us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("en-UK", "en"), ("klingon", None), ("", None)],
)
def test_languages_are_written_as_the_catalogue_takes_them(tag: str, language: str | None) -> None:
    """What it does not take is left out."""
    assert normalize_language(tag) == language


@pytest.mark.parametrize(
    ("url", "languages", "country"),
    [
        pytest.param("https://www.gazette.co.uk/", [], "GB", id="domain"),
        pytest.param("https://zeitung.at/", ["de-DE"], "AT", id="domain before language"),
        pytest.param("https://gazette.example/", ["en", "en-IE"], "IE", id="region of a language"),
        pytest.param("https://gazette.tv/", ["en"], None, id="domain that is bought for its sound"),
    ],
)
def test_a_country_is_guessed_from_signs_only(url: str, languages: list[str], country: str | None) -> None:
    """The domain first, then the region that a language names."""
    assert guess_country(url, languages) == country


def test_a_name_is_the_site_s_own_and_not_taken() -> None:
    """Its domain's where its own has no Latin letters or is taken; numbered in the end."""
    assert make_name(home(), ()) == "the-gazette"
    assert make_name(home(site_name="日刊新聞"), ()) == "gazette"
    assert make_name(home(), {"the-gazette"}) == "gazette"
    assert make_name(home(), {"the-gazette", "gazette"}) == "the-gazette-2"


def test_each_feed_must_name_something_of_its_own() -> None:
    """The fullest first; a part of it, the comments, what is empty and what is broken stay out; order is the site's."""
    entry = propose(
        check("sport/rss", urls="ab"),
        check("rss", urls="abcd"),
        check("comments/feed/", urls="xyz"),
        check("weather/rss", urls="w"),
        check("old/rss", urls="", status="empty"),
        check("gone/rss", urls="", status="broken"),
        check("", "section"),
    )
    assert entry["feeds"] == [f"{HOME}rss", f"{HOME}weather/rss"]
    assert "sections" not in entry


def test_news_sitemaps_go_with_feeds_and_archives_stand_in_for_them() -> None:
    """An archive comes with a limit of age; sections are the last resort."""
    news, archive = check("news.xml", "sitemap"), check("archive.xml", "sitemap", newest_at=NOW - timedelta(days=40))
    assert propose(check("rss"), archive, news)["sitemaps"] == [news.url]
    assert propose(archive, check("", "section")) == {
        "name": "the-gazette", "kind": "outlet", "home": HOME, "language": "en-GB", "country": "GB", "sitemaps": [archive.url],
        "sections": [HOME], "max_age_days": 7,
    }  # fmt: skip
    assert propose(check("", "section"))["sections"] == [HOME]


def test_a_feed_that_moved_for_good_is_proposed_where_it_is() -> None:
    """Not where it was."""
    assert propose(check("rss", moved_to=f"{HOME}feed"))["feeds"] == [f"{HOME}feed"]


def test_a_site_that_offers_nothing_is_an_error() -> None:
    """It names the site and what was expected."""
    with pytest.raises(SourceError, match=f"{HOME}: expected a feed, a sitemap or a page with links to articles, found none"):
        propose(check("rss", urls="", status="empty"))


def test_a_proposal_is_read_by_the_catalogue_as_it_stands(tmp_path: Path) -> None:
    """Round trip, with quotes, backslashes and other letters in it; comments stay comments."""
    entry = propose(check("rss?q=\u00e9&x='1'"), check("news.xml", "sitemap")) | {"note": 'says "ä\\b"\u2028'}
    text = render_entry(entry, ["two\nlines", *describe_checks([check("rss")], now=NOW)])
    (tmp_path / "proposed.toml").write_text(text, encoding="utf-8")
    (source,) = load_sources(tmp_path / "proposed.toml")
    assert (source.name, source.language, source.sitemaps) == ("the-gazette", "en-GB", (f"{HOME}news.xml",))
    assert source.feeds == (entry["feeds"][0],)  # type: ignore[index]
    assert f"# feed {HOME}rss: alive, 3 articles, the newest 3 h old" in text.splitlines()


def test_an_entry_that_the_catalogue_would_refuse_is_not_printed() -> None:
    """The fault is told instead."""
    with pytest.raises(SourceError, match="country must be an ISO 3166-1"):
        render_entry(propose(check("rss")) | {"country": "UK"})


SOURCE = Source(name="gazette", kind="outlet", home=HOME)
RSS = f"<rss version='2.0'><channel><title>t</title><item><link>{HOME}a</link><pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate></item>{{}}</channel></rss>"


@pytest.mark.parametrize(
    ("body", "status", "entries", "detail"),
    [
        pytest.param(RSS.format(""), "alive", 1, "", id="alive"),
        pytest.param(
            RSS.format("<item><link>https://ads.example/x</link></item>"), "alive", 1, "turned away: 1 offsite", id="with advertising"
        ),
        pytest.param("<rss version='2.0'><channel><title>t</title></channel></rss>", "empty", 0, "empty", id="empty"),
        pytest.param("<html><body>moved</body></html>", "broken", 0, "expected RSS or Atom, found an HTML page", id="a page instead"),
    ],
)
def test_an_answer_is_judged_by_what_it_names(body: str, status: str, entries: int, detail: str) -> None:
    """What a crawl would ask for counts; the rest is told."""
    answer = read_answer(body.encode(), f"{HOME}rss", channel="feed", source=SOURCE, content_type="", encoding=None, now=NOW)
    found = judge_survey(answer, f"{HOME}rss", "feed", seconds=9.0, moved_to=None)
    assert (found.status, found.entries, found.is_slow) == (status, entries, True)
    assert detail in found.detail
    assert found.newest_at == (datetime(2026, 11, 20, 9, tzinfo=UTC) if entries else None)


@pytest.mark.parametrize(
    ("reason", "status"), [("robots_txt", "blocked"), ("http_403", "blocked"), ("http_404", "broken"), ("timeout", "broken")]
)
def test_a_refusal_is_told_from_a_fault(reason: str, status: str) -> None:
    """Blocked by rules or by the server, or broken."""
    assert judge_failure(HOME, "feed", reason, "").status == status


def test_a_source_is_as_well_as_the_best_of_its_endpoints() -> None:
    """One that is alive is enough."""
    dead, alive = check("a", status="broken"), check("b")
    assert status_of([dead, alive]) == "alive"
    assert status_of([dead, check("c", status="blocked")]) == "blocked"
    assert status_of([]) == "empty"
