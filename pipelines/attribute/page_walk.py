"""Where things stand on a page: its paragraphs, the run of long ones that is the body, and the blocks between two places.

Without recursion, and every loop has a cap, so that a hostile page costs little. Nothing here knows what a block says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
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
NEAR_LEVELS = 3
MAX_NEAR_TEXTS = 40

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


# In C, without an object for each element.
_HEADING_BEFORE = XPath("preceding::*[self::h1 or self::h2 or self::h3][1]")
_TEXT_HOLDERS = XPath(
    f"descendant::text()[string-length(normalize-space()) >= {LONG_PARAGRAPH_CHARS}]"
    "/parent::*[self::div or self::td or self::section or self::article]"
)


Paragraph = tuple["HtmlElement", str]
"""An ``h1`` or ``p`` and its text, as printed but for space at the ends."""


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
    text: str = tostring(element, method="text", encoding="unicode", with_tail=False)
    return text


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
        found.append((element, text))
        if len(found) >= MAX_PARAGRAPHS or chars > MAX_PARAGRAPH_CHARS:
            break
    return found


def find_main_run(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the long paragraphs of the container that holds most text: the article's body.

    The container is their parent, or the parent's parent where that holds twice as many: some sites wrap each paragraph.
    """
    longs = [(element, text) for element, text in paragraphs if len(text) >= LONG_PARAGRAPH_CHARS and element.tag == "p"]
    parents = [element.getparent() for element, _ in longs]
    run = _largest_group(longs, parents)
    if len(run) * 2 >= len(longs):
        return run
    wide = _largest_group(longs, [parent.getparent() if parent is not None else None for parent in parents])
    return wide if len(wide) > 2 * len(run) else run


def find_bare_run(tree: HtmlElement) -> list[Paragraph]:
    """Return the elements that hold long text of their own, for pages that part paragraphs by ``<br>`` or ``<div>``: the largest group."""
    holders = [(element, text_of(element)) for element in _TEXT_HOLDERS(tree)[:MAX_TEXT_HOLDERS]]
    return _largest_group(holders, [element.getparent() for element, _ in holders])


def find_heading_before(element: HtmlElement) -> HtmlElement | None:
    """Return the last heading before an element, down to ``h3``: the headline of pages whose body no ``h1`` precedes."""
    found = _HEADING_BEFORE(element)
    return found[0] if found else None


def _largest_group(longs: Sequence[Paragraph], holders: Sequence[HtmlElement | None]) -> list[Paragraph]:
    sizes: dict[HtmlElement, int] = {}
    for (_, text), holder in zip(longs, holders, strict=True):
        if holder is not None:
            sizes[holder] = sizes.get(holder, 0) + len(text)
    if not sizes:
        return []
    winner = max(sizes, key=lambda holder: sizes[holder])
    return [item for item, holder in zip(longs, holders, strict=True) if holder is winner]


def text_of_footers_near(element: HtmlElement) -> str:
    """Return the text of the article's footers, a text node a line: those in one of the next elements around this one, the body's own aside."""
    texts: list[str] = []
    for around in islice(element.iterancestors(), NEAR_LEVELS):
        if around.tag == "body":
            break
        for footer in around.iterchildren("footer"):
            texts += islice(footer.itertext(), MAX_NEAR_TEXTS)
    return "\n".join(texts)


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
                if node.tag in _BLOCK_TAGS:
                    if pieces and (text := _join(pieces)):
                        yield WalkedBlock(text, holder, since_image)
                        since_image += 1
                    pieces = []
                if (tail := node.tail) and node is not start:
                    holder = holder if pieces else node.getparent()
                    pieces.append(tail[:MAX_BLOCK_CHARS])
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
        if pieces and tag in _BLOCK_TAGS:
            if text := _join(pieces):
                yield WalkedBlock(text, holder, since_image)
                since_image += 1
            pieces = []
        if node is stop:
            return
        if tag in _IMAGE_TAGS:
            since_image = 0
        descend = isinstance(tag, str) and (node in kept_ancestors or not _is_skipped(node, tag))
        if descend and (words := node.text) and not words.isspace():
            holder = holder if pieces else node
            pieces.append(words[:MAX_BLOCK_CHARS])


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
