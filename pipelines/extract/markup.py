"""Text from a string that may hold markup, such as JSON-LD's articleBody."""

from __future__ import annotations

import re
from html import unescape

from pipelines.text import clean_text, count_words

MAX_CHARS = 1_000_000
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:/p|br|/div|/h\d|/li)\b[^<>]{0,200}>|\n\s{0,100}\n|\r\n|\n", re.IGNORECASE)


def plain_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, tags taken out and entities resolved, twice where they are escaped twice; at most MAX_CHARS are read."""
    text = unescape(text[:MAX_CHARS])
    pieces = (clean_text(unescape(_TAG.sub(" ", piece))) for piece in _BREAK.sub("\n", text).split("\n"))
    return [piece for piece in pieces if count_words(piece)]
