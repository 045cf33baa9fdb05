"""Where things stand on a page: the cheap look at its text finds what the walks would meet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import pytest

from pipelines.attribute import read_marks
from pipelines.attribute.agencies import has_agency_form
from pipelines.attribute.page_text import PageText, may_hold
from pipelines.attribute.page_walk import text_of_footers_near
from pipelines.extract import page_blocks, parse_page
from pipelines.records import FetchedPage, ParsedPage

FETCHED_AT = datetime(2026, 3, 12, tzinfo=UTC)
PAGES = sorted((Path(__file__).parents[2] / "pages").rglob("*.html"))

PAGE = """<html><body><nav><h1>Pier vote</h1><a href="/">Home</a></nav><main><h2>Council votes on pier</h2>
<div><span>Jane Doe</span><span>Reuters</span></div><figure><figcaption>AFP</figcaption></figure>
<p>{long}</p><p>{long}</p><div>Told at length {long}<br>dpa</div><footer><b>Source</b><i>AP</i></footer></main></body></html>"""
LONG = "The harbor council voted late on Monday to rebuild the northern pier, ending a dispute that had divided the town for years."


def page_text(html: str) -> tuple[lxml.html.HtmlElement, PageText]:
    tree = lxml.html.document_fromstring(html)
    return tree, PageText(page_blocks(tree))


def test_lines_before_an_element_reach_back_to_the_start() -> None:
    """Only short blocks between both; without text of its own in the page, the start is the page's."""
    tree, text = page_text(PAGE.format(long=LONG))
    stop = tree.find(".//p")
    from_h2 = text.lines_before(stop, start=tree.find(".//h2"), max_line_chars=80, max_blocks=50)
    from_menu = text.lines_before(stop, start=tree.find(".//h1"), max_line_chars=80, max_blocks=50)
    assert from_h2 is not None
    assert from_menu is not None
    assert [block.text for block in from_h2] == ["Jane DoeReuters", "AFP"]
    assert [block.text for block in from_menu] == ["Council votes on pier", "Jane DoeReuters", "AFP"]


def test_a_long_block_with_a_line_break_counts_as_short_lines() -> None:
    """A walk parts it there, so an agency may stand alone behind the break."""
    tree, text = page_text(PAGE.format(long=LONG))
    behind = text.lines_behind(tree.findall(".//p")[-1], max_line_chars=80, max_blocks=10)
    assert behind is not None
    assert len(behind) == 1
    assert may_hold(behind, has_agency_form)


def test_words_of_neighbouring_elements_do_not_run_together() -> None:
    """On the page only a style parts ``Jane Doe`` and ``Reuters``; and what stands in a figure is its credit."""
    tree, text = page_text(PAGE.format(long=LONG))
    lines = text.lines_before(tree.find(".//p"), start=tree.find(".//h2"), max_line_chars=80, max_blocks=50)
    assert lines is not None
    byline, caption = lines
    assert may_hold([byline], has_agency_form)
    assert not may_hold([caption], has_agency_form)


def test_an_element_without_text_of_its_own_has_no_known_place() -> None:
    """Then the walk itself must look."""
    tree, text = page_text("<html><body><article><p>Text</p></article></body></html>")
    article = tree.find(".//article")
    assert text.lines_behind(article, max_line_chars=80, max_blocks=10) is None
    assert text.lines_before(article, start=tree.find(".//p"), max_line_chars=80, max_blocks=10) is None


def test_the_footer_of_an_article_is_read_and_the_sites_is_not() -> None:
    """Extraction takes no footer for text; that of the body is the site's."""
    tree = lxml.html.document_fromstring(PAGE.format(long=LONG).replace("</body>", "<footer>Reuters</footer></body>"))
    assert text_of_footers_near(tree.findall(".//p")[-1]).split() == ["Source", "AP"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_looking_first_changes_no_mark(path: Path) -> None:
    """The marks of a page are the same whether its text is looked at before the walks or not."""
    url = "https://www.harbordaily.example/world/pier-vote"
    parsed = parse_page(FetchedPage(url=url, body=path.read_bytes(), encoding="utf-8", fetched_at=FETCHED_AT, source="harbor"))
    assert isinstance(parsed, ParsedPage)
    assert read_marks(parsed, page_blocks(parsed.tree)) == read_marks(parsed)
