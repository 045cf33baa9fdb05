"""Where things stand on a page: its paragraphs, the run of long ones that is the body, and the blocks between two places.

Without recursion, and every loop has a cap, so that a hostile page costs little. Nothing here knows what a block says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lxml.etree import XPath, tostring

from pipelines.text import clean_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PARAGRAPHS = 1500
MAX_PARAGRAPH_CHARS = 2_000_000  # of all paragraphs together
MAX_BLOCK_CHARS = 400
LONG_PARAGRAPH_CHARS = 120
MAX_TEXT_HOLDERS = 60

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


# All in C, without an object for each element.
_TEXTS = XPath("descendant::text()[normalize-space() and not(parent::script or parent::style)]", smart_strings=False)
_HEADING_BEFORE = XPath("preceding::*[self::h1 or self::h2 or self::h3][1]")
_TEXT_HOLDERS = XPath(
    f"descendant::*[self::div or self::td or self::section or self::article][text()[string-length(normalize-space()) >= {LONG_PARAGRAPH_CHARS}]]"
)


class Paragraph(NamedTuple):
    """An ``h1`` or ``p`` and its text, as printed but for space at the ends."""

    element: HtmlElement
    text: str


class WalkedBlock(NamedTuple):
    """A block that a walk came by."""

    text: str
    """At most 400 characters, on one line."""
    element: HtmlElement
    """In which it began."""
    since_image: int
    """How many blocks ago an image stood: a caption or credit stands right behind one."""


def text_of(element: HtmlElement) -> str:
    """Return all text below an element."""
    if len(element) == 0:
        return element.text or ""
    return str(tostring(element, method="text", encoding="unicode", with_tail=False))


def has_link(element: HtmlElement) -> bool:
    """Say whether there is a link below an element."""
    return len(element) > 0 and next(element.iter("a"), None) is not None


def find_paragraphs(elements: Iterable[HtmlElement]) -> list[Paragraph]:
    """Return each of these h1 and p with its text, within the caps."""
    found: list[Paragraph] = []
    chars = 0
    for element in elements:
        text = text_of(element).strip()
        chars += len(text)
        found.append(Paragraph(element, text))
        if len(found) >= MAX_PARAGRAPHS or chars > MAX_PARAGRAPH_CHARS:
            break
    return found


def find_main_run(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the long paragraphs of the container that holds most text: the article's body.

    The container is their parent, or the parent's parent where that holds twice as many: some sites wrap each paragraph.
    """
    longs = [item for item in paragraphs if len(item.text) >= LONG_PARAGRAPH_CHARS and item.element.tag == "p"]
    parents = [item.element.getparent() for item in longs]
    run = _largest_group(longs, parents)
    if len(run) * 2 >= len(longs):
        return run
    wide = _largest_group(longs, [parent.getparent() if parent is not None else None for parent in parents])
    return wide if len(wide) > 2 * len(run) else run


def find_bare_run(tree: HtmlElement) -> list[Paragraph]:
    """Return the elements that hold long text of their own, for pages that part paragraphs by ``<br>`` or ``<div>``: the largest group."""
    holders = [Paragraph(element, text_of(element)) for element in _TEXT_HOLDERS(tree)[:MAX_TEXT_HOLDERS]]
    return _largest_group(holders, [item.element.getparent() for item in holders])


def find_heading_before(element: HtmlElement) -> HtmlElement | None:
    """Return the last heading before an element, down to ``h3``: the headline of pages whose body no ``h1`` precedes."""
    found = _HEADING_BEFORE(element)
    return found[0] if found else None


def _largest_group(longs: Sequence[Paragraph], holders: Sequence[HtmlElement | None]) -> list[Paragraph]:
    sizes: dict[HtmlElement, int] = {}
    for item, holder in zip(longs, holders, strict=True):
        if holder is not None:
            sizes[holder] = sizes.get(holder, 0) + len(item.text)
    if not sizes:
        return []
    winner = max(sizes, key=lambda holder: sizes[holder])
    return [item for item, holder in zip(longs, holders, strict=True) if holder is winner]


def text_between(start: HtmlElement, stop: HtmlElement | None, *, max_chars: int, max_elements: int = 200) -> str:
    """Return the text behind ``start`` up to ``stop``, whole subtrees at a time: what a walk there could meet, for a cheap look first.

    Without ``stop``, or where the caps end it, the text may go on where a walk would stop, or stop where it would go on.
    """
    way = {stop, *stop.iterancestors()} if stop is not None else set()
    pieces: list[str] = []
    room = max_chars
    node: HtmlElement | None = start
    for _ in range(max_elements):
        if node is None or room <= 0:
            break
        if node.tail and node is not start:
            pieces.append(node.tail[:room])
        following = node.getnext()
        if following is None:
            node = node.getparent()
            continue
        node = following
        while node in way:
            if node is stop or len(node) == 0:
                return "\n".join(pieces)
            pieces.append((node.text or "")[:room])
            node = node[0]
        if isinstance(node.tag, str) and node.tag not in _SKIPPED_TAGS:
            text = ("\n".join(_TEXTS(node)) if len(node) else node.text or "")[:room]
            room -= len(text) + 1
            pieces.append(text)
    return "\n".join(pieces)


def walk_blocks(start: HtmlElement, stop: HtmlElement | None, *, max_elements: int) -> Iterator[WalkedBlock]:
    """Yield the text blocks behind ``start`` in page order up to ``stop``.

    Figures, navigation, forms and what calls itself a caption or teaser are stepped over.
    """
    kept_ancestors = set(stop.iterancestors()) if stop is not None else set()
    pieces: list[str] = []
    holder = start
    since_image = 99
    node, descend = start, False
    for _ in range(max_elements):
        if descend and len(node):
            node = node[0]
        else:
            while True:
                is_block = node.tag in _BLOCK_TAGS
                if is_block and pieces and (text := _join(pieces)):
                    yield WalkedBlock(text, holder, since_image)
                    since_image += 1
                if is_block:
                    pieces = []
                if node.tail and node is not start:
                    holder = holder if pieces else node.getparent()
                    pieces.append(node.tail[:MAX_BLOCK_CHARS])
                following = node.getnext()
                if following is not None:
                    node = following
                    break
                node = node.getparent()
                if node is None:
                    if text := _join(pieces):
                        yield WalkedBlock(text, holder, since_image)
                    return
        tag = node.tag
        if tag in _BLOCK_TAGS and pieces:
            if text := _join(pieces):
                yield WalkedBlock(text, holder, since_image)
                since_image += 1
            pieces = []
        if node is stop:
            return
        if tag in _IMAGE_TAGS:
            since_image = 0
        descend = isinstance(tag, str) and (node in kept_ancestors or not _is_skipped(node, tag))
        if descend and node.text and node.text.strip():
            holder = holder if pieces else node
            pieces.append(node.text[:MAX_BLOCK_CHARS])


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
    return text if len(text) <= MAX_BLOCK_CHARS else ""


def stands_in(element: HtmlElement | None, *tags: str) -> bool:
    """Say whether an element lies in one of these tags, six levels up at most."""
    for _ in range(6):
        if element is None:
            return False
        if element.tag in tags:
            return True
        element = element.getparent()
    return False


def calls_itself(element: HtmlElement | None, pattern: re.Pattern[str], *, levels: int = 4) -> bool:
    """Say whether an element or one of its next ancestors bears a class, id or itemprop that the pattern finds."""
    for _ in range(levels):
        if element is None:
            return False
        names = " ".join(element.get(key, "") for key in ("class", "id", "itemprop", "rel", "data-testid"))
        if pattern.search(names[:MAX_BLOCK_CHARS]):
            return True
        element = element.getparent()
    return False
