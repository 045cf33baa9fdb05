"""When an article was published and modified: the first source that knows, as an aware UTC instant.

A day without a time and a time without an offset are weaker: another source of the same day or the same minute lends them what they lack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from htmldate import find_date

from pipelines.extract.json_ld import strings_of
from pipelines.records import Discovered, FetchedPage, ParsedPage

# It logs each page whose metadata it cannot read as an error.
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
# Clocks differ and local times are stated as UTC: so much after the fetch is still "now", more is an announcement or a mistake.
TOLERANCE = timedelta(days=1)
# htmldate's search over the whole text takes seconds on very large pages.
MAX_ELEMENTS_FOR_TEXT_SEARCH = 6_000
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
_URL_DATE = re.compile(r"[/_-]((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)")


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


def find_dates(parsed: ParsedPage, page: FetchedPage) -> Dates:
    """Return when the article was published and modified; modified_at only if it is not before published_at."""
    stamps = [stamp for stamp in _published_stamps(parsed, page.hint) if _is_plausible(stamp, page.fetched_at)]
    best = stamps[0] if stamps else None
    if best is None and (stamp := _from_text(parsed, page.fetched_at)) and _is_plausible(stamp, page.fetched_at):
        best = stamp
    published_at = None if best is None else min(_completed(best, stamps[1:]).at, page.fetched_at)
    modified_at = None
    for stamp in _modified_stamps(parsed, page.hint):
        if _is_plausible(stamp, page.fetched_at) and stamp.has_time:
            modified_at = min(_completed(stamp, stamps).at, page.fetched_at)
            break
    if modified_at and published_at and modified_at < published_at:
        modified_at = None
    return Dates(published_at, modified_at, best.source if best else None)


def _from_iso(match: re.Match[str], source: str) -> Stamp:
    year, month, day, hour, minute, second, zone = match.groups()
    offset = timedelta()
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if zone[0] == "-" else 1)
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
            if abs(apart) <= timedelta(hours=14) and abs(apart.total_seconds()) % 900 < 60:
                return Stamp(other.at, stamp.source, True, True)
        elif timedelta(hours=-14) <= apart <= timedelta(hours=38):
            return Stamp(other.at, stamp.source, True, True)
    return stamp


def _stamps(values: Iterable[str], source: str) -> Iterator[Stamp]:
    return (stamp for value in values if (stamp := parse_stamp(value, source)))


def _published_stamps(parsed: ParsedPage, hint: Discovered | None) -> Iterator[Stamp]:
    article, meta, tree = parsed.article_ld, parsed.meta, parsed.tree
    yield from _stamps([text for key in ("datePublished", "dateCreated", "uploadDate") for text in strings_of(article.get(key))], "json-ld")
    yield from _stamps([meta[key] for key in _PUBLISHED_META if key in meta], "meta")
    marked = tree.xpath("//*[@itemprop='datePublished' or @property='datePublished']")[:5]
    yield from _stamps([element.get("datetime") or element.get("content") or "" for element in marked], "meta")
    if not article:
        # Objects that are no article, such as a WebPage, may still carry the date; teasers would, but then there are several.
        dates = {text for item in parsed.json_ld for text in strings_of(item.get("datePublished"))}
        yield from _stamps(dates if len(dates) == 1 else (), "json-ld")
    times = tree.xpath("(//time[@pubdate] | //article//time[@datetime] | //main//time[@datetime])[position() <= 5]")
    times = times or tree.xpath("(//time[@datetime])[position() <= 5]")
    yield from _stamps([element.get("datetime") or "" for element in times], "time")
    if hint and hint.published_at:
        yield Stamp(hint.published_at.astimezone(UTC), "sitemap" if hint.channel == "sitemap" else "feed", True, True)
    for url in (parsed.url, parsed.canonical_url):
        if url and (match := _URL_DATE.search(url)):
            yield from _stamps(["-".join(match.groups())], "url")


def _modified_stamps(parsed: ParsedPage, hint: Discovered | None) -> Iterator[Stamp]:
    yield from _stamps(strings_of(parsed.article_ld.get("dateModified")), "json-ld")
    yield from _stamps([parsed.meta[key] for key in _MODIFIED_META if key in parsed.meta], "meta")
    marked = parsed.tree.xpath("//*[@itemprop='dateModified' or @property='dateModified']")[:5]
    yield from _stamps([element.get("datetime") or element.get("content") or "" for element in marked], "meta")
    if hint and hint.modified_at:
        yield Stamp(hint.modified_at.astimezone(UTC), "sitemap", True, True)


def _from_text(parsed: ParsedPage, fetched_at: datetime) -> Stamp | None:
    """The day that htmldate reads from the page's text. It copies the tree before it prunes."""
    if parsed.tree.xpath("count(//*)") > MAX_ELEMENTS_FOR_TEXT_SEARCH:
        return None
    found = find_date(parsed.tree, url=parsed.url, original_date=True, max_date=fetched_at)
    return parse_stamp(found, "text") if found else None
