"""JSON-LD as publishers really write it: broken JSON read leniently, graphs flattened, the object of this article chosen."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from pipelines.text import clean_text, matching_form
from pipelines.urls import absolute_url, clean_url

MAX_OBJECTS = 500
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
_OPENING = re.compile(r"<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[")
_CLOSING = re.compile(r"(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\Z")
_CLOSING_CHARS = 100
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_BROKEN_TYPE = re.compile(r"""["']@type["']\s{0,9}:\s{0,9}\[?\s{0,9}["'](\w{1,60})["']""")
_BROKEN_FIELD = re.compile(
    r"""["'](headline|datePublished|dateModified|url|inLanguage|articleSection|isAccessibleForFree)["']\s{0,9}:\s{0,9}"""
    r"""(?:"((?:[^"\\\n]|\\.){1,500})"|'((?:[^'\\\n]|\\.){1,500})')\s{0,9}[,}\n]"""
)
_BROKEN_AUTHOR = re.compile(
    r""""author"\s{0,9}:\s{0,9}\[?\s{0,9}\{[^{}]{0,300}?"name"\s{0,9}:\s{0,9}"((?:[^"\\\n]|\\.){1,200})"\s{0,9}[,}\n]"""
)
MAX_SALVAGED_CHARS = 100_000
# schema.org types that describe one text to read; a WebPage or an Organization does not.
_ARTICLE_TYPES = re.compile(r"(?:article|posting|report|newsitem)$|^(?:report|review|recipe|reportage)", re.IGNORECASE)


def read_json_ld(scripts: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    """Return every JSON-LD object, graphs and main entities flattened, in page order, at most MAX_OBJECTS; what cannot be read is left out."""
    objects: list[Mapping[str, Any]] = []
    for script in scripts:
        for value in _parse_leniently(script):
            objects.extend(_flatten(value, limit=MAX_OBJECTS - len(objects)))
    return tuple(objects)


def choose_article(
    objects: Sequence[Mapping[str, Any]], *, urls: Iterable[str | None], headlines: Iterable[str | None]
) -> Mapping[str, Any]:
    """Return the object that describes the article at one of these URLs or under one of these headlines; {} if none does.

    A page's JSON-LD may also describe teasers and videos: among several articles one must agree by URL or headline, a lone one need not.
    """
    articles = [item for item in objects if is_article(item)]
    own_urls = {clean_url(url) for url in urls if url} - {None}
    own_headlines = {matching_form(headline) for headline in headlines if headline} - {""}
    best: Mapping[str, Any] = {}
    best_score = 0.0
    for item in articles:
        agreement = 4.0 * (not own_urls.isdisjoint(_urls_of(item))) + 3.0 * _has_headline(item, own_headlines)
        if len(articles) > 1 and not agreement:
            continue
        score = agreement + 1.0 + sum(key in item for key in ("headline", "datePublished", "author", "articleBody"))
        if score > best_score:
            best, best_score = item, score
    return best or (articles[0] if articles and _are_one_article(articles) else {})


def is_article(item: Mapping[str, Any]) -> bool:
    """Say whether a JSON-LD object describes a text: NewsArticle, BlogPosting, Report and their kin."""
    return any(_ARTICLE_TYPES.search(name.rsplit("/", 1)[-1]) for name in strings_of(item.get("@type")))


def strings_of(value: object, *, limit: int = 50) -> list[str]:
    """Return the non-empty strings of a value that may be a string, an object with a name or @value, or a list of these."""
    found: list[str] = []
    for item in value[:limit] if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            item = item.get("name") or item.get("@value") or item.get("@id")
        if isinstance(item, (int, float)) and not isinstance(item, bool):
            item = str(item)
        if isinstance(item, str) and item.strip():
            found.append(item.strip())
        elif isinstance(item, list):
            found.extend(part.strip() for part in item[:limit] if isinstance(part, str) and part.strip())
    return found


def plain(value: object, *, max_chars: int = 2_000) -> str | None:
    """Return the first string of a JSON-LD or meta value as clean text with its entities resolved; None if there is none."""
    for text in strings_of(value):
        # Twice: "&amp;quot;" is common where a template escapes what is already escaped.
        if text := clean_text(unescape(unescape(text[: 2 * max_chars])))[:max_chars]:
            return text
    return None


def _parse_leniently(script: str) -> list[Any]:
    text = _unwrap(script).rstrip(";")
    if text.startswith(("{&quot;", "[{&quot;")):
        text = unescape(text)
    return _decode_all(text) or _decode_all(_TRAILING_COMMA.sub("", _CONTROLS.sub(" ", text))) or _salvage(text)


def _unwrap(script: str) -> str:
    """Take away what hides a script from old browsers: a comment or CDATA around it, or one in the other."""
    text = script.strip()
    for _ in range(2):
        if opening := _OPENING.match(text):
            text = text[opening.end() :].lstrip()
        # At the end only: a search through all of it takes half of all the time that JSON-LD takes.
        if closing := _CLOSING.search(text, max(0, len(text) - _CLOSING_CHARS)):
            text = text[: closing.start()].rstrip()
    return text


def _salvage(script: str) -> list[Any]:
    """What an article's broken object says in single strings: an unescaped quote in one field does not cost the others."""
    kind = _BROKEN_TYPE.search(script)
    if kind is None or not _ARTICLE_TYPES.search(kind[1]):
        return []
    found: dict[str, Any] = {"@type": kind[1]}
    for name, double, single in _BROKEN_FIELD.findall(script[:MAX_SALVAGED_CHARS]):
        found.setdefault(name, _unescaped(double or single))
    if author := _BROKEN_AUTHOR.search(script[:MAX_SALVAGED_CHARS]):
        found["author"] = {"name": _unescaped(author[1])}
    return [found]


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _decode_all(text: str) -> list[Any]:
    """Values that stand one after another, as when a template prints two objects into one script; [] if the first cannot be read."""
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    position = 0
    while position < len(text) and len(values) < 50:
        try:
            value, position = decoder.raw_decode(text, position)
        # A few thousand brackets in a row exhaust the decoder's stack.
        except (ValueError, RecursionError):
            break
        values.append(value)
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return values


def _flatten(value: Any, *, limit: int) -> Iterator[Mapping[str, Any]]:
    queue = deque([value])
    given = seen = 0
    while queue and given < limit and seen < 4 * MAX_OBJECTS:
        item = queue.popleft()
        seen += 1
        if isinstance(item, list):
            queue.extendleft(reversed(item[:MAX_OBJECTS]))
        elif isinstance(item, dict):
            given += 1
            yield item
            queue.extend(item[key] for key in _NESTED if isinstance(item.get(key), (dict, list)))


def _urls_of(item: Mapping[str, Any]) -> set[str | None]:
    values = [*strings_of(item.get("url")), *strings_of(item.get("@id"))]
    page = item.get("mainEntityOfPage")
    values += [*strings_of(page.get("@id")), *strings_of(page.get("url"))] if isinstance(page, Mapping) else strings_of(page)
    return {clean_url(url) for url in values if absolute_url(url)} - {None}


def _has_headline(item: Mapping[str, Any], headlines: set[str]) -> bool:
    for key in ("headline", "alternativeHeadline", "name"):
        headline = matching_form(plain(item.get(key)) or "")
        if headline and any(headline == other or (len(headline) > 20 and headline in other) for other in headlines):
            return True
    return False


def _are_one_article(articles: Sequence[Mapping[str, Any]]) -> bool:
    """Two objects of one headline are one article told twice, as by a theme and a plugin."""
    return len({matching_form(plain(item.get("headline")) or "") for item in articles}) == 1
