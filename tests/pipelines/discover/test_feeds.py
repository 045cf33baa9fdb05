"""Reading feeds."""

from __future__ import annotations

import gzip
import pickle
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.discover import read_feed
from pipelines.discover.feeds import MAX_FEED_ENTRIES
from pipelines.errors import DiscoveryError

FEED = "https://feeds.gazette.example/all.rss"
Rss = Callable[..., bytes]

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://gazette.example/world/">
 <title>Gazette</title><link rel="self" href="https://feeds.gazette.example/atom"/>
 <entry>
  <title type="html">Rain &amp;amp; &lt;em&gt;wind&lt;/em&gt;</title><id>tag:gazette.example,2026:1</id>
  <link rel="replies" href="https://gazette.example/comments/1"/><link rel="alternate" href="rain-and-wind"/>
  <published>2026-10-03T10:00:00+02:00</published><updated>2026-10-04T10:00:00Z</updated><category term="Weather"/>
 </entry>
 <entry><title>Only updated</title><id>tag:gazette.example,2026:2</id><link href="/two"/><updated>2026-10-04T11:00:00Z</updated></entry>
</feed>"""
RDF = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
 <channel rdf:about="https://gazette.example/"><title>Gazette</title><link>https://gazette.example/</link></channel>
 <item rdf:about="https://gazette.example/one"><title>Bürger wählen</title><link>https://gazette.example/one</link><dc:date>2026-10-03T10:00:00Z</dc:date></item>
</rdf:RDF>"""


def test_an_rss_item_gives_link_title_date_and_tags(rss: Rss, now: datetime) -> None:
    """The fields of RSS 2.0."""
    body = rss(
        "<title>Council votes</title><link>https://gazette.example/council-votes?id=7</link><category>Local</category><category>Politics</category>"
        "<pubDate>Sat, 03 Oct 2026 10:00:00 +0200</pubDate><guid isPermaLink='false'>7</guid>"
    )
    (entry,) = read_feed(body, FEED, now=now).entries
    assert entry.url == "https://gazette.example/council-votes?id=7"
    assert (entry.found_in, entry.channel) == (FEED, "feed")
    assert entry.title == "Council votes"
    assert entry.published_at == datetime(2026, 10, 3, 8, tzinfo=UTC)
    assert entry.modified_at is None
    assert entry.tags == ("Local", "Politics")


def test_an_atom_entry_gives_its_alternate_link_and_both_dates(now: datetime) -> None:
    """Relative links stand under xml:base; other relations are not the article."""
    first, second = read_feed(ATOM.encode(), FEED, now=now).entries
    assert first.url == "https://gazette.example/world/rain-and-wind"
    assert first.title == "Rain & wind"
    assert first.published_at == datetime(2026, 10, 3, 8, tzinfo=UTC)
    assert first.modified_at == datetime(2026, 10, 4, 10, tzinfo=UTC)
    assert first.tags == ("Weather",)
    assert second.url == "https://gazette.example/two"
    assert (second.published_at, second.modified_at) == (None, datetime(2026, 10, 4, 11, tzinfo=UTC))


def test_rss_1_is_read_with_its_dublin_core_date_as_the_date_of_publication(now: datetime) -> None:
    """RSS 1.0 has no date of its own."""
    (entry,) = read_feed(RDF.encode("latin-1"), FEED, now=now).entries
    assert entry.title == "Bürger wählen"
    assert entry.published_at == datetime(2026, 10, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        pytest.param("Fish &amp; chips", "Fish & chips", id="escaped once"),
        pytest.param("Fish &amp;amp; chips", "Fish & chips", id="escaped twice"),
        pytest.param("<![CDATA[<b>Fish</b> &#8217;n&#8217; chips]]>", "Fish ’n’ chips", id="markup in CDATA"),
        pytest.param("&lt;i&gt;Fish&lt;/i&gt; and chips", "Fish and chips", id="escaped markup"),
        pytest.param("  Fish \n\t and\u00a0chips\u200b ", "Fish and chips", id="white space and invisible characters"),
        pytest.param("Profit &lt; 5 %, loss &gt; 3 %", "Profit < 5 %, loss > 3 %", id="signs that are no markup"),
        pytest.param("Cafe\u0301", "Café", id="NFC"),
        pytest.param(
            "Rain &#55357;&#56832; again &#xD800; and &#x110000; again", "Rain 😀 again \ufffd and \ufffd again", id="impossible characters"
        ),
        pytest.param("<![CDATA[ ]]>", None, id="blank"),
    ],
)
def test_titles_are_plain_text(rss: Rss, now: datetime, markup: str, title: str | None) -> None:
    """However a feed escapes them."""
    (entry,) = read_feed(rss(f"<title>{markup}</title><link>https://gazette.example/a</link>"), FEED, now=now).entries
    assert entry.title == title


@pytest.mark.parametrize(
    ("item", "url"),
    [
        pytest.param("<link>/local/story</link>", "https://gazette.example/local/story", id="relative to the site"),
        pytest.param("<link>\n https://gazette.example/a \n</link>", "https://gazette.example/a", id="white space around it"),
        pytest.param("<link><![CDATA[https://gazette.example/a?x=1&y=2]]></link>", "https://gazette.example/a?x=1&y=2", id="CDATA"),
        pytest.param("<link>https://gazette.example/a?x=1&amp;amp;y=2</link>", "https://gazette.example/a?x=1&y=2", id="escaped twice"),
        pytest.param("<guid>https://gazette.example/a</guid>", "https://gazette.example/a", id="guid that is the link"),
        pytest.param(
            "<guid isPermaLink='true'>https://gazette.example/a</guid>", "https://gazette.example/a", id="guid marked as permanent link"
        ),
        pytest.param(
            "<link>https://proxy.example/~r/1</link><feedburner:origLink>https://gazette.example/a</feedburner:origLink>",
            "https://gazette.example/a",
            id="original link behind FeedBurner",
        ),
        pytest.param("<link>https://gazette.example/a#comments</link>", "https://gazette.example/a", id="fragment dropped"),
    ],
)
def test_the_link_of_an_item_is_found(rss: Rss, now: datetime, item: str, url: str) -> None:
    """Links are absolute, whatever the feed writes."""
    (entry,) = read_feed(rss(f"<title>A</title>{item}"), FEED, now=now).entries
    assert entry.url == url


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("", id="no link at all"),
        pytest.param("<guid>12345</guid>", id="guid that only names it"),
        pytest.param("<link>javascript:alert(1)</link>", id="script"),
        pytest.param("<link>file:///etc/passwd</link>", id="file"),
        pytest.param("<link></link>", id="empty link"),
    ],
)
def test_items_without_a_usable_link_are_counted(rss: Rss, now: datetime, item: str) -> None:
    """They are no entries, but a problem."""
    reading = read_feed(rss(f"<title>A</title>{item}", "<link>https://gazette.example/b</link>"), FEED, now=now)
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/b"]
    assert reading.problems == ("1 of 2 entries without a link",)


def test_the_same_link_twice_is_one_entry(rss: Rss, now: datetime) -> None:
    """The first counts."""
    link = "<link>https://gazette.example/a</link>"
    (entry,) = read_feed(rss(f"<title>First</title>{link}", f"<title>Second</title>{link}"), FEED, now=now).entries
    assert entry.title == "First"


def test_a_feed_is_read_up_to_its_cap(rss: Rss, now: datetime) -> None:
    """More entries than the cap are told, not read."""
    count = MAX_FEED_ENTRIES + 5
    reading = read_feed(rss(*(f"<link>https://gazette.example/{n}</link>" for n in range(count))), FEED, now=now)
    assert len(reading.entries) == MAX_FEED_ENTRIES
    assert reading.problems == (f"only the first {MAX_FEED_ENTRIES} of {count} entries were read",)


def test_a_feed_without_entries_is_a_reading_with_a_problem(rss: Rss, now: datetime) -> None:
    """A quiet feed is no error."""
    assert read_feed(rss(), FEED, now=now).problems == ("empty",)


def test_unbelievable_dates_are_left_out(rss: Rss, now: datetime) -> None:
    """A default date is no date."""
    body = rss("<link>https://gazette.example/a</link><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>")
    assert read_feed(body, FEED, now=now).entries[0].published_at is None


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(b"<!DOCTYPE html><html><body>Not found</body></html>", "an HTML page", id="HTML"),
        pytest.param(b"\n<html><head></head></html>", "an HTML page", id="HTML without doctype"),
        pytest.param(b"", "nothing", id="empty"),
        pytest.param(b" \n ", "nothing", id="blank"),
        pytest.param(b'{"items": []}', "JSON", id="JSON"),
        pytest.param(b"<urlset></urlset>", "a sitemap", id="sitemap"),
        pytest.param(b"<opml version='2.0'/>", "<opml>", id="other XML"),
        pytest.param(b"Access denied", "Access denied", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "binary data", id="image"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, found: str) -> None:
    """The message says which address, what was expected and what came."""
    with pytest.raises(DiscoveryError, match="expected RSS or Atom, found") as raised:
        read_feed(body, FEED)
    assert str(raised.value).startswith(f"{FEED}: ")
    assert found in str(raised.value)


@pytest.mark.parametrize(
    ("encoding", "declaration", "content_type"),
    [
        pytest.param("utf-8", "utf-8", None, id="UTF-8"),
        pytest.param("utf-8-sig", "utf-8", None, id="UTF-8 with byte order mark"),
        pytest.param("utf-8", "iso-8859-1", "text/xml; charset=ISO-8859-1", id="UTF-8 that header and declaration deny"),
        pytest.param("utf-16", "utf-16", None, id="UTF-16"),
        pytest.param("cp1251", "windows-1251", None, id="declared windows-1251"),
        pytest.param("koi8-r", None, "application/rss+xml; charset=koi8-r", id="charset of the header"),
    ],
)
def test_titles_survive_every_encoding(now: datetime, encoding: str, declaration: str | None, content_type: str | None) -> None:
    """Bytes decide first, then the header, then the declaration."""
    prolog = f'<?xml version="1.0" encoding="{declaration}"?>' if declaration else ""
    text = f"{prolog}<rss version='2.0'><channel><item><title>Дождь в Киеве</title><link>https://gazette.example/a</link></item></channel></rss>"
    assert read_feed(text.encode(encoding), FEED, content_type=content_type, now=now).entries[0].title == "Дождь в Киеве"


def test_one_bad_byte_does_not_spoil_a_utf8_feed(rss: Rss, now: datetime) -> None:
    """Only that byte is lost."""
    body = rss("<title>Bürger @ Räte</title><link>https://gazette.example/a</link>").replace(b"@", b"\xff")
    assert read_feed(body, FEED, now=now).entries[0].title == "Bürger \ufffd Räte"


def test_broken_xml_is_read_as_far_as_it_goes(rss: Rss, now: datetime) -> None:
    """An unknown entity and a missing end do not lose the items before them."""
    body = rss(
        "<title>One&nbsp;two</title><link>https://gazette.example/a</link>", "<title>Cut</title><link>https://gazette.example/b</link>"
    )
    reading = read_feed(body[: body.rindex(b"</item>")], FEED, now=now)
    assert reading.entries[0].url == "https://gazette.example/a"
    assert reading.entries[0].title == "One two"
    assert any("broken XML" in problem for problem in reading.problems)


def test_xml_that_breaks_the_parser_is_told(rss: Rss) -> None:
    """A namespace with a space in it makes feedparser fail in its own way."""
    body = rss("<link>https://gazette.example/a</link>").replace(b"xmlns:dc=", "xmlns='http://x.example/\u00a0y\u00a0z' xmlns:dc=".encode())
    with pytest.raises(DiscoveryError, match="found XML too broken to read"):
        read_feed(body, FEED)


def test_a_warning_before_the_feed_is_skipped(rss: Rss, now: datetime) -> None:
    """PHP prints its warnings first."""
    body = b"<br />\n<b>Warning</b>: Undefined variable in feed.php\n" + rss("<link>https://gazette.example/a</link>")
    assert [entry.url for entry in read_feed(body, FEED, now=now).entries] == ["https://gazette.example/a"]


def test_a_gzipped_feed_is_unpacked(rss: Rss, now: datetime) -> None:
    """Also when no header said so, and twice."""
    body = rss("<link>https://gazette.example/a</link>")
    assert (
        read_feed(gzip.compress(body), FEED, now=now)
        == read_feed(body, FEED, now=now)
        == read_feed(gzip.compress(gzip.compress(body)), FEED, now=now)
    )


def test_a_gzip_bomb_is_cut_at_the_cap(rss: Rss, now: datetime) -> None:
    """What was read up to there is kept, and the problem told."""
    bomb = gzip.compress(
        rss("<link>https://gazette.example/a</link>", channel="").replace(b"</channel>", b" " * 50_000_000 + b"</channel>")
    )
    reading = read_feed(bomb, FEED, now=now)
    assert [entry.url for entry in reading.entries] == ["https://gazette.example/a"]
    assert any("longer than 16 MiB" in problem for problem in reading.problems)


def test_external_entities_are_not_opened(rss: Rss, now: datetime, tmp_path: Path) -> None:
    """No file of this machine gets into a title."""
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    doctype = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    reading = read_feed(rss("<title>a &x; b</title><link>https://gazette.example/a</link>", prolog=doctype), FEED, now=now)
    assert "SECRET" not in str(reading)
    assert reading.entries[0].url == "https://gazette.example/a"


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {name} "{f"&{below};" * 10}">' for below, name in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "{laughs}<rss version='2.0'><channel><item><title>&j;</title><link>https://gazette.example/a</link></item></channel></rss>",
            id="billion laughs",
        ),
        pytest.param(
            "<?xml version='1.0'?>" + "\n" * 200_000 + "<rss version='2.0'><channel></channel></rss>", id="white space before the root"
        ),
        pytest.param("<rss version='2.0'><channel>" + "<div>" * 50_000, id="deep nesting"),
        pytest.param("<rss version='2.0'><channel>" + "<a " * 100_000, id="tags that never end"),
        pytest.param("<rss version='2.0'><channel>" + "<!--" * 100_000, id="comments that never end"),
        pytest.param("<rss version='2.0'><channel>" + "<![CDATA[" * 100_000, id="CDATA that never ends"),
        pytest.param(
            "<rss version='2.0'><channel><item><title>" + "&lt;a " * 100_000 + "</title></item></channel></rss>",
            id="title of broken markup",
        ),
        pytest.param(
            "<rss version='2.0'><channel><item><pubDate>" + "1 " * 200_000 + "</pubDate></item></channel></rss>", id="endless date"
        ),
        pytest.param(
            "<rss version='2.0'><channel>" + "<item><link>https://gazette.example/a</link></item>" * 100_000, id="100,000 items, cut off"
        ),
        pytest.param("<rss" + "".join(f" a{n}='1'" for n in range(50_000)) + "><channel></channel></rss>", id="50,000 attributes"),
    ],
)
def test_hostile_feeds_are_read_in_bounded_time(now: datetime, body: str) -> None:
    """Nothing is quadratic, nothing is expanded."""
    started = time.process_time()
    reading = read_feed(body.replace("{laughs}", BILLION_LAUGHS).encode(), FEED, now=now)
    assert time.process_time() - started < 4
    assert all(len(entry.title or "") <= 1000 for entry in reading.entries)


def test_a_reading_and_its_error_travel_between_processes(rss: Rss, now: datetime) -> None:
    """Feeds are read in worker processes."""
    reading = read_feed(rss("<link>https://gazette.example/a</link>"), FEED, now=now)
    assert pickle.loads(pickle.dumps(reading)) == reading
    with pytest.raises(DiscoveryError) as raised:
        read_feed(b"", FEED)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
