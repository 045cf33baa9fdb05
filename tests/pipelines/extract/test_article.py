"""A page becomes a draft: text in blocks, standfirst, and what was cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines import extract
from pipelines.errors import ExtractionError
from pipelines.records import Draft, FetchedPage, ParsedPage, Rejection

DECK = "The service carried commuters for ninety years; the operator says the pier is beyond repair."


def texts(draft: Draft) -> list[str]:
    """The texts of the draft's blocks."""
    return [block.text for block in draft.blocks]


def test_text_is_the_paragraphs(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """In page order, without headline, each at its place on the page."""
    draft = draft_of(news_page())
    assert len(draft.blocks) == 4
    assert draft.text.startswith("The harbour council voted on Tuesday")
    positions = [block.position for block in draft.blocks]
    assert positions == sorted(set(positions))
    assert [piece.reason for piece in draft.removed] == ["headline"]
    assert draft.quality is not None
    assert 0.7 < draft.quality <= 1
    assert [part.split("/")[0] for part in draft.extractor.split()] == ["block-model", "trafilatura", "copydesk"]


def test_trafilatura_alone_can_decide(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """EXTRACTOR = "trafilatura": its text in the page's blocks, and nothing said of its quality."""
    draft = draft_of(news_page(), extractor="trafilatura")
    assert len(draft.blocks) == 4
    assert draft.quality is None
    assert draft.extractor.startswith("trafilatura/2.")


def test_blocks_have_kinds(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """Headings, list items and quotes are told from paragraphs."""
    after = (
        "<h2>What happens next</h2><p>The council will publish a timetable before the end of the month, a spokeswoman said, and listed the dates:</p>"
        "<ul><li>Ferries stop on the last Sunday in June, after the regatta.</li><li>Buses to the northern shore start on the first of July.</li></ul>"
        "<blockquote><p>We were promised another summer on the water, and nobody asked us.</p></blockquote>"
        "<p>The figures that the operator gave to the council show how far the number of passengers has fallen since the bridge was opened.</p>"
        "<p>A petition to keep the service had been signed by more than nine thousand people when the council met, its organisers said on Tuesday.</p>"
    )
    kinds = {block.text: block.kind for block in draft_of(news_page(after=f"<div>{after}</div>").replace("</div><div>", "")).blocks}
    assert kinds["What happens next"] == "heading"
    assert kinds["Buses to the northern shore start on the first of July."] == "list_item"
    assert kinds["We were promised another summer on the water, and nobody asked us."] == "quote"


def test_a_table_row_is_one_block(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """Its cells are parted by a bar."""
    rows = "<table><tr><th>Year</th><th>Passengers</th></tr><tr><td>1990</td><td>800,000</td></tr></table>"
    kinds = {block.text: block.kind for block in draft_of(news_page(after=rows), extractor="trafilatura").blocks}
    assert kinds["1990 | 800,000"] == "table"


@pytest.mark.parametrize(
    ("head", "before"),
    [
        pytest.param("", f'<h1>Council closes the old ferry terminal</h1><p class="article-lead">{DECK}</p>', id="named by its class"),
        pytest.param(
            f'<meta name="description" content="{DECK}">',
            f"<header><h1>Council closes the old ferry terminal</h1><div>{DECK}</div></header>",
            id="repeated by the description",
        ),
        pytest.param(
            "", f"<header><h1>Council closes the old ferry terminal</h1><h2>{DECK}</h2></header>", id="a second heading in the header"
        ),
    ],
)
def test_standfirst_moves_out_of_the_text(draft_of: Callable[..., Draft], news_page: Callable[..., str], head: str, before: str) -> None:
    """It is a field of its own, whether the extractor kept it or lost it."""
    draft = draft_of(news_page(head=head, before=before))
    assert draft.standfirst == DECK
    assert DECK not in texts(draft)
    assert DECK not in [piece.text for piece in draft.removed]
    assert len(draft.blocks) == 4


def test_first_paragraph_as_description_stays_in_the_text(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """Many outlets print the lede as description: it is no standfirst."""
    lede = "The harbour council voted on Tuesday to close the old ferry terminal, ending a service"
    draft = draft_of(news_page(head=f'<meta name="description" content="{lede}">'))
    assert draft.standfirst is None
    assert draft.text.startswith(lede)


@pytest.mark.parametrize(
    ("markup", "text", "reason"),
    [
        pytest.param(
            '<p class="image-caption">{}</p>', "The terminal on its last busy morning this spring", "caption", id="a caption by its class"
        ),
        pytest.param(
            '<div class="read-more"><p>{}</p></div>', "How the northern shore lost its last market hall", "related", id="a related box"
        ),
        pytest.param(
            '<p class="newsletter-signup">{}</p>',
            "All the news from the harbour in one morning letter",
            "newsletter",
            id="a newsletter box",
        ),
        pytest.param(
            '<p><a href="/other">{}</a></p>', "Storms damage the northern pier for a second time", "related", id="a line that is one link"
        ),
    ],
)
def test_furniture_known_by_its_markup_is_cut_and_kept_aside(
    draft_of: Callable[..., Draft], news_page: Callable[..., str], markup: str, text: str, reason: str
) -> None:
    """It is in ``removed``, with the reason that its markup gives."""
    html = news_page().replace("<p>The operator", markup.format(text) + "<p>The operator")
    draft = draft_of(html)
    assert text not in texts(draft)
    assert len(draft.blocks) == 4
    assert {piece.reason for piece in draft.removed if piece.text == text} == {reason}


@pytest.mark.parametrize("name", ["hasCaption", "byline-wrapper", "paywall", "related-content", "newsletter-story"])
def test_a_class_around_the_whole_body_cuts_nothing(draft_of: Callable[..., Draft], news_page: Callable[..., str], name: str) -> None:
    """Such names wrap real text on many sites."""
    draft = draft_of(news_page().replace("<div>", f'<div class="{name}">', 1))
    assert len(draft.blocks) == 4


def test_a_link_to_a_place_on_the_page_is_text(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """A heading that unfolds its section is part of the story."""
    html = news_page().replace("<p>The operator", '<h3><a href="#costs">The price of the old pier</a></h3><p>The operator')
    assert "The price of the old pier" in texts(draft_of(html))


def test_article_body_is_the_text_of_a_page_without_one(draft_of: Callable[..., Draft]) -> None:
    """Pages drawn by a script: paragraphs by line breaks or tags, entities resolved."""
    body = "<p>The council voted to close the terminal &amp; the pier.</p><p>Passengers were surprised.</p>"
    ld = f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Council closes", "articleBody": "{body}"}}</script>'
    draft = draft_of(f"<html><head><title>Council closes</title>{ld}</head><body><div id='app'></div></body></html>")
    assert texts(draft) == ["The council voted to close the terminal & the pier.", "Passengers were surprised."]


def test_article_body_is_not_used_beside_a_text(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """It is cut short or run together as often as not."""
    assert "Another text" not in draft_of(news_page(ld={"@type": "NewsArticle", "articleBody": "Another text. " * 100})).text


def test_a_page_without_text_says_so(outcome_of: Callable[..., Draft | Rejection]) -> None:
    """The reason is no_text, and the detail counts what there was."""
    outcome = outcome_of("<html><head><title>x</title></head><body><div id='app'></div></body></html>")
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.reason) == ("extract", "no_text")


def test_a_list_of_links_is_not_an_article(outcome_of: Callable[..., Draft | Rejection]) -> None:
    """A front page: headlines that lead elsewhere."""
    items = "".join(f"<li><a href='/{number}'>Council decides case number {number} of the year</a></li>" for number in range(60))
    outcome = outcome_of(f"<html><head><title>Daily Example</title></head><body><main><ul>{items}</ul></main></body></html>")
    assert isinstance(outcome, Rejection)
    assert outcome.reason in ("not_article", "no_text")


def test_an_unknown_extractor_is_an_error(
    parse: Callable[..., ParsedPage], fetched: Callable[..., FetchedPage], news_page: Callable[..., str]
) -> None:
    """It names what was expected and what was found."""
    with pytest.raises(ExtractionError, match=r"trafilatura.*'magic'"):
        extract.extract_article(parse(news_page()), fetched(news_page()), extractor="magic")


def test_invisible_characters_vanish(draft_of: Callable[..., Draft], news_page: Callable[..., str]) -> None:
    """Soft hyphens and zero-width characters would make two copies differ; letters come composed."""
    html = news_page().replace("commuters", "com\u00admu\u200bters").replace("ninety", "nine\u0301ty")
    assert "commuters across the bay for ninéty years" in draft_of(html).text
