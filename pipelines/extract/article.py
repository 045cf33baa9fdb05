"""A parsed page becomes a draft: text blocks by the chosen extractor, metadata by our own rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

from lxml.html import HtmlElement

from pipelines.errors import ExtractionError
from pipelines.extract.authors import find_authors
from pipelines.extract.dates import find_dates
from pipelines.extract.page_blocks import page_blocks
from pipelines.extract.parse import reject
from pipelines.extract.placement import cut_furniture, cut_headlines, is_link_list, place, split_run_together
from pipelines.extract.signals import find_is_free, find_language, find_section, find_tags, find_tdm_reserved
from pipelines.extract.standfirst import take_standfirst
from pipelines.extract.title import find_title, headline_keys
from pipelines.extract.trafilatura_text import VERSION, trafilatura_blocks
from pipelines.records import Block, Draft, FetchedPage, ParsedPage, Rejection
from pipelines.text import clean_text, count_words

# What turns a tree into blocks, by the name that the setting EXTRACTOR gives. A decision block by block is entered here.
EXTRACTORS: Mapping[str, tuple[Callable[[HtmlElement], list[Block]], str]] = MappingProxyType(
    {"trafilatura": (trafilatura_blocks, VERSION)}
)
MAX_BODY_CHARS = 1_000_000
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:/p|br|/div|/h\d|/li)\b[^<>]{0,200}>|\n\s{0,100}\n|\r\n|\n", re.IGNORECASE)


def extract_article(parsed: ParsedPage, page: FetchedPage, *, extractor: str = "trafilatura") -> Draft | Rejection:
    """Return the article as a draft, or why there is none: no_text, not_article (the kept text is a list of links).

    Blocks are in page order. What the page's own classes mark as furniture is cut here, where the tree is known, and kept in ``removed``.
    Raises ExtractionError for an extractor that does not exist.
    """
    if extractor not in EXTRACTORS:
        raise ExtractionError(f"extractor must be one of {sorted(EXTRACTORS)}, got {extractor!r}")
    find_blocks, extractor_version = EXTRACTORS[extractor]
    on_page = page_blocks(parsed.tree)
    blocks = find_blocks(parsed.tree)
    if not blocks and not (blocks := _blocks_from_json_ld(parsed)):
        return reject(page, "no_text", f"{sum(block.words for block in on_page)} words on the page, none of them in an article")
    placed = place(split_run_together(blocks, on_page), on_page)
    if is_link_list(placed, on_page):
        return reject(page, "not_article", f"{len(blocks)} blocks, nearly all links")
    kept, removed = cut_furniture(placed)
    kept, headlines = cut_headlines(kept, headline_keys(parsed))
    removed += headlines
    title = find_title(parsed, on_page)
    standfirst, kept = take_standfirst(parsed, kept, on_page, title)
    if standfirst is not None:
        removed = [piece for piece in removed if piece.text != standfirst]
    if not kept:
        return reject(page, "no_text", f"{len(removed)} blocks, all of them furniture")
    dates = find_dates(parsed, page)
    return Draft(
        url=parsed.url,
        canonical_url=parsed.canonical_url,
        title=title,
        standfirst=standfirst,
        blocks=tuple(kept),
        removed=tuple(sorted(removed, key=lambda piece: piece.position)),
        authors=find_authors(parsed, on_page),
        language=find_language(parsed),
        section=find_section(parsed),
        tags=find_tags(parsed),
        published_at=dates.published_at,
        modified_at=dates.modified_at,
        date_source=dates.date_source,
        is_free=find_is_free(parsed),
        tdm_reserved=find_tdm_reserved(parsed),
        # How sure the decisions are is not known of trafilatura's.
        quality=None,
        extractor=f"{extractor_version} copydesk/{_own_version()}",
    )


def _blocks_from_json_ld(parsed: ParsedPage) -> list[Block]:
    """The articleBody, for pages that a script draws: paragraphs run together there as often as not, so it is the last resort."""
    body = parsed.article_ld.get("articleBody")
    if not isinstance(body, str):
        return []
    body = unescape(body[:MAX_BODY_CHARS])
    texts = [clean_text(unescape(_TAG.sub(" ", piece))) for piece in _BREAK.sub("\n", body).split("\n")]
    return [Block(text=text, position=position) for position, text in enumerate(filter(count_words, texts))]


def _own_version() -> str:
    try:
        return version("copydesk")
    except PackageNotFoundError:
        return "0"
