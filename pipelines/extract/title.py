"""The headline as printed: the heading that agrees with what the page says of itself elsewhere, without site name, kicker and second line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path

from lxml.html import HtmlElement

from pipelines.extract.json_ld import plain
from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.extract.site_names import SEPARATOR, SiteNames, site_names
from pipelines.records import ParsedPage
from pipelines.text import clean_text, count_words
from pipelines.urls import absolute_url

_DATA = tomllib.loads(Path(__file__).with_name("headings.toml").read_text("utf-8"))
_KICKER, _SUBTITLE, _MASTHEAD, _BREADCRUMB = (frozenset(_DATA[name].split()) for name in ("kicker", "subtitle", "masthead", "breadcrumb"))
_WORD = re.compile(r"\w+")
_SIGN = re.compile(r"[^\w\s]")
_HOME = re.compile(r"https?://[^/?#]+[/.]*(?:\?[^#]*)?")
_CLASS_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Brackets hold what the headline leaves out: "Der Purzelbaum (2021/5)".
# Titles in Chinese, Japanese and Korean have their site's name behind a bare sign.
_ANY_SEPARATOR = re.compile(SEPARATOR.pattern + r"|\s+\(|\)\s*|(?<=[^\x00-\u2fff])[-_|]+(?=[^\x00-\u2fff])")
MAX_TITLE_CHARS = 400
MAX_HEADINGS = 8
MAX_PIECES = 12
# Shared words, as a share of the shorter wording: the same headline, and another one for the same story.
SAME, AKIN = 0.7, 0.25


@dataclass(frozen=True, slots=True)
class Heading:
    """An h1 or h2 as printed; pieces are the runs of text that its elements part, each with its class words."""

    text: str
    pieces: tuple[tuple[str, frozenset[str]], ...]
    is_masthead: bool
    """A link to the home page, or called a logo."""
    is_breadcrumb: bool
    """The last step of the path to the page: a wording for search engines, the printed headline follows as an h2."""


@dataclass(frozen=True, slots=True)
class Headlines:
    """What may be a page's headline."""

    headings: Sequence[Heading]
    """Its h1, at most MAX_HEADINGS."""
    names: SiteNames
    stated: Sequence[str]
    """The titles that its metadata state, without the site's name."""


def read_headlines(parsed: ParsedPage) -> Headlines:
    """Return what ``find_title`` and ``headline_keys`` choose from."""
    names = site_names(parsed)
    return Headlines(_headings(parsed, "h1"), names, _stated_titles(parsed, names))


def find_title(parsed: ParsedPage, blocks: Sequence[PageBlock], *, headlines: Headlines | None = None) -> str | None:
    """Return the article's headline, None if nothing on the page can be one.

    The h1 is what readers see; og:title and JSON-LD say which h1, and are often longer by the site's name or written for search engines.
    An h1 among the breadcrumbs is such a wording too, unless both state it; then, and without an h1, it is the h2 above the text that the
    page states elsewhere. Where no h1 agrees, it is the title in which og:title and JSON-LD agree, else the h1 above the text.
    headlines: those of ``read_headlines``, if the caller has them.
    """
    headlines = headlines or read_headlines(parsed)
    headings, names, stated = headlines.headings, headlines.names, headlines.stated
    if mastheads := [heading.text for heading in headings if heading.is_masthead]:
        names = site_names(parsed, also=mastheads)
        stated = _stated_titles(parsed, names)
    keys = {text_key(title) for title in stated}
    agreed_on = _agreed_title(parsed, names)
    agreed_key = text_key(agreed_on or "")
    printed = [
        heading
        for heading in headings
        if 2 < len(heading.text) <= MAX_TITLE_CHARS
        and (not heading.is_breadcrumb or text_key(heading.text) == agreed_key)
        and (text_key(heading.text) in keys or not (heading.is_masthead or names.is_name(heading.text)))
    ]
    if not printed and (second := _stated_second_heading(parsed, stated, blocks)):
        return _as_headline(second, stated, blocks)
    agreement = {heading: max((_overlap(heading.text, title) for title in stated), default=0.0) for heading in printed}
    agreed = next((heading for heading in printed if agreement[heading] >= SAME), None)
    if agreed is not None:
        return _as_headline(agreed, stated, blocks)
    if agreed_on:
        return agreed_on
    # Another wording for search engines: the h1 above the text is what was printed.
    part = _printed_part(stated[0], blocks) if stated else None
    min_words = 2 if len(headings) == 1 and part is None else 4
    early = [heading for heading in printed if count_words(heading.text) >= min_words and _is_early(heading.text, blocks)]
    early = [heading for heading in early if agreement[heading] >= AKIN] or (early if early == printed[:1] else [])
    if early:
        return _as_headline(max(early, key=agreement.__getitem__), stated, blocks)
    if stated:
        return part or stated[0]
    return printed[0].text if printed else None


def headline_keys(headlines: Headlines) -> frozenset[str]:
    """Return the keys of every h1 and stated title: a block at the top that ends in one of them is the headline in another wording."""
    texts = [*(heading.text for heading in headlines.headings), *headlines.stated]
    return frozenset(key for text in texts if len(key := text_key(text)) >= 20)


def _stated_titles(parsed: ParsedPage, names: SiteNames) -> list[str]:
    """The titles that the page's metadata state, without the site's name: JSON-LD, microdata, Open Graph, Twitter, ``<title>``."""
    candidates = (
        plain(parsed.article_ld.get("headline")),
        plain(parsed.meta.get("headline")),
        plain(parsed.meta.get("og:title")),
        plain(parsed.meta.get("twitter:title")),
        clean_text(parsed.title)[:MAX_TITLE_CHARS],
    )
    cleaned = [names.cut(title) for title in candidates if title and len(title) <= 2 * MAX_TITLE_CHARS]
    keys_of_site = names.stated | names.hosts | {""}
    titles = [title for title in dict.fromkeys(cleaned) if text_key(title) not in keys_of_site]
    first = {text_key(title): position for position, title in reversed(list(enumerate(titles)))}
    # Of one wording, the spelling that most of them hold: "Kicker: Headline" before "Kicker - Headline".
    return sorted(titles, key=lambda title: (first[text_key(title)], -sum(title in other for other in titles)))


def _agreed_title(parsed: ParsedPage, names: SiteNames) -> str | None:
    """The title in which JSON-LD and Open Graph agree, None if they do not."""
    headline, title = plain(parsed.article_ld.get("headline")), plain(parsed.meta.get("og:title"))
    if headline is None or title is None:
        return None
    headline, title = names.cut(headline), names.cut(title)
    return headline if text_key(headline) == text_key(title) and len(headline) <= MAX_TITLE_CHARS else None


def _headings(parsed: ParsedPage, tag: str) -> list[Heading]:
    headings: list[Heading] = []
    for element in parsed.elements(tag):
        if text := clean_text(" ".join(_spaced(element.itertext()))):
            headings.append(Heading(text, _pieces(element), _is_masthead(element, parsed.url), _is_breadcrumb(element)))
        if len(headings) == MAX_HEADINGS:
            break
    return headings


def _spaced(pieces: Iterable[str]) -> list[str]:
    """Pieces of one heading: a kicker and a headline in two spans stand apart, letters that only styling parts stay together."""
    joined: list[str] = []
    for piece in pieces:
        if joined and joined[-1] and piece and ((joined[-1][-1].islower() and piece[0].islower()) or piece[0] in ",.;:!?’”»)"):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _pieces(heading: HtmlElement) -> tuple[tuple[str, frozenset[str]], ...]:
    """The children of the heading with their text; of a lone child, as a link around all, its own children."""
    for _ in range(4):
        if len(heading) != 1 or clean_text(heading.text or "") or clean_text(heading[0].tail or ""):
            break
        heading = heading[0]
    pieces = [(clean_text(heading.text or ""), frozenset[str]())]
    for child in heading[:MAX_PIECES]:
        pieces.append((clean_text(" ".join(child.itertext())), _class_words(child)))
        pieces.append((clean_text(child.tail or ""), frozenset()))
    return tuple(piece for piece in pieces if text_key(piece[0]))


def _class_words(element: HtmlElement) -> frozenset[str]:
    return _words_of(f"{element.get('class') or ''} {element.get('id') or ''}"[:200])


# The names of an outlet's elements repeat over its pages.
@lru_cache(maxsize=20_000)
def _words_of(names: str) -> frozenset[str]:
    words = [word.lower() for word in _CLASS_WORD.findall(names)]
    # "sub-title" and "subtitle" are one word.
    return frozenset(words) | frozenset(map("".join, pairwise(words)))


def _is_masthead(heading: HtmlElement, url: str) -> bool:
    parent = heading.getparent()
    if not _MASTHEAD.isdisjoint(_class_words(heading)) or (parent is not None and not _MASTHEAD.isdisjoint(_class_words(parent))):
        return True
    link = heading.find(".//a") if parent is None or parent.tag != "a" else parent
    href = absolute_url((link.get("href") or "")[:500], url) if link is not None else None
    return href is not None and href.rstrip("/") != url.rstrip("/") and _is_home(href)


def _is_breadcrumb(heading: HtmlElement) -> bool:
    if not _BREADCRUMB.isdisjoint(_class_words(heading)):
        return True
    above = list(islice(heading.iterancestors(), 4))
    return any(element.tag in ("nav", "ol") or not _BREADCRUMB.isdisjoint(_class_words(element)) for element in above)


def _stated_second_heading(parsed: ParsedPage, stated: Sequence[str], blocks: Sequence[PageBlock]) -> Heading | None:
    """The first h2 above the text that is a stated title, with or without a kicker; None if none is."""
    keys = {key for title in stated if len(key := text_key(title)) >= 12}
    for heading in _headings(parsed, "h2"):
        is_stated = text_key(heading.text) in keys or any(_starts_a_piece(heading, key) for key in keys)
        if is_stated and not heading.is_breadcrumb and _is_early(heading.text, blocks):
            return heading
    return None


def _is_home(url: str) -> bool:
    # An archive keeps the original URL in its own: web.archive.org/web/2014…/http://daily.example/
    return _HOME.fullmatch(url[url.rfind("http") :]) is not None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _overlap(one: str, other: str) -> float:
    """Shared words as a share of the shorter title, 0 to 1; a title of one or two words must be the same or, without spaces, most of it."""
    a, b = _words(one), _words(other)
    shorter, longer = sorted((text_key(one), text_key(other)), key=len)
    if not a or not b or min(len(a), len(b)) <= 2:
        first_part = text_key(SEPARATOR.split(other, maxsplit=1)[0])
        return float(
            shorter == longer or (shorter in longer and len(shorter) > 0.6 * len(longer)) or (len(a) > 1 and text_key(one) == first_part)
        )
    return len(a & b) / min(len(a), len(b))


def _as_headline(heading: Heading, stated: Sequence[str], blocks: Sequence[PageBlock]) -> str:
    """The heading without its kicker and second line, unless the page states it with them; a stated title's signs are the better ones."""
    key = text_key(heading.text)
    for title in stated:
        if len(other := text_key(title)) >= 12 and _starts_a_piece(heading, other):
            # The kicker is an element of its own, and somewhere left out.
            return title
    for title in stated:
        other = text_key(title)
        if other == key:
            # Stated as a whole. Spans lose the signs between them.
            return title if len(_SIGN.findall(title)) > len(_SIGN.findall(heading.text)) else heading.text
        if len(other) >= 12 and key.startswith(other) and _ends_a_piece(heading, other):
            return title
    pieces = list(heading.pieces)
    if len(pieces) > 1 and not _SUBTITLE.isdisjoint(pieces[-1][1]):
        pieces.pop()
    if len(pieces) > 1 and not _KICKER.isdisjoint(pieces[0][1]):
        pieces.pop(0)
    if len(pieces) < len(heading.pieces):
        return clean_text(" ".join(_spaced(text for text, _ in pieces)))
    for block in blocks:
        if block.tag != "h1" and len(block.key) >= 25 and block.key != key and key.endswith(block.key) and len(block.key) > 0.5 * len(key):
            return block.text
    return heading.text


def _ends_a_piece(heading: Heading, key: str) -> bool:
    """Whether the heading's first pieces together have this key: the rest is a second line."""
    keys = [text_key(text) for text, _ in heading.pieces]
    return any("".join(keys[:count]) == key for count in range(1, len(keys)))


def _starts_a_piece(heading: Heading, key: str) -> bool:
    """Whether the heading's last pieces together have this key, and one before them is the kicker."""
    keys = [text_key(text) for text, _ in heading.pieces]
    return any("".join(keys[start:]) == key for start in range(1, len(keys)))


def _is_early(heading: str, blocks: Sequence[PageBlock]) -> bool:
    """Whether it stands above the text or right at its start."""
    key = text_key(heading)
    prose = next((block.position for block in blocks if block.words >= 30 and block.link_share < 0.3), len(blocks))
    return any(block.key == key or (len(block.key) >= 10 and block.key in key) for block in blocks[: prose + 3])


def _printed_part(title: str, blocks: Sequence[PageBlock]) -> str | None:
    """The longest run of the title's parts that stands on the page as a block of its own, None if none does."""
    parts = list(_ANY_SEPARATOR.finditer(title))[:10]
    starts, ends = [0, *(part.end() for part in parts)], [*(part.start() for part in parts), len(title)]
    runs = sorted((title[start:end] for start in starts for end in ends if end > start), key=len, reverse=True)
    printed = {block.key for block in blocks if block.link_share < 0.9 or block.tag in ("h2", "h3")}
    return next((run for run in runs if len(text_key(run)) >= 12 and text_key(run) in printed), None)
