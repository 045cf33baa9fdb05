"""Days as pages print them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pipelines.extract.printed_dates import find_days
from pipelines.records import Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]
MAY_3 = datetime(2024, 5, 3, tzinfo=UTC)


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
    assert [day for day, _ in find_days(text, language=language)] == [MAY_3]


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
    assert find_days(text, language=language) == []


def test_a_figure_above_twelve_is_the_day() -> None:
    """Whatever the language."""
    american, british = find_days("05/23/2024", language="en"), find_days("23/05/2024", language="en")
    assert american == british == [(datetime(2024, 5, 23, tzinfo=UTC), frozenset())]


def test_days_come_in_the_order_of_the_text_with_the_words_before_them() -> None:
    """Whatever their forms."""
    found = find_days("Last updated 04 Jun 2020, originally created 2019-06-17")
    assert [(day.year, label) for day, label in found] == [
        (2020, frozenset(("last", "updated"))),
        (2019, frozenset(("originally", "created"))),
    ]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("<h1>{title}</h1><p>Updated 5 May 2024, published 3 May 2024</p>", id="in one line"),
        pytest.param("<h1>{title}</h1><p>Aktualisiert: 05.05.2024</p><p>03.05.2024</p>", id="in two lines"),
        pytest.param("<h1>{title}</h1><p>Última actualización 5 de mayo de 2024</p><p>3 de mayo de 2024</p>", id="in Spanish"),
    ],
)
def test_day_of_an_update_comes_last(draft_of: DraftOf, news_page: NewsPage, before: str) -> None:
    """It is not the publication's, where the page has that too."""
    draft = draft_of(news_page(before=before.format(title="Council closes the old ferry terminal")))
    assert draft.published_at == MAY_3


def test_day_of_an_update_is_better_than_none(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Nothing else says when."""
    draft = draft_of(news_page(before="<h1>Council closes the old ferry terminal</h1><p>Stand: 03.05.2024</p>"))
    assert (draft.published_at, draft.date_source) == (MAY_3, "text")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("<p>Published: 3 May 2024, 14:30</p>", id="English"),
        pytest.param("<p>Erschienen am 3. Mai 2024 im Format Aktuelles</p>", id="German"),
        pytest.param("<p>Datum: 03.05.2024</p>", id="a word for date"),
        pytest.param("<p>Publié le 3 mai 2024</p>", id="French"),
        pytest.param("<p>发布时间：2024-05-03</p>", id="Chinese"),
        pytest.param("<div>Published:</div><div>3 May 2024</div>", id="in a cell of its own"),
        pytest.param("<p>Written: 2024-05-03 15:03 / Updated: 2024-05-05 16:12</p>", id="with an update behind"),
    ],
)
def test_labelled_day_is_found_below_the_text(draft_of: DraftOf, news_page: NewsPage, line: str) -> None:
    """Before other days there, which may be anything."""
    draft = draft_of(news_page(before="<h1>Council closes the old ferry terminal</h1>", after=f"<p>Season: 1 June 2023</p>{line}"))
    assert (draft.published_at, draft.date_source) == (MAY_3, "text")


def test_label_belongs_to_the_day_right_behind_it(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Not to the next one, nor to one behind a paragraph."""
    after = "<p>Published in the series of 2 parts, for 1 May 2023</p><p>Published: 3 May 2024</p>"
    assert draft_of(news_page(before="<h1>Council closes the old ferry terminal</h1>", after=after)).published_at == MAY_3


def test_day_beside_an_h2_that_is_the_headline(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Where the h1 is the site's name."""
    title = "Council closes the old ferry terminal"
    head = f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="The Daily">'
    before = (
        f"<h1>The Daily</h1><p>Today is 20 May 2024</p><ul><li>Home</li><li>News</li><li>Sport</li></ul><h2>{title}</h2><p>3 May 2024</p>"
    )
    assert draft_of(news_page(head=head, before=before)).published_at == MAY_3
