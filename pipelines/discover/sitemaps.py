"""Sitemaps: urlset and sitemapindex with Google's news fields, plain lists of URLs, and feeds served as sitemaps.

Our own reader, because it must stream, keep ``lastmod`` and the ``news:`` fields, and stay calm with hostile files.
Formats: https://www.sitemaps.org/protocol.html and the schema http://www.google.com/schemas/sitemap-news/0.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from pipelines.discover.body import MIB, describe, is_feed, repair_references, root_name, to_utf8, trim_to_root, unpack
from pipelines.discover.dates import parse_date
from pipelines.discover.feeds import read_feed
from pipelines.discover.reading import Reading, plain_tags, plain_text
from pipelines.errors import DiscoveryError
from pipelines.records import Discovered
from pipelines.urls import absolute_url

MAX_SITEMAP_BYTES = 64 * MIB
"""Unpacked; the protocol allows 50 MB."""
MAX_SITEMAP_ENTRIES = 50_000
"""As the protocol says."""
_CHUNK_BYTES = 64 * 1024
_MAX_ENTRY_BYTES = 2 * MIB
"""So much without one finished entry is no sitemap; it bounds the tree that is held."""
# An ampersand that starts none of XML's own entities: common in unescaped addresses, where libxml2 would drop the parameter's name.
# Entities of a document type are never expanded either, as none of their names is left.
_LOOSE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})  # forbidden in XML; one in a title would end the file
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+")


def read_sitemap(body: bytes, url: str, *, content_type: str | None = None, now: datetime | None = None) -> Reading:
    """Return what a sitemap names, in its order: entries with ``lastmod`` and news fields, or the children of an index.

    body may be gzipped; url is the sitemap's own. Broken XML is read as far as it goes, with a problem; an empty urlset is a
    Reading with the problem "empty". Raises DiscoveryError when the body is no sitemap, feed or list of URLs, naming what it is.
    """
    data, problems = unpack(body, max_bytes=MAX_SITEMAP_BYTES)
    data = trim_to_root(to_utf8(data, content_type))
    if is_feed(data):
        return read_feed(data, url, now=now)
    notes = list(problems)
    if root_name(data) in ("urlset", "sitemapindex"):
        elements = _elements(data, notes)
    elif _is_url_list(data):
        elements = ({"loc": line} for line in data.decode("utf-8", "replace").splitlines() if line.strip())
    else:
        raise DiscoveryError(f"{url}: expected a sitemap, found {describe(data)}")
    return _collect(elements, url, notes, now)


def _collect(elements: Iterator[dict[str, str]], url: str, notes: list[str], now: datetime | None) -> Reading:
    entries: dict[str, Discovered] = {}
    children: dict[str, Discovered] = {}
    count = unusable = 0
    for fields in elements:
        count += 1
        if count > MAX_SITEMAP_ENTRIES:
            notes.append(f"only the first {MAX_SITEMAP_ENTRIES} entries were read")
            break
        address = absolute_url(_ESCAPED_AMPERSAND.sub("&", fields.get("loc", "")), url) if fields.get("loc") else None
        if address is None:
            unusable += 1
            continue
        shelf = children if "is_child" in fields else entries
        shelf.setdefault(address, _discovered(fields, address, url, now))
    if unusable:
        notes.append(f"{unusable} of {count} entries without an http(s) address")
    if not count:
        notes.append("empty")
    return Reading(entries=tuple(entries.values()), children=tuple(children.values()), problems=tuple(notes))


def _discovered(fields: dict[str, str], address: str, url: str, now: datetime | None) -> Discovered:
    return Discovered(
        url=address,
        found_in=url,
        channel="sitemap",
        title=plain_text(fields.get("title")),
        published_at=parse_date(fields.get("publication_date"), now=now),
        modified_at=parse_date(fields.get("lastmod"), now=now),
        language=plain_text(fields.get("language"), max_chars=35),
        tags=plain_tags(fields.get("keywords", "").split(",")),
    )


def _elements(data: bytes, notes: list[str]) -> Iterator[dict[str, str]]:
    """Yield the fields of each ``<url>`` and ``<sitemap>``; what breaks the XML is added to notes and ends it.

    One entry is held at a time: it is taken out of the tree before the next is read.
    """
    parser = etree.XMLPullParser(
        events=("end",), tag=("{*}url", "{*}sitemap"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    since_last = 0
    for chunk in _chunks(data):
        broken = None
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            broken = error
        since_last += len(chunk)
        for _, element in parser.read_events():
            since_last = 0
            yield _fields(element)
            _drop(element)
        if broken is not None:
            notes.append(f"broken XML, read up to there: {str(broken)[:200]}")
            return
        if since_last > _MAX_ENTRY_BYTES:
            notes.append(f"no entry within {_MAX_ENTRY_BYTES // MIB} MiB, the rest was not read")
            return
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        notes.append(f"broken off, read up to there: {str(error)[:200]}")


def _chunks(data: bytes) -> Iterator[bytes]:
    """Yield data in pieces without control characters and with loose ampersands escaped; no piece ends inside an entity."""
    start = 0
    while start < len(data):
        end = min(start + _CHUNK_BYTES, len(data))
        if end < len(data) and (ampersand := data.rfind(b"&", end - 32, end)) > start:
            end = ampersand
        yield _LOOSE_AMPERSAND.sub(b"&amp;", repair_references(data[start:end].translate(None, _CONTROLS)))
        start = end


def _fields(element: Any) -> dict[str, str]:
    """Return the text of an entry's own children and of its news fields, by local name; the first of each counts."""
    fields: dict[str, str] = {"is_child": ""} if _local_name(element) == "sitemap" else {}
    stack = list(element)[::-1]
    while stack:
        child = stack.pop()
        name = _local_name(child)
        if name in ("news", "publication"):
            stack.extend(list(child)[::-1])
        elif name in ("loc", "lastmod", "publication_date", "title", "language", "keywords"):
            fields.setdefault(name, "".join(child.itertext())[:8192].strip())
    return fields


def _local_name(element: Any) -> str:
    tag = element.tag
    # A prefix that was never declared stays in the name.
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def _drop(element: Any) -> None:
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _is_url_list(data: bytes) -> bool:
    first = data[:8192].lstrip().split(b"\n", 1)[0].strip().lower()
    return first.startswith((b"http://", b"https://")) and b" " not in first and b"<" not in first
