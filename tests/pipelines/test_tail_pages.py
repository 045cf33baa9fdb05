"""Pages with a tail, and pages that only sound like it: what a reader would call the article comes out, the rest is in ``removed``.

Each folder of ``tests/pages`` holds a page written for this test and an ``expected.toml``: the title, every paragraph, the reasons that
``removed`` must hold, and provenance columns where the page says something of its origin. A new form of furniture is a new folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml.html import HtmlElement

from pipelines.chain import process_page
from pipelines.extract import article as extract_module
from pipelines.extract.decide import Decisions
from pipelines.extract.page_blocks import PageBlock
from pipelines.extract.parse import parse_page
from pipelines.records import Article, FetchedPage, ParsedPage
from pipelines.text import clean_text

PAGES = Path(__file__).parents[1] / "pages"
FOLDERS = sorted(path.parent for path in PAGES.glob("*/*/page.html"))
_BLOCKS = ("p", "li", "td", "div", "h1", "h2", "h3", "h4")

pages = pytest.mark.parametrize("folder", FOLDERS, ids=[f"{path.parent.name}-{path.name}" for path in FOLDERS])


def fetched(folder: Path) -> FetchedPage:
    """The page of a folder as if it had been fetched from an outlet of that name."""
    return FetchedPage(
        url=f"https://www.{folder.parent.name.replace('_', '-')}.example/{folder.name}",
        body=(folder / "page.html").read_bytes(),
        encoding="utf-8",
        fetched_at=datetime(2026, 6, 1, tzinfo=UTC),
        source="pages",
    )


def visible(tree: HtmlElement) -> list[tuple[str, str]]:
    """What a reader sees from the headline down, as (tag, text): the innermost blocks, parted at two line breaks."""
    found: list[tuple[str, str]] = []
    for element in tree.iter(*_BLOCKS):
        if any(child is not element for child in element.iter(*_BLOCKS)):
            continue
        pieces = ["\n" if node.tag == "br" else node.text or "" for node in element.iter()]
        tails = ["" if node is element else node.tail or "" for node in element.iter()]
        text = "".join(piece + tail for piece, tail in zip(pieces, tails, strict=True))
        found += [(element.tag, clean_text(part)) for part in text.split("\n\n") if part.strip()]
    headline = next(index for index, (tag, _) in enumerate(found) if tag == "h1")
    return found[headline:]


def keep_everything(blocks: Sequence[PageBlock], *_: object, **__: object) -> Decisions:
    """The worst decision that still finds the article: all that stands below the headline is kept."""
    headline = next(block.position for block in blocks if block.tag == "h1")
    return Decisions(kept=list(blocks[headline + 1 :]), cut=[], doubt=None)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """No block is decided against: whatever is cut is cut by its words."""
    monkeypatch.setattr(extract_module, "decide_blocks", keep_everything)


def check(article: object, folder: Path, *, lost: Sequence[str] = ()) -> Article:
    """Assert title, paragraphs and provenance against ``expected.toml``; lost: paragraphs known to be cut."""
    expected = tomllib.loads((folder / "expected.toml").read_text("utf-8"))
    assert isinstance(article, Article), article
    assert article.text.split("\n\n") == [paragraph for paragraph in expected["paragraphs"] if paragraph not in lost]
    assert article.title == expected["title"]
    for column, value in expected.get("provenance", {}).items():
        found = getattr(article, column)
        assert (list(found) if isinstance(found, tuple) else found) == value, column
    return article


def merged(reasons: Iterable[str]) -> set[str]:
    """Reasons, with one name for what is cut as other stories."""
    return {"related" if reason == "tail" else reason for reason in reasons}


def is_in_two_pieces(text: str, accounted: str) -> bool:
    """Say whether a text was kept in part, as a paragraph from whose end a slug or caption was cut."""
    return any(text[:cut].strip() in accounted and text[cut:].strip() in accounted for cut in range(1, len(text)))


def test_there_are_pages_in_many_languages() -> None:
    """Sixty forms and more, hard negatives among them."""
    assert len(FOLDERS) >= 60


@pages
def test_the_article_comes_out_as_a_reader_sees_it(folder: Path) -> None:
    """Every paragraph, and nothing else, but for losses that ``expected.toml`` owns up to."""
    known = tomllib.loads((folder / "expected.toml").read_text("utf-8")).get("lost", ())
    check(process_page(fetched(folder), min_words=10), folder, lost=known)


@pages
def test_an_extractor_that_keeps_everything_is_made_good(folder: Path, everything: None) -> None:
    """Scrubbing finds the furniture by itself, and each visible piece ends in the article or in ``removed``, with the reason expected."""
    page = fetched(folder)
    article = check(process_page(page, min_words=10), folder)
    expected = tomllib.loads((folder / "expected.toml").read_text("utf-8"))
    # Which of the two names other stories get depends on where the article was cut.
    assert merged(piece.reason for piece in article.removed) - {"headline"} == merged(expected["reasons"])
    parsed = parse_page(page)
    assert isinstance(parsed, ParsedPage)
    accounted = "\n".join([article.title or "", article.standfirst or "", article.text, *(piece.text for piece in article.removed)])
    assert [text for _, text in visible(parsed.tree) if text not in accounted and not is_in_two_pieces(text, accounted)] == []
