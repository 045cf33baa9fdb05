"""When an article was published and modified: the first source that knows, as an instant in the offset that it states.

A day without a time and a time without an offset are weaker: another source of the same day or the same minute lends them what they lack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from htmldate import find_date
from lxml.html import HtmlElement

from pipelines.extract.bylines import is_foreign
from pipelines.extract.json_ld import strings_of
from pipelines.extract.page_blocks import PageBlock
from pipelines.extract.printed_dates import days_beside_headline, labelled_days
from pipelines.extract.stamps import Stamp, completed, is_plausible, parse_stamp
from pipelines.records import Discovered, FetchedPage, ParsedPage

# It logs each page whose metadata it cannot read as an error.
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# htmldate's search over the whole text takes seconds on very large pages.
MAX_ELEMENTS_FOR_TEXT_SEARCH = 6_000
MAX_MARKED = 5
_PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "article.published",
    "publish-date",
    "publish_date",
    "publishdate",
    "publication_date",
    "pubdate",
    "og:pubdate",
)
# Of the page rather than the article: some systems put the day here on which a page was set up, or last changed.
_PAGE_DATE_META = ("dc.date.issued", "dcterms.created", "dcterms.date", "dc.date", "date")
_MODIFIED_META = (
    "article:modified_time",
    "og:article:modified_time",
    "datemodified",
    "og:updated_time",
    "last-modified",
    "dcterms.modified",
)
_URL_DATE = re.compile(
    r"[/_-]((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)|/((?:19|20)\d\d)/([1-9]|0[1-9]|1[0-2])/([1-9]|0[1-9]|[12]\d|3[01])(?=/)"
)


@dataclass(frozen=True, slots=True)
class Dates:
    """published_at and modified_at as stated, never after the fetch; date_source names where published_at was found.

    They keep the offset that the publisher states, UTC where none is: the stored columns are in UTC.
    """

    published_at: datetime | None
    modified_at: datetime | None
    date_source: str | None


def find_dates(parsed: ParsedPage, page: FetchedPage, blocks: Sequence[PageBlock] = (), *, title: str | None = None) -> Dates:
    """Return when the article was published and modified; modified_at only if it is not before published_at.

    blocks, title: the page's blocks and its headline, for a day that is printed beside it.
    """
    stamps = _Lazily(stamp for stamp in _published_stamps(parsed, page.hint, blocks, title) if is_plausible(stamp, page.fetched_at))
    best = next(iter(stamps), None) or _from_text(parsed, page.fetched_at)
    published_at = None if best is None else min(completed(best, stamps).at, page.fetched_at)
    modified_at = None
    for stamp in _modified_stamps(parsed, page.hint):
        if is_plausible(stamp, page.fetched_at) and stamp.has_time:
            modified_at = min(completed(stamp, stamps).at, page.fetched_at)
            break
    if modified_at and published_at and modified_at < published_at:
        modified_at = None
    return Dates(published_at, modified_at, best.source if best else None)


class _Lazily:
    """An iterable that looks for its next stamp only when asked, and remembers those it found: most pages need the first alone."""

    def __init__(self, stamps: Iterator[Stamp]) -> None:
        self._rest = stamps
        self._found: list[Stamp] = []

    def __iter__(self) -> Iterator[Stamp]:
        position = 0
        while True:
            if position == len(self._found):
                stamp = next(self._rest, None)
                if stamp is None:
                    return
                self._found.append(stamp)
            yield self._found[position]
            position += 1


def _stamps(values: Iterable[str], source: str) -> Iterator[Stamp]:
    return (stamp for value in values if (stamp := parse_stamp(value, source)))


def _published_stamps(parsed: ParsedPage, hint: Discovered | None, blocks: Sequence[PageBlock], title: str | None) -> Iterator[Stamp]:
    article, meta, tree = parsed.article_ld, parsed.meta, parsed.tree
    yield from _stamps([text for key in ("datePublished", "dateCreated", "uploadDate") for text in strings_of(article.get(key))], "json-ld")
    yield from _stamps([meta[key] for key in _PUBLISHED_META if key in meta], "meta")
    marked = parsed.marked.get("datePublished", ())[:MAX_MARKED]
    yield from _stamps([element.get("datetime") or element.get("content") or "" for element in marked], "meta")
    if not article:
        # Objects that are no article, such as a WebPage, may still carry the date; teasers would, but then there are several.
        dates = {text for item in parsed.json_ld for text in strings_of(item.get("datePublished"))}
        yield from _stamps(dates if len(dates) == 1 else (), "json-ld")
    yield from _stamps([element.get("datetime") or "" for element in _times(tree)], "time")
    if hint and hint.published_at:
        yield Stamp(hint.published_at.astimezone(UTC), "sitemap" if hint.channel == "sitemap" else "feed", True, True)
    for url in (parsed.url, parsed.canonical_url):
        if url and (match := _URL_DATE.search(url)):
            yield from _stamps(["-".join(part.zfill(2) for part in match.groups() if part)], "url")
    language = tree.get("lang")
    yield from _days(days_beside_headline(blocks, title=title, language=language))
    yield from _days(labelled_days(blocks, language=language))
    yield from _stamps([meta[key] for key in _PAGE_DATE_META if key in meta], "meta")


def _days(days: Iterable[datetime]) -> Iterator[Stamp]:
    return (Stamp(day, "text", False, False) for day in days)


def _modified_stamps(parsed: ParsedPage, hint: Discovered | None) -> Iterator[Stamp]:
    yield from _stamps(strings_of(parsed.article_ld.get("dateModified")), "json-ld")
    yield from _stamps([parsed.meta[key] for key in _MODIFIED_META if key in parsed.meta], "meta")
    marked = parsed.marked.get("dateModified", ())[:MAX_MARKED]
    yield from _stamps([element.get("datetime") or element.get("content") or "" for element in marked], "meta")
    if hint and hint.modified_at:
        yield Stamp(hint.modified_at.astimezone(UTC), "sitemap", True, True)


def _times(tree: HtmlElement) -> list[HtmlElement]:
    """The article's ``<time>`` elements: one that says so, then those in article or main, else any; none of comments and teasers."""
    times = [time for time in islice(tree.iter("time"), 100) if time.get("datetime") and not is_foreign(time)]
    said = [time for time in times if time.get("pubdate") is not None]
    inside = [time for time in times if next(time.iterancestors("article", "main"), None) is not None]
    return (said + (inside or times))[:MAX_MARKED]


def _from_text(parsed: ParsedPage, fetched_at: datetime) -> Stamp | None:
    """The day that htmldate reads from the page's text. It copies the tree before it prunes.

    Its 1 January is a year without a day, mostly the copyright's: so on each of 22 such pages of the labelled kits.
    """
    if parsed.tree.xpath("count(//*)") > MAX_ELEMENTS_FOR_TEXT_SEARCH:
        return None
    found = find_date(parsed.tree, url=parsed.url, original_date=True, max_date=fetched_at)
    stamp = parse_stamp(found, "text") if found and not found.endswith("-01-01") else None
    return stamp if stamp and is_plausible(stamp, fetched_at) else None
