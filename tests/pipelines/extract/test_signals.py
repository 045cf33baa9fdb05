"""What the publisher says of language, section, tags, access and mining."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.extract.signals import MAX_TAGS, normalize_language
from pipelines.records import Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]


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


@pytest.mark.parametrize(
    ("head", "ld", "is_free"),
    [
        pytest.param("", {"isAccessibleForFree": True}, True, id="a truth value"),
        pytest.param("", {"isAccessibleForFree": "http://schema.org/False"}, False, id="a URL"),
        pytest.param("", {"isAccessibleforfree": "yes"}, True, id="other capitals"),
        pytest.param("", {"isAccessibleForFree": 0}, False, id="a number"),
        pytest.param('<meta itemprop="isAccessibleForFree" content="true">', {}, True, id="microdata"),
        pytest.param('<meta property="article:content_tier" content="free">', {}, True, id="a free tier"),
        pytest.param('<meta property="og:article:content_tier" content="locked">', {}, False, id="a locked tier"),
        pytest.param('<meta name="article_content_tier" content="metered">', {}, False, id="a metered tier"),
        pytest.param('<meta name="adv:premium" content="yes">', {}, False, id="premium"),
        pytest.param('<meta name="cXenseParse:isPremium" content="false">', {}, True, id="not premium"),
        pytest.param('<meta name="paywall:mode" content="2">', {}, None, id="a mode"),
        pytest.param("", {"isAccessibleForFree": ["maybe", {}]}, None, id="no answer"),
        pytest.param("", {"isAccessibleForFree": "x" * 1_000_000}, None, id="a megabyte"),
    ],
)  # fmt: skip
def test_access_is_what_the_publisher_says(
    draft_of: DraftOf, news_page: NewsPage, head: str, ld: dict[str, object], is_free: bool | None
) -> None:
    """In JSON-LD, microdata or meta; None when silent."""
    assert draft_of(news_page(head=head, ld={"@type": "NewsArticle", **ld})).is_free is is_free


@pytest.mark.parametrize(
    ("head", "is_reserved"),
    [
        pytest.param('<meta name="tdm-reservation" content="1">', True, id="reserved"),
        pytest.param('<meta name="TDM-Reservation" content="0">', False, id="not reserved"),
        pytest.param('<meta name="robots" content="index, noai, noimageai">', True, id="robots noai"),
        pytest.param('<meta name="tdm-reservation" content="0"><meta name="robots" content="noai">', False, id="the reservation itself comes first"),
        pytest.param('<meta name="robots" content="noarchive, noimageindex">', None, id="other robots"),
        pytest.param("", None, id="silent"),
    ],
)  # fmt: skip
def test_mining_is_what_the_publisher_says(draft_of: DraftOf, news_page: NewsPage, head: str, is_reserved: bool | None) -> None:
    """By TDMRep or in the robots tag."""
    assert draft_of(news_page(head=head)).tdm_reserved is is_reserved


def breadcrumb(*steps: object) -> dict[str, object]:
    return {
        "@graph": [
            {"@type": "NewsArticle", "headline": "Council closes the old ferry terminal"},
            {"@type": "BreadcrumbList", "itemListElement": list(steps)},
        ]
    }


@pytest.mark.parametrize(
    ("steps", "section"),
    [
        pytest.param([{"name": "Home"}, {"name": "Harbour"}, {"name": "Ferries"}], "Harbour", id="behind the home page"),
        pytest.param([{"item": {"@id": "https://www.daily.example/", "name": "Front"}}, {"item": {"@id": "/harbour", "name": "Harbour"}}], "Harbour", id="names in the items"),
        pytest.param([{"name": "Daily"}, {"name": "Politik"}, {"name": "Council closes the old ferry terminal"}], "Politik", id="behind the site's name"),
        pytest.param([{"name": "Council closes the old ferry terminal", "item": "https://www.daily.example/news/ferry-terminal"}], None, id="the article alone"),
        pytest.param(["x", 42, None, [], {"name": [[]]}, {"item": [1]}], None, id="nonsense"),
    ],
)  # fmt: skip
def test_breadcrumb_names_the_section(draft_of: DraftOf, news_page: NewsPage, steps: list[object], section: str | None) -> None:
    """Where metadata do not; neither the home page nor the article is one."""
    assert draft_of(news_page(ld=breadcrumb(*steps))).section == section


@pytest.mark.parametrize(
    ("keywords", "tags"),
    [
        pytest.param("Ferry, Harbour; Council|Pier", ("Ferry", "Harbour", "Council", "Pier"), id="one string"),
        pytest.param([{"@type": "DefinedTerm", "name": "Ferry"}, "Harbour"], ("Ferry", "Harbour"), id="terms"),
        pytest.param(["x" * 100, "https://daily.example/tag", "", "F"], (), id="nothing that is a tag"),
        pytest.param([[["Ferry"]]], (), id="lists in lists"),
        pytest.param({"a": 1}, (), id="an object"),
    ],
)
def test_tags_are_the_outlets_keywords(draft_of: DraftOf, news_page: NewsPage, keywords: object, tags: tuple[str, ...]) -> None:
    """Each once."""
    assert draft_of(news_page(ld={"@type": "NewsArticle", "keywords": keywords})).tags == tags


def test_tags_are_capped(draft_of: DraftOf, news_page: NewsPage) -> None:
    """A page may list thousands."""
    assert len(draft_of(news_page(ld={"@type": "NewsArticle", "keywords": ",".join(map(str, range(10, 5_000)))})).tags) <= MAX_TAGS
