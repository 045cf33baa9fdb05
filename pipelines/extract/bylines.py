"""Visible bylines by markup: what the page marks, calls or links as its author, where metadata are silent.

Each function yields lists of texts that may name the authors, the surest first; telling people from other words is the caller's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from lxml import etree
from lxml.html import HtmlElement

from pipelines.extract.headline import above_text
from pipelines.extract.names import WORDS, looks_like_names
from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.records import ParsedPage
from pipelines.text import clean_text

_FOREIGN_OPENINGS = tuple(WORDS["foreign_openings"].split())
_BYLINE_CLASSES, _FOREIGN_CLASSES, _BESIDE_NAME, _AUTHOR_PATHS = (
    frozenset(WORDS[name].split()) for name in ("byline_classes", "foreign_classes", "beside_name", "author_paths")
)
_UMLAUT = re.compile(r"([aou])e")
_BEFORE_PATH = re.compile(r"^(?:https?:)?//[^/]*")
_CLASS_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A quick test before the words are parted.
_BYLINE_OPENINGS = tuple(sorted({word[:5] for word in _BYLINE_CLASSES}))
_UNSEEN_TAGS = frozenset(("html", "body", "meta", "link"))
_MARKS = frozenset(("author", "creator", "schema:author"))
_APART_TAGS = frozenset(("nav", "aside", "figure", "figcaption", "blockquote", "form"))
MAX_MARKED = 40
MAX_LEVELS = 8
MAX_BYLINE_CHARS = 120
MAX_CLASS_CHARS = 300


@dataclass(frozen=True, slots=True)
class Places:
    """Where a page may name its authors, in page order, what stands below the headline first."""

    marked: tuple[HtmlElement, ...]
    """By microdata, RDFa or rel=author."""
    called: tuple[HtmlElement, ...]
    """By a class such as "byline"."""
    linked: tuple[HtmlElement, ...]
    """Links to an author's page that bears the name: ``<a href="/authors/jane-doe">Jane Doe</a>``."""


def find_places(parsed: ParsedPage) -> Places:
    """Return where the page may name its authors, in one pass over its elements."""
    marked = {element for name in _MARKS for element in parsed.marked.get(name, ())}
    found: dict[str, list[HtmlElement]] = {"marked": [], "called": [], "linked": []}
    above = dict.fromkeys(found, 0)
    for element in parsed.tree.iter(etree.Element):
        tag, get = element.tag, element.get
        if tag == "h1":
            if not any(above.values()) and len(_text(element)) >= 15:
                above = {name: len(elements) for name, elements in found.items()}
        elif element in marked or (tag == "a" and "author" in (get("rel") or "").split()):
            if tag not in _UNSEEN_TAGS:
                found["marked"].append(element)
        elif (names := get("class") or get("id")) and _is_byline_class(names[:MAX_CLASS_CHARS]):
            if tag not in _UNSEEN_TAGS:
                found["called"].append(element)
        elif tag == "a" and (href := get("href")) and _has_author_path(href) and _is_author_link(element):
            found["linked"].append(element)
    return Places(**{name: tuple([*elements[above[name] :], *elements[: above[name]]][:MAX_MARKED]) for name, elements in found.items()})


def marked_bylines(places: Places) -> Iterator[list[str]]:
    """Yield what microdata, RDFa and rel=author mark, then what classes call a byline: the first place, with its neighbours."""
    yield from _texts_of(places.marked)
    yield from _texts_of(places.called)


def linked_bylines(places: Places, page: Sequence[PageBlock], *, title: str | None = None) -> Iterator[list[str]]:
    """Yield the texts of links to authors' pages that stand above the text."""
    above = "\n".join(block.key for block in above_text(page, title=title))
    yield from _texts_of([link for link in places.linked if text_key(_text(link)) in above])


def _texts_of(elements: Sequence[HtmlElement]) -> Iterator[list[str]]:
    """Yield the texts of each place that is the article's: elements of one kind around one ancestor are one place."""
    done: set[HtmlElement] = set()
    for element in elements:
        if element in done or is_foreign(element):
            continue
        holder = _ancestor(element, 3)
        place = [
            other
            for other in elements
            if other.tag == element.tag and (other is element or (holder is not None and _ancestor(other, 3) is holder))
        ]
        done.update(place)
        texts = [text for other in place for text in _names_in(other)]
        if texts:
            yield list(dict.fromkeys(texts))


def _names_in(element: HtmlElement) -> list[str]:
    """The texts of an element that may be names: those of its marked names or links, else its own; none of a box that holds more."""
    if len(whole := _text(element)) > MAX_BYLINE_CHARS and not element.get("itemprop"):
        return []
    inner = element.xpath(".//*[@itemprop='name']") or element.xpath(".//a")
    texts = [text for part in inner[:MAX_MARKED] if 2 < len(text := _text(part)) <= MAX_BYLINE_CHARS and looks_like_names(text)]
    if not texts and 2 < len(whole) <= MAX_BYLINE_CHARS:
        texts = [whole] if _is_marked(element) or looks_like_names(whole) else []
    return texts


def _is_marked(element: HtmlElement) -> bool:
    """Whether markup says that it is an author: microdata, RDFa, rel, or the microformat hCard."""
    get = element.get
    return bool(get("itemprop") or get("property") or "author" in (get("rel") or "").split() or "vcard" in (get("class") or "").split())


def _has_author_path(href: str) -> bool:
    """A quick test before the address is taken apart."""
    return not _AUTHOR_PATHS.isdisjoint(href[:300].lower().split("/")[1:-1])


def _is_author_link(link: HtmlElement) -> bool:
    path = _BEFORE_PATH.sub("", link.get("href")[:300]).partition("?")[0].partition("#")[0]
    segments = unquote(path).lower().strip("/").split("/")
    if _AUTHOR_PATHS.isdisjoint(segments[:-1]) or len(text := _text(link)) > 60 or len(text.split()) < 2:
        return False
    key = _plain(segments[-1])
    return any(len(word) >= 3 and word in key for word in map(_plain, re.split(r"[\s-]+", text)))


def _plain(text: str) -> str:
    """The letters as a URL spells them: "Jörg Groß" and "joerg-gross" are one."""
    letters = unicodedata.normalize("NFKD", text_key(text).casefold())
    return _UMLAUT.sub(r"\1", "".join(letter for letter in letters if letter.isalnum()))


def is_foreign(element: HtmlElement) -> bool:
    """Say whether an element stands in comments, teasers, captions or furniture: what it names is not the article's."""
    for level in range(MAX_LEVELS):
        if element is None or element.tag in ("body", "main"):
            return False
        is_page_footer = element.tag == "footer" and next(element.iterancestors("article"), None) is None
        if is_page_footer or element.tag in _APART_TAGS or (level and element.tag == "article" and element.getparent().tag == "li"):
            return True
        if (names := element.get("class")) and _is_foreign_class(names[:MAX_CLASS_CHARS]):
            return True
        element = element.getparent()
    return False


# Class strings repeat over the pages of an outlet.
@lru_cache(maxsize=20_000)
def _is_byline_class(names: str) -> bool:
    lower = names.lower()
    if not any(opening in lower for opening in _BYLINE_OPENINGS):
        return False
    words = _class_words(names)
    return not _BYLINE_CLASSES.isdisjoint(words) and _BESIDE_NAME.isdisjoint(words)


@lru_cache(maxsize=20_000)
def _is_foreign_class(names: str) -> bool:
    return not _FOREIGN_CLASSES.isdisjoint(_class_words(names)) or any(name.startswith(_FOREIGN_OPENINGS) for name in names.lower().split())


def _class_words(names: str) -> frozenset[str]:
    # WordPress names a post's tags among its classes.
    kept = [name for name in names.split() if not name.startswith(("tag-", "category-"))]
    return frozenset(word.lower() for word in _CLASS_WORD.findall(" ".join(kept)))


def _ancestor(element: HtmlElement, levels: int) -> HtmlElement | None:
    for _ in range(levels):
        if element is not None:
            element = element.getparent()
    return element


def _text(element: HtmlElement) -> str:
    return clean_text(element.get("content") or " ".join(element.itertext()))[: MAX_BYLINE_CHARS + 1]
