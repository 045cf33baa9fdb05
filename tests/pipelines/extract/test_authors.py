"""Authors are people, wherever and however a page names them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pipelines.records import Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]
H1 = "<h1>Council closes the old ferry terminal</h1>"
SITE = '<meta property="og:site_name" content="Daily Example">'


@pytest.mark.parametrize(
    ("author", "authors"),
    [
        pytest.param({"@type": "Person", "name": "Jane Doe"}, ("Jane Doe",), id="a person"),
        pytest.param([{"name": "Jane Doe"}, {"name": "Juan Pérez"}], ("Jane Doe", "Juan Pérez"), id="two people"),
        pytest.param("By Jane Doe and Juan Pérez", ("Jane Doe", "Juan Pérez"), id="one string"),
        pytest.param("Von Jana Müller und Jörg Groß", ("Jana Müller", "Jörg Groß"), id="German"),
        pytest.param("Par Jeanne Martin et Luc Petit", ("Jeanne Martin", "Luc Petit"), id="French"),
        pytest.param("Av Kari Nordmann og Ola Nordmann", ("Kari Nordmann", "Ola Nordmann"), id="Norwegian"),
        pytest.param("山田太郎", ("山田太郎",), id="Japanese"),
        pytest.param("김하늘 기자", ("김하늘",), id="Korean, a reporter"),
        pytest.param("김하늘, 이바다 선임기자", ("김하늘", "이바다"), id="Korean, two names"),
        pytest.param("山田太郎記者", ("山田太郎",), id="Japanese, a reporter"),
        pytest.param("Autor:in: Jana Müller", ("Jana Müller",), id="a word for both sexes"),
        pytest.param("Jana Müller im Gespräch mit Jörg Groß", ("Jana Müller", "Jörg Groß"), id="an interview"),
        pytest.param("Doe, Jane", ("Jane Doe",), id="last name first"),
        pytest.param("Jane Doe, Political Editor", ("Jane Doe",), id="a role"),
        pytest.param("Jane Doe for the Morning Example", ("Jane Doe",), id="whom she writes for"),
        pytest.param("Jane Doe Illustration by Tom Roe", ("Jane Doe",), id="who made the pictures"),
        pytest.param("View all posts by Jane Doe →", ("Jane Doe",), id="a link to her page"),
        pytest.param("Zeige alle Beiträge von Jana Müller →", ("Jana Müller",), id="a link to her page in German"),
        pytest.param("About Jane Doe", ("Jane Doe",), id="a box about her"),
        pytest.param("freeman1984", (), id="a login with figures"),
        pytest.param("Jane Doe - Daily Example", ("Jane Doe",), id="the site behind a dash"),
        pytest.param("Elena Muster (emu)", ("Elena Muster",), id="initials in brackets"),
        pytest.param("Jane Doe jane.doe@daily.example", ("Jane Doe",), id="an address"),
        pytest.param('<a href="/people/jane" hreflang="en">Jane Doe</a>', ("Jane Doe",), id="markup"),
        pytest.param({"@type": "Person", "givenName": "Jane", "familyName": "Doe"}, ("Jane Doe",), id="names apart"),
        pytest.param(["Jane Doe", "AFP"], ("Jane Doe", "AFP"), id="an agency is attribution's to take out"),
        pytest.param("emu", ("emu",), id="initials"),
        pytest.param("105092", (), id="an id"),
        pytest.param("jdoemaster", (), id="a login"),
        pytest.param("https://www.facebook.com/daily", (), id="a URL"),
        pytest.param("Daily Example", (), id="the site's own name"),
        pytest.param("Daily Publishing House (www.daily.example)", (), id="the site's host in brackets"),
        pytest.param("daily.example, Springfield, Germany", (), id="a host and its place"),
        pytest.param("DAILY Harbourside", (), id="a department of the site"),
        pytest.param("The Harbour Review", (), id="an article before it"),
        pytest.param("Hafen-Stiftung e.V.", (), id="a foundation"),
        pytest.param({"@type": "Organization", "name": "Harbour Board"}, (), id="an organization by type"),
        pytest.param("Redaktion", (), id="a desk"),
        pytest.param("DE-Redaktion", (), id="a desk behind a hyphen"),
        pytest.param(["admin", "Newsroom", ""], (), id="roles alone"),
        pytest.param({"@type": "Person", "name": None}, (), id="no name"),
        pytest.param(42, (), id="a number"),
        pytest.param([[[["Jane Doe"]]]], (), id="lists in lists"),
        pytest.param({"name": {"name": {"name": "Jane"}}}, (), id="objects in objects"),
        pytest.param("Jane " * 200_000, (), id="a megabyte"),
    ],
)  # fmt: skip
def test_authors_are_people(draft_of: DraftOf, news_page: NewsPage, author: object, authors: tuple[str, ...]) -> None:
    """Names as printed, each once."""
    assert draft_of(news_page(head=SITE, ld={"@type": "NewsArticle", "author": author})).authors == authors


def test_author_by_reference(draft_of: DraftOf, news_page: NewsPage) -> None:
    """A graph names the person once and points at it."""
    graph = {"@graph": [{"@type": "NewsArticle", "author": {"@id": "#jane"}}, {"@type": "Person", "@id": "#jane", "name": "Jane Doe"}]}
    assert draft_of(news_page(ld=graph)).authors == ("Jane Doe",)


@pytest.mark.parametrize(
    ("before", "authors"),
    [
        pytest.param('<span itemprop="author"><span itemprop="name">Jane Doe</span></span>', ("Jane Doe",), id="microdata"),
        pytest.param('<span property="schema:author">Jane Doe</span>', ("Jane Doe",), id="RDFa"),
        pytest.param('<a rel="author" href="/jane">Jane Doe</a>', ("Jane Doe",), id="rel=author"),
        pytest.param('<p><a rel="author" href="/a">Jane Doe</a>, <a rel="author" href="/b">Juan Pérez</a></p>', ("Jane Doe", "Juan Pérez"), id="two links in one line"),
        pytest.param('<div class="article-byline">By Jane Doe</div>', ("Jane Doe",), id="a byline by class"),
        pytest.param('<ul class="authors"><li>Von <span>Jana Müller</span></li></ul>', ("Jana Müller",), id="a list of authors"),
        pytest.param('<div class="c-card__auteur">Par Jeanne Martin</div>', ("Jeanne Martin",), id="French class"),
        pytest.param('<div id="authors">Jane Doe</div>', ("Jane Doe",), id="by id"),
        pytest.param('<p class="meta"><a href="/autoren/name/joerg-gross">Dr. Jörg Groß</a></p>', ("Dr. Jörg Groß",), id="a link to the author's page"),
        pytest.param("<p>Por Juan Pérez</p>", ("Juan Pérez",), id="a printed line"),
        pytest.param("<p>Autorin: Jana Müller</p>", ("Jana Müller",), id="a label with a colon"),
        pytest.param('<a rel="author" href="/u/7">jdoemaster</a>', ("jdoemaster",), id="a pen name that readers see"),
        pytest.param('<div class="author"><div class="author-avatar">Facebook Follow</div><a class="author-name">Jane Doe</a></div>', ("Jane Doe",), id="a box with more in it"),
        pytest.param('<div class="post tag-related has-sidebar"><p class="byline">By Jane Doe</p></div>', ("Jane Doe",), id="a post's tags and a page's layout among its classes"),
        pytest.param('<a href="/players/jane-doe">Jane Doe</a>', (), id="a link to another person's page"),
        pytest.param('<aside><p class="byline">Jane Doe</p></aside>', (), id="an aside"),
        pytest.param('<div class="teaser"><p class="byline">Jane Doe</p></div>', (), id="a teaser"),
        pytest.param('<figure><span class="author">Jane Doe</span></figure>', (), id="a photographer"),
        pytest.param('<p class="byline">By our correspondent</p>', (), id="no name in it"),
        pytest.param("<p>By the sea, on the old road to the pier</p>", (), id="prose that opens with By"),
        pytest.param('<span class="byline">Redaktion</span><p><a href="/author/jane-doe">Jane Doe</a></p>', (), id="a desk signs: whoever is linked is someone else"),
    ],
)  # fmt: skip
def test_visible_bylines_speak_where_metadata_do_not(draft_of: DraftOf, news_page: NewsPage, before: str, authors: tuple[str, ...]) -> None:
    """What is marked up, called, linked or printed as a byline between headline and text."""
    assert draft_of(news_page(before=H1 + before)).authors == authors


@pytest.mark.parametrize(
    ("before", "after", "authors"),
    [
        pytest.param("<p><strong>JANE DOE</strong></p>", "", ("JANE DOE",), id="above the text"),
        pytest.param("<p><b>Jane Doe/Juan Pérez</b></p>", "", ("Jane Doe", "Juan Pérez"), id="two people"),
        pytest.param("", '<p style="text-align:right"><strong>Lê Thị Hoa</strong></p>', ("Lê Thị Hoa",), id="below the text"),
        pytest.param("<p>Jane Doe</p>", "", (), id="not bold"),
        pytest.param("<p><strong>Jane Doe</strong> was there</p>", "", (), id="not alone"),
        pytest.param("<p><strong>What we know</strong></p>", "", (), id="a subhead"),
        pytest.param("<p><strong>The Main Points</strong></p>", "", (), id="a subhead in capitals"),
        pytest.param("<p><strong>Rates</strong></p>", "", (), id="one word"),
    ],
)
def test_a_bold_line_of_names_beside_the_text_signs_it(
    draft_of: DraftOf, news_page: NewsPage, before: str, after: str, authors: tuple[str, ...]
) -> None:
    """As the last resort."""
    assert draft_of(news_page(before=H1 + before, after=after)).authors == authors


@pytest.mark.parametrize(
    ("before", "authors"),
    [
        pytest.param("<ul><li>von Jana Müller</li></ul>", ("Jana Müller",), id="a small letter"),
        pytest.param("<p>{standfirst}</p><p>Von Jana Müller, Jörg Groß und Ute Roth</p>", ("Jana Müller", "Jörg Groß", "Ute Roth"), id="behind the standfirst"),
        pytest.param("<p>{standfirst}</p><p>{standfirst} Again.</p><p>By Jane Doe</p>", (), id="behind two paragraphs"),
        pytest.param("<p>by the old sea wall</p>", (), id="no names"),
        pytest.param("<p>Jane Doe | 03.05.2024 - Update: 04.05.2024</p>", ("Jane Doe",), id="before a day"),
        pytest.param("<p>3 May 2024 · Jane Doe</p>", ("Jane Doe",), id="behind a day"),
        pytest.param("<p>03.05.2024 | 15:33 Uhr | Jana Müller</p>", ("Jana Müller",), id="behind a day and a time"),
        pytest.param("<p>Jane Doe | Harbour Town | 3 May 2024</p>", (), id="two names beside a day"),
        pytest.param("<p>Harbour | 3 May 2024</p>", (), id="a section beside a day"),
        pytest.param("<p>Jane Doe | Harbour</p>", (), id="no day"),
    ],
)  # fmt: skip
def test_lines_below_the_headline_name_the_author(draft_of: DraftOf, news_page: NewsPage, before: str, authors: tuple[str, ...]) -> None:
    """Where metadata and markup are silent."""
    standfirst = " ".join(["The ferry that carried commuters for ninety years makes its last crossing on Sunday."] * 2)
    assert draft_of(news_page(before=H1 + before.format(standfirst=standfirst))).authors == authors


@pytest.mark.parametrize(
    ("after", "authors"),
    [
        pytest.param("<p>Autorin: Jana Müller, Korrespondentin in Tunis</p>", ("Jana Müller",), id="German, with her function"),
        pytest.param("<p>Auteur : Jeanne Martin</p>", ("Jeanne Martin",), id="French"),
        pytest.param("<ul><li><strong>Autorin/Autor</strong> Jana Müller</li></ul>", ("Jana Müller",), id="in a list of facts"),
        pytest.param("<p>Authors Jane Doe and Juan Pérez</p>", ("Jane Doe", "Juan Pérez"), id="two"),
        pytest.param("<p>Author of many novels</p>", (), id="no name"),
        pytest.param("<p>By Jane Doe</p>", (), id="a byline far from the headline is a teaser's"),
    ],
)
def test_line_that_says_author_names_them_anywhere(draft_of: DraftOf, news_page: NewsPage, after: str, authors: tuple[str, ...]) -> None:
    """Below the text too."""
    assert draft_of(news_page(before=H1, after=after)).authors == authors


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        pytest.param(
            '<span class="author vcard"><a class="url" href="/u/1"><span class="fn n">jwren</span></a></span>', ("jwren",), id="hCard"
        ),
        pytest.param('<span class="author">jwren</span>', (), id="a class alone"),
        pytest.param('<span class="author vcard"><a href="/u/2">Freeman1984</a></span>', ("Freeman1984",), id="with figures"),
        pytest.param('<span class="author">1984</span>', (), id="figures alone"),
    ],
)
def test_pen_names_of_blogs_are_authors(draft_of: DraftOf, news_page: NewsPage, byline: str, authors: tuple[str, ...]) -> None:
    """Printed as the byline by markup that says so."""
    assert draft_of(news_page(before=H1 + byline)).authors == authors


def test_authors_of_a_paper_come_before_those_it_cites(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Journals name the cited in ``author``."""
    head = '<meta name="author" content="N. Cited, S. Other"><meta name="citation_author" content="Jane Doe">'
    assert draft_of(news_page(head=head)).authors == ("Jane Doe",)


def test_byline_below_an_h2_that_is_the_headline(draft_of: DraftOf, news_page: NewsPage) -> None:
    """The h1 is the site's name."""
    title = "Council closes the old ferry terminal"
    before = "<h1>Daily Example</h1>" + "<p>Home</p>" * 15 + f"<h2>{title}</h2><p>By Jane Doe</p>"
    assert draft_of(news_page(head=f'{SITE}<meta property="og:title" content="{title}">', before=before)).authors == ("Jane Doe",)


def test_an_organization_as_author_ends_the_search(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Unless it is the site itself, which every article of some sites has for an author."""
    before = H1 + '<p class="byline">By Jane Doe</p>'
    agency, site = (
        {"@type": "NewsArticle", "author": {"@type": "Organization", "name": name}} for name in ("Harbour Wire", "Daily Example")
    )
    assert draft_of(news_page(head=SITE, before=before, ld=agency)).authors == ()
    assert draft_of(news_page(head=SITE, before=before, ld=site)).authors == ("Jane Doe",)


def test_metadata_come_before_visible_bylines(draft_of: DraftOf, news_page: NewsPage) -> None:
    """And a site's name among them does not end the search."""
    before = H1 + '<p class="byline">By Jane Doe</p>'
    assert draft_of(news_page(head='<meta name="author" content="Juan Pérez">', before=before)).authors == ("Juan Pérez",)
    assert draft_of(news_page(head=SITE + '<meta name="author" content="Daily Example">', before=before)).authors == ("Jane Doe",)


def test_authors_below_the_headline_come_first(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Columnists are promoted in the page's head."""
    before = '<div><span class="author">Columnist Famous</span></div>' + H1 + '<span class="author">Jane Doe</span>'
    assert draft_of(news_page(before=before)).authors == ("Jane Doe",)


def test_authors_of_comments_are_not_the_authors(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Readers are marked up as authors too."""
    after = '<div class="comments"><p><span itemprop="author">Angry Reader</span></p></div>'
    assert draft_of(news_page(before=H1 + '<a rel="author" href="/jane">Jane Doe</a>', after=after)).authors == ("Jane Doe",)
    assert draft_of(news_page(after=after)).authors == ()


@pytest.mark.parametrize(
    "before",
    [
        pytest.param('<span class="author">' + "x" * 500_000 + "</span>", id="a byline of half a megabyte"),
        pytest.param('<span class="author">Jane Doe</span>' * 8_000, id="thousands of bylines"),
        pytest.param('<a href="/author/jane-doe">Jane Doe</a>' * 8_000, id="thousands of links"),
        pytest.param('<div class="author">' * 250 + "Jane Doe" + "</div>" * 250, id="bylines in bylines"),
        pytest.param('<a href="http://[/author/jane-doe">Jane Doe</a>', id="a broken link"),
    ],
)
def test_hostile_bylines_cost_little(draft_of: DraftOf, news_page: NewsPage, before: str) -> None:
    """A few seconds at most, whatever comes out."""
    started = time.process_time()
    assert len(draft_of(news_page(before=H1 + before)).authors) <= 1
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("head", "byline"),
    [
        pytest.param({"author": {"@type": "Organization", "name": "Daily Example"}}, ("Daily Example",), id="the outlet"),
        pytest.param({"author": "Web Desk"}, ("Web Desk",), id="a desk"),
        pytest.param({"author": [{"name": "AFP"}, {"name": "Jane Doe"}]}, ("AFP", "Jane Doe"), id="an agency and a person"),
        pytest.param({"author": {"@type": "Organization", "name": "Example Media"}, "creator": "Jane Doe"}, ("Example Media",), id="a company first"),
        pytest.param({"author": "  Daily \n Example &amp; Sons "}, ("Daily Example & Sons",), id="as written, in one line"),
        pytest.param({"author": "x" * 1000}, ("x" * 500,), id="cut"),
        pytest.param({"author": '<a href="/desk">Web Desk</a>'}, ("Web Desk",), id="markup"),
        pytest.param({"author": [f"Desk of ward {number}" for number in range(500)]}, tuple(f"Desk of ward {number}" for number in range(20)), id="many"),
        pytest.param({"author": ["105092", "desk@example.com", "https://www.facebook.com/daily", "@daily"]}, (), id="ids and addresses"),
        pytest.param({}, (), id="nobody"),
    ],
)  # fmt: skip
def test_the_byline_is_whoever_metadata_name(
    draft_of: DraftOf, news_page: NewsPage, head: dict[str, object], byline: tuple[str, ...]
) -> None:
    assert draft_of(news_page(ld={"@type": "NewsArticle", **head})).byline == byline


def test_a_meta_element_signs_where_json_ld_does_not(draft_of: DraftOf, news_page: NewsPage) -> None:
    """An address of a page about the author is no name: the next field is asked."""
    head = '<meta property="article:author" content="https://www.facebook.com/daily"><meta name="byl" content="By the Daily Desk">'
    assert draft_of(news_page(head=head)).byline == ("By the Daily Desk",)
