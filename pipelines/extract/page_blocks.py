"""The page as text blocks in reading order, each with its place: what the decisions about blocks look at.

trafilatura returns text without the tags and classes it came from. These blocks give them back: a kept text is found here by its key. A
decision block by block would take the same list as its input.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from pipelines.extract.regions import BODY, region_of
from pipelines.text import clean_text, count_words

MAX_BLOCKS = 20_000
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr picture q s samp small source span strike "
    "strong sub sup time tt u var wbr".split()
)
_SKIPPED = frozenset(
    "script style noscript template svg iframe object embed select option textarea video audio canvas map math link meta input title base "
    "head".split()
)
_ZONES = frozenset(("nav", "footer", "header", "aside", "figure", "figcaption", "form", "button", "dialog"))
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(slots=True)
class PageBlock:
    """A run of text between two block-level tags."""

    text: str
    key: str
    position: int
    tag: str
    zones: frozenset[str]
    region: str | None
    """What the innermost telling class around it says it holds, such as "related" or "caption"; see ``regions.toml``."""
    lead: bool
    """The classes of the block or its parents within two levels call it a standfirst."""
    words: int
    link_share: float


@dataclass(slots=True)
class _Frame:
    element: HtmlElement
    tag: str
    zones: frozenset[str]
    region: str | None
    lead: int
    links: bool


def text_key(text: str) -> str:
    """Return letters and digits of text in lower case: the form in which blocks, headlines and descriptions are compared."""
    return _NOT_LETTERS.sub("", text.lower())


def page_blocks(tree: HtmlElement) -> list[PageBlock]:
    """Return the blocks of the page's body in reading order, at most MAX_BLOCKS; walks without recursion, changes nothing."""
    body = tree.find("body")
    walker = _Walker()
    walker.walk(tree if body is None else body)
    return walker.blocks


class _Walker:
    def __init__(self) -> None:
        self.blocks: list[PageBlock] = []
        self._pieces: list[str] = []
        self._link_chars = 0
        self._breaks = 0

    def walk(self, body: HtmlElement) -> None:
        frame = _Frame(body, "body", frozenset(), None, 0, False)
        stack = [(frame, iter(body))]
        self._add(body.text, frame)
        while stack and len(self.blocks) < MAX_BLOCKS:
            frame, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                if frame.tag not in _INLINE:
                    self._flush(frame)
                if stack:
                    self._add(frame.element.tail, stack[-1][0])
                continue
            tag = child.tag
            if not isinstance(tag, str) or tag in _SKIPPED:
                self._add(child.tail, frame)
            elif tag == "br":
                self._break(frame, child.tail)
            else:
                if tag not in _INLINE:
                    self._flush(frame)
                inner = _enter(child, tag, frame)
                self._add(child.text, inner)
                stack.append((inner, iter(child)))
        if stack:
            self._flush(stack[-1][0])

    def _add(self, text: str | None, frame: _Frame) -> None:
        if text:
            self._pieces.append(text)
            if not text.isspace():
                self._breaks = 0
                if frame.links:
                    self._link_chars += len(text)

    def _break(self, frame: _Frame, tail: str | None) -> None:
        self._breaks += 1
        if self._breaks > 1:
            self._flush(frame)
        self._pieces.append(" ")
        self._add(tail, frame)

    def _flush(self, frame: _Frame) -> None:
        if self._pieces:
            raw = "".join(self._pieces)
            text = clean_text(raw)
            key = text_key(text) if text else ""
            if key:
                self.blocks.append(
                    PageBlock(
                        text=text,
                        key=key,
                        position=len(self.blocks),
                        tag=frame.tag,
                        zones=frame.zones,
                        region=frame.region,
                        lead=frame.lead > 0,
                        words=count_words(text),
                        link_share=min(1.0, self._link_chars / len(text)),
                    )
                )
            self._pieces = []
        self._link_chars = 0
        self._breaks = 0


def _enter(element: HtmlElement, tag: str, parent: _Frame) -> _Frame:
    zones = _with_zone(parent.zones, tag) if tag in _ZONES else parent.zones
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    region, lead = parent.region, max(0, parent.lead - (tag not in _INLINE))
    if names != " ":
        name, is_lead = region_of(names[:200])
        if name:
            region = None if name == BODY else name
        if is_lead:
            lead = 3
    inline = tag in _INLINE
    return _Frame(element, parent.tag if inline else tag, zones, region, lead, parent.links or (tag == "a" and _leads_away(element)))


def _leads_away(link: HtmlElement) -> bool:
    """An anchor within the page, or a button that unfolds a section, is no link to something else."""
    href = link.get("href")
    return href is not None and not href.startswith(("#", "javascript:"))


@lru_cache(maxsize=256)
def _with_zone(zones: frozenset[str], tag: str) -> frozenset[str]:
    return zones | {tag}
