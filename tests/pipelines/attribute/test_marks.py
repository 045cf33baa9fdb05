"""Marks on the page, read before any text is cut."""

from __future__ import annotations

import time
from collections.abc import Callable

import lxml.html
import pytest

from pipelines.attribute import Marks, attribute_draft, read_marks
from pipelines.extract import page_blocks
from pipelines.records import Draft, ParsedPage

Parse = Callable[..., ParsedPage]
ArticleHtml = Callable[..., str]
MakeDraft = Callable[..., Draft]


def marks_of(page: ParsedPage) -> Marks:
    """The marks as the chain reads them; without a look at the page's text first they are the same."""
    marks = read_marks(page, page_blocks(page.tree))
    assert marks == read_marks(page)
    return marks


def test_reading_marks_leaves_the_tree_alone(parse: Parse, article_html: ArticleHtml) -> None:
    """The tree is the same before and after: other stages read it too."""
    page = parse(article_html(header="<p class='byline'>By The Associated Press</p>", footer="<p>(AP)</p>"))
    before = lxml.html.tostring(page.tree)
    read_marks(page)
    assert lxml.html.tostring(page.tree) == before


@pytest.mark.parametrize(
    ("header", "agencies"),
    [
        pytest.param("<div class='byline'>By <a>The Associated Press</a></div>", ("AP",), id="byline element"),
        pytest.param(
            "<aside><div class='article-author'><p>von</p><div class='author__source'>APA</div></div></aside>", ("APA",), id="author box"
        ),
        pytest.param("<small data-testid='article-source'>Bron: BELGA</small>", ("BELGA",), id="element named by a test id"),
        pytest.param("<p class='byline'>Jane Doe and AP</p>", ("AP",), id="staff and agency"),
        pytest.param("<figure><img src='a.jpg'><figcaption>AFP</figcaption></figure>", (), id="figure"),
        pytest.param("<div><img src='a.jpg'><span>AFP</span></div>", (), id="line after an image"),
        pytest.param("<p class='photo-credit'>Reuters</p>", (), id="photo credit"),
        pytest.param("<div class='related-teaser'><p class='byline'>By Reuters</p></div>", (), id="teaser"),
        pytest.param("<button>AA</button><span>AA</span>", (), id="font size buttons"),
        pytest.param("<div>SID</div><div>Friday, March 13, 2026</div>", ("SID",), id="a code with nothing near"),
        pytest.param("<ul><li>NTB</li></ul>", (), id="a code in a list"),
        pytest.param("<div class='topic-label'>UPI</div>", (), id="a code as topic"),
        pytest.param("<div class='aut'>EFE</div>", ("EFE",), id="a short class name"),
    ],
)
def test_only_the_byline_between_headline_and_body_counts(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], header: str, agencies: tuple[str, ...]
) -> None:
    """Photo credits, teasers and buttons up there are not about the text."""
    _, attribution = attribute_draft(draft(*prose), marks_of(parse(article_html(header=header))))
    assert attribution.agencies == agencies


@pytest.mark.parametrize(
    ("footer", "agencies", "credited"),
    [
        pytest.param("<p class='article-source'>Quelle: sid/dpa</p>", ("SID", "DPA"), (), id="source line"),
        pytest.param("<p>SDA/sep</p>", ("KEYSTONE-SDA",), (), id="slug"),
        pytest.param(
            "<footer class='contributors'><p>Weitere Quellen<b> • AP</b></p></footer>", (), ("AP",), id="further sources in a footer"
        ),
        pytest.param(
            "<figure><img src='a.jpg'></figure><div>Pier by night</div><div>Quelle: AFP</div>", (), (), id="picture below the text"
        ),
        pytest.param("<p>REUTERS</p>", (), (), id="a bare name in no byline element"),
    ],
)
def test_lines_behind_the_body_count_unless_they_are_a_pictures(
    parse: Parse,
    article_html: ArticleHtml,
    draft: MakeDraft,
    prose: tuple[str, ...],
    footer: str,
    agencies: tuple[str, ...],
    credited: tuple[str, ...],
) -> None:
    """Closing lines that extraction drops are still read."""
    _, attribution = attribute_draft(draft(*prose), marks_of(parse(article_html(footer=footer))))
    assert (attribution.agencies, attribution.credited_agencies) == (agencies, credited)


@pytest.mark.parametrize(
    ("article_ld", "meta", "agencies", "mode"),
    [
        pytest.param({"author": {"name": "dpa  "}}, {}, ("DPA",), "wire", id="JSON-LD author"),
        pytest.param({"author": [{"name": "Jane Doe"}, {"name": "SDA"}]}, {}, ("KEYSTONE-SDA",), "mixed", id="JSON-LD staff and agency"),
        pytest.param({"author": "Le Journal et AFP"}, {}, ("AFP",), "mixed", id="JSON-LD outlet and agency"),
        pytest.param({}, {"parsely-author": "The Associated Press"}, ("AP",), "wire", id="author meta"),
        pytest.param({}, {"dc.source": "Associated Press"}, ("AP",), "wire", id="source meta"),
        pytest.param({}, {"article:author": "https://www.facebook.com/AP"}, (), "none", id="a profile link"),
        pytest.param({"image": {"creditText": "AFP"}, "author": "Jane Doe"}, {}, (), "none", id="an image's credit"),
        pytest.param({"author": {"name": {"name": ["x"]}}}, {}, (), "none", id="nonsense in JSON-LD"),
    ],
)
def test_author_fields_name_agencies(
    parse: Parse,
    article_html: ArticleHtml,
    draft: MakeDraft,
    prose: tuple[str, ...],
    article_ld: dict[str, object],
    meta: dict[str, str],
    agencies: tuple[str, ...],
    mode: str,
) -> None:
    """Only fields that name the author or source of the article itself count."""
    page = parse(article_html(), article_ld=article_ld, meta=meta)
    _, attribution = attribute_draft(draft(*prose, authors=("Jane Doe",)), read_marks(page))
    assert (attribution.agencies, attribution.mode) == (agencies, mode)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<h1>x</h1>" + "<div>" * 200 + "<p>AP</p>" * 20_000, id="very many paragraphs"),
        pytest.param("<h1>x</h1><p>" + "<span>AP </span>" * 50_000 + "</p>", id="very many spans"),
        pytest.param("<h1>x</h1>" + "<p class='" + "caption " * 20_000 + "'>AFP</p>" * 3, id="very long classes"),
        pytest.param("<h1>x</h1><p>" + "AFP/" * 500_000 + "</p>", id="one long text"),
        pytest.param("<p>no headline</p>", id="no headline"),
        pytest.param("<h1></h1>", id="nothing"),
    ],
)
def test_hostile_pages_cost_little(parse: Parse, html: str) -> None:
    """Every walk has a cap."""
    page = parse(f"<html><body>{html}</body></html>")
    blocks = page_blocks(page.tree)
    start = time.process_time()
    read_marks(page)
    read_marks(page, blocks)
    assert time.process_time() - start < 1.0


PLAIN_PAGES = [
    pytest.param("<h2>Council votes on pier</h2><p class='byline'>By Reuters</p>{}", "<p>{}</p>", id="h2 as headline"),
    pytest.param("<h1>Council votes on pier</h1><div class='byline'>By Reuters</div><div>{}</div>", "{}<br><br>", id="line breaks"),
    pytest.param("<h1>Council votes on pier</h1><div class='byline'>By Reuters</div><div>{}</div>", "<div>{}</div>", id="divisions"),
    pytest.param(
        "<h3>Council votes on pier</h3><span class='author'>Reuters</span><table><tr><td>{}</td></tr></table>", "{}<br>", id="a table"
    ),
]


@pytest.mark.parametrize(("page", "paragraph"), PLAIN_PAGES)
def test_pages_without_paragraphs_or_headline_have_bylines_too(
    parse: Parse, draft: MakeDraft, prose: tuple[str, ...], page: str, paragraph: str
) -> None:
    """Older pages part paragraphs by line breaks and head them with h2."""
    html = f"<html><body>{page.format(''.join(paragraph.format(text) for text in prose))}<h1>Elsewhere</h1></body></html>"
    _, attribution = attribute_draft(draft(*prose), marks_of(parse(html)))
    assert attribution.agencies == ("REUTERS",)
