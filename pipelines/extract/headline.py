"""Where the article begins on the page: its headline among the blocks, and what stands between it and the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.extract.page_blocks import HEADING_TAGS, PageBlock, text_key

FIRST_PARAGRAPH_WORDS = 25
REACH = 12
_FURNITURE_LINK_SHARE = 0.9


def find_headline(page: Sequence[PageBlock], title: str | None) -> int | None:
    """Return the position of the block that prints the title, else of the first h1; None if there is neither.

    An h1 may be the site's name, and the headline an h2 or no heading at all; links with the same words are teasers and breadcrumbs.
    """
    first = next((block.position for block in page if block.tag == "h1"), None)
    key = text_key(title or "")
    printed = [block for block in page if block.key == key] if len(key) >= 12 else []
    for block in printed:
        if block.tag in HEADING_TAGS:
            return block.position
    if first is not None:
        return first
    return next((block.position for block in printed if block.link_share < _FURNITURE_LINK_SHARE), None)


def above_text(page: Sequence[PageBlock], *, title: str | None, paragraphs: int = 0) -> Iterator[PageBlock]:
    """Yield the blocks below the headline up to the text's first paragraph, at most REACH; paragraphs: so many are passed, as a standfirst."""
    headline = find_headline(page, title)
    if headline is None:
        return
    for block in page[headline + 1 : headline + 1 + REACH]:
        if block.words >= FIRST_PARAGRAPH_WORDS:
            paragraphs -= 1
            if paragraphs < 0:
                return
        yield block
