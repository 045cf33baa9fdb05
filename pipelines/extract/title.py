"""The headline: the h1 that agrees with what the page says of itself elsewhere, without site name and kicker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipelines.extract.json_ld import plain
from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.records import ParsedPage
from pipelines.text import clean_text, count_words
from pipelines.urls import host_of

_SEPARATOR = re.compile(r"\s+[|–—·»•:-]\s+|\s*[|»•]\s*|(?<=\w)[:] ")
_SIGNS_BETWEEN = re.compile(r"\w[:–—-]\s|\s[:–—-]\s")
_WORD = re.compile(r"\w+")
MAX_TITLE_CHARS = 400


def find_title(parsed: ParsedPage, blocks: Sequence[PageBlock]) -> str | None:
    """Return the article's headline, None if nothing on the page can be one.

    The h1 is what readers see; og:title and JSON-LD say which h1, and are often longer by the site's name or written for search engines.
    """
    stated = stated_titles(parsed)
    headings = [heading for heading in _headings(parsed) if 2 < len(heading) <= MAX_TITLE_CHARS and not is_site_name(heading, parsed)]
    agreement = {heading: max((_overlap(heading, title) for title in stated), default=0.0) for heading in headings}
    for heading in headings:
        if agreement[heading] >= 0.7:
            return _without_kicker(heading, stated, blocks)
    # Another wording for search engines: the h1 above the text is what was printed.
    early = [heading for heading in headings if count_words(heading) >= 4 and _is_early(heading, blocks)]
    early = [heading for heading in early if agreement[heading] >= 0.25] or (early if len(early) == 1 else [])
    if early:
        return _without_kicker(max(early, key=agreement.__getitem__), stated, blocks)
    return stated[0] if stated else next(iter(headings), None)


def stated_titles(parsed: ParsedPage) -> list[str]:
    """Return the titles that the page's metadata state, without the site's name: JSON-LD, Open Graph, Twitter, ``<title>``."""
    candidates = (
        plain(parsed.article_ld.get("headline")),
        plain(parsed.meta.get("og:title")),
        plain(parsed.meta.get("twitter:title")),
        clean_text(parsed.tree.findtext(".//title") or "")[:MAX_TITLE_CHARS],
    )
    cleaned = [without_site_name(title, parsed).rstrip(" -–—|·") for title in candidates if title]
    return [title for title in dict.fromkeys(cleaned) if not is_site_name(title, parsed)]


def without_site_name(title: str, parsed: ParsedPage) -> str:
    """Return title without the site's name at its start or end, where a sign parts them: "Rates rise - The Daily", "The Daily | Rates rise"."""
    for _ in range(3):
        parts = list(_SEPARATOR.finditer(title))
        if not parts:
            return title
        last, first = parts[-1], parts[0]
        if is_site_name(title[last.end() :], parsed) and title[: last.start()].strip():
            title = title[: last.start()].strip()
        elif is_site_name(title[: first.start()], parsed) and title[first.end() :].strip():
            title = title[first.end() :].strip()
        else:
            return title
    return title


def is_site_name(text: str, parsed: ParsedPage) -> bool:
    """Say whether text is the name of the site or its host ("BBC News", "example.com") rather than a headline."""
    key = text_key(text)
    if not key:
        return True
    host = host_of(parsed.url)
    names = {text_key(name) for name in (parsed.site_name, plain(parsed.article_ld.get("publisher"))) if name} - {""}
    labels = {text_key(label) for label in (host, host.rsplit(".", 1)[0], *host.split(".")[:-1]) if len(label) > 2}
    if key in names or key in labels:
        return True
    is_short = len(text.split()) <= 5
    return is_short and any(len(name) > 3 and (key.startswith(name) or name == "the" + key) for name in names)


def headline_keys(parsed: ParsedPage) -> frozenset[str]:
    """Return the keys of every h1 and stated title: a block at the top that ends in one of them is the headline in another wording."""
    return frozenset(key for text in (*_headings(parsed), *stated_titles(parsed)) if len(key := text_key(text)) >= 20)


def _headings(parsed: ParsedPage) -> list[str]:
    return [text for element in parsed.tree.xpath("(//h1)[position() <= 8]") if (text := clean_text(" ".join(_spaced(element.itertext()))))]


def _spaced(pieces: Iterable[str]) -> list[str]:
    """Pieces of one heading: a kicker and a headline in two spans stand apart, letters that only styling parts stay together."""
    joined: list[str] = []
    for piece in pieces:
        if joined and joined[-1] and piece and ((joined[-1][-1].islower() and piece[0].islower()) or piece[0] in ",.;:!?’”»)"):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _overlap(one: str, other: str) -> float:
    """Shared words as a share of the shorter title, 0 to 1; a title of one or two words must be the same or, without spaces, most of it."""
    a, b = _words(one), _words(other)
    shorter, longer = sorted((text_key(one), text_key(other)), key=len)
    if not a or not b or min(len(a), len(b)) <= 2:
        first_part = text_key(_SEPARATOR.split(other, maxsplit=1)[0])
        return float(
            shorter == longer or (shorter in longer and len(shorter) > 0.6 * len(longer)) or (len(a) > 1 and text_key(one) == first_part)
        )
    return len(a & b) / min(len(a), len(b))


def _without_kicker(heading: str, stated: Iterable[str], blocks: Sequence[PageBlock]) -> str:
    """A stated title, or a block of its own inside the h1, that is the end of the heading: what stands before it is the kicker."""
    key = text_key(heading)
    stated = list(stated)
    for title in stated:
        if text_key(title) == key:
            # Stated as a whole: what looks like a kicker is part of it. Its signs are the better ones where the h1 is put together of spans.
            return title if _SIGNS_BETWEEN.search(title) and not _SIGNS_BETWEEN.search(heading) else heading
    for title in stated:
        shorter = text_key(title)
        if len(shorter) >= 12 and shorter != key and key.endswith(shorter):
            return title
    for block in blocks:
        if block.tag != "h1" and len(block.key) >= 25 and block.key != key and key.endswith(block.key) and len(block.key) > 0.5 * len(key):
            return block.text
    return heading


def _is_early(heading: str, blocks: Sequence[PageBlock]) -> bool:
    """Whether it stands above the text or right at its start."""
    key = text_key(heading)
    prose = next((block.position for block in blocks if block.words >= 30 and block.link_share < 0.3), len(blocks))
    return any(block.key == key or (len(block.key) >= 10 and block.key in key) for block in blocks[: prose + 3])
