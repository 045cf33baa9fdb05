"""A fetched page becomes a parsed one: decoded, pre-scanned and parsed exactly once, its head read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from pipelines.extract.app_state import find_drawn_article
from pipelines.extract.decode import decode_body, looks_binary, opening, utf8_body
from pipelines.extract.json_ld import choose_article, plain, read_json_ld, strings_of
from pipelines.extract.prescan import MAX_PIECES, Prescan, prescan
from pipelines.records import INDEXED_TAGS, FetchedPage, ParsedPage, Rejection
from pipelines.text import clean_text
from pipelines.urls import absolute_url, clean_url

# News pages have 130,000 bytes after the pre-scan, the largest of 718 measured 540,000.
MAX_HTML_BYTES = 3_000_000
# 930 on a mean page, 10,077 on the largest measured.
MAX_ELEMENTS = 50_000
# html, head, body and p, which a page without any tag gets.
_IMPLIED_ELEMENTS = 4
_MAX_META_CHARS = 5_000
# lxml.html asks a Python function for the class of each element each time that it is touched: 1,500 calls a page, a twentieth of the chain's
# time. Nothing here needs its classes of forms and inputs.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)
# A third of the time of a pattern for the elements that have one of the attributes. "/.." and "|" are quadratic, "//" would look at text too.
_MARKS = (etree.XPath("/descendant::*/@itemprop"), etree.XPath("/descendant::*/@property"))
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|article|section|main|h1|table|span|br)\b", re.IGNORECASE)
# A comment of 300 characters takes up to 1,200 bytes.
_OTHER_FORMAT = re.compile(
    rb"\s*(?:<\?xml[^<>]{0,200}>\s*)?(?:<!--.{0,1200}?-->\s*)?<(?:rss|feed|urlset|sitemapindex|rdf:rdf|svg)\b", re.I | re.S
)


def parse_page(page: FetchedPage) -> ParsedPage | Rejection:
    """Return the page parsed, its JSON-LD and meta read, or why it cannot be: empty_page, not_html, undecodable, too_large, too_deep."""
    if not page.body or page.body.isspace():
        return reject(page, "empty_page")
    try:
        html = utf8_body(page.body, page.encoding)
    except ValueError as error:
        return reject(page, "too_large" if "at most" in str(error) or "over" in str(error) else "undecodable", str(error))
    if looks_binary(html) or _OTHER_FORMAT.match(html) or not _MARKUP.search(html):
        return reject(page, "not_html", f"starts with {opening(html, 40)!r}")
    return _parse_scanned(page, prescan(html))


def parse_drawn_page(page: FetchedPage) -> ParsedPage | None:
    """Return a page with the article in it that a script would draw there; None if its scripts hold none. For pages that show no text."""
    try:
        text = decode_body(page.body, page.encoding)
    except ValueError:
        return None
    if not (article := find_drawn_article(text)):
        return None
    scanned = prescan(text.encode("utf-8", "ignore"))
    body, tag, rest = scanned.html.rpartition(b"</body")
    drawn = b"<article>" + prescan(article.encode("utf-8", "ignore")).html + b"</article>"
    parsed = _parse_scanned(page, replace(scanned, html=body + drawn + tag + rest if tag else rest + drawn))
    return parsed if isinstance(parsed, ParsedPage) else None


def _parse_scanned(page: FetchedPage, scanned: Prescan) -> ParsedPage | Rejection:
    if not scanned.is_whole:
        return reject(page, "too_large", f"over {MAX_PIECES} scripts and comments")
    if len(scanned.html) > MAX_HTML_BYTES:
        return reject(page, "too_large", f"{len(scanned.html)} bytes without scripts, at most {MAX_HTML_BYTES}")
    # A parser of its own for each page: its error log is this page's.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False, default_doctype=False)
    parser.set_element_class_lookup(_ONE_CLASS)
    tree = parse_html(scanned.html, parser)
    if tree is None or len(tree) == 0:
        return reject(page, "empty_page", "no element")
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        # What lies deeper than libxml2's 2,048 levels is gone: the text would be cut in silence.
        return reject(page, "too_deep", "the parser's limit on nested tags was hit")
    # A tag makes two elements at most, itself and one that it implies, and most pages have few tags.
    if 2 * scanned.html.count(b"<") > MAX_ELEMENTS - _IMPLIED_ELEMENTS and (elements := int(tree.xpath("count(//*)"))) > MAX_ELEMENTS:
        return reject(page, "too_large", f"{elements} elements, at most {MAX_ELEMENTS}")
    return _read_head(page, tree, scanned.json_ld)


def parse_html(html: bytes, parser: HTMLParser) -> HtmlElement | None:
    """Return the root of the only parse of a page; None if there is nothing to parse."""
    try:
        return etree.fromstring(html, parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def reject(page: FetchedPage, reason: str, detail: str = "") -> Rejection:
    """Return the rejection of a page by this stage."""
    return Rejection(
        url=page.url,
        stage="extract",
        reason=reason,
        source=page.source,
        detail=detail[:300],
        fetched_at=page.fetched_at,
        run_id=page.run_id,
        requested_url=page.requested_url,
    )


def _read_head(page: FetchedPage, tree: HtmlElement, scripts: tuple[str, ...]) -> ParsedPage:
    indexed = tuple((element.tag, element) for element in tree.iter(*INDEXED_TAGS))
    meta = _read_meta([element for tag, element in indexed if tag == "meta"])
    objects = read_json_ld(scripts)
    canonical = _canonical_url([element for tag, element in indexed if tag == "link"], page.url)
    heading = next((element for tag, element in indexed if tag == "h1"), None)
    title = next((element.text for tag, element in indexed if tag == "title"), None)
    article = choose_article(
        objects,
        urls=(page.url, page.requested_url, canonical, absolute_url(meta.get("og:url", ""), page.url)),
        headlines=(meta.get("og:title"), meta.get("twitter:title"), title, _text_of(heading)),
    )
    return ParsedPage(
        url=page.url,
        tree=tree,
        indexed=indexed,
        marked=_by_mark(tree),
        json_ld=objects,
        meta=MappingProxyType(meta),
        article_ld=article,
        canonical_url=canonical,
        site_name=_site_name(meta, article, objects),
    )


def _by_mark(tree: HtmlElement) -> dict[str, list[HtmlElement]]:
    marked: dict[str, list[HtmlElement]] = {}
    for name in (name for find in _MARKS for name in find(tree) if name):
        element = name.getparent()
        if not (name.attrname == "property" and element.get("itemprop") == name):
            marked.setdefault(str(name), []).append(element)
    return marked


def _read_meta(elements: Iterable[HtmlElement]) -> dict[str, str]:
    """First non-empty content of each name. Body too: some content systems print their meta tags there."""
    meta: dict[str, str] = {}
    for element in elements:
        content = element.get("content")
        if not content or not (content := clean_text(content[:_MAX_META_CHARS])):
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if name := element.get(attribute):
                meta.setdefault(name.strip().lower()[:100], content)
    return meta


def _canonical_url(links: Iterable[HtmlElement], url: str) -> str | None:
    for link in links:
        if "canonical" in (link.get("rel") or "").lower().split() and (href := link.get("href")):
            return clean_url(absolute) if (absolute := absolute_url(href, url)) else None
    return None


def _site_name(meta: Mapping[str, str], article: Mapping[str, object], objects: tuple[Mapping[str, object], ...]) -> str | None:
    if name := plain(meta.get("og:site_name")) or plain(article.get("publisher")) or plain(meta.get("application-name")):
        return name
    for item in objects:
        if "WebSite" in strings_of(item.get("@type")) and (name := plain(item.get("name"))):
            return name
    return None


def _text_of(element: HtmlElement | None) -> str | None:
    return None if element is None else clean_text(" ".join(element.itertext()))[:500]
