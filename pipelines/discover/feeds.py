"""Feeds: RSS 0.9x, 1.0 and 2.0 and Atom, read by feedparser from bytes. Never hand feedparser a URL or a name: it would fetch or open it."""

from __future__ import annotations

import calendar
import io
import re
from datetime import UTC, datetime
from time import struct_time
from typing import Any

import feedparser

from pipelines.discover.body import MIB, describe, is_feed, repair_references, to_utf8, trim_to_root, unpack
from pipelines.discover.dates import is_plausible, parse_date
from pipelines.discover.reading import Reading, plain_tags, plain_text
from pipelines.errors import DiscoveryError
from pipelines.records import Discovered
from pipelines.urls import absolute_url

MAX_FEED_BYTES = 16 * MIB
"""Unpacked. The largest news feeds seen with whole articles in them stay below 5 MiB."""
MAX_FEED_ENTRIES = 2000
"""A feed announces what is new; some sites put their whole archive in it."""
_SPACES = re.compile(rb"\s+")
_ROOT_START = re.compile(rb"<[A-Za-z_]")
# feedparser compares every attribute of a tag with every other; no tag of a feed has a hundred. XML allows no "<" inside a tag.
_CROWDED_TAG = re.compile(rb"""<[A-Za-z_][^<>"']*+(?:"[^<"]*+"[^<>"']*+|'[^<']*+'[^<>"']*+){100}""")
_ENTRY_START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:item|entry)[\s/>]")
_ENTRY_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>")
_BARE_AMPERSAND_ESCAPED = re.compile(r"&(?:amp;)+")


def read_feed(body: bytes, url: str, *, content_type: str | None = None, now: datetime | None = None) -> Reading:
    """Return what a feed names: absolute links, titles as plain text, dates in UTC, in the feed's order; each link once.

    body may be gzipped; url is the feed's own, for messages and relative links; content_type the HTTP header. Broken XML is read
    as far as it goes, with a problem. Raises DiscoveryError when the body is no RSS or Atom, naming what it is.
    """
    data, problems = unpack(body, max_bytes=MAX_FEED_BYTES)
    data = trim_to_root(to_utf8(data, content_type))
    if not is_feed(data):
        raise DiscoveryError(f"{url}: expected RSS or Atom, found {describe(data)}")
    data, excess = _first_entries(data)
    parsed = _parse(data, url)
    notes = list(problems)
    if parsed.bozo and not parsed.entries:
        notes.append(f"broken XML: {_first_line(parsed.get('bozo_exception'))}")
    elif parsed.bozo:
        notes.append(f"broken XML, read leniently: {_first_line(parsed.get('bozo_exception'))}")
    base = _link_base(parsed, url)
    found: dict[str, Discovered] = {}
    unlinked = 0
    for entry in parsed.entries[:MAX_FEED_ENTRIES]:
        link = _entry_link(entry, base)
        if link is None:
            unlinked += 1
        else:
            found.setdefault(link, _discovered(entry, link, url, is_rss=not parsed.version.startswith("atom"), now=now))
    if unlinked:
        notes.append(f"{unlinked} of {len(parsed.entries)} entries without a link")
    if excess:
        notes.append(f"only the first {MAX_FEED_ENTRIES} of {MAX_FEED_ENTRIES + excess} entries were read")
    if not parsed.entries:
        notes.append("empty")
    return Reading(entries=tuple(found.values()), problems=tuple(notes))


def _first_entries(data: bytes) -> tuple[bytes, int]:
    """Return a feed without its entries beyond MAX_FEED_ENTRIES, and how many those were: feedparser takes 0.2 ms for each of them."""
    starts = [start.start() for start in _ENTRY_START.finditer(data)]
    if len(starts) <= MAX_FEED_ENTRIES:
        return data, 0
    cut = starts[MAX_FEED_ENTRIES]
    end = max((end.end() for end in _ENTRY_END.finditer(data, cut)), default=len(data))
    return data[:cut] + data[end:], len(starts) - MAX_FEED_ENTRIES


def _parse(data: bytes, url: str) -> Any:
    try:
        return feedparser.parse(
            io.BytesIO(_without_traps(data)),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            # Markup in summaries is of no interest here, and cleaning it is most of the cost. Without a base, links stay as written:
            # a guid like "12345" must not become an address.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError) as error:
        # feedparser lets some mistakes of a feed through as errors of its own, such as a namespace with a space in it.
        raise DiscoveryError(f"{url}: expected RSS or Atom, found XML too broken to read: {_first_line(error)}") from error


def _without_traps(data: bytes) -> bytes:
    """Return a feed without what feedparser needs quadratic time for: white space before the first element, a hundred attributes in one."""
    data = _CROWDED_TAG.sub(b"<dropped ", repair_references(data))
    root = _ROOT_START.search(data)
    if root is None or root.start() == 0:
        return data
    prolog = _SPACES.sub(lambda run: b"\n" if b"\n" in run.group() else b" ", data[: root.start()])
    return prolog + data[root.start() :]


def _link_base(parsed: Any, url: str) -> str:
    """Return what relative links stand under: RSS means the site's address, Atom (RFC 4287) the feed's own."""
    if parsed.version.startswith("atom"):
        return url
    return absolute_url(str(parsed.feed.get("link") or ""), url) or url


def _entry_link(entry: Any, base: str) -> str | None:
    """Return the address of an entry: FeedBurner's original link, the entry's own, any alternate link, or a guid that is a URL."""
    candidates = [entry.get("feedburner_origlink"), entry.get("pheedo_origlink"), entry.get("link")]
    candidates += [link.get("href") for link in entry.get("links", ()) if link.get("rel", "alternate") == "alternate"]
    identifier = str(entry.get("id") or "").strip()
    guid = absolute_url(identifier)
    for candidate in candidates:
        text = _BARE_AMPERSAND_ESCAPED.sub("&", str(candidate or "").strip())
        # feedparser offers the guid as link when there is none, also one that only names the entry.
        if text and not (text == identifier and guid is None) and (link := absolute_url(text, base)):
            return link
    return guid


def _discovered(entry: Any, link: str, url: str, *, is_rss: bool, now: datetime | None) -> Discovered:
    published = _date(entry, "published", now) or _date(entry, "created", now)
    modified = _date(entry, "updated", now)
    if published is None and is_rss:
        # RSS knows one date; feedparser files Dublin Core's dc:date under "updated".
        published, modified = modified, None
    return Discovered(
        url=link,
        found_in=url,
        channel="feed",
        title=plain_text(entry.get("title")),
        published_at=published,
        modified_at=modified,
        tags=plain_tags([str(tag.get("term") or "") for tag in entry.get("tags", ())]),
    )


def _date(entry: Any, name: str, now: datetime | None) -> datetime | None:
    # dict.get, because feedparser's own answers "updated" with "published" and a warning.
    if moment := parse_date(dict.get(entry, name), now=now):
        return moment
    # feedparser also reads Greek, Hungarian and Korean dates.
    parts: struct_time | None = dict.get(entry, f"{name}_parsed")
    try:
        found = datetime.fromtimestamp(calendar.timegm(parts), tz=UTC) if parts else None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and is_plausible(found, now=now) else None


def _first_line(error: object) -> str:
    return (str(error).splitlines() or ["unknown"])[0][:200]
