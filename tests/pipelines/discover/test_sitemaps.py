"""Reading sitemaps."""

from __future__ import annotations

import contextlib
import gzip
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.discover import read_sitemap
from pipelines.discover.sitemaps import MAX_SITEMAP_ENTRIES
from pipelines.errors import DiscoveryError

SITEMAP = "https://gazette.example/news.xml"
Urlset = Callable[..., bytes]


def test_a_news_sitemap_gives_all_its_fields(urlset: Urlset, now: datetime) -> None:
    """Title, dates, language and keywords; what the image says is not the article's."""
    body = urlset(
        "<loc>https://gazette.example/a</loc><lastmod>2026-10-04T09:00:00+02:00</lastmod>"
        "<news:news><news:publication><news:name>Gazette</news:name><news:language>de</news:language></news:publication>"
        "<news:publication_date>2026-10-03T10:00:00Z</news:publication_date><news:title>Rat &amp;amp; <![CDATA[Bürger]]></news:title>"
        "<news:keywords>Rat, Wahl,, Rat</news:keywords></news:news>"
        '<image:image xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><image:loc>https://gazette.example/a.jpg</image:loc>'
        "<image:title>A picture</image:title></image:image>"
    )
    reading = read_sitemap(body, SITEMAP, now=now)
    (entry,) = reading.entries
    assert entry.url == "https://gazette.example/a"
    assert (entry.found_in, entry.channel) == (SITEMAP, "sitemap")
    assert entry.title == "Rat & Bürger"
    assert entry.published_at == datetime(2026, 10, 3, 10, tzinfo=UTC)
    assert entry.modified_at == datetime(2026, 10, 4, 7, tzinfo=UTC)
    assert entry.language == "de"
    assert entry.tags == ("Rat", "Wahl")
    assert reading.problems == reading.children == ()


def test_an_index_gives_its_children_with_lastmod(now: datetime) -> None:
    """Children are no entries."""
    body = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <sitemap><loc>https://gazette.example/1.xml.gz</loc><lastmod>2026-10-04</lastmod></sitemap><sitemap><loc>/2.xml</loc></sitemap></sitemapindex>"""
    reading = read_sitemap(body, SITEMAP, now=now)
    assert reading.entries == ()
    assert [(child.url, child.modified_at) for child in reading.children] == [
        ("https://gazette.example/1.xml.gz", datetime(2026, 10, 4, tzinfo=UTC)),
        ("https://gazette.example/2.xml", None),
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<urlset><url><loc>https://gazette.example/a</loc></url></urlset>", id="no namespace"),
        pytest.param(
            b"<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'><url><loc>https://gazette.example/a</loc></url></urlset>",
            id="old namespace",
        ),
        pytest.param(
            b"<s:urlset xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'><s:url><s:loc>https://gazette.example/a</s:loc></s:url></s:urlset>",
            id="prefix",
        ),
        pytest.param(
            b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- made by hand --><?xml-stylesheet href='x'?><urlset><url><loc> https://gazette.example/a\n</loc></url></urlset>",
            id="mark, comment and stylesheet first",
        ),
        pytest.param(
            "<?xml version='1.0' encoding='utf-16'?><urlset><url><loc>https://gazette.example/a</loc></url></urlset>".encode("utf-16"),
            id="UTF-16",
        ),
        pytest.param(
            b"<urlset><url><loc>https://gazette.example/a</loc><news:news><news:title>T</news:title></news:news></url></urlset>",
            id="prefix never declared",
        ),
        pytest.param(b"<urlset><url><loc>https://gazette.example/a</loc><x>\x0b\x01</x></url></urlset>", id="control characters"),
        pytest.param(b"https://gazette.example/a\r\n\r\n", id="plain text"),
        pytest.param(b"<rss version='2.0'><channel><item><link>https://gazette.example/a</link></item></channel></rss>", id="RSS"),
        pytest.param(gzip.compress(b"<urlset><url><loc>https://gazette.example/a</loc></url></urlset>"), id="gzip"),
    ],
)
def test_sitemaps_of_every_make_are_read(body: bytes, now: datetime) -> None:
    """What counts is the address in it."""
    assert [entry.url for entry in read_sitemap(body, SITEMAP, now=now).entries] == ["https://gazette.example/a"]


@pytest.mark.parametrize(
    "loc",
    [
        pytest.param("https://gazette.example/a?x=1&y=2", id="not escaped"),
        pytest.param("https://gazette.example/a?x=1&amp;y=2", id="escaped"),
        pytest.param("https://gazette.example/a?x=1&amp;amp;y=2", id="escaped twice"),
        pytest.param("<![CDATA[https://gazette.example/a?x=1&y=2]]>", id="CDATA"),
        pytest.param("https://gazette.example/a?x=1&#38;y=2", id="numbered"),
    ],
)
def test_parameters_of_an_address_survive(urlset: Urlset, now: datetime, loc: str) -> None:
    """A lenient XML parser would drop the name after a bare ampersand and name another page."""
    assert read_sitemap(urlset(f"<loc>{loc}</loc>"), SITEMAP, now=now).entries[0].url == "https://gazette.example/a?x=1&y=2"


def test_ampersands_survive_wherever_the_file_is_cut_into_chunks(urlset: Urlset, now: datetime) -> None:
    """Entities that straddle a border between chunks stay whole."""
    for padding in range(12):
        entries = (f"<loc>https://gazette.example/{n}?x=1&amp;y=2&z=3</loc>" for n in range(1500))
        reading = read_sitemap(urlset(" " * padding, *entries), SITEMAP, now=now)
        assert len(reading.entries) == 1500
        assert all(entry.url.endswith("?x=1&y=2&z=3") for entry in reading.entries)


def test_an_impossible_character_does_not_end_the_file(urlset: Urlset, now: datetime) -> None:
    """Half an emoji in a title; what follows is read, too."""
    reading = read_sitemap(
        urlset("<loc>https://gazette.example/a</loc><news:title>&#55357; x</news:title>", "<loc>https://gazette.example/b</loc>"),
        SITEMAP,
        now=now,
    )
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/a", "https://gazette.example/b"]
    assert reading.problems == ()


def test_entries_without_an_address_are_counted(urlset: Urlset, now: datetime) -> None:
    """And only those with one are kept."""
    reading = read_sitemap(
        urlset("<lastmod>2026-10-04</lastmod>", "<loc>ftp://gazette.example/a</loc>", "<loc>https://gazette.example/b</loc>"),
        SITEMAP,
        now=now,
    )
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/b"]
    assert reading.problems == ("2 of 3 entries without an http(s) address",)


@pytest.mark.parametrize("body", [pytest.param(b"<urlset/>", id="urlset"), pytest.param(b"<sitemapindex></sitemapindex>", id="index")])
def test_an_empty_sitemap_is_a_reading_with_a_problem(body: bytes, now: datetime) -> None:
    """A news sitemap is empty when there was no news."""
    reading = read_sitemap(body, SITEMAP, now=now)
    assert reading.entries == reading.children == ()
    assert reading.problems == ("empty",)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(b"<!doctype html><html></html>", "an HTML page", id="HTML"),
        pytest.param(b"", "nothing", id="empty"),
        pytest.param(b"{}", "JSON", id="JSON"),
        pytest.param(b"Not found", "Not found", id="text"),
        pytest.param(b"<error code='404'/>", "<error>", id="other XML"),
    ],
)
def test_what_is_no_sitemap_is_named(body: bytes, found: str) -> None:
    """The message says which address, what was expected and what came."""
    with pytest.raises(DiscoveryError, match="expected a sitemap, found") as raised:
        read_sitemap(body, SITEMAP)
    assert str(raised.value).startswith(f"{SITEMAP}: ")
    assert found in str(raised.value)


@pytest.mark.parametrize(
    ("end", "whole"),
    [
        pytest.param("<loc>https://gazette.example/2", 2, id="in an address"),
        pytest.param("<loc>https://gazette.example/200</loc>", 2, id="after an address"),
        pytest.param("<loc>https://gazette.example/200</loc></url>", 3, id="after the last entry"),
    ],
)
def test_a_truncated_sitemap_keeps_its_whole_entries(urlset: Urlset, now: datetime, end: str, whole: int) -> None:
    """An address that was cut in half is not one."""
    body = urlset(*(f"<loc>https://gazette.example/{n}00</loc>" for n in range(3))).decode()
    reading = read_sitemap(body[: body.index(end) + len(end)].encode(), SITEMAP, now=now)
    assert [entry.url for entry in reading.entries] == [f"https://gazette.example/{n}00" for n in range(whole)]
    assert len(reading.problems) == 1
    assert "broken" in reading.problems[0]


def test_truncated_gzip_keeps_what_was_read(urlset: Urlset, now: datetime) -> None:
    """As with a connection that broke."""
    packed = gzip.compress(urlset(*(f"<loc>https://gazette.example/{n * 7919 % 10007}</loc>" for n in range(5000))))
    reading = read_sitemap(packed[: len(packed) // 2], SITEMAP, now=now)
    assert 500 < len(reading.entries) < 5000
    assert any("gzip" in problem for problem in reading.problems)


def test_a_sitemap_is_read_up_to_its_cap(urlset: Urlset, now: datetime) -> None:
    """The protocol allows 50,000 entries."""
    reading = read_sitemap(urlset(*(f"<loc>https://gazette.example/{n}</loc>" for n in range(MAX_SITEMAP_ENTRIES + 1))), SITEMAP, now=now)
    assert len(reading.entries) == MAX_SITEMAP_ENTRIES
    assert reading.problems == (f"only the first {MAX_SITEMAP_ENTRIES} entries were read",)


def test_external_entities_are_not_opened(urlset: Urlset, now: datetime, tmp_path: Path) -> None:
    """No file of this machine gets into an address or title, no document type is fetched."""
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    doctype = f'<?xml version="1.0"?><!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    reading = read_sitemap(urlset("<loc>https://gazette.example/a</loc><news:title>&x;</news:title>", prolog=doctype), SITEMAP, now=now)
    assert "SECRET" not in str(reading)
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/a"]


LAUGHS = (
    '<!DOCTYPE urlset [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(LAUGHS + "<urlset><url><loc>https://gazette.example/a</loc><title>&j;</title></url></urlset>", id="billion laughs"),
        pytest.param("<urlset>" + "<x/>" * 2_000_000 + "</urlset>", id="two million foreign elements"),
        pytest.param("<urlset><url>" + "<x/>" * 2_000_000 + "</url></urlset>", id="two million elements in an entry"),
        pytest.param("<urlset>" + "<url>" * 100_000, id="deep nesting"),
        pytest.param("<urlset " + " ".join(f"a{n}='1'" for n in range(50_000)) + "></urlset>", id="50,000 attributes"),
        pytest.param("<urlset><url><loc>https://gazette.example/" + "a" * 12_000_000 + "</loc></url></urlset>", id="address of 12 MB"),
        pytest.param("<!--" + "-" * 1_000_000 + "<urlset>", id="comment that never ends"),
        pytest.param("<!DOCTYPE " + "[" * 1_000_000, id="document type that never ends"),
        pytest.param("\n" * 3_000_000, id="white space"),
        pytest.param("https://gazette.example/a\n" + "&" * 2_000_000, id="text of ampersands"),
    ],
)
def test_hostile_sitemaps_are_read_in_bounded_time(now: datetime, body: str) -> None:
    """They end as a reading or as an error that names them, soon."""
    started = time.process_time()
    titles: list[str] = []
    with contextlib.suppress(DiscoveryError):
        titles += [entry.title or "" for entry in read_sitemap(body.encode(), SITEMAP, now=now).entries]
    assert time.process_time() - started < 4
    assert all(len(title) <= 1000 for title in titles)


def test_a_gzip_bomb_is_cut_at_the_cap(now: datetime) -> None:
    """Two hundred megabytes of nothing behind one entry."""
    bomb = gzip.compress(b"<urlset><url><loc>https://gazette.example/a</loc></url>" + b" " * 200_000_000, compresslevel=1)
    reading = read_sitemap(bomb, SITEMAP, now=now)
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/a"]
    assert any("64 MiB" in problem or "2 MiB" in problem for problem in reading.problems)
