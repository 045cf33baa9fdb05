"""When an article was published and modified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.records import Discovered, Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]
NOON = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)


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


@pytest.mark.parametrize("name", ["date", "dc.date", "dcterms.date"])
def test_day_beside_the_headline_comes_before_the_pages_own(draft_of: DraftOf, news_page: NewsPage, name: str) -> None:
    """Some systems put the day there on which the page was set up; where both agree, it gives the time."""
    head = f'<meta name="{name}" content="2024-05-{{}}T12:30:00+02:00">'
    before = "<h1>Council closes the old ferry terminal</h1><p>3 May 2024</p>"
    draft = draft_of(news_page(head=head.format("01"), before=before))
    assert (draft.published_at, draft.date_source) == (datetime(2024, 5, 3, tzinfo=UTC), "text")
    draft = draft_of(news_page(head=head.format("03"), before=before))
    assert (draft.published_at, draft.date_source) == (NOON, "text")
    draft = draft_of(news_page(head=head.format("03"), before="<h1>Council closes the old ferry terminal</h1>"))
    assert (draft.published_at, draft.date_source) == (NOON, "meta")


def test_year_of_a_copyright_is_no_date(draft_of: DraftOf, news_page: NewsPage) -> None:
    """htmldate makes 1 January of it."""
    draft = draft_of(news_page(after="<footer>© 2023 The Daily</footer>"))
    assert (draft.published_at, draft.date_source) == (None, None)


def test_the_offset_stated_is_kept_in_the_record(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Stored columns are in UTC; before, the day is the one that readers saw."""
    ld = {"@type": "NewsArticle", "datePublished": "2024-05-03T22:30:00-05:00", "dateModified": "2024-05-03T23:30:00-05:00"}
    draft = draft_of(news_page(ld=ld))
    assert draft.published_at is not None
    assert draft.modified_at is not None
    assert (draft.published_at.isoformat(), draft.modified_at.isoformat()) == ("2024-05-03T22:30:00-05:00", "2024-05-03T23:30:00-05:00")
