"""Who wrote the article: people only, and beside them the byline as metadata have it.

Agencies in an author field stay in the list: attribution takes them out, it knows their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipelines.extract.bylines import find_places, linked_bylines, marked_bylines
from pipelines.extract.json_ld import strings_of
from pipelines.extract.names import is_desk, is_person, names_anybody, names_of, plain_field
from pipelines.extract.page_blocks import PageBlock
from pipelines.extract.printed_bylines import labelled_bylines, printed_bylines, signed_lines
from pipelines.extract.site_names import SiteNames, site_names
from pipelines.records import ParsedPage
from pipelines.text import clean_text

_META = (
    "citation_author",
    "author",
    "article:author",
    "og:article:author",
    "article:author_name",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "articleauthor",
    "cxenseparse:author",
)
_ORGANIZATIONS = frozenset(("Organization", "NewsMediaOrganization", "Corporation"))
MAX_AUTHORS = 20


def find_authors(parsed: ParsedPage, page: Sequence[PageBlock] = (), *, title: str | None = None) -> tuple[str, ...]:
    """Return the authors' names in the order given, without roles, addresses, ids and the site's own name; () if nobody is named.

    page, title: the page's blocks and its headline, for bylines that stand nowhere but in the text ("Par Jeanne Martin"). What JSON-LD calls an organization is
    no person in any other field either.
    """
    site = site_names(parsed)
    organizations = {name.casefold() for name in _organizations(parsed, "author", "creator", "publisher")}
    for values, is_printed in _author_fields(parsed, page, site, title):
        if names := tuple(name for name in people(values, site, is_printed=is_printed) if name.casefold() not in organizations):
            return names
    return ()


def find_byline(parsed: ParsedPage) -> tuple[str, ...]:
    """Return who the page says it is by, as written and whoever that is: the outlet, a desk, an agency, people; () where it does not say.

    Organizations in JSON-LD, or the first field that names anybody, at most MAX_AUTHORS.
    """
    organizations = list(_organizations(parsed, "author", "creator"))
    for values in (organizations, *_stated_fields(parsed)):
        names = dict.fromkeys(name for value in values if names_anybody(name := plain_field(value).strip(", ")))
        if names:
            return tuple(names)[:MAX_AUTHORS]
    return ()


def people(values: Iterable[str], site: SiteNames, *, is_printed: bool = False) -> tuple[str, ...]:
    """Return the people among author fields as printed, each once, at most MAX_AUTHORS."""
    names: dict[str, str] = {}
    for value in values:
        for name in names_of(value, site):
            if is_person(name, site, is_printed=is_printed):
                names.setdefault(name.casefold(), name)
    return tuple(names.values())[:MAX_AUTHORS]


def _author_fields(parsed: ParsedPage, page: Sequence[PageBlock], site: SiteNames, title: str | None) -> Iterator[tuple[list[str], bool]]:
    """The fields that may name the authors, the surest first, and whether readers see them.

    Where JSON-LD names an organization that is not the site, nobody signs; where a field names a desk, what only looks like a byline is
    not asked.
    """
    stated = [*_stated_fields(parsed), _persons_named(parsed)]
    yield from ((field, False) for field in stated)
    if any(not site.is_name(name) for name in _organizations(parsed, "author", "creator")):
        return
    places = find_places(parsed)
    marked = list(marked_bylines(places))
    yield from ((field, True) for field in marked)
    if any(is_desk(name) for field in (*stated, *marked) for value in field for name in names_of(value, site)):
        return
    yield from ((field, True) for field in linked_bylines(places, page, title=title))
    yield printed_bylines(page, title=title), True
    yield signed_lines(parsed.tree, page, title=title), True
    yield labelled_bylines(page), True


def _stated_fields(parsed: ParsedPage) -> list[list[str]]:
    """The author fields of JSON-LD and meta elements, the surest first."""
    return [
        _stated_names(parsed, "author") or _stated_names(parsed, "creator"),
        *([parsed.meta[key]] for key in _META if key in parsed.meta),
    ]


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


def _persons_named(parsed: ParsedPage) -> list[str]:
    """A lone Person in JSON-LD beside an article without author, as some plugins write it."""
    persons = [item for item in parsed.json_ld if "Person" in strings_of(item.get("@type"))]
    return strings_of(persons[0].get("name")) if len(persons) == 1 else []


def _organizations(parsed: ParsedPage, *keys: str) -> Iterator[str]:
    for key in keys:
        value = parsed.article_ld.get(key)
        for item in value[:MAX_AUTHORS] if isinstance(value, list) else [value]:
            if isinstance(item, Mapping) and not _ORGANIZATIONS.isdisjoint(strings_of(item.get("@type"))):
                yield from (clean_text(name) for name in strings_of(item.get("name")))
