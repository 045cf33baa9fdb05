"""Provenance marks on the page itself, read before any text is cut: author fields, bylines, closing lines, canonical, source links.

Only what is printed is collected here, with where it stood; what it means is decided in ``resolve``. One pass over the paragraphs and two
short walks (headline to body, end of body onwards), without recursion; every loop has a cap, so that a hostile page costs little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.attribute.agencies import has_agency_form
from pipelines.attribute.lines import has_source_cue, read_line
from pipelines.records import ParsedPage
from pipelines.text import clean_text
from pipelines.urls import absolute_url, is_same_site

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PARAGRAPHS = 1500
MAX_PARAGRAPH_CHARS = 2_000_000  # of all paragraphs together
MAX_HEADER_ELEMENTS = 700
MAX_CLOSING_ELEMENTS = 80
MAX_CLOSING_BLOCKS = 8
MAX_AUTHORS = 12
LONG_PARAGRAPH_CHARS = 120

# First that speaks wins; several sites fill several of them.
AUTHOR_META = (
    "author", "article:author", "og:article:author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author",
    "cxenseparse:author", "articleauthor", "byl", "article.author", "authors",
)  # fmt: skip
SOURCE_META = ("dc.source", "source", "article:source", "dcterms.source", "news_source")
ORIGIN_META = ("original-source", "syndication-source", "og:original_source")

_BLOCK_TAGS = frozenset(
    "address article blockquote body br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table "
    "tbody td tr ul".split()
)
_SKIPPED_TAGS = frozenset(
    "audio button canvas figcaption figure form iframe input math nav noscript object picture script select style svg template textarea video".split()
)
_IMAGE_TAGS = frozenset("figure img picture video iframe svg".split())
_SKIPPED_CLASS = re.compile(
    # Numbered "caption2" is a type size in design systems, not a caption.
    r"caption(?!-?\d)|credit|teaser|related|recommend|photo|gallery|promo|newsletter|social|share|comment|breadcrumb|advert|sidebar|copyright|lightbox|"
    r"most-?read|trending|bildunter|bildquelle|legende|(?:^|[\s_-])(?:image|img|media|video|slideshow|carousel|nav|menu|ad|ads|bild|foto)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BYLINE_CLASS = re.compile(
    r"author|byline|by-line|autor|writer|signature|source|quelle|agency|agentur|provider|contributor|bron\b|firma", re.IGNORECASE
)
_APART_TAGS = ("aside", "footer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One mark as printed, and where it stood."""

    signal: str
    """json_ld_author, meta_author, meta_source, byline, closing, canonical, is_based_on, original_source, provider_line, source_line."""
    text: str
    url: str | None = None
    is_certain_place: bool = True
    """False for a visible line whose element does not call itself a byline or source."""


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


def read_marks(parsed: ParsedPage) -> Marks:
    """Return the page's provenance marks; the tree is not changed."""
    paragraphs = _find_paragraphs(parsed.tree)
    run = _main_run(paragraphs)
    header, providers = _read_header(paragraphs, run)
    return Marks(
        url=parsed.url,
        brands=_read_brands(parsed),
        authors=(*_read_author_fields(parsed), *header),
        closings=_read_closings(run),
        ledes=tuple(clean_text("".join(element.itertext())[:300]) for element in run[:2]),
        origins=(*providers, *_read_source_lines(paragraphs, parsed.url), *_read_origin_fields(parsed)),
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
        if (url := absolute_url(parsed.meta.get(key, ""))) and not is_same_site(url, parsed.url):
            yield Mark(signal="original_source", text=url, url=url)
    for name in _names(parsed.article_ld.get("provider"))[:1]:
        yield Mark(signal="provider_line", text=f"Provided by {name}")


def _find_paragraphs(tree: HtmlElement) -> list[tuple[HtmlElement, str]]:
    """Every h1 and p with its text, in page order, within the caps."""
    found: list[tuple[HtmlElement, str]] = []
    chars = 0
    for element in tree.iter("h1", "p"):
        text = "".join(element.itertext()).strip()
        chars += len(text)
        found.append((element, text))
        if len(found) >= MAX_PARAGRAPHS or chars > MAX_PARAGRAPH_CHARS:
            break
    return found


def _main_run(paragraphs: list[tuple[HtmlElement, str]]) -> list[HtmlElement]:
    """The long paragraphs of the container that holds most text: the article's body."""
    longs = [(element, text) for element, text in paragraphs if element.tag == "p" and len(text) >= LONG_PARAGRAPH_CHARS]
    best: list[HtmlElement] = []
    for level in (1, 2):
        sizes: Counter[HtmlElement] = Counter()
        holders = [(element, _ancestor(element, level), len(text)) for element, text in longs]
        for _, holder, size in holders:
            if holder is not None:
                sizes[holder] += size
        if not sizes:
            continue
        winner = max(sizes, key=lambda holder: sizes[holder])
        run = [element for element, holder, _ in holders if holder is winner]
        if len(run) > len(best) * (1 if level == 1 else 2):
            best = run
    return best


def _ancestor(element: HtmlElement, level: int) -> HtmlElement | None:
    for _ in range(level):
        element = element.getparent()
        if element is None:
            return None
    return element


def _read_header(paragraphs: list[tuple[HtmlElement, str]], run: list[HtmlElement]) -> tuple[list[Mark], list[Mark]]:
    """Bylines and provider lines between the headline and the body.

    The walk ends at the body's second long paragraph: the first may be a standfirst in the same container.
    """
    headline = None
    for element, _ in paragraphs:
        if run and element is run[0]:
            break
        if element.tag == "h1":
            headline = element
    bylines: list[Mark] = []
    providers: list[Mark] = []
    if headline is None:
        return bylines, providers
    stop = run[1] if len(run) > 1 else run[0] if run else None
    for text, element, since_image in _walk_blocks(headline, stop, MAX_HEADER_ELEMENTS):
        if "rovided by" in text or "ereitgestellt von" in text:
            providers.append(Mark(signal="provider_line", text=text))
        elif len(text) <= 160 and has_agency_form(text):
            calls_itself = _has_class(element, _BYLINE_CLASS)
            if calls_itself or (since_image > 0 and not _stands_apart(element)):
                bylines.append(Mark(signal="byline", text=text, is_certain_place=calls_itself))
    return bylines, providers


def _read_closings(run: list[HtmlElement]) -> tuple[Mark, ...]:
    """The short lines behind the last paragraph; near an image they are its credit."""
    closings: list[Mark] = []
    if not run:
        return ()
    for count, (text, element, since_image) in enumerate(_walk_blocks(run[-1], None, MAX_CLOSING_ELEMENTS)):
        if count >= MAX_CLOSING_BLOCKS:
            break
        if since_image >= 3 and len(text) <= 200:
            calls_itself = _has_class(element, _BYLINE_CLASS)
            if calls_itself or not _stands_apart(element):
                closings.append(Mark(signal="closing", text=text, is_certain_place=calls_itself))
    return tuple(closings)


def _stands_apart(element: HtmlElement) -> bool:
    for _ in range(6):
        if element is None:
            return False
        if element.tag in _APART_TAGS:
            return True
        element = element.getparent()
    return False


def _has_class(element: HtmlElement, pattern: re.Pattern[str], levels: int = 4) -> bool:
    for _ in range(levels):
        if element is None:
            return False
        if pattern.search(
            f"{element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')} {element.get('rel', '')} {element.get('data-testid', '')}"[
                :400
            ]
        ):
            return True
        element = element.getparent()
    return False


def _walk_blocks(start: HtmlElement, stop: HtmlElement | None, max_elements: int) -> Iterator[tuple[str, HtmlElement, int]]:
    """Yield the text blocks behind ``start`` in page order up to ``stop``: (text, element it began in, blocks since the last image).

    Figures, navigation, forms and what calls itself a caption or teaser are stepped over.
    """
    kept_ancestors = set(stop.iterancestors()) if stop is not None else set()
    pieces: list[str] = []
    holder = start
    blocks_since_image = 99
    node, descend = start, False
    for _ in range(max_elements):
        if descend and len(node):
            node = node[0]
        else:
            while True:
                is_block = node.tag in _BLOCK_TAGS
                if is_block and pieces and (text := _join(pieces)):
                    yield text, holder, blocks_since_image
                    blocks_since_image += 1
                if is_block:
                    pieces = []
                if node.tail and node is not start:
                    holder = holder if pieces else node.getparent()
                    pieces.append(node.tail[:400])
                following = node.getnext()
                if following is not None:
                    node = following
                    break
                node = node.getparent()
                if node is None:
                    if text := _join(pieces):
                        yield text, holder, blocks_since_image
                    return
        tag = node.tag
        if tag in _BLOCK_TAGS and pieces:
            if text := _join(pieces):
                yield text, holder, blocks_since_image
                blocks_since_image += 1
            pieces = []
        if node is stop:
            return
        if tag in _IMAGE_TAGS:
            blocks_since_image = 0
        descend = isinstance(tag, str) and (node in kept_ancestors or not _is_skipped(node, tag))
        if descend and node.text and node.text.strip():
            holder = holder if pieces else node
            pieces.append(node.text[:400])


def _is_skipped(node: HtmlElement, tag: str) -> bool:
    if tag in _SKIPPED_TAGS:
        return True
    name = node.get("class")
    return bool(name) and _is_skipped_class(name[:300])


@lru_cache(maxsize=8192)
def _is_skipped_class(name: str) -> bool:
    return _SKIPPED_CLASS.search(name) is not None


def _join(pieces: Iterable[str]) -> str:
    text = clean_text(" ".join(pieces))
    return text if len(text) <= 400 else ""


def _read_source_lines(paragraphs: list[tuple[HtmlElement, str]], url: str) -> Iterator[Mark]:
    """Paragraphs that are source lines, with the first link in them to another site."""
    for element, text in paragraphs:
        if element.tag != "p" or len(text) > 500 or not has_source_cue(text):
            continue
        text = clean_text(text)
        line = read_line(text)
        if line is None or line.kind != "source_line":
            continue
        links = (absolute_url(anchor.get("href", ""), url) for anchor in element.iter("a"))
        yield Mark(signal="source_line", text=text[:300], url=next((link for link in links if link and not is_same_site(link, url)), None))
