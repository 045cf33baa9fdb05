"""What a page states about its article, in the form in which blocks are compared with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any

from pipelines.extract.json_ld import plain, strings_of
from pipelines.extract.markup import plain_paragraphs
from pipelines.extract.page_blocks import text_key
from pipelines.records import ParsedPage
from pipelines.text import clean_text

# Shorter descriptions are slogans ("News, sport and more"), longer than this they are the whole article.
_MIN_DESCRIPTION_CHARS = 30
_MAX_KEY_CHARS = 200
_MIN_BODY_CHARS = 200
_AUTHOR_CHARS = range(6, 60)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """Keys (letters and digits in lower case) of what JSON-LD and meta state."""

    titles: frozenset[str] = frozenset()
    title_words: frozenset[str] = frozenset()
    descriptions: tuple[str, ...] = ()
    """The first 200 characters of each."""
    body: str = ""
    """Of JSON-LD's articleBody; "" when it is short or missing."""
    body_chars: int = 0
    authors: tuple[str, ...] = ()
    """Names in lower case, not keys."""
    has_article: bool = False
    """JSON-LD describes an article."""
    is_og_article: bool = False


def read_facts(parsed: ParsedPage) -> PageFacts:
    """Return what the page states of its article."""
    article, meta = parsed.article_ld, parsed.meta
    titles = _plain(meta.get("og:title"), meta.get("twitter:title"), article.get("headline"), parsed.title)
    descriptions = _plain(meta.get("og:description"), meta.get("description"), meta.get("twitter:description"), article.get("description"))
    body = article.get("articleBody")
    body = clean_text(" ".join(plain_paragraphs(body))) if isinstance(body, str) else ""
    authors = [name.lower() for name in (*strings_of(article.get("author")), meta.get("author", "")) if len(name) in _AUTHOR_CHARS]
    return PageFacts(
        titles=frozenset(map(text_key, titles)) - {""},
        title_words=frozenset(word for title in titles for word in title.lower().split()),
        descriptions=tuple(text_key(text)[:_MAX_KEY_CHARS] for text in descriptions if len(text) > _MIN_DESCRIPTION_CHARS),
        body=text_key(body) if len(body) > _MIN_BODY_CHARS else "",
        body_chars=len(body),
        authors=tuple(dict.fromkeys(authors)),
        has_article=bool(article),
        is_og_article="article" in meta.get("og:type", ""),
    )


def _plain(*values: Any) -> Iterable[str]:
    texts = (plain(value) for value in values)
    return list(dict.fromkeys(unescape(text) for text in texts if text))
