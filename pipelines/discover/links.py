"""The links of a page: where each stands and what it says, as far as that tells articles from menus in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urldefrag

import lxml.html
from lxml import etree

from pipelines.discover.reading import plain_text
from pipelines.urls import absolute_url, is_same_site

MAX_SECTION_LINKS = 2000
_MAX_TAG_BYTES = 8 * 1024
_MAX_TITLE_CHARS = 300
_MAX_ANCESTORS = 12
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SIGNATURE_DEPTH = 4
# Consumes all that it looks at, so that replacing is linear; a quote hides ">".
_TAG = re.compile(rb"""<[a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+')*+>?""")
_RAW_ELEMENT = re.compile(rb"<(script|style)\b", re.IGNORECASE)
_RAW_CLOSE = {name: re.compile(rb"</" + name + rb"\b[^>]{0,100}>", re.IGNORECASE) for name in (b"script", b"style")}
# HTML's landmarks, ARIA's roles for the same, and the class names by which pages of every language call their furniture.
_LANDMARKS = frozenset({"nav", "footer"})
_ROLES = frozenset({"navigation", "menu", "menubar", "contentinfo", "banner", "search"})
_FURNITURE = frozenset(
    """
    nav navbar navi navigation menu menubar submenu megamenu dropdown footer breadcrumb breadcrumbs pagination pager paging social share sharing
    cookie topbar toolbar sitenav subnav mainnav
    """.split()
)
_TOKEN = re.compile(r"[a-z]+")


@dataclass(slots=True)
class Link:
    """One address that a page links to, with all that its links to it say."""

    url: str
    text: str = ""
    """The longest."""
    is_headline: bool = False
    """One of them is, holds, or stands in, a heading."""
    is_furniture: bool = True
    """All of them stand in a menu, header or footer of the page."""
    signatures: set[str] = field(default_factory=set)
    """Tags and classes around each: links in the same place of a repeated structure share one."""


def links_of(data: bytes, url: str, notes: list[str]) -> list[Link]:
    """Return the links of a UTF-8 page to other pages of its own site, in page order, each address once; url is the page's own.

    At most 2,000 are read. What is wrong with the page is added to notes.
    """
    root = parse_html(data)
    if root is None:
        notes.append("no elements in the page")
        return []
    bases = (base.get("href") for base in islice(root.iter("base"), 5))
    base = next((absolute for href in bases if href and (absolute := absolute_url(href, url))), url)
    found: dict[str, Link] = {}
    for anchor, address in islice(_anchors(root, base, url), MAX_SECTION_LINKS):
        link = found.setdefault(address, Link(url=address))
        text = _text_of(anchor)
        if len(text) > len(link.text):
            link.text = text
        ancestors = list(islice(anchor.iterancestors(), _MAX_ANCESTORS))
        link.is_headline |= _is_headline(anchor, ancestors)
        link.is_furniture &= _is_furniture(ancestors)
        link.signatures.add("/".join(_name_of(element) for element in ancestors[:_SIGNATURE_DEPTH]))
    return list(found.values())


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


def _anchors(root: Any, base: str, url: str) -> Iterator[tuple[Any, str]]:
    """Yield each link to another page of the same site, with its absolute address without fragment."""
    page = urldefrag(url)[0]
    for anchor in root.iter("a", "area"):
        href = (anchor.get("href") or "").strip()
        if not href or href.startswith("#") or (address := absolute_url(href, base)) is None:
            continue
        address = urldefrag(address)[0]
        if address != page and is_same_site(address, url):
            yield anchor, address


def _is_headline(anchor: Any, ancestors: list[Any]) -> bool:
    return any(element.tag in _HEADINGS for element in ancestors[:3]) or next(anchor.iter(*_HEADINGS), None) is not None


def _is_furniture(ancestors: list[Any]) -> bool:
    inside_content = False
    for element in ancestors:
        tag = element.tag
        if tag in _LANDMARKS or element.get("role") in _ROLES or (tag == "header" and not inside_content):
            return True
        if tag not in ("body", "html") and not _FURNITURE.isdisjoint(
            _TOKEN.findall(f"{element.get('class', '')} {element.get('id', '')}".lower())
        ):
            return True
        inside_content |= tag in ("article", "main")
    return False


def _name_of(element: Any) -> str:
    """Return the tag and the first class of an element, digits left out: numbered columns are one structure."""
    classes = _TOKEN.findall((element.get("class") or "").lower()[:200])
    return f"{element.tag}.{'-'.join(classes[:2])}" if classes else str(element.tag)


def _text_of(anchor: Any) -> str:
    """Return the headline inside a link if there is one, else the start of all its text, else what it says of itself."""
    heading = next(anchor.iter(*_HEADINGS), None)
    for element in (heading, anchor):
        if element is not None and (text := " ".join(piece[:_MAX_TITLE_CHARS] for piece in islice(element.itertext(), 40)).strip()):
            return plain_text(text, max_chars=_MAX_TITLE_CHARS) or ""
    return plain_text(anchor.get("title") or anchor.get("aria-label"), max_chars=_MAX_TITLE_CHARS) or ""
