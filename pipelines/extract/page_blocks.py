"""The page as text blocks in reading order, each with the elements around it: what every decision about a page's text looks at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from lxml import etree

from pipelines.extract.class_groups import groups_of
from pipelines.records import BlockKind
from pipelines.text import LINE_BREAK, clean_text, count_words

MAX_BLOCKS = 10_000
INLINE_TAGS: Final = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr picture q rb ruby s samp small source span strike "
    "strong sub sup time tt u var wbr".split()
)
# What holds no text of an article; the readings above Japanese characters (rt) repeat them. "header" and "form" do hold some: site headers are told by their classes, ASP.NET wraps whole pages in a form.
SKIPPED_TAGS: Final = frozenset(
    "audio base button canvas dialog embed footer head iframe input link map math meta nav noscript object option script select style svg "
    "template textarea title video rp rt rtc".split()
)
_SWALLOWING_TAGS = frozenset(("nav", "footer", "button", "dialog"))
HEADING_TAGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "legend", "summary"))
_CELL_TAGS = frozenset(("td", "th"))
_MAX_CELL_WORDS = 25
_BOLD_TAGS = frozenset(("b", "strong", "em", "i"))
# Zones that a block is in when such an element is anywhere around it.
ZONES: Final = ("header", "aside", "figure", "form", "article", "main", "li", "table", "blockquote")
_ZONE_OF_TAG = {
    "header": "header", "aside": "aside", "figure": "figure", "figcaption": "figure", "form": "form", "article": "article", "main": "main",
    "li": "li", "ul": "li", "ol": "li", "table": "table", "blockquote": "blockquote",
}  # fmt: skip
_ZONE_BITS = {tag: 1 << ZONES.index(zone) for tag, zone in _ZONE_OF_TAG.items()}
# Attributes whose words say what an element holds.
_NAMING_ATTRIBUTES = frozenset("class id itemprop role data-testid data-component data-qa data-type data-block-type data-element".split())
_DISPLAY_NONE = re.compile(r"display\s{0,5}:\s{0,5}none", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W_]+")
_ASCII_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())


def zone_bits(*zones: str) -> int:
    """Return the bits of some zones. Raises ValueError for a zone that does not exist."""
    return sum(1 << ZONES.index(zone) for zone in zones)


def text_key(text: str) -> str:
    """Return letters and digits of text in lower case: the form in which blocks, headlines and descriptions are compared."""
    # Half the time of a pattern: bytes of UTF-8 below 128 are ASCII wherever they stand, and nearly all signs are.
    key = text.lower().encode("utf-8", "surrogatepass").translate(None, _ASCII_SIGNS).decode("utf-8", "surrogatepass")
    return key if key.isalnum() else "".join(_LETTERS.findall(key))


@dataclass(slots=True, eq=False)
class Container:
    """A block-level element with the sums over what is inside it, which ``features`` fills."""

    parent: Container | None
    tag: str
    element: etree._Element
    classes: str = ""
    groups: int = 0
    """Class groups of the element itself, as bits; see ``class_groups``."""
    all_groups: int = 0
    """Of the element and all around it, the body's own aside: "has-sidebar" there says nothing of a block."""
    zones: int = 0
    depth: int = 0
    is_hidden: bool = False
    blocks_of_its_own: int = 0
    prose: float = 0.0
    """Weight of the running text inside."""
    chars: int = 0
    link_chars: int = 0
    blocks: int = 0
    words_of_children: int = 0


@dataclass(eq=False)
class PageBlock:
    """A run of text between two block-level tags."""

    text: str
    pieces: Sequence[str] = field(repr=False)
    """The text nodes of which it is made, as on the page: without space between them, words of neighbouring elements may run together in ``text``."""
    position: int
    container: Container
    words: int
    link_chars: int = 0
    links: int = 0
    bold_chars: int = 0
    inline_groups: int = 0
    """Class groups of the inline elements around its text."""
    prose: float = field(default=0.0)
    """How much running text it is: its words, at most 120, less where links, hidden containers or furniture classes speak against it."""

    @cached_property
    def key(self) -> str:
        """Letters and digits only, for comparison."""
        return text_key(self.text)

    @property
    def element(self) -> etree._Element:
        """The innermost block-level element."""
        return self.container.element

    @property
    def tag(self) -> str:
        """Tag of the innermost block-level element."""
        return self.container.tag

    @property
    def link_share(self) -> float:
        """Share of its characters that are links, 0 to 1."""
        return min(1.0, self.link_chars / len(self.text))

    @property
    def kind(self) -> BlockKind:
        """What the tags around it make of it."""
        container = self.container
        if container.tag in HEADING_TAGS:
            return "heading"
        if container.tag in _CELL_TAGS and container.blocks_of_its_own == 1 and self.words < _MAX_CELL_WORDS:
            return "table"  # in a longer cell, a table lays out the page
        if container.zones & _QUOTE:
            return "quote"
        return "list_item" if container.zones & _LIST else "paragraph"


_QUOTE, _LIST = zone_bits("blockquote"), zone_bits("li")


def page_blocks(tree: etree._Element) -> list[PageBlock]:
    """Return the blocks of the page's body in reading order, at most MAX_BLOCKS; walks without recursion, changes nothing.

    Inline tags join text, other tags and two ``<br>`` in a row part it.
    """
    body = tree.find("body")
    return _Walker(tree if body is None else body).walk()


class _Walker:
    """The state of one walk. Its few methods run for every element of a page: half of their time is attribute access, so locals are used."""

    def __init__(self, body: etree._Element) -> None:
        self.blocks: list[PageBlock] = []
        self.container = Container(None, "body", body)
        self.pieces: list[str] = []
        self.links = self.link_chars = self.bold_chars = self.inline_groups = self.breaks = 0
        self.open_links = self.open_bold = self.open_groups = 0

    def walk(self) -> list[PageBlock]:
        body, blocks, add = self.container.element, self.blocks, self.add
        before: list[tuple[Container, int]] = []
        inline: list[tuple[int, bool]] = []
        skipped: set[etree._Element] = set()
        add(body.text)
        walk = etree.iterwalk(body, events=("start", "end"))
        next(walk)
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag in INLINE_TAGS:
                    is_link = tag == "a" and _leads_away(element)
                    inline.append((self.open_groups, is_link))
                    if names := element.get("class"):
                        self.open_groups |= groups_of(names)
                    if is_link:
                        self.open_links += 1
                        self.links += 1
                    elif tag in _BOLD_TAGS:
                        self.open_bold += 1
                    add(element.text)
                elif tag.__class__ is not str or (tag in SKIPPED_TAGS and not _swallows_page(element, tag)):
                    walk.skip_subtree()
                    skipped.add(element)
                elif tag != "br":
                    self.flush()
                    before.append((self.container, self.open_groups))
                    self.container, self.open_groups = _enter(self.container, element, tag), 0
                    add(element.text)
                continue
            if tag in INLINE_TAGS:
                self.open_groups, is_link = inline.pop()
                if is_link:
                    self.open_links -= 1
                elif tag in _BOLD_TAGS:
                    self.open_bold -= 1
            elif tag == "br":
                self.breaks += 1
                if self.breaks > 1:
                    self.flush()
                elif self.pieces:
                    self.pieces.append(LINE_BREAK)
            elif element not in skipped:
                self.flush()
                if element is body or len(blocks) >= MAX_BLOCKS:
                    break
                self.container, self.open_groups = before.pop()
            add(element.tail)
        self.flush()
        return blocks

    def add(self, text: str | None) -> None:
        if not text:
            return
        if text.isspace():
            if self.pieces:
                self.pieces.append(" ")
            return
        self.pieces.append(text)
        self.breaks = 0
        self.inline_groups |= self.open_groups
        if self.open_links:
            self.link_chars += len(text)
        if self.open_bold:
            self.bold_chars += len(text)

    def flush(self) -> None:
        if not self.pieces:
            self.links = self.breaks = 0
            return
        text = clean_text("".join(self.pieces))
        if text:
            block = PageBlock(
                text,
                self.pieces,
                len(self.blocks),
                self.container,
                count_words(text),
                self.link_chars,
                self.links,
                self.bold_chars,
                self.inline_groups,
            )
            self.blocks.append(block)
            self.container.blocks_of_its_own += 1
        self.pieces = []
        self.links = self.link_chars = self.bold_chars = self.inline_groups = self.breaks = 0


def _swallows_page(element: etree._Element, tag: str) -> bool:
    """Say whether navigation that is never closed has taken the page's main part in."""
    return tag in _SWALLOWING_TAGS and next(element.iter("main"), None) is not None


def _leads_away(anchor: etree._Element) -> bool:
    """An anchor within the page, or a button that unfolds a section, is no link to something else."""
    href = anchor.get("href")
    return href is not None and not href.startswith(("#", "javascript:"))


def _enter(parent: Container, element: etree._Element, tag: str) -> Container:
    groups, classes, is_hidden = 0, "", parent.is_hidden
    for name, value in element.items():
        if name in _NAMING_ATTRIBUTES:
            groups |= groups_of(value)
            if name == "class":
                classes = value
        elif name == "hidden" or (name == "style" and "none" in value and _DISPLAY_NONE.search(value)):
            is_hidden = True
    return Container(
        parent,
        tag,
        element,
        classes,
        groups,
        parent.all_groups | groups,
        parent.zones | _ZONE_BITS.get(tag, 0),
        parent.depth + 1,
        is_hidden,
    )
