"""What a feed, a sitemap or a section page said, and the plain text of a title in it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from pipelines.records import Discovered
from pipelines.text import clean_text

MAX_TITLE_CHARS = 1000
MAX_TAGS = 30
MAX_TAG_CHARS = 100
# A letter must follow the bracket, so that "profit < 5 %, loss > 3 %" stays; the bound keeps a stray "<" from eating the rest.
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|<!--[^>]{0,500}-->")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One feed, sitemap or section page, read: what it names, in its own order."""

    entries: tuple[Discovered, ...] = ()
    """Pages that may be articles."""
    children: tuple[Discovered, ...] = ()
    """Of a sitemap index: the sitemaps it names; ``modified_at`` is their ``lastmod``."""
    problems: tuple[str, ...] = ()
    """What was wrong with it though it could be read, in words and with counts; empty when it is sound."""


def plain_text(markup: str | None, *, max_chars: int = MAX_TITLE_CHARS) -> str | None:
    """Return a title without markup and entities, on one line, NFC, at most max_chars long; None when nothing is left.

    Feeds escape once, twice or not at all, so tags are dropped and entities resolved until nothing changes, at most three times.
    """
    if not markup:
        return None
    text = markup[: 8 * max_chars]
    for _ in range(3):
        resolved = html.unescape(_MARKUP.sub(" ", text) if "<" in text else text)
        if resolved == text:
            break
        text = resolved
    return clean_text(text)[:max_chars].rstrip() or None


def plain_tags(raw: list[str]) -> tuple[str, ...]:
    """Return the keywords as plain text, each once, in order; at most 30."""
    tags = (plain_text(tag, max_chars=MAX_TAG_CHARS) for tag in raw[: 2 * MAX_TAGS])
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MAX_TAGS]
