"""Which outlet a text was taken from, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.attribute import Marks, attribute_draft, read_marks
from pipelines.records import Draft, ParsedPage

Parse = Callable[..., ParsedPage]
ArticleHtml = Callable[..., str]
MakeDraft = Callable[..., Draft]
ARTICLE = "/politics/the-pier-vote-explained-123456.html"


@pytest.mark.parametrize(
    ("canonical", "url", "origin"),
    [
        pytest.param(f"https://www.morgenpost.de{ARTICLE}", "https://www.abendblatt.de/politik/x", "morgenpost.de", id="group desk"),
        pytest.param(
            "https://edition.cnn.com/2026/03/12/pier-vote-in-lisbon/index.html", "https://www.msn.com/en-us/x", "cnn.com", id="portal"
        ),
        pytest.param(f"https://www.businessinsider.com{ARTICLE}", "https://www.businessinsider.de/x", None, id="sibling suffix"),
        pytest.param(
            f"https://xn--mnchner-zeitung-zvb.de{ARTICLE}", f"https://münchner-zeitung.de{ARTICLE}", None, id="punycode of the same host"
        ),
        pytest.param("https://www.morgenpost.de/", "https://www.abendblatt.de/politik/x", None, id="a front page"),
        pytest.param(f"https://www.google.com{ARTICLE}", "https://www.abendblatt.de/politik/x", None, id="a platform"),
        pytest.param(f"https://apnews.com{ARTICLE}", "https://www.abendblatt.de/politik/x", None, id="an agency is no outlet"),
    ],
)
def test_a_canonical_on_another_site_names_the_outlet(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], canonical: str, url: str, origin: str | None
) -> None:
    """Only an article of another brand counts."""
    page = parse(article_html(), url=url, canonical_url=canonical, site_name=None)
    _, attribution = attribute_draft(draft(*prose, url=url), read_marks(page))
    assert attribution.syndicated_from == origin
    assert attribution.syndicated_url == (canonical if origin else None)


def test_a_page_that_calls_itself_by_the_other_sites_name_has_moved(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...]
) -> None:
    """A canonical to the brand that the page itself bears is a move, no syndication."""
    page = parse(article_html(), canonical_url=f"https://grist.org{ARTICLE}", site_name="Grist")
    assert attribute_draft(draft(*prose), read_marks(page))[1].syndicated_from is None


@pytest.mark.parametrize(
    ("line", "site_name"),
    [
        pytest.param("Originally published on Live Science.", "Live Science", id="own brand"),
        pytest.param("This article first appeared on HarborDaily.example.", "Harbor Daily", id="own host"),
        pytest.param("This story was originally published on March 3, 2026.", "Harbor Daily", id="only a date"),
        pytest.param("Dieser Artikel erschien zuerst in der Harbor Daily 10/26.", "Harbor Daily", id="own printed issue"),
        pytest.param("Source: Ministry of Ports", "Harbor Daily", id="data source"),
        pytest.param("Kilde: Helsenorge.no", "Harbor Daily", id="unknown host as data source"),
        pytest.param("This article was originally published by Reuters.", "Harbor Daily", id="an agency"),
    ],
)
def test_own_brands_dates_data_and_agencies_are_no_origin(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], line: str, site_name: str
) -> None:
    """Such a sentence names no other outlet."""
    page = parse(article_html(footer=f"<p>{line}</p>"), site_name=site_name)
    assert attribute_draft(draft(*prose, line), read_marks(page))[1].syndicated_from is None


def test_the_link_of_a_source_line_is_the_syndicated_url(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...]
) -> None:
    """The sentence names the outlet, its link the article there."""
    footer = "<p>This story was originally published by <a href='https://grist.org/ocean/pier/'>Grist</a>.</p>"
    page = parse(article_html(footer=footer))
    _, attribution = attribute_draft(draft(*prose, "This story was originally published by Grist."), read_marks(page))
    assert (attribution.syndicated_from, attribution.syndicated_url) == ("grist.org", "https://grist.org/ocean/pier/")


@pytest.mark.parametrize(
    ("article_ld", "origin"),
    [
        pytest.param({"isBasedOn": "https://www.theguardian.com/world/2026/mar/12/pier"}, "theguardian.com", id="a known outlet"),
        pytest.param({"isBasedOn": "https://pubmed.example.org/25998000"}, None, id="a study"),
        pytest.param({"isBasedOn": "https://www.harbordaily.example/world/pier-vote-2026"}, None, id="the page itself"),
        pytest.param({"provider": {"name": "The Guardian"}}, "theguardian.com", id="provider"),
        pytest.param({"provider": {"name": "Harbor Daily"}}, None, id="itself as provider"),
    ],
)
def test_json_ld_may_name_the_origin(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], article_ld: dict[str, object], origin: str | None
) -> None:
    """isBasedOn and provider count when they name another outlet."""
    page = parse(article_html(), article_ld={**article_ld, "headline": "Council votes on pier"})
    assert attribute_draft(draft(*prose), read_marks(page))[1].syndicated_from == origin


@pytest.mark.parametrize(
    ("site_name", "url", "origin"),
    [
        pytest.param("Institute for Pier Studies", f"https://www.cfpr.example{ARTICLE}", None, id="a name that is not the domain's"),
        pytest.param("Coastal Forum Press Review", f"https://www.cfpr.example{ARTICLE}", "ifps.example", id="the domain's initials"),
        pytest.param("Harbor Daily", f"https://www.harbordaily.example{ARTICLE}", "ifps.example", id="the domain's name"),
        pytest.param("Institute for Pier Studies", "https://www.cfpr.example/blog/1", "ifps.example", id="another path"),
    ],
)
def test_a_page_with_nothing_of_its_domain_in_its_name_may_have_moved(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], site_name: str, url: str, origin: str | None
) -> None:
    """The same path on another domain, and a name that is not this domain's: a move is as likely, so it stays a hint."""
    page = parse(article_html(), url=url, canonical_url=f"https://www.ifps.example{ARTICLE}", site_name=site_name)
    _, attribution = attribute_draft(draft(*prose, url=url), read_marks(page))
    assert attribution.syndicated_from == origin
    assert [(item.field, item.value) for item in attribution.evidence] == [("syndicated_from", "ifps.example")]


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        pytest.param("Read the <a href='https://grist.org/ocean/the-pier-vote/'>original article</a>.", "grist.org", id="English"),
        pytest.param(
            "Lest den Originalartikel auf Englisch <a href='https://www.harbordaily.com/the-pier-vote-explained'>hier</a>.",
            None,
            id="an unknown edition of the own brand",
        ),
        pytest.param("Lire <a href='https://www.slate.fr/story/123456/jetee'>l’article original</a>.", "slate.fr", id="French"),
        pytest.param("Read the original article here.", None, id="no link"),
        pytest.param("Read the original <a href='https://doi.example.org/10.1000/123456'>study</a>.", None, id="a study"),
        pytest.param("Read the <a href='https://www.facebook.com/harbor/posts/123456'>original post</a>.", None, id="a platform"),
    ],
)
def test_the_link_to_the_original_article_names_the_outlet(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], line: str, origin: str | None
) -> None:
    """A line that sends readers to the original on another site says where the text was first."""
    page = parse(article_html(footer=f"<p>{line}</p>"))
    assert attribute_draft(draft(*prose), read_marks(page))[1].syndicated_from == origin


def test_another_edition_counts_where_the_page_sends_its_readers_there(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...]
) -> None:
    """A translated article names the edition it comes from, though both bear one brand."""
    line = "Lest den Originalartikel <a href='https://www.businessinsider.com/the-pier-vote-explained-2026'>hier</a>."
    url = "https://www.businessinsider.de/politik/abstimmung-ueber-den-pier"
    page = parse(article_html(footer=f"<p>{line}</p>"), url=url, site_name="Business Insider")
    assert attribute_draft(draft(*prose, url=url), read_marks(page))[1].syndicated_from == "businessinsider.com"


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        pytest.param("©2026 The Seattle Times. Visit seattletimes.com. Distributed by TNS.", "seattletimes.com", id="distributed"),
        pytest.param("Copyright 2026 NPR. To see more, visit NPR.", "npr.org", id="visit"),
        pytest.param("© The Financial Times Ltd. 2026", None, id="a notice alone"),
    ],
)
def test_a_notice_needs_more_than_an_owner(draft: MakeDraft, prose: tuple[str, ...], line: str, origin: str | None) -> None:
    """A notice alone may be a picture's or the group's: it stays a hint."""
    _, attribution = attribute_draft(draft(*prose, line), Marks(url="https://www.harbordaily.example/world/pier"))
    assert attribution.syndicated_from == origin
    assert any(item.field == "syndicated_from" for item in attribution.evidence)
