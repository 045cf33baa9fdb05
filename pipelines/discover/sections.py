"""Section and home pages: the links on them that look like articles, for sites without a feed or sitemap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

from pipelines.discover.body import MIB, describe, html_to_utf8, root_name, unpack
from pipelines.discover.filter import is_media_file
from pipelines.discover.reading import Reading, plain_text
from pipelines.errors import DiscoveryError
from pipelines.records import Discovered
from pipelines.text import count_words
from pipelines.urls import absolute_url, is_same_site

MAX_SECTION_BYTES = 8 * MIB
MAX_SECTION_LINKS = 2000
_MAX_TAG_BYTES = 8 * 1024
_MAX_TITLE_CHARS = 300
_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
# Consumes all that it looks at, so that replacing is linear; a quote hides ">".
_TAG = re.compile(rb"""<[a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+')*+>?""")
_RAW_ELEMENT = re.compile(rb"<(script|style)\b", re.IGNORECASE)
_RAW_CLOSE = {name: re.compile(rb"</" + name + rb"\b[^>]{0,100}>", re.IGNORECASE) for name in (b"script", b"style")}

# What a path shows. Dates as /2026/10/03/, /2026-10-03-, /20261003; a slug is four words or more; an id five digits or more, or a
# long token with digits in it (c0ez1k4, 3a9f…). Conservative: a missed article comes with its feed, a wrong link costs a request.
_DATE = re.compile(
    r"/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]\d{1,2})?(?=[/-])|[/-](?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d(?=\D|$)",
    re.IGNORECASE,
)
_NUMBER_ID = re.compile(r"(?:^|\D)\d{5,}(?:\D|$)")
_TOKEN_ID = re.compile(r"(?=[a-z]*\d)[a-z0-9]{7,}$|[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_ARTICLE_FOLDER = re.compile(
    r"/(?:articles?|artikel|artikkeli|articulos?|artigos?|story|stories|news|a|doc|view|nyheter|noticias?|notizie|haber|berita)/",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.(?:html?|shtml|xhtml|php|aspx?|ece|cms|jsp)$", re.IGNORECASE)
_SLUG_WORDS = re.compile(r"[-_]+")
_NOT_ARTICLES = frozenset(
    """
    tag tags topic topics thema themen category categories kategorie categoria author authors autor autoren auteur profile search suche login
    signin register subscribe abo about about-us contact kontakt privacy terms impressum imprint newsletter newsletters rss feed feeds sitemap
    archive archives archiv page shop jobs careers advertise help faq cookies account user users wp-content wp-admin cdn-cgi
    """.split()
)


def read_section(body: bytes, url: str, *, encoding: str | None = None, article_urls: Sequence[str] = ()) -> Reading:
    """Return the links of a section page to pages of its own site that look like articles, in page order, each once.

    The title is the text of the link. With article_urls, the paths that one of these regular expressions finds are the articles;
    without, the shape of the address and the length of the text decide. encoding is the HTTP header's charset. Raises
    DiscoveryError when the body is no HTML, naming what it is.
    """
    data, problems = unpack(body, max_bytes=MAX_SECTION_BYTES)
    data = html_to_utf8(data, encoding)
    if not data.strip() or b"<" not in data or root_name(data) in ("rss", "feed", "RDF", "urlset", "sitemapindex"):
        raise DiscoveryError(f"{url}: expected an HTML page, found {describe(data)}")
    notes = list(problems)
    patterns = [re.compile(pattern) for pattern in article_urls]
    titles: dict[str, str] = {}
    for link, text in islice(_links(data, url, notes), MAX_SECTION_LINKS):
        if link not in titles or len(text) > len(titles[link]):
            titles[link] = text
    entries = tuple(
        Discovered(url=link, found_in=url, channel="section", title=text or None)
        for link, text in titles.items()
        if (any(pattern.search(urlsplit(link).path) for pattern in patterns) if patterns else looks_like_article(link, text))
    )
    if not entries:
        notes.append(f"none of its {len(titles)} links looks like an article")
    return Reading(entries=entries, problems=tuple(notes))


def looks_like_article(url: str, link_text: str = "") -> bool:
    """Say whether an address and the text of its link look like an article's; a guess, on the cautious side.

    A date in the path with something after it, or a slug of four words, is enough; an id, or an address that ends like a file below
    a folder, needs a text of four words.
    """
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if not segments or is_media_file(parts.path) or any(segment.lower() in _NOT_ARTICLES for segment in segments):
        return False
    slug = _EXTENSION.sub("", segments[-1])
    has_headline = count_words(link_text) >= 4
    slug_words = [word for word in _SLUG_WORDS.split(slug) if word]
    if len(slug_words) >= 4 and len(slug) >= 20:
        return True
    if _DATE.search(parts.path) and (len(slug_words) >= 2 or _NUMBER_ID.search(slug) or has_headline) and not slug.isdigit():
        return True
    if not has_headline:
        return False
    if _NUMBER_ID.search(slug) or _TOKEN_ID.search(slug) or re.search(r"(?:^|&)\w*id=\d{3,}", parts.query, re.IGNORECASE):
        return True
    is_file = slug != segments[-1]
    return (is_file and len(segments) >= 2) or (len(slug_words) >= 3 and bool(_ARTICLE_FOLDER.search(parts.path)))


def _links(data: bytes, url: str, notes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (absolute address, text) of every link to another page of the same site, in page order."""
    root = parse_html(data)
    if root is None:
        notes.append("no elements in the page")
        return
    bases = (base.get("href") for base in islice(root.iter("base"), 5))
    base = next((absolute for href in bases if href and (absolute := absolute_url(href, url))), url)
    for anchor in root.iter("a", "area"):
        href = (anchor.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        link = absolute_url(href, base)
        if link and link != url and is_same_site(link, url):
            yield link, _text_of(anchor)


def parse_html(data: bytes) -> Any | None:
    """Return the root element of a UTF-8 page, None if there is nothing in it; safe with hostile pages."""
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False
    )
    try:
        return lxml.html.document_fromstring(_without_traps(data), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _without_traps(data: bytes) -> bytes:
    """Return HTML without scripts and without tags above 8 kB: libxml2 needs quadratic time for the attributes of one tag."""
    pieces: list[bytes] = []
    at = 0
    while match := _RAW_ELEMENT.search(data, at):
        pieces.append(data[at : match.start()])
        close = _RAW_CLOSE[match[1].lower()].search(data, match.end())
        at = close.end() if close else len(data)
    pieces.append(data[at:])
    return _TAG.sub(lambda tag: tag.group() if len(tag.group()) <= _MAX_TAG_BYTES else b"", b" ".join(pieces))


def _text_of(anchor: Any) -> str:
    """Return the headline inside a link if there is one, else the start of all its text, else what it says of itself."""
    heading = next(anchor.iter(*_HEADINGS), None)
    for element in (heading, anchor):
        if element is not None and (text := " ".join(piece[:_MAX_TITLE_CHARS] for piece in islice(element.itertext(), 40)).strip()):
            return plain_text(text, max_chars=_MAX_TITLE_CHARS) or ""
    return plain_text(anchor.get("title") or anchor.get("aria-label"), max_chars=_MAX_TITLE_CHARS) or ""
