"""The article of a page that only a script would draw: HTML in a string of the application's state.

Frameworks send the state as JSON in a script (``__NEXT_DATA__``, ``window.__INITIAL_STATE__``), or as JSON in strings of JSON
(``self.__next_f.push``), and some pages have their text nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MIN_PARAGRAPHS = 3
MAX_STRINGS = 200
MAX_STATE_CHARS = 5_000_000
_DEPTH = 2
"""Strings of JSON in strings of JSON."""
_SCRIPT = re.compile(r"<script\b[^<>]{0,1000}>", re.IGNORECASE)
_SCRIPT_END = re.compile("</script", re.IGNORECASE)
# "<p>" itself or as JSON writes it, once or twice escaped.
_PARAGRAPH = re.compile(r"(?:<|\\{1,3}u003c)p(?=[\s>\\])", re.IGNORECASE)
_REST_OF_STRING = re.compile(r'(?:[^"\\]|\\.)*+(?=")', re.DOTALL)
_TEXT = re.compile(">([^<>]+)")


def find_drawn_article(html: str) -> str | None:
    """Return the HTML string with most text among those of the page's scripts that hold three paragraphs or more; None if there is none.

    html: the page's text as it came. Linear in its length, at most 5,000,000 characters of scripts and 200 strings.
    """
    if "</script" not in html or not _PARAGRAPH.search(html):
        return None
    found = [string for script in _scripts(html) for string in _html_strings(script, depth=_DEPTH)]
    return max(found, key=lambda string: sum(map(len, _TEXT.findall(string))), default=None)


def _scripts(html: str) -> Iterator[str]:
    room, position = MAX_STATE_CHARS, 0
    while (opened := _SCRIPT.search(html, position)) and (closing := _SCRIPT_END.search(html, opened.end())):
        position = closing.end()
        room -= closing.start() - opened.end()
        if room < 0:
            return
        yield html[opened.end() : closing.start()]


def _html_strings(source: str, *, depth: int) -> Iterator[str]:
    position = 0
    for _ in range(MAX_STRINGS):
        paragraph = _PARAGRAPH.search(source, position)
        if paragraph is None:
            return
        start = _string_start(source, position, paragraph.start())
        if not start:
            position = paragraph.end()
            continue
        rest = _REST_OF_STRING.match(source, start)
        if rest is None:
            # No quote closes it: no string begins behind it either.
            return
        position = rest.end() + 1
        try:
            string = json.loads(f'"{rest[0]}"', strict=False)
        except ValueError:
            continue
        if string.lower().count("<p") >= MIN_PARAGRAPHS and not _is_json(string):
            yield string
        elif depth > 1:
            yield from _html_strings(string, depth=depth - 1)


def _string_start(source: str, left: int, inside: int) -> int:
    """Return where the string begins that a place lies in, right behind its quote; 0 if no quote stands before it."""
    quote = source.rfind('"', left, inside)
    while quote > left:
        before = quote - 1
        while before >= left and source[before] == "\\":
            before -= 1
        if (quote - before) % 2:
            break
        quote = source.rfind('"', left, quote)
    return quote + 1


def _is_json(string: str) -> bool:
    return string.lstrip()[:1] in ("{", "[") or re.match(r"\s*[\w$]{1,20}:", string) is not None
