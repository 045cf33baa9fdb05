"""Dates and signals of an article."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.extract.dates import parse_stamp
from pipelines.extract.signals import normalize_language
from pipelines.records import Discovered, Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]
NOON = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "at", "has_time", "has_offset"),
    [
        pytest.param("2024-05-03T12:30:00+02:00", NOON, True, True, id="ISO with offset"),
        pytest.param("2024-05-03T12:30+0200", NOON, True, True, id="offset without colon"),
        pytest.param("2024-05-03 12:30:00 +0200", NOON, True, True, id="spaces"),
        pytest.param("2024-05-03T10:30:00.123456789Z", NOON, True, True, id="nanoseconds"),
        pytest.param("2024-05-03T10:30:00", NOON, True, False, id="no offset"),
        pytest.param("2024-05-03", NOON.replace(hour=0, minute=0), False, False, id="a day"),
        pytest.param("20240503", NOON.replace(hour=0, minute=0), False, False, id="a day without dashes"),
        pytest.param("Fri, 03 May 2024 12:30:00 +0200", NOON, True, True, id="RFC 2822"),
        pytest.param("Fri May 03 2024 12:30:00 GMT+0200 (Central European Summer Time)", NOON, True, True, id="as JavaScript prints it"),
        pytest.param("1714732200", NOON, True, True, id="seconds since 1970"),
        pytest.param("1714732200000", NOON, True, True, id="milliseconds since 1970"),
    ],
)
def test_machine_readable_dates_are_read(raw: str, at: datetime, has_time: bool, has_offset: bool) -> None:
    """As an instant in UTC, with what was really stated."""
    stamp = parse_stamp(raw)
    assert stamp is not None
    assert (stamp.at.replace(microsecond=0), stamp.has_time, stamp.has_offset) == (at, has_time, has_offset)


@pytest.mark.parametrize("raw", ["", "yesterday", "2024-13-45", "2024-05-03T99:99", "0000-00-00", "9" * 40, "03/05/2024"])
def test_other_dates_are_none(raw: str) -> None:
    """Nothing is guessed."""
    assert parse_stamp(raw) is None


@pytest.mark.parametrize(
    ("head", "before", "ld", "hint", "url", "published_at", "source"),
    [
        pytest.param(
            '<meta property="article:published_time" content="2024-05-01T00:00:00Z">',
            "",
            {"@type": "NewsArticle", "datePublished": "2024-05-03T12:30:00+02:00"},
            False,
            "/x",
            NOON,
            "json-ld",
            id="JSON-LD before meta",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-05-03T10:30:00Z">',
            "",
            None,
            True,
            "/2024/05/01/x",
            NOON,
            "meta",
            id="meta before feed and URL",
        ),
        pytest.param(
            "",
            '<h1>Council closes</h1><time datetime="2024-05-03T10:30:00Z">x</time>',
            None,
            False,
            "/x",
            NOON,
            "time",
            id="the time element",
        ),
        pytest.param("", "", None, True, "/2024/05/01/x", NOON - timedelta(hours=1), "feed", id="the feed before the URL"),
        pytest.param("", "", None, False, "/2024/05/03/x", NOON.replace(hour=0, minute=0), "url", id="the URL"),
        pytest.param(
            "",
            "<h1>Council closes</h1><p>Published on 3 May 2024</p>",
            None,
            False,
            "/x",
            NOON.replace(hour=0, minute=0),
            "text",
            id="the text at last",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-05-03T10:30:00Z">',
            "",
            {"@type": "NewsArticle", "datePublished": "2024-05-03"},
            False,
            "/x",
            NOON,
            "json-ld",
            id="a day completed by another source's time",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-05-03T10:30:00Z">',
            "",
            {"@type": "NewsArticle", "datePublished": "2024-05-03T12:30:00"},
            False,
            "/x",
            NOON,
            "json-ld",
            id="a local time completed by another source's offset",
        ),
        pytest.param(
            "",
            "",
            {"@type": "NewsArticle", "datePublished": "2031-01-01T00:00:00Z"},
            True,
            "/x",
            NOON - timedelta(hours=1),
            "feed",
            id="a date in the future is no date",
        ),
        pytest.param(
            "",
            "",
            {"@type": "NewsArticle", "datePublished": "2024-05-06T18:00:00"},
            False,
            "/x",
            datetime(2024, 5, 6, 12, tzinfo=UTC),
            "json-ld",
            id="a few hours ahead is the time of the fetch",
        ),
        pytest.param("", "", None, False, "/x", None, None, id="nobody knows"),
    ],
)
def test_publication_comes_from_the_first_source_that_knows(
    draft_of: DraftOf,
    news_page: NewsPage,
    head: str,
    before: str,
    ld: object,
    hint: bool,
    url: str,
    published_at: datetime | None,
    source: str | None,
) -> None:
    """JSON-LD, meta, time element, feed or sitemap, URL, text; never in the future."""
    found = Discovered(
        url="https://www.daily.example/x", found_in="https://www.daily.example/feed", channel="feed", published_at=NOON - timedelta(hours=1)
    )
    draft = draft_of(
        news_page(head=head, before=before or "<h1>Council closes the old ferry terminal</h1>", ld=ld),
        url=f"https://www.daily.example{url}",
        hint=found if hint else None,
    )
    assert (draft.published_at, draft.date_source) == (published_at, source)


def test_modified_stands_apart(draft_of: DraftOf, news_page: NewsPage) -> None:
    """And only where it is later."""
    ld = {"@type": "NewsArticle", "datePublished": "2024-05-03T10:30:00Z", "dateModified": "2024-05-04T08:00:00Z"}
    assert draft_of(news_page(ld=ld)).modified_at == datetime(2024, 5, 4, 8, tzinfo=UTC)
    assert draft_of(news_page(ld={**ld, "dateModified": "2024-05-01T08:00:00Z"})).modified_at is None


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("en", "en"),
        ("pt_br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("DE-at", "de-AT"),
        ("iw", "he"),
        ("es-419", "es-419"),
        ("english", None),
        ("", None),
        ("x", None),
    ],
)
def test_language_is_bcp_47(value: str, tag: str | None) -> None:
    """In its usual spelling; names of languages are not guessed."""
    assert normalize_language(value) == tag


def test_signals(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Language, section, tags, and what the publisher says of access and mining."""
    ld = {
        "@type": "NewsArticle",
        "articleSection": "Harbour",
        "keywords": ["Ferry", "ferry", "Council"],
        "isAccessibleForFree": "False",
        "inLanguage": "en_GB",
    }
    draft = draft_of(news_page(head='<meta name="tdm-reservation" content="1">', ld=ld))
    assert (draft.language, draft.section, draft.tags, draft.is_free, draft.tdm_reserved) == (
        "en-GB",
        "Harbour",
        ("Ferry", "Council"),
        False,
        True,
    )


def test_silence_is_none(draft_of: DraftOf, news_page: NewsPage) -> None:
    """A page that says nothing is not said to be free."""
    draft = draft_of(news_page(html="<html>"))
    assert (draft.language, draft.section, draft.tags, draft.is_free, draft.tdm_reserved) == (None, None, (), None, None)
