"""When an article was published and modified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.extract.dates import parse_stamp
from pipelines.extract.printed_dates import parse_day
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


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2024-13-45",
        "2024-05-03T99:99",
        "0000-00-00",
        "9" * 40,
        "03/05/2024",
        "x" * 1_000_000,
    ],
    ids=lambda raw: raw[:20] or "nothing",
)
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
    ("raw", "at"),
    [
        pytest.param("2024-05-03T16:15:00+05:45", NOON, id="Nepal"),
        pytest.param("2024-05-03T00:30:00-10:00", NOON, id="Hawaii"),
        pytest.param("2024-05-04T00:30:00+14:00", NOON, id="Kiribati"),
        pytest.param("2024-05-03T12:30:00+02", NOON, id="hours alone"),
        pytest.param("2024-05-03T10:30:60Z", NOON.replace(second=59), id="a leap second"),
    ],
)
def test_odd_offsets_are_read(raw: str, at: datetime) -> None:
    """To the same instant."""
    stamp = parse_stamp(raw)
    assert stamp is not None
    assert (stamp.at, stamp.has_offset) == (at, True)


@pytest.mark.parametrize("offset", ["+99:99", "-15:00", "+2400"])
def test_an_impossible_offset_is_none(offset: str) -> None:
    """The time is a local one then."""
    stamp = parse_stamp(f"2024-05-03T10:30:00{offset}")
    assert stamp is not None
    assert (stamp.at, stamp.has_offset) == (NOON, False)


@pytest.mark.parametrize(
    "published",
    [
        pytest.param("1989-12-31T23:59:59Z", id="before there were news sites"),
        pytest.param("1970-01-01T00:00:00Z", id="the epoch"),
        pytest.param("0001-01-01T00:00:00", id="a default"),
        pytest.param("2024-06-01T00:00:00Z", id="after the fetch"),
        pytest.param("9999-12-31T23:59:59+00:00", id="the end of time"),
        pytest.param(1714732200.5, id="a fraction"),
        pytest.param([[["2024-05-03"]]], id="lists in lists"),
        pytest.param({"@value": {"@value": "2024-05-03"}}, id="objects in objects"),
        pytest.param("<time>2024-05-03</time>", id="markup"),
        pytest.param(True, id="a truth value"),
        pytest.param("1" * 1_000_000, id="a megabyte of figures"),
    ],
)
def test_implausible_dates_are_none(draft_of: DraftOf, news_page: NewsPage, published: object) -> None:
    """Rather than wrong."""
    draft = draft_of(news_page(ld={"@type": "NewsArticle", "datePublished": published, "dateModified": published}))
    assert (draft.published_at, draft.modified_at, draft.date_source) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("Published 3 May 2024 at 14:30", "en", id="English"),
        pytest.param("May 3rd, 2024", "en-US", id="American"),
        pytest.param("Veröffentlicht am 3. Mai 2024, 14.30 Uhr", "de", id="German"),
        pytest.param("Stand: 03.05.2024 14:30", "de", id="German in figures"),
        pytest.param("03.05.24", "de", id="two figures for the year"),
        pytest.param("Publié le 3 mai 2024 à 14h30", "fr", id="French"),
        pytest.param("3 de mayo de 2024", "es", id="Spanish"),
        pytest.param("03/05/2024 14h30", "pt-BR", id="Portuguese in figures"),
        pytest.param("3 maggio 2024", "it", id="Italian"),
        pytest.param("3 mei 2024", "nl", id="Dutch"),
        pytest.param("3 maja 2024", "pl", id="Polish"),
        pytest.param("3. května 2024", "cs", id="Czech"),
        pytest.param("3. mai 2024", "nb", id="Norwegian"),
        pytest.param("3 maj 2024", "sv", id="Swedish"),
        pytest.param("3. toukokuuta 2024", "fi", id="Finnish"),
        pytest.param("3 Mayıs 2024", "tr", id="Turkish"),
        pytest.param("3 мая 2024", "ru", id="Russian"),
        pytest.param("2024年5月3日", "ja", id="Japanese"),
        pytest.param("2024년 5월 3일", "ko", id="Korean"),
        pytest.param("2024-05-03 14:30", None, id="ISO"),
    ],
)
def test_printed_days_are_read(text: str, language: str | None) -> None:
    """In the order of their language."""
    assert parse_day(text, language=language) == datetime(2024, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("03/05/2024", "en", id="day or month first"),
        pytest.param("03/05/2024", None, id="an unknown language"),
        pytest.param("31.02.2024", "de", id="no such day"),
        pytest.param("3 Foo 2024", "en", id="no month"),
        pytest.param("+41 81 325 22 71", "de", id="a telephone"),
        pytest.param("version 1.12.2", "en", id="a version"),
        pytest.param("2024", "en", id="a year"),
        pytest.param("", None, id="nothing"),
        pytest.param("1" * 1_000_000, None, id="a megabyte of figures"),
    ],
)
def test_what_is_no_day_is_none(text: str, language: str | None) -> None:
    """Nothing is guessed."""
    assert parse_day(text, language=language) is None


def test_a_figure_above_twelve_is_the_day() -> None:
    """Whatever the language."""
    assert parse_day("05/23/2024", language="en") == parse_day("23/05/2024", language="en") == datetime(2024, 5, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<h1>Council closes the old ferry terminal</h1><p>3 May 2024</p><p>By Jane Doe</p>", "<p>1 May 2024</p>", id="below the headline"),
        pytest.param("<p>3 May 2024</p><h1>Council closes the old ferry terminal</h1>", "<p>Last update of this site: 5 May 2024</p>", id="above the headline"),
        pytest.param('<aside class="related"><time datetime="2024-05-01">x</time></aside><h1>Council closes the old terminal</h1><p>3 May 2024</p>', "", id="no time of teasers"),
        pytest.param("<h1>Council closes the old terminal</h1><p>3 May 2024</p>", '<ol class="comments"><li><time datetime="2024-05-04">x</time></li></ol>', id="no time of comments"),
    ],
)  # fmt: skip
def test_day_beside_the_headline_is_the_articles(draft_of: DraftOf, news_page: NewsPage, before: str, after: str) -> None:
    """Other dates on the page are not."""
    draft = draft_of(news_page(before=before, after=after))
    assert (draft.published_at, draft.date_source) == (datetime(2024, 5, 3, tzinfo=UTC), "text")


def test_time_of_the_article_comes_before_others(draft_of: DraftOf, news_page: NewsPage) -> None:
    """An element that says it is the publication's, then the first inside the article."""
    before = '<h1>Council closes the old terminal</h1><time datetime="2024-05-02">x</time><time pubdate datetime="2024-05-03">x</time>'
    assert draft_of(news_page(before=before)).published_at == datetime(2024, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2024/05/03/ferry", 3),
        ("/2024/5/3/ferry", 3),
        ("/news/20240503-ferry.html", 3),
        ("/news/ferry-2024-05-03", 3),
        ("/2024/5/ferry", None),
        ("/2024/13/03/ferry", None),
        ("/1.2024/5/34/ferry", None),
        ("/gallery/120240503", None),
    ],
)
def test_day_in_the_url(draft_of: DraftOf, news_page: NewsPage, path: str, day: int | None) -> None:
    """With or without zeros."""
    draft = draft_of(news_page(), url=f"https://www.daily.example{path}")
    assert draft.published_at == (datetime(2024, 5, day, tzinfo=UTC) if day else None)
