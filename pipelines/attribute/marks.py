"""Provenance marks on the page itself, read before any text is cut: author fields, bylines, closing lines, canonical, source links.

Only what is printed is collected here, with where it stood; what it means is decided in ``resolve``. One pass over the paragraphs and two
short walks (headline to body, end of body onwards), without recursion; every loop has a cap, so that a hostile page costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.attribute.agencies import has_agency_form
from pipelines.attribute.line_sections import Section, find_cues, sections_in
from pipelines.attribute.lines import read_line
from pipelines.attribute.page_text import PageText, TextOnPage, may_hold
from pipelines.attribute.page_walk import (
    Paragraph,
    calls_itself,
    find_bare_run,
    find_heading_before,
    find_main_run,
    find_paragraphs,
    has_link,
    stands_in,
    text_of_footers_near,
    walk_blocks,
)
from pipelines.attribute.source_lines import has_provider_cue, points_to_original
from pipelines.records import ParsedPage
from pipelines.text import clean_text
from pipelines.urls import absolute_url, is_same_site

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_HEADER_ELEMENTS = 700
MAX_HEADER_BLOCKS = 100
MAX_HEADER_LINE_CHARS = 160
MAX_CLOSING_ELEMENTS = 80
MAX_CLOSING_BLOCKS = 8
MAX_CLOSING_PAGE_BLOCKS = 10
MAX_CLOSING_LINE_CHARS = 200
MAX_SOURCE_CHARS = 300
LABEL_CHARS = 16
MAX_LABEL_CHARS = 110
"""Of a label and the name of an outlet behind it."""
LEDE_CHARS = 200
MAX_AUTHORS = 12

# First that speaks wins; several sites fill several of them.
AUTHOR_META = (
    "author", "article:author", "og:article:author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author",
    "cxenseparse:author", "articleauthor", "byl", "article.author", "authors",
)  # fmt: skip
SOURCE_META = ("dc.source", "source", "article:source", "dcterms.source", "news_source")
ORIGIN_META = ("original-source", "syndication-source", "og:original_source")

_BYLINE_CLASS = re.compile(
    r"author|byline|by-line|autor|writer|signature|source|quelle|agency|agentur|provider|contributor|bron\b|firma|(?:^|[\s_-])(?:aut|auth)(?:$|[\s_-])",
    re.IGNORECASE,
)
_TOPIC_CLASS = re.compile(
    r"(?:^|[\s_-])(?:tags?|topics?|kicker|badge|chip|label|rubrik|category|section|button|btn|size)(?:$|[\s_-])", re.IGNORECASE
)
_SOURCE_SECTIONS: tuple[Section, ...] = ("source", "agencies", "original_link")
_LABEL_SIGN = re.compile("[:：|]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One mark as printed, and where it stood."""

    signal: str
    """json_ld_author, meta_author, meta_source, byline, closing, canonical, is_based_on, original_source, provider_line, source_line, original_link."""
    text: str
    url: str | None = None
    is_certain_place: bool = True
    """False for a visible line whose element does not call itself a byline or source."""
    stands_free: bool = False
    """True for a visible line with no image, link or topic label near: there a short code may be the byline."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """Everything on the page that may tell where the text comes from."""

    url: str
    brands: tuple[str, ...] = ()
    """Names that the page gives itself: site name, JSON-LD publisher."""
    authors: tuple[Mark, ...] = ()
    """Author fields of JSON-LD and meta, one name each, then visible bylines: the order of trust."""
    closings: tuple[Mark, ...] = ()
    """Short lines behind the last paragraph."""
    ledes: tuple[str, ...] = ()
    """The heads of the body's first two long paragraphs: extraction sometimes loses the one with the dateline."""
    origins: tuple[Mark, ...] = ()
    """Marks that may name another outlet."""


def read_marks(parsed: ParsedPage, blocks: Sequence[TextOnPage] = ()) -> Marks:
    """Return the page's provenance marks; the tree is not changed.

    blocks: the page's text in reading order, if the caller has it: it tells at little cost where no walk can find an agency.
    """
    paragraphs = find_paragraphs(parsed.elements("h1", "p"))
    body = find_main_run(paragraphs) or find_bare_run(parsed.tree)
    run = [element for element, _ in body]
    page_text = PageText(blocks)
    header, providers = _read_header(paragraphs, run, page_text)
    return Marks(
        url=parsed.url,
        brands=_read_brands(parsed),
        authors=(*_read_author_fields(parsed), *header),
        closings=_read_closings(run, page_text),
        ledes=tuple(clean_text(text[:LEDE_CHARS]) for _, text in body[:2]),
        origins=(*providers, *_read_source_lines(paragraphs, run, parsed.url), *_read_origin_fields(parsed)),
    )


def _read_brands(parsed: ParsedPage) -> tuple[str, ...]:
    names = [parsed.site_name or "", parsed.meta.get("og:site_name", ""), parsed.meta.get("application-name", "")]
    names += _names(parsed.article_ld.get("publisher"))
    return tuple(dict.fromkeys(name for name in map(clean_text, names) if name and len(name) <= 80))


def _names(value: Any) -> list[str]:
    """The names in a JSON-LD value that may be a string, an object or a list of either; nothing deeper."""
    names: list[str] = []
    for item in (value if isinstance(value, list) else [value])[:MAX_AUTHORS]:
        name = item.get("name") if isinstance(item, Mapping) else item
        if isinstance(name, list):
            name = next((part for part in name if isinstance(part, str)), None)
        if isinstance(name, str) and name.strip():
            names.append(clean_text(name[:300]))
    return names


def _read_author_fields(parsed: ParsedPage) -> Iterator[Mark]:
    for name in dict.fromkeys([*_names(parsed.article_ld.get("author")), *_names(parsed.article_ld.get("creator"))]):
        yield Mark(signal="json_ld_author", text=name)
    for key in AUTHOR_META:
        value = parsed.meta.get(key, "").strip()
        if value and "://" not in value and len(value) <= 300:
            yield Mark(signal="meta_author", text=clean_text(value))
    for key in SOURCE_META:
        value = parsed.meta.get(key, "").strip()
        if value and len(value) <= 120:
            yield Mark(signal="meta_source", text=clean_text(value))


def _read_origin_fields(parsed: ParsedPage) -> Iterator[Mark]:
    if parsed.canonical_url and not is_same_site(parsed.canonical_url, parsed.url):
        yield Mark(signal="canonical", text=parsed.canonical_url, url=parsed.canonical_url)
    based_on = parsed.article_ld.get("isBasedOn")
    for item in (based_on if isinstance(based_on, list) else [based_on])[:3]:
        value = (item.get("url") or item.get("@id")) if isinstance(item, Mapping) else item
        if isinstance(value, str) and (url := absolute_url(value)) and not is_same_site(url, parsed.url):
            yield Mark(signal="is_based_on", text=url, url=url)
    for key in ORIGIN_META:
        if (value := parsed.meta.get(key)) and (url := absolute_url(value)) and not is_same_site(url, parsed.url):
            yield Mark(signal="original_source", text=url, url=url)
    for name in _names(parsed.article_ld.get("provider"))[:1]:
        yield Mark(signal="provider_line", text=f"Provided by {name}")


def _read_header(paragraphs: Sequence[Paragraph], run: Sequence[HtmlElement], page_text: PageText) -> tuple[list[Mark], list[Mark]]:
    """Bylines and provider lines between the headline and the body.

    The walk ends at the body's second long paragraph: the first may be a standfirst in the same container.
    """
    headline = None
    for element, _ in paragraphs:
        if run and element is run[0]:
            break
        if element.tag == "h1":
            headline = element
    else:
        headline = None if run else headline
    if headline is None and run:
        headline = find_heading_before(run[0])
    bylines: list[Mark] = []
    providers: list[Mark] = []
    if headline is None:
        return bylines, providers
    stop = run[1] if len(run) > 1 else run[0] if run else None
    above = (
        page_text.lines_before(stop, start=headline, max_line_chars=MAX_HEADER_LINE_CHARS, max_blocks=MAX_HEADER_BLOCKS)
        if stop is not None
        else page_text.lines_behind(headline, max_line_chars=MAX_HEADER_LINE_CHARS, max_blocks=MAX_HEADER_BLOCKS)
    )
    if above is not None and not may_hold(above, _names_source):
        return bylines, providers
    for text, element, since_image in walk_blocks(headline, stop, max_elements=MAX_HEADER_ELEMENTS):
        if len(text) > MAX_HEADER_LINE_CHARS:
            continue
        if has_provider_cue(text):
            providers.append(Mark(signal="provider_line", text=text))
        elif has_agency_form(text):
            is_byline = calls_itself(element, _BYLINE_CLASS)
            if is_byline or (since_image > 0 and not stands_in(element, "aside", "footer")):
                is_free = (
                    since_image >= 3 and not stands_in(element, "a", "li", "button") and not calls_itself(element, _TOPIC_CLASS, levels=2)
                )
                bylines.append(Mark(signal="byline", text=text, is_certain_place=is_byline, stands_free=is_free))
    return bylines, providers


def _names_source(text: str) -> bool:
    return has_agency_form(text) or has_provider_cue(text)


def _read_closings(run: Sequence[HtmlElement], page_text: PageText) -> tuple[Mark, ...]:
    """The short lines behind the last paragraph that name an agency; near an image they are its credit."""
    if not run:
        return ()
    behind = page_text.lines_behind(run[-1], max_line_chars=MAX_CLOSING_LINE_CHARS, max_blocks=MAX_CLOSING_PAGE_BLOCKS)
    # Footers are no text to extraction.
    if behind is not None and not may_hold(behind, has_agency_form) and not has_agency_form(text_of_footers_near(run[-1])):
        return ()
    closings: list[Mark] = []
    for count, (text, element, since_image) in enumerate(walk_blocks(run[-1], None, max_elements=MAX_CLOSING_ELEMENTS)):
        if count >= MAX_CLOSING_BLOCKS:
            break
        if since_image >= 3 and len(text) <= MAX_CLOSING_LINE_CHARS and has_agency_form(text):
            is_byline = calls_itself(element, _BYLINE_CLASS)
            # Behind the body an aside holds teasers, with bylines of their own.
            if not stands_in(element, "aside", *(() if is_byline else ("footer",))):
                closings.append(Mark(signal="closing", text=text, is_certain_place=is_byline))
    return tuple(closings)


def _read_source_lines(paragraphs: Sequence[Paragraph], run: Sequence[HtmlElement], url: str) -> Iterator[Mark]:
    """Paragraphs that are source lines, with the first link in them to another site: those with a link, and the next behind the body."""
    last = run[-1] if run else None
    behind = next((index for index, (element, _) in enumerate(paragraphs) if element is last), -1) + 1
    short = [
        (element, text)
        for index, (element, text) in enumerate(paragraphs)
        if len(text) <= MAX_SOURCE_CHARS and element.tag == "p" and (behind <= index < behind + MAX_CLOSING_BLOCKS or has_link(element))
    ]
    cues = find_cues([text for _, text in short], only=_SOURCE_SECTIONS)
    for element, text in short:
        sections = sections_in(text, cues) if cues else ()
        if not sections and (len(text) > MAX_LABEL_CHARS or not _LABEL_SIGN.search(text, 0, LABEL_CHARS)):
            continue
        text = clean_text(text)
        is_source = (line := read_line(text)) is not None and line.kind == "source_line"
        may_point = "original_link" in sections and points_to_original(text)
        if not (is_source or may_point):
            continue
        links = (absolute_url(anchor.get("href", ""), url) for anchor in element.iter("a"))
        link = next((link for link in links if link and not is_same_site(link, url)), None)
        if is_source:
            yield Mark(signal="source_line", text=text[:300], url=link)
        if may_point and link is not None:
            yield Mark(signal="original_link", text=text[:300], url=link)
