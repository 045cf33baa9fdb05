"""The headline as printed: without site name, kicker and second line, whatever the metadata say."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pipelines.extract.site_names import SiteNames
from pipelines.records import Draft

DraftOf = Callable[..., Draft]
NewsPage = Callable[..., str]
HEADLINE = "Council closes the old ferry terminal"
SITE = '<meta property="og:site_name" content="Daily Example">'


def og(title: str) -> str:
    return f'<meta property="og:title" content="{title}">'


@pytest.mark.parametrize(
    ("head", "before", "title"),
    [
        pytest.param("", f"<h1>{HEADLINE}</h1>", HEADLINE, id="h1 and title agree"),
        pytest.param(og(f"{HEADLINE} | Daily Example"), "", HEADLINE, id="the site's name behind a bar"),
        pytest.param(og(f"Daily Example: {HEADLINE}"), "", HEADLINE, id="the site's name before a colon"),
        pytest.param(og(HEADLINE), f"<h1><span>Harbour</span> <span>{HEADLINE}</span></h1>", HEADLINE, id="a kicker that og:title leaves out"),
        pytest.param("", '<h1><span class="article__kicker">Harbour</span> Council votes on the pier</h1>', "Council votes on the pier", id="a kicker by class"),
        pytest.param("", '<h1><div class="dachzeile">Hafen</div> Rat schließt das alte Terminal</h1>', "Rat schließt das alte Terminal", id="a Dachzeile"),
        pytest.param("", '<h1><span class="antetitulo">Puerto</span> El consejo cierra la terminal</h1>', "El consejo cierra la terminal", id="an antetítulo"),
        pytest.param(
            og("Harbour: Council votes on the pier"),
            '<h1><span class="kicker">Harbour</span> <span>Council votes on the pier</span></h1>',
            "Harbour: Council votes on the pier",
            id="a kicker stated as part of the headline, with its sign",
        ),
        pytest.param(
            '<meta property="og:title" content="Council votes on the pier"><meta name="twitter:title" content="Harbour: Council votes on the pier">',
            "<h1><span>Harbour</span>: <b>Council votes on the pier</b></h1>",
            "Council votes on the pier",
            id="a kicker that one of two stated titles leaves out",
        ),
        pytest.param(
            og("Pier closes after ninety years"),
            "<nav><a href='/'>Home</a><h1>Ferry terminal: what commuters must know</h1></nav><h2>Pier closes after ninety years</h2>",
            "Pier closes after ninety years",
            id="an h1 among the breadcrumbs for search engines, the headline as h2",
        ),
        pytest.param(
            og("Pier closes after ninety years"),
            "<ul class='page-breadcrumbs'><li>Home</li><li><h1>Ferry terminal: what commuters must know</h1></li></ul>"
            "<h2><span>Old port</span> <span>Pier closes after ninety years</span></h2>",
            "Pier closes after ninety years",
            id="breadcrumbs as a list, a kicker in the h2",
        ),
        pytest.param(
            og("Ferry terminal: what commuters must know"),
            "<nav><h1>Ferry terminal: what commuters must know</h1></nav><h2>Sign up for our letter from the port</h2>",
            "Ferry terminal: what commuters must know",
            id="an h2 that nothing states is not the headline",
        ),
        pytest.param(
            "",
            '<h1><span>Council votes on the pier</span> <small class="entry-subtitle">Ninety years end in autumn</small></h1>',
            "Council votes on the pier",
            id="a second line by class",
        ),
        pytest.param(
            og("Council votes on the pier"),
            "<h1>Council votes on the pier<span> Ninety years end</span></h1>",
            "Council votes on the pier",
            id="a second line that og:title leaves out",
        ),
        pytest.param(
            og("Council votes on the pier"),
            "<h1>Council votes on the pier after a long debate</h1>",
            "Council votes on the pier after a long debate",
            id="a shared title cut short",
        ),
        pytest.param(
            og("Old ferry: what the closure of the terminal means for commuters"),
            "<h1>Council closes the old ferry terminal for good</h1>",
            "Council closes the old ferry terminal for good",
            id="another wording for search engines",
        ),
        pytest.param(og("Ferry terminal: Council closes it"), "<h1>Ferry terminal: Council closes it</h1>", "Ferry terminal: Council closes it", id="a colon of its own"),
        pytest.param("", "<h1>Daily Example</h1>", HEADLINE, id="an h1 that is the site's name"),
        pytest.param("", "<h1>Opinion</h1>", HEADLINE, id="an h1 that is the section"),
        pytest.param("", '<h1><a href="/">The news from the whole coast, daily</a></h1>', HEADLINE, id="an h1 that links home"),
        pytest.param("", '<div class="site-logo"><h1>The news from the whole coast, daily</h1></div>', HEADLINE, id="an h1 that is called a logo"),
        pytest.param("", '<h1 class="logo">Coast and Harbour News Today</h1><h1>Council votes on the pier today</h1>', "Council votes on the pier today", id="a logo before the headline"),
        pytest.param("", '<h1><a href="/news/ferry-terminal">Council closes the old ferry terminal</a></h1>', HEADLINE, id="an h1 that links to the article"),
        pytest.param(og("«Mit der Fähre endet eine Zeit»"), "", "«Mit der Fähre endet eine Zeit»", id="a closing guillemet is no separator"),
        pytest.param(og("Daily Example 02/2024"), "<h1>Daily Example 02/2024</h1>", "Daily Example 02/2024", id="an issue named like the site, stated and printed"),
    ],
)  # fmt: skip
def test_title_is_the_headline_as_printed(draft_of: DraftOf, news_page: NewsPage, head: str, before: str, title: str) -> None:
    """The h1 that agrees with the metadata, without site name, kicker and second line."""
    assert draft_of(news_page(head=head + SITE, before=before)).title == title


@pytest.mark.parametrize(
    ("document_title", "before", "title"),
    [
        pytest.param("Council votes on the pier | Coast | Forum", "<h2>Council votes on the pier</h2>", "Council votes on the pier", id="the part that stands on the page"),
        pytest.param("Jo's Harbour Pages | Council votes on the pier", "<p>Council votes on the pier</p>", "Council votes on the pier", id="behind the site's name"),
        pytest.param("The old ferry pier (2024/5): Daily", "<h2>The old ferry pier</h2>", "The old ferry pier", id="before brackets"),
        pytest.param("港の議会が古い桟橋の閉鎖を決めた-海辺新聞", "<div>港の議会が古い桟橋の閉鎖を決めた</div>", "港の議会が古い桟橋の閉鎖を決めた", id="a bare hyphen in Japanese"),
        pytest.param("Council votes on the pier - Coast", "", "Council votes on the pier - Coast", id="nothing on the page tells"),
    ],
)  # fmt: skip
def test_without_h1_the_page_tells_headline_from_site(
    draft_of: DraftOf, news_page: NewsPage, document_title: str, before: str, title: str
) -> None:
    """A part of the document's title that is printed as a line of its own is the headline."""
    page = news_page(before=before).replace(f"<title>{HEADLINE} - Daily Example</title>", f"<title>{document_title}</title>")
    assert draft_of(page).title == title


@pytest.mark.parametrize(
    ("headline", "title", "before", "expected"),
    [
        pytest.param(
            "Pier closes after ninety years",
            "Pier closes after ninety years",
            "<h1>Readers write to us about their harbour</h1>",
            "Pier closes after ninety years",
            id="an h1 that has nothing of what both state",
        ),
        pytest.param(
            "Ferry terminal: what commuters must know",
            "Pier closes after ninety years",
            "<h1>Ninety years and no more ferries to the island</h1>",
            "Ninety years and no more ferries to the island",
            id="two wordings, and the h1 a third",
        ),
        pytest.param(
            "Pier closes after ninety years",
            "Pier closes after ninety years",
            "<h1>Old pier closes after ninety years of ferries</h1>",
            "Old pier closes after ninety years of ferries",
            id="an h1 that agrees in other words",
        ),
    ],
)
def test_what_json_ld_and_og_title_agree_on(
    draft_of: DraftOf, news_page: NewsPage, headline: str, title: str, before: str, expected: str
) -> None:
    """It is the title where no h1 agrees with it."""
    ld = {"@type": "NewsArticle", "headline": headline}
    page = news_page(head=SITE + og(title), before=before, ld=ld).replace(f"<title>{HEADLINE}", f"<title>{headline}")
    assert draft_of(page).title == expected


@pytest.mark.parametrize("headline", ["Pier closes after ninety years", "Ninety years and no more ferries"])
def test_h1_among_the_breadcrumbs_that_both_state(draft_of: DraftOf, news_page: NewsPage, headline: str) -> None:
    """It is the headline then; where JSON-LD has the h2 below it, that is."""
    head = SITE + og("Pier closes after ninety years") + '<meta name="twitter:title" content="Ninety years and no more ferries">'
    before = "<nav><h1>Pier closes after ninety years</h1></nav><h2>Ninety years and no more ferries</h2>"
    assert draft_of(news_page(head=head, before=before, ld={"@type": "NewsArticle", "headline": headline})).title == headline


@pytest.mark.parametrize(
    ("headline", "title", "expected"),
    [
        pytest.param(
            "Old port - Pier closes at last", "Old port: Pier closes at last", "Old port: Pier closes at last", id="two against one"
        ),
        pytest.param("Old port: Pier closes at last", "Old port: Pier closes at last", "Old port: Pier closes at last", id="all"),
    ],
)
def test_the_spelling_that_most_titles_hold(draft_of: DraftOf, news_page: NewsPage, headline: str, title: str, expected: str) -> None:
    """Of a headline in two spans, whose sign is a matter of style."""
    head = f'{SITE}{og(title)}<meta name="twitter:title" content="{title} - Regional">'
    before = "<h1><span>Old port</span> <span>Pier closes at last</span></h1>"
    assert draft_of(news_page(head=head, before=before, ld={"@type": "NewsArticle", "headline": headline})).title == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param("<h1>Our yoghurts</h1>", "Our yoghurts", id="the only h1, above the text"),
        pytest.param("<h1>Details</h1>", "Strawberry yoghurt of the mountain dairy", id="one word says too little"),
        pytest.param(
            "<h1>Our yoghurts</h1><h2>Strawberry yoghurt of the mountain dairy</h2>",
            "Strawberry yoghurt of the mountain dairy",
            id="the title is printed too",
        ),
        pytest.param("<h1>Our yoghurts</h1><h1>Our cheeses</h1>", "Strawberry yoghurt of the mountain dairy", id="two of them"),
    ],
)
def test_short_h1_is_the_headline_where_it_is_the_only_one(draft_of: DraftOf, news_page: NewsPage, before: str, expected: str) -> None:
    """Though the page states another title."""
    page = news_page(head=og("Strawberry yoghurt of the mountain dairy"), before=before)
    assert draft_of(page.replace(f"<title>{HEADLINE}", "<title>Strawberry yoghurt of the mountain dairy")).title == expected


def test_beginning_without_an_element_of_its_own_is_no_kicker(draft_of: DraftOf, news_page: NewsPage) -> None:
    """The printed headline is longer than the one for search engines."""
    page = news_page(head=og("Council votes on the pier today"), before="<h1>“At last”: Council votes on the pier today</h1>")
    assert draft_of(page).title == "“At last”: Council votes on the pier today"


def test_headline_of_microdata_is_stated_too(draft_of: DraftOf, news_page: NewsPage) -> None:
    """Before og:title, which is written for sharing."""
    head = f'<meta itemprop="headline" content="{HEADLINE}">' + og("You will not believe what the council did")
    assert draft_of(news_page(head=head, before="")).title == HEADLINE


@pytest.mark.parametrize(
    "h1",
    [
        pytest.param("<h1>" + "x" * 1_000_000 + "</h1>", id="a megabyte"),
        pytest.param("<h1>" + "<span>" * 200 + "x" + "</span>" * 200 + "</h1>", id="deep nesting"),
        pytest.param("<h1></h1>" * 5_000, id="thousands of empty ones"),
        pytest.param('<h1><a href="http://[">x</a></h1>', id="a broken link"),
        pytest.param("<h1>" + "a - b | " * 5_000 + "</h1>", id="separators alone"),
    ],
)
def test_hostile_headings_cost_little(draft_of: DraftOf, news_page: NewsPage, h1: str) -> None:
    """What metadata state is the title then."""
    started = time.process_time()
    assert draft_of(news_page(before=h1, ld={"@type": "NewsArticle", "headline": HEADLINE})).title == HEADLINE
    assert time.process_time() - started < 4


@pytest.mark.parametrize("headline", [42, [[["x"]]], {"a": {"b": []}}, None, True, [], "x" * 1_000_000])
def test_headline_of_another_type_is_no_headline(draft_of: DraftOf, news_page: NewsPage, headline: object) -> None:
    """The h1 stands."""
    assert draft_of(news_page(ld={"@type": "NewsArticle", "headline": headline})).title == HEADLINE


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Rates rise - The Daily", "Rates rise"),
        ("The Daily | Rates rise", "Rates rise"),
        ("Rates rise • Economy • The Daily", "Rates rise • Economy"),
        ("Rates rise: why", "Rates rise: why"),
        ("The Daily", "The Daily"),
        ("", ""),
    ],
)
def test_names_of_the_site_are_cut(title: str, cut: str) -> None:
    """At either end, where a sign parts them; a title that is nothing else stays."""
    assert SiteNames(stated=frozenset({"thedaily"}), hosts=frozenset()).cut(title) == cut
