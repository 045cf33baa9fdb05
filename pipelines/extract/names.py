"""Names in author fields: parting them, and telling people from desks, organizations, ids and the site itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from pipelines.extract.site_names import SiteNames
from pipelines.text import clean_text

WORDS = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))
MAX_FIELD_CHARS = 500
_ROLES = frozenset(WORDS["roles"])
_SUFFIX = re.compile(rf"(?<=\w\w)\s*(?:{'|'.join(sorted(WORDS['suffixes'], key=len, reverse=True))})$")
_DESK_WORDS, _ORGANIZATION_WORDS, _FUNCTIONS, _ARTICLES = (
    frozenset(WORDS[name].split()) for name in ("desk_words", "organization_words", "functions", "articles")
)
_PREFIX = re.compile(
    r"^(?:"
    + "|".join(sorted(map(re.escape, {*WORDS["prefixes"].split(), *WORDS["prefix_phrases"]}), key=len, reverse=True))
    + r")(?:\s|(?<=:)|\s?:)[\s:]*",
    re.I,
)
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]{0,80})[)\]]")
_EMAIL = re.compile(r"\S{1,60}@\S{1,80}")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*[,;|/•·]\s*|\s+(?:im gespräch mit|in conversation with|and|und|et|y|e|i|en|og|och|ja|ve|&|with|mit|avec|con)\s+", re.IGNORECASE
)
# "Jane Doe for the Daily": whom she writes for.
_FOR = re.compile(r"\s+[Ff](?:or|OR|ür)\s+.*$")
# "Jane Doe Illustration by Tom Roe": who made the pictures.
_PICTURES = re.compile(
    r"\s+(?:illustration(?:s|en)?|fotos?|photos?|bild(?:er)?|grafik)(?:\s+(?:von|by|de|di|par)|\s?:)\s.*$", re.IGNORECASE
)
# "Smith, John": one comma, one word on each side.
_INVERTED = re.compile(r"([^\s,]+), ([^\s,]+)")
_HOST = re.compile(r"(?:[\w-]{1,60}\.){1,3}[a-z]{2,10}", re.ASCII)
_MARKUP = re.compile(r"<[^<>]{0,400}>?")
# "freeman1984": three letters and more, then figures.
_PEN_NAME = re.compile(r"[^\W\d_]+\d{1,4}[^\W\d_]*")
_LETTER = re.compile(r"[^\W\d_]")
_TRIMMED = " .:-–—*→»\"'“”„"


def plain_field(field: str) -> str:
    """Return an author field in one line, with commas for markup, cut to MAX_FIELD_CHARS."""
    return clean_text(_MARKUP.sub(", ", unescape(field[:MAX_FIELD_CHARS])))


def names_of(field: str, site: SiteNames) -> Iterator[str]:
    """Yield the names in an author field, without roles, addresses, initials in brackets and the words before a name.

    A field that opens with the site's name or a host, or gives the site's host in brackets, is the site's: "daily.example, Springfield".
    """
    field = plain_field(field)
    if any(site.is_name(_URL.sub("", inside) or inside.removeprefix("www.")) for inside in _BRACKETS.findall(field)):
        return
    field = _PICTURES.sub("", field)
    field = _FOR.sub("", _URL.sub(" ", _EMAIL.sub(" ", _BRACKETS.sub("", field)))).strip()
    if match := _INVERTED.fullmatch(field):
        last, first = match.groups()
        if first.casefold() not in _FUNCTIONS and first[0].isupper() and last[0].isupper():
            yield f"{first} {last}"
            return
    for position, part in enumerate(_SEPARATOR.split(site.cut(field))):
        name = part.strip(_TRIMMED)
        if position == 0 and (_HOST.fullmatch(name) or (name and "," in field and site.is_name(name))):
            return
        while match := _PREFIX.match(name):
            name = name[match.end() :].strip(_TRIMMED)
        name = _SUFFIX.sub("", name)
        if name:
            yield name


def is_person(name: str, site: SiteNames, *, is_printed: bool = False) -> bool:
    """Say whether a name may be a person's: not a role, desk, organization, login, id, or the site's own.

    Agencies and initials pass: attribution knows the first, and the second are how some papers sign. is_printed: readers see it as the
    byline, so that "jdoe" is a pen name; in metadata it is a login.
    """
    folded = name.casefold()
    words = folded.split()
    if not 3 <= len(name) <= 60 and not (len(name) >= 2 and not name.isascii()):
        return False
    has_figures = any(character.isdigit() for character in name)
    if len(words) > 6 or folded in _ROLES or (has_figures and not (is_printed and _PEN_NAME.fullmatch(name))) or not _LETTER.search(name):
        return False
    if is_desk(name) or words[0] in _ARTICLES:
        return False
    parts = frozenset(re.split(r"[\s-]+", folded))
    if not _FUNCTIONS.isdisjoint(words) or not _ORGANIZATION_WORDS.isdisjoint(parts | frozenset(words)) or _HOST.fullmatch(name):
        return False
    is_login = (
        "_" in name or name.startswith("@") or (not is_printed and len(words) == 1 and len(name) > 4 and name.islower() and name.isascii())
    )
    return not is_login and not site.is_name(name) and not site.is_department(name)


def names_anybody(text: str) -> bool:
    """Say whether what an author field holds names anybody or anything: no number, address or login."""
    return bool(_LETTER.search(text)) and not text.startswith("@") and not _EMAIL.search(text) and not _URL.search(text)


def is_desk(name: str) -> bool:
    """Say whether a name is a desk's: "Redaktion", "Web Desk", "MM-Redaktion"."""
    words = name.casefold().split()
    return bool(words) and (words[0] in _DESK_WORDS or not _DESK_WORDS.isdisjoint(re.split(r"-", words[-1])))


def looks_like_names(text: str) -> bool:
    """Say whether visible text may be names: links such as "Follow" or "All posts" stand in the same places."""
    words = text.split()
    if len(words) == 1:
        return not text.islower() or not text.isascii()
    return len(words) <= 12 and sum(word[0].isupper() or not word.isascii() for word in words) >= 0.6 * len(words)
