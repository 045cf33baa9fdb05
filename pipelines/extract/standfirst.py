"""The standfirst: the summary between headline and body, which extractors take for furniture or leave in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.extract.json_ld import plain
from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.records import Block, ParsedPage
from pipelines.text import count_words

MIN_WORDS = 6
MAX_WORDS = 120
# So many blocks after the headline: byline, date, share links, the picture's caption may come before it.
_REACH = 14
_MIN_WORDS_OF_SUBHEADLINE = 9
_NEVER = frozenset(("newsletter", "app", "follow", "ad", "comments", "consent", "credit", "timestamp"))
_OUTSIDE = frozenset(("nav", "footer", "aside", "figure", "figcaption", "button", "dialog"))

# "CASTLE REACH, May 3 (AP) — ": the body begins here, whatever the description repeats of it.
_DATELINE = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,[^—–()]{2,40})?\s?(?:\([^()]{2,30}\)\s?)?(?:—|–|--|\s-)\s")


def take_standfirst(
    parsed: ParsedPage, blocks: Sequence[Block], page: Sequence[PageBlock], title: str | None
) -> tuple[str | None, list[Block]]:
    """Return (standfirst, blocks without it).

    A block near the headline is one if its class says so, or if the page's description repeats it and it is no part of the running text:
    many outlets print the first sentence of the body as description.
    """
    descriptions = _descriptions(parsed)
    candidate = _find(page, blocks, descriptions, text_key(title or ""))
    if candidate is None:
        return None, list(blocks)
    remaining = [block for block in blocks[:6] if text_key(block.text) != candidate.key] + list(blocks[6:])
    if count_words(" ".join(block.text for block in remaining)) < count_words(candidate.text):
        # All the text there is: a brief whose only paragraph carries the class.
        return None, list(blocks)
    return candidate.text, remaining


def _descriptions(parsed: ParsedPage) -> list[str]:
    values = (plain(parsed.meta.get(name)) for name in ("og:description", "description", "twitter:description"))
    keys = [text_key(value) for value in (*values, plain(parsed.article_ld.get("description"))) if value]
    return [key for key in dict.fromkeys(keys) if len(key) >= 25]


def _find(page: Sequence[PageBlock], blocks: Sequence[Block], descriptions: Sequence[str], title: str) -> PageBlock | None:
    body = _first_body_position(page, blocks, title)
    headline = _headline_position(page, title, body)
    if headline is None and body is None:
        return None
    start = headline + 1 if headline is not None else max(0, (body or 0) - _REACH)
    stop = body + 1 if body is not None else start + _REACH
    for block in page[start:stop]:
        if not MIN_WORDS <= block.words <= MAX_WORDS or block.link_share > 0.5 or block.key == title:
            continue
        if _DATELINE.match(block.text):
            continue
        if block.region in _NEVER or not block.zones.isdisjoint(_OUTSIDE):
            continue
        described = any(_agree(block.key, description) for description in descriptions)
        is_before_body = body is None or block.position < body
        # A described block in the midst of equal paragraphs is the body's first.
        if block.lead or (described and (is_before_body or _stands_apart(page, block))):
            return block
        if is_before_body and headline is not None and block.region is None and _is_subheadline(block, headline):
            return block
    return None


def _is_subheadline(block: PageBlock, headline: int) -> bool:
    """A second heading right below the first, or a sentence in the article's header."""
    if block.words < _MIN_WORDS_OF_SUBHEADLINE or block.link_share > 0.2:
        return False
    return (block.tag in ("h2", "h3") and block.position <= headline + 3) or (block.tag in ("h2", "p") and "header" in block.zones)


def _headline_position(page: Sequence[PageBlock], title: str, body: int | None) -> int | None:
    """The last place before the body where the headline stands: a menu or a sticky bar may show it before."""
    above = page[:body] if body is not None else page
    headings = [block.position for block in above if block.tag == "h1" and (not title or block.key == title or title in block.key)]
    if headings:
        return headings[-1] if body is not None else headings[0]
    return next((block.position for block in reversed(above) if title and block.key == title), None)


def _first_body_position(page: Sequence[PageBlock], blocks: Sequence[Block], title: str) -> int | None:
    """Where the running text begins: the first long block that extraction kept, the headline aside."""
    kept = {text_key(block.text) for block in blocks[:10] if block.kind != "heading" and count_words(block.text) >= 15} - {title}
    return next((block.position for block in page if block.key in kept), None)


def _stands_apart(page: Sequence[PageBlock], block: PageBlock) -> bool:
    """It has another tag than the paragraph that follows, as a standfirst set as h2 or div before the p of the body."""
    following = next((other for other in page[block.position + 1 : block.position + 6] if other.words >= 15), None)
    return following is not None and following.tag != block.tag


def _agree(block: str, description: str) -> bool:
    shorter = min(len(block), len(description))
    return (block[:45] == description[:45] and shorter >= 30) or (shorter >= 40 and (block in description or description in block))
