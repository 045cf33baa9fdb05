"""Who wrote the article: people only. Agencies in an author field stay in the list: attribution takes them out, it knows their names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from pathlib import Path

from lxml.html import HtmlElement
from trafilatura.metadata import extract_author

from pipelines.extract.json_ld import strings_of
from pipelines.extract.page_blocks import PageBlock
from pipelines.extract.site_names import site_names
from pipelines.records import ParsedPage
from pipelines.text import clean_text

_DATA = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))
_ROLES = frozenset(_DATA["roles"])
_DESK_WORDS = frozenset(_DATA["desk_words"].split())
_FUNCTIONS = frozenset(_DATA["functions"].split())
_PREFIX = re.compile(
    r"^(?:" + "|".join(sorted(map(re.escape, _DATA["prefixes"].split()), key=len, reverse=True)) + r")(?:\s|(?<=:))[\s:]*", re.I
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]{0,80}[)\]]")
_EMAIL = re.compile(r"\S{1,60}@\S{1,80}")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[,;|/•·]\s*|\s+(?:and|und|et|y|e|i|en|og|och|ja|&|with|mit|avec|con)\s+", re.IGNORECASE)
# "Smith, John": one comma, one word on each side.
_INVERTED = re.compile(r"([^\s,]+), ([^\s,]+)")
_LETTER = re.compile(r"[^\W\d_]")
_META = (
    "author",
    "article:author",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "articleauthor",
    "cxenseparse:author",
)
_VISIBLE = (
    "//*[@itemprop='author']//*[@itemprop='name'] | //*[@itemprop='author'][not(.//*[@itemprop='name'])]",
    "//a[contains(concat(' ', @rel, ' '), ' author ')]",
)
_ORGANIZATIONS = frozenset(("Organization", "NewsMediaOrganization", "Corporation"))
# Names of two words at least: "By the sea" is no byline.
_BYLINE = re.compile(
    r"(?:By|BY|Von|VON|Par|PAR|Por|POR|Di|DI|Door|Av|Af|Przez|Autor|Autorka|Text|Texte|Testo)\s?:?\s+(?P<names>[^\W\d_a-zß-ÿ][\w'’.-]*(?:\s[^\n]{2,60})?)$"
)
_BYLINE_REACH = 12
_FIRST_PARAGRAPH_WORDS = 25
MAX_AUTHORS = 20
MAX_ELEMENTS_FOR_SEARCH = 6_000


def find_authors(parsed: ParsedPage, page: Sequence[PageBlock] = ()) -> tuple[str, ...]:
    """Return the authors' names in the order given, without roles, addresses, ids and the site's own name; () if nobody is named.

    page: the page's blocks, for bylines that stand nowhere but in the text ("Par Jeanne Martin"). What JSON-LD calls an organization is
    no person in any other field either.
    """
    organizations = {name.casefold() for name in _organizations(parsed)}
    for values in _author_fields(parsed, page):
        if names := tuple(name for name in people(values, parsed) if name.casefold() not in organizations):
            return names
    return ()


def people(values: Iterable[str], parsed: ParsedPage) -> tuple[str, ...]:
    """Return the people among author fields as printed, each once."""
    names: dict[str, str] = {}
    for value in values:
        for name in _split(value):
            if _is_person(name) and not site_names(parsed).is_name(name):
                names.setdefault(name.casefold(), name)
    return tuple(names.values())[:MAX_AUTHORS]


def _organizations(parsed: ParsedPage) -> Iterator[str]:
    for key in ("author", "creator", "publisher"):
        value = parsed.article_ld.get(key)
        for item in value[:MAX_AUTHORS] if isinstance(value, list) else [value]:
            if isinstance(item, Mapping) and not _ORGANIZATIONS.isdisjoint(strings_of(item.get("@type"))):
                yield from (clean_text(name) for name in strings_of(item.get("name")))


def _printed_bylines(page: Sequence[PageBlock]) -> list[str]:
    """Lines that open with "By" in some language and hold names only, between the headline and the first paragraph."""
    headline = next((block.position for block in page if block.tag == "h1"), None)
    if headline is None:
        return []
    bylines: list[str] = []
    for block in page[headline + 1 : headline + 1 + _BYLINE_REACH]:
        if block.words >= _FIRST_PARAGRAPH_WORDS:
            break
        if not block.is_aside and block.words <= 12 and (match := _BYLINE.match(block.text)) and _looks_like_names(match["names"]):
            bylines.append(match["names"])
    return bylines[:1]


def _author_fields(parsed: ParsedPage, page: Sequence[PageBlock]) -> Iterator[list[str]]:
    yield _stated_names(parsed, "author") or _stated_names(parsed, "creator")
    for key in _META:
        yield [parsed.meta[key]] if key in parsed.meta else []
    yield _persons_named(parsed)
    for path in _VISIBLE:
        visible = (_content(element) for element in parsed.tree.xpath(path)[:10] if not _is_in_comments(element))
        yield [text for text in visible if _looks_like_names(text)]
    yield _printed_bylines(page)
    # Last: it copies the tree and knows many class names.
    if parsed.tree.xpath("count(//*)") <= MAX_ELEMENTS_FOR_SEARCH and (found := extract_author(parsed.tree)):
        yield [text for text in found.split("; ") if _looks_like_names(text)]


def _stated_names(parsed: ParsedPage, key: str) -> list[str]:
    """Names in JSON-LD: a string, an object, a list of these, or a reference by ``@id`` to an object elsewhere on the page."""
    value = parsed.article_ld.get(key)
    names: list[str] = []
    for item in value[:MAX_AUTHORS] if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and not item.get("name"):
            item = next((other for other in parsed.json_ld if other.get("@id") == item.get("@id") and other.get("name")), item)
        if isinstance(item, Mapping) and not _ORGANIZATIONS.isdisjoint(strings_of(item.get("@type"))):
            continue
        if isinstance(item, Mapping) and not item.get("name") and item.get("familyName"):
            item = " ".join(strings_of(item.get("givenName"))[:1] + strings_of(item.get("familyName"))[:1])
        names.extend(strings_of(item))
    return names


def _looks_like_names(text: str) -> bool:
    """Whether visible text may be names: links such as "Follow" or "All posts" stand in the same places."""
    words = text.split()
    if len(words) == 1:
        return not text.islower() or not text.isascii()
    return len(words) <= 12 and sum(word[0].isupper() or not word.isascii() for word in words) >= 0.6 * len(words)


def _persons_named(parsed: ParsedPage) -> list[str]:
    """A lone Person in JSON-LD beside an article without author, as some plugins write it."""
    persons = [item for item in parsed.json_ld if "Person" in strings_of(item.get("@type"))]
    return strings_of(persons[0].get("name")) if len(persons) == 1 else []


def _content(element: HtmlElement) -> str:
    return clean_text(element.get("content") or " ".join(element.itertext()))[:200]


def _is_in_comments(element: HtmlElement) -> bool:
    return any("comment" in (ancestor.get("class") or "").lower() for ancestor in element.iterancestors())


def _split(value: str) -> Iterator[str]:
    value = clean_text(unescape(value[:500]))
    value = _URL.sub(" ", _EMAIL.sub(" ", _BRACKETS.sub("", value)))
    if match := _INVERTED.fullmatch(value.strip()):
        first, last = match.group(2), match.group(1)
        if first.casefold() not in _FUNCTIONS and first[0].isupper() and last[0].isupper():
            yield f"{first} {last}"
            return
    for part in _SEPARATOR.split(value):
        name = part.strip(" .:-–—*\"'“”„")
        while match := _PREFIX.match(name):
            name = name[match.end() :].strip(" .:-–—")
        if name:
            yield name


def _is_person(name: str) -> bool:
    folded = name.casefold()
    words = folded.split()
    if not 3 <= len(name) <= 60 and not (len(name) >= 2 and not name.isascii()):
        return False
    if len(words) > 6 or folded in _ROLES or any(character.isdigit() for character in name) or not _LETTER.search(name):
        return False
    if words[0] in _DESK_WORDS or words[-1] in _DESK_WORDS or any(word in _FUNCTIONS for word in words):
        return False
    # "john_smith", "jsmith": a login, not a name as printed. Agencies ("dpa") and initials stay.
    return "_" not in name and not name.startswith("@") and not (len(words) == 1 and len(name) > 4 and name.islower() and name.isascii())
