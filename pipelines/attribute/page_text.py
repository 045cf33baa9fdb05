"""The page's text as extraction reads it: a cheap look at what a walk over the page could meet, so that most pages need none.

It never decides anything: the marks are the same without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from pipelines.attribute.page_walk import stands_in
from pipelines.text import LINE_BREAK

if TYPE_CHECKING:
    from lxml.html import HtmlElement


class TextOnPage(Protocol):
    """A run of text between two block-level tags, as extraction reads the page."""

    @property
    def text(self) -> str:
        """On one line."""

    @property
    def pieces(self) -> Sequence[str]:
        """Its text nodes, and LINE_BREAK for each ``<br>``."""

    @property
    def element(self) -> HtmlElement:
        """The innermost block-level element around it."""


class PageText:
    """The page's text in reading order: for a cheap look at what a walk could meet."""

    def __init__(self, blocks: Sequence[TextOnPage]) -> None:
        self._blocks = blocks
        self._elements = [block.element for block in blocks]

    def lines_before(self, stop: HtmlElement, *, start: HtmlElement, max_line_chars: int, max_blocks: int) -> list[TextOnPage] | None:
        """Return the short lines among the last blocks before ``stop``, back to ``start``; None if it is not known where they stand.

        That is where ``stop`` has no text of its own. Without one, ``start`` may be in a menu: then further back, up to max_blocks.
        """
        end = self._place_of(stop)
        if end is None:
            return None
        first = self._place_of(start)
        return _short_lines(self._blocks[max(0 if first is None else first + 1, end - max_blocks) : end], max_line_chars)

    def lines_behind(self, start: HtmlElement, *, max_line_chars: int, max_blocks: int) -> list[TextOnPage] | None:
        """Return the short lines among the next blocks behind ``start``; None if it has no text of its own, so that it is not known where it stands."""
        place = self._place_of(start)
        return None if place is None else _short_lines(self._blocks[place + 1 : place + 1 + max_blocks], max_line_chars)

    def _place_of(self, element: HtmlElement) -> int | None:
        try:
            return self._elements.index(element)
        except ValueError:
            return None


def _short_lines(blocks: Iterable[TextOnPage], max_chars: int) -> list[TextOnPage]:
    # A walk parts blocks at line breaks too.
    return [block for block in blocks if len(block.text) <= max_chars or LINE_BREAK in block.pieces]


def may_hold(blocks: Sequence[TextOnPage], is_found: Callable[[str], bool]) -> bool:
    """Say whether something is found in the text of blocks outside figures. Their text nodes are parted, so that words do not run together."""
    if not is_found("\n".join([piece for block in blocks for piece in block.pieces])):
        return False
    return any(is_found("\n".join(block.pieces)) and not stands_in(block.element, "figure") for block in blocks)
