"""Damaged bodies: whatever arrives, reading it ends as a Reading or as a DiscoveryError."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from pipelines.discover import Reading, read_feed, read_section, read_sitemap
from pipelines.errors import DiscoveryError

BODIES = [
    b"""<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><link>https://gazette.example/</link><item><title><![CDATA[A <b>&amp;</b> b]]></title><link>https://gazette.example/a?x=1&amp;y=2</link>
<guid isPermaLink="false">7</guid><pubDate>Sat, 03 Oct 2026 10:00:00 GMT</pubDate><dc:date>2026-10-03</dc:date></item></channel></rss>""",
    b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://gazette.example/"><entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A
</div></title><link href="/a"/><updated>2026-10-03T10:00:00Z</updated><content type="html" mode="base64">PGI+</content></entry></feed>""",
    b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>https://gazette.example/a?x=1&y=2</loc><news:news><news:title>A &#8217; b</news:title></news:news></url><url><loc>/b</loc></url></urlset>""",
    b"""<!doctype html><html><head><base href="/x/"><meta charset="utf-8"></head><body><a href="2026/10/03/rain-again?id=7"><h2>Rain again today</h2></a>
<script>if (a < b) document.write("<a href='/x'>")</script></body></html>""",
]
PIECES = [
    b"<",
    b">",
    b"&",
    b"'",
    b'"',
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"<!DOCTYPE x [",
    b"\xff\xfe",
    b"\x00",
    b"\xc2\xa0",
    b"\xed\xa0\x80",
    b"&#xD800;",
    b"&#9999999999999;",
]
PIECES += [
    b"</item>",
    b"<item>",
    b"http://[::1",
    b' xml:base="http://["',
    b' encoding="utf-7"',
    b' encoding="idna"',
    b' encoding="hex"',
    b"9" * 40,
]


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Insert, cut, copy or change some bytes."""
    for _ in range(chance.randint(1, 6)):
        at, other = chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)
        kind = chance.choice(["insert", "insert", "cut", "copy", "change"])
        if kind == "insert":
            body = body[:at] + chance.choice(PIECES) + body[at:]
        elif kind == "cut":
            body = body[:at] + body[at + chance.randint(1, 40) :]
        elif kind == "copy":
            body = body[:at] + body[other : other + 80] + body[at:]
        else:
            body = body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
    return body


@pytest.mark.parametrize("read", [read_feed, read_sitemap, read_section], ids=["feed", "sitemap", "section"])
def test_damaged_bodies_end_as_a_reading_or_a_discovery_error(read: Callable[..., Reading]) -> None:
    """Never as another error, which would be a bug of ours or of a parser below; and every address is one that can be requested."""
    chance = random.Random(20261003)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(600):
        try:
            reading = read(damaged(chance.choice(BODIES), chance), "https://gazette.example/x")
        except DiscoveryError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert all(entry.url.startswith(("http://", "https://", "HTTP")) for entry in (*reading.entries, *reading.children))
    assert outcomes["read"] > 50
    assert outcomes["refused"] > 50
