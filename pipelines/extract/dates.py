"""When an article was published and modified: the first source that knows, as an aware UTC instant.

A day without a time and a time without an offset are weaker: another source of the same day or the same minute lends them what they lack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice

from htmldate import find_date
from lxml.html import HtmlElement

from pipelines.extract.bylines import is_foreign
from pipelines.extract.json_ld import strings_of
from pipelines.extract.page_blocks import PageBlock
from pipelines.extract.printed_dates import printed_days
from pipelines.records import Discovered, FetchedPage, ParsedPage

# It logs each page whose metadata it cannot read as an error.
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
# Clocks differ and local times are stated as UTC: so much after the fetch is still "now", more is an announcement or a mistake.
TOLERANCE = timedelta(days=1)
# Kiribati's; an offset beyond it is a mistake, and the time a local one.
MAX_OFFSET = timedelta(hours=14)
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
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "og:pubdate",
    "date",
)
_MODIFIED_META = (
    "article:modified_time",
    "og:article:modified_time",
    "datemodified",
    "og:updated_time",
    "last-modified",
    "dcterms.modified",
)
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:(?:T|\s{1,3})(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?\s{0,3}(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?)?",
    re.IGNORECASE,
)
_JAVASCRIPT = re.compile(r"\w{3} (\w{3}) (\d\d) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})")
_RFC_2822 = re.compile(r"(?:\w{3,9},\s{1,3})?\d{1,2} \w{3} \d{4} \d\d:\d\d")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_URL_DATE = re.compile(
    r"[/_-]((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)|/((?:19|20)\d\d)/([1-9]|0[1-9]|1[0-2])/([1-9]|0[1-9]|[12]\d|3[01])(?=/)"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date as found. at is aware; UTC stands in for an offset that is not stated, midnight for a time."""

    at: datetime
    source: str
    has_time: bool
    has_offset: bool


@dataclass(frozen=True, slots=True)
class Dates:
    """published_at and modified_at in UTC, never after the fetch; date_source names where published_at was found."""

    published_at: datetime | None
    modified_at: datetime | None
    date_source: str | None


def parse_stamp(raw: str, source: str = "") -> Stamp | None:
    """Return the instant or day that a machine-readable date states: ISO 8601, RFC 2822, JavaScript's own, seconds since 1970."""
    raw = raw.strip()[:60]
    try:
        if _EPOCH.fullmatch(raw):
            return Stamp(datetime.fromtimestamp(int(raw[:10]), UTC), source, True, True)
        if match := _ISO.match(raw):
            return _from_iso(match, source)
        if match := _JAVASCRIPT.match(raw):
            at = datetime.strptime("{} {} {} {} {}".format(*match.groups()), "%b %d %Y %H:%M:%S %z")
            return Stamp(at.astimezone(UTC), source, True, True)
        if _RFC_2822.match(raw):
            at = parsedate_to_datetime(raw)
            return Stamp((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), source, True, at.tzinfo is not None)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        pass
    return None


def find_dates(parsed: ParsedPage, page: FetchedPage, blocks: Sequence[PageBlock] = ()) -> Dates:
    """Return when the article was published and modified; modified_at only if it is not before published_at.

    blocks: the page's blocks, for a day that is printed beside the headline.
    """
    stamps = _Lazily(stamp for stamp in _published_stamps(parsed, page.hint) if _is_plausible(stamp, page.fetched_at))
    best = next(iter(stamps), None) or next(_from_text(parsed, page.fetched_at, blocks), None)
    published_at = None if best is None else min(_completed(best, stamps).at, page.fetched_at)
    modified_at = None
    for stamp in _modified_stamps(parsed, page.hint):
        if _is_plausible(stamp, page.fetched_at) and stamp.has_time:
            modified_at = min(_completed(stamp, stamps).at, page.fetched_at)
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


def _from_iso(match: re.Match[str], source: str) -> Stamp:
    year, month, day, hour, minute, second, zone = match.groups()
    offset = timedelta()
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if zone[0] == "-" else 1)
        if abs(offset) > MAX_OFFSET:
            zone, offset = None, timedelta()
    at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59), tzinfo=UTC) - offset
    return Stamp(at, source, hour is not None, zone is not None)


def _is_plausible(stamp: Stamp, fetched_at: datetime) -> bool:
    return OLDEST <= stamp.at <= fetched_at + TOLERANCE


def _completed(stamp: Stamp, others: Iterable[Stamp]) -> Stamp:
    """The same date with the time or the offset that another source states for it."""
    if stamp.has_time and stamp.has_offset:
        return stamp
    for other in others:
        if not (other.has_time and other.has_offset):
            continue
        apart = other.at - stamp.at
        if stamp.has_time:
            # The same local minute under any offset in use: whole quarters of an hour, at most 14 hours.
            if abs(apart) <= MAX_OFFSET and abs(apart.total_seconds()) % 900 < 60:
                return Stamp(other.at, stamp.source, True, True)
        elif -MAX_OFFSET <= apart <= timedelta(days=1) + MAX_OFFSET:
            return Stamp(other.at, stamp.source, True, True)
    return stamp


def _stamps(values: Iterable[str], source: str) -> Iterator[Stamp]:
    return (stamp for value in values if (stamp := parse_stamp(value, source)))


def _published_stamps(parsed: ParsedPage, hint: Discovered | None) -> Iterator[Stamp]:
    article, meta, tree = parsed.article_ld, parsed.meta, parsed.tree
    yield from _stamps([text for key in ("datePublished", "dateCreated", "uploadDate") for text in strings_of(article.get(key))], "json-ld")
    yield from _stamps([meta[key] for key in _PUBLISHED_META if key in meta], "meta")
    marked = tree.xpath("//*[@itemprop='datePublished' or @property='datePublished']")[:MAX_MARKED]
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


def _modified_stamps(parsed: ParsedPage, hint: Discovered | None) -> Iterator[Stamp]:
    yield from _stamps(strings_of(parsed.article_ld.get("dateModified")), "json-ld")
    yield from _stamps([parsed.meta[key] for key in _MODIFIED_META if key in parsed.meta], "meta")
    marked = parsed.tree.xpath("//*[@itemprop='dateModified' or @property='dateModified']")[:MAX_MARKED]
    yield from _stamps([element.get("datetime") or element.get("content") or "" for element in marked], "meta")
    if hint and hint.modified_at:
        yield Stamp(hint.modified_at.astimezone(UTC), "sitemap", True, True)


def _times(tree: HtmlElement) -> list[HtmlElement]:
    """The article's ``<time>`` elements: one that says so, then those in article or main, else any; none of comments and teasers."""
    times = [time for time in islice(tree.iter("time"), 100) if time.get("datetime") and not is_foreign(time)]
    said = [time for time in times if time.get("pubdate") is not None]
    inside = [time for time in times if next(time.iterancestors("article", "main"), None) is not None]
    return (said + (inside or times))[:MAX_MARKED]


def _from_text(parsed: ParsedPage, fetched_at: datetime, blocks: Sequence[PageBlock]) -> Iterator[Stamp]:
    """The day printed beside the headline, else the one that htmldate reads from the page's text. It copies the tree before it prunes."""
    language = parsed.tree.get("lang")
    days = (Stamp(day, "text", False, False) for day in printed_days(blocks, language=language))
    yield from (stamp for stamp in days if _is_plausible(stamp, fetched_at))
    if parsed.tree.xpath("count(//*)") > MAX_ELEMENTS_FOR_TEXT_SEARCH:
        return
    found = find_date(parsed.tree, url=parsed.url, original_date=True, max_date=fetched_at)
    if found and (stamp := parse_stamp(found, "text")) and _is_plausible(stamp, fetched_at):
        yield stamp
