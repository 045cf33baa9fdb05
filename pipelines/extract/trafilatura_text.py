"""The article's text by trafilatura, as typed blocks. The only module here that imports it for text."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from pipelines.records import Block, BlockKind
from pipelines.text import clean_text

logger = logging.getLogger(__name__)
# A body of its own refuses to be silent about each page; what went wrong is in our rejection.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

VERSION = f"trafilatura/{trafilatura.__version__}"
# trafilatura's own tags for the structure of a text.
_KINDS: dict[str, BlockKind] = {"head": "heading", "item": "list_item", "quote": "quote", "row": "table", "p": "paragraph"}
_BLOCK_TAGS = frozenset((*_KINDS, "body", "list", "table", "div", "code", "graphic", "lb", "ab", "figure"))
# A paragraph in a quote is a quote, a bold line in a list an item.
_OUTER_WINS = frozenset(("list_item", "quote", "table"))


def trafilatura_blocks(tree: HtmlElement) -> list[Block]:
    """Return the article's blocks, positions 0, 1, 2 …; [] if trafilatura finds none. The tree is copied, not changed.

    Metadata is left to our own rules: trafilatura's costs a third of its time, gives days without a time and mixes agencies with people.
    """
    document = trafilatura.bare_extraction(tree, include_comments=False, include_tables=True, with_metadata=False, deduplicate=False)
    # A dict only with the deprecated as_dict.
    if document is None or isinstance(document, dict) or document.body is None:
        return []
    return [Block(text=text, kind=kind, position=position) for position, (kind, text) in enumerate(_walk(document.body))]


def _walk(body: etree._Element) -> Iterator[tuple[BlockKind, str]]:
    pieces: list[str] = []
    kinds: list[BlockKind] = ["paragraph"]

    def flush() -> Iterator[tuple[BlockKind, str]]:
        text = clean_text("".join(pieces))
        pieces.clear()
        if text.strip("| "):
            yield kinds[-1], text.strip("| ") if kinds[-1] == "table" else text

    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag
        is_block = tag in _BLOCK_TAGS
        if event == "start":
            if is_block:
                yield from flush()
                kind = _KINDS.get(tag, kinds[-1])
                kinds.append(kinds[-1] if kinds[-1] in _OUTER_WINS and kind != "list_item" else kind)
            elif tag == "cell" and pieces:
                pieces.append(" | ")
            if element.text:
                pieces.append(element.text)
        else:
            if is_block:
                yield from flush()
                kinds.pop()
            if element.tail and element is not body:
                pieces.append(element.tail)
    yield from flush()
