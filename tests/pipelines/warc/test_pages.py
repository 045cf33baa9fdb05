"""Reading WARC files of any maker, whole and damaged."""

from __future__ import annotations

import gzip
import io
import itertools
import resource
import zlib
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
from fastwarc.stream_io import Lz4Writer, ZstdWriter
from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipelines.records import Discovered
from pipelines.warc import ArchivedPage, Damage, PageNote, Skipped, read_pages, split_file
from pipelines.warc.pages import read_note, write_note
from tests.pipelines.warc.archives import page_of, write_plain, write_warc

NAMES = [f"story-{number}" for number in range(12)]


def urls(path: Path) -> list[str]:
    return [found.url.rpartition("/")[2] for found in read_pages(path) if isinstance(found, ArchivedPage)]


def damages(path: Path) -> list[Damage]:
    return [found for found in read_pages(path) if isinstance(found, Damage)]


@pytest.mark.parametrize("is_packed", [True, False], ids=["gzip", "not compressed"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_pages_come_out_as_they_went_in(tmp_path: Path, is_packed: bool, version: str) -> None:
    """Address, bytes, charset, time and place of each page, in the order of the file; requests and warcinfo are passed over."""
    path = tmp_path / "a.warc"
    offsets = write_plain(path, NAMES, gzip=is_packed, version=version, date="2026-11-20T08:30:00Z")
    pages = list(read_pages(path))
    assert [page.offset for page in pages] == offsets
    assert pages[3] == ArchivedPage(
        url="https://a.example/story-3", body=page_of("story-3"), encoding="utf-8", fetched_at=datetime(2026, 11, 20, 8, 30, tzinfo=UTC), offset=offsets[3]
    )  # fmt: skip


def test_a_file_packed_as_a_whole_is_read(tmp_path: Path) -> None:
    """``gzip file.warc`` makes one member of all records; it cannot be split and loses none."""
    write_plain(tmp_path / "a.warc", NAMES, gzip=False)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress((tmp_path / "a.warc").read_bytes()))
    assert urls(path) == NAMES
    assert [(span.start, span.end) for span in split_file(path, target_bytes=1_000)] == [(0, path.stat().st_size)]


PACKED = [pytest.param(ZstdWriter, id="Zstandard"), pytest.param(Lz4Writer, id="LZ4")]


def pack(path: Path, writer: type, parts: list[bytes]) -> list[int]:
    """Write each part as a member of its own; return where they begin."""
    offsets, packed = [], b""
    for part in parts:
        member = io.BytesIO()
        stream = writer(member)
        stream.write(part)
        stream.flush()
        stream.close()
        offsets.append(len(packed))
        packed += member.getvalue()
    path.write_bytes(packed)
    return offsets


def records(folder: Path) -> list[bytes]:
    """The pages as records that are not compressed: a warcinfo, then a request and a response each."""
    path = folder / "plain.warc"
    write_plain(path, NAMES, gzip=False)
    data = path.read_bytes()
    begins = [record.stream_pos for record in ArchiveIterator(io.BytesIO(data), record_types=WarcRecordType.any_type, parse_http=False)]
    return [data[begin:end] for begin, end in itertools.pairwise([*begins, len(data)])]


@pytest.mark.parametrize("writer", PACKED)
def test_zstandard_and_lz4_are_read_and_split(tmp_path: Path, writer: type) -> None:
    """Record by record as gzip, each page once over all spans; packed as a whole, in one span."""
    path, whole = tmp_path / "a.warc.x", tmp_path / "whole.warc.x"
    offsets = pack(path, writer, records(tmp_path))
    assert [(page.url.rpartition("/")[2], page.offset) for page in read_pages(path)] == list(zip(NAMES, offsets[2::2], strict=True))  # type: ignore[union-attr]
    spans = list(split_file(path, target_bytes=8_000))
    assert len(spans) > 3
    assert [page.url for span in spans for page in read_pages(path, start=span.start, end=span.end)] == [
        page.url for page in read_pages(path)
    ]  # type: ignore[union-attr]
    pack(whole, writer, [b"".join(records(tmp_path))])
    assert urls(whole) == NAMES
    assert len(list(split_file(whole, target_bytes=1_000))) == 1


@pytest.mark.parametrize("writer", PACKED)
def test_damage_in_zstandard_and_lz4_costs_one_record(tmp_path: Path, writer: type) -> None:
    """Told with file and byte; what stands behind it is read, and a file that is cut off gives what is before."""
    path = tmp_path / "a.warc.x"
    offsets = pack(path, writer, records(tmp_path))
    data = path.read_bytes()
    path.write_bytes(data[: offsets[8] + 200] + b"\xff" * 50 + data[offsets[8] + 250 :])
    assert urls(path) == [name for number, name in enumerate(NAMES) if number != 3]
    (damage,) = damages(path)
    assert (damage.path, damage.resumed_at is None) == (path, False)
    path.write_bytes(data[: offsets[12] + 300])
    assert urls(path) == NAMES[:5]
    assert [damage.resumed_at for damage in damages(path)] == [None]


def test_a_zstandard_dictionary_is_refused(tmp_path: Path) -> None:
    """FastWARC takes none: one message that names file and cause, instead of one for each record."""
    path = tmp_path / "a.warc.zst"
    pack(path, ZstdWriter, records(tmp_path))
    path.write_bytes(b"\x5d\x2a\x4d\x18" + (16).to_bytes(4, "little") + bytes(16) + path.read_bytes())
    (damage,) = read_pages(path)
    assert f"{path}: byte 0: expected WARC records, found a Zstandard dictionary" in str(damage)
    assert [(span.start, span.end) for span in split_file(path, target_bytes=1_000)] == [(0, path.stat().st_size)]


def test_the_fraction_of_a_second_is_kept(tmp_path: Path) -> None:
    """WARC 1.1 dates have fractions; the order of two fetches hangs on them."""
    write_plain(tmp_path / "a.warc.gz", ["one"])
    (page,) = read_pages(tmp_path / "a.warc.gz")
    assert isinstance(page, ArchivedPage)
    assert page.fetched_at == datetime(2026, 11, 20, 8, 30, 0, 250_000, tzinfo=UTC)


def chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:])) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(chunked(page_of("a")), {"Transfer-Encoding": "chunked"}, id="chunked"),
        pytest.param(gzip.compress(page_of("a")), {"Content-Encoding": "gzip"}, id="gzip"),
        pytest.param(chunked(gzip.compress(page_of("a"))), {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, id="chunked gzip"),
        pytest.param(brotli.compress(page_of("a")), {"Content-Encoding": "br"}, id="brotli"),
        pytest.param(zlib.compress(page_of("a")), {"Content-Encoding": "deflate"}, id="deflate"),
        pytest.param(raw_deflate(page_of("a")), {"Content-Encoding": "deflate"}, id="deflate without its header"),
        pytest.param(gzip.compress(page_of("a")) + b"\r\ngarbage", {"Content-Encoding": "gzip"}, id="gzip with garbage behind"),
        pytest.param(zlib.compress(page_of("a")) + b"\r\ngarbage", {"Content-Encoding": "deflate"}, id="deflate with garbage behind"),
        pytest.param(page_of("a"), {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}, id="stored unpacked, headers kept"),
        pytest.param(page_of("a"), {"Content-Encoding": "br"}, id="said to be brotli"),
        pytest.param(page_of("a"), {"X-Crawl-Content-Encoding": "gzip"}, id="header set aside"),
    ],
)
def test_encodings_are_undone(tmp_path: Path, body: bytes, headers: dict[str, str]) -> None:
    """A body is what a browser would see, whether the archive stores it packed or has unpacked it already."""
    path = tmp_path / "a.warc.gz"
    write_warc(path, [("https://a.example/a", body)], headers=(("Content-Type", "text/html"), *headers.items()))
    (page,) = read_pages(path)
    assert isinstance(page, ArchivedPage)
    assert page.body == page_of("a")
    assert page.encoding is None


@pytest.mark.parametrize(
    ("status", "content_type", "url", "body", "reason"),
    [
        pytest.param("404 Not Found", "text/html", "https://a.example/", b"<html>", "http_404", id="not found"),
        pytest.param("301 Moved", "text/html", "https://a.example/", b"", "http_301", id="redirect"),
        pytest.param("200 OK", "application/rss+xml", "https://a.example/", b"<rss/>", "not_html", id="feed"),
        pytest.param("200 OK", "text/html", "dns:a.example", b"<html>", "bad_url", id="DNS answer"),
        pytest.param("200 OK", "text/html", "https://a.example/", gzip.compress(b"<html>" + b"a" * 30_000_000), "too_large", id="bomb in the body"),
    ],
)  # fmt: skip
def test_what_is_no_page_is_told(tmp_path: Path, status: str, content_type: str, url: str, body: bytes, reason: str) -> None:
    """Answers that are no pages are skipped with their reason."""
    headers = (
        (("Content-Type", content_type), ("Content-Encoding", "gzip")) if body.startswith(b"\x1f") else (("Content-Type", content_type),)
    )
    write_warc(tmp_path / "a.warc.gz", [(url, body)], status=status, headers=headers)
    (skipped,) = read_pages(tmp_path / "a.warc.gz")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


def test_html_under_another_type_is_a_page(tmp_path: Path) -> None:
    """Some servers call their pages plain text."""
    write_warc(tmp_path / "a.warc.gz", [("https://a.example/a", page_of("a"))], headers=(("Content-Type", "text/plain"),))
    assert urls(tmp_path / "a.warc.gz") == ["a"]


@pytest.mark.parametrize("kept", [1_000, 200, 5], ids=["in the body", "in the header", "at the start"])
@pytest.mark.parametrize("is_packed", [True, False], ids=["gzip", "not compressed"])
def test_a_truncated_file_gives_all_but_its_last_record(tmp_path: Path, is_packed: bool, kept: int) -> None:
    """A record that is cut off is told with file and offset, and never taken for a page."""
    path = tmp_path / "a.warc.gz"
    offsets = write_plain(path, NAMES, gzip=is_packed)
    path.write_bytes(path.read_bytes()[: offsets[7] + kept])
    (damage,) = damages(path)
    assert urls(path) == NAMES[:7]
    assert damage.offset == offsets[7]
    assert damage.resumed_at is None
    assert str(damage).startswith(f"{path}: byte {offsets[7]}: ")


@pytest.mark.parametrize(
    "size", [pytest.param(65_534, id="over the end of the first piece"), pytest.param(1_500_000, id="further than any piece")]
)
def test_a_record_far_behind_damage_is_found(tmp_path: Path, size: int) -> None:
    """However long what cannot be read is, and wherever the pieces end in which the next record is looked for."""
    offsets = write_plain(tmp_path / "pages.warc.gz", NAMES)
    path = tmp_path / "behind.warc.gz"
    path.write_bytes(b"x" * size + (tmp_path / "pages.warc.gz").read_bytes())
    damage, *pages = read_pages(path)
    assert isinstance(damage, Damage)
    assert (damage.offset, damage.resumed_at) == (0, size)
    assert [page.offset for page in pages] == [size + offset for offset in offsets]


@pytest.mark.parametrize(
    ("at", "lost"),
    [pytest.param(1_000, {"story-5"}, id="in the body"), pytest.param(0, {"story-5"}, id="at the start"), pytest.param(60, {"story-5"}, id="in the header")],
)  # fmt: skip
def test_a_corrupt_record_costs_itself_only(tmp_path: Path, at: int, lost: set[str]) -> None:
    """Behind bytes that cannot be unpacked, reading goes on with the next record, and one message says where."""
    path = tmp_path / "a.warc.gz"
    offsets = write_plain(path, NAMES)
    data = bytearray(path.read_bytes())
    data[offsets[5] + at : offsets[5] + at + 40] = b"\xff" * 40
    path.write_bytes(data)
    assert set(NAMES) - set(urls(path)) == lost
    (damage,) = damages(path)
    assert damage.offset <= offsets[5] < (damage.resumed_at or 0) <= offsets[6]


@pytest.mark.parametrize("cut", [None, 5], ids=["another checksum", "cut off within it"])
def test_a_page_that_is_not_what_its_checksum_says_is_no_page(tmp_path: Path, cut: int | None) -> None:
    """A changed byte may unpack to another text: the checksum behind it is read before the page is given out."""
    path, name = tmp_path / "a.warc.gz", "https://a.example/"
    offsets = write_warc(path, [(name + story, page_of(story, 300_000)) for story in NAMES[:3]])
    data = bytearray(path.read_bytes())
    if cut:
        del data[-cut:]
        last, lost = offsets[2], NAMES[2]
    else:
        (last, behind), lost = offsets[:2], NAMES[0]
        end = data.rindex(b"\x1f\x8b\x08", last, behind)  # of its member: a request follows
        data[end - 8] ^= 1
    path.write_bytes(data)
    assert urls(path) == [story for story in NAMES[:3] if story != lost]
    (damage,) = damages(path)
    assert damage.offset == last


@pytest.mark.parametrize(("at", "bit"), [(0, 1), (3, 4)], ids=["no member", "a member that never gets to its text"])
def test_a_record_behind_a_changed_start_is_found(tmp_path: Path, at: int, bit: int) -> None:
    """Where FastWARC sees the end of the file, for a flag that announces a field of any length, there may be another record."""
    path = tmp_path / "a.warc.gz"
    offsets = write_plain(path, NAMES)
    data = bytearray(path.read_bytes())
    request = data.rindex(b"\x1f\x8b\x08", 0, offsets[11])
    data[request + at] ^= bit
    path.write_bytes(data)
    assert urls(path) == NAMES
    (damage,) = damages(path)
    assert (damage.offset, damage.resumed_at) == (request, offsets[11])


@pytest.mark.parametrize("is_packed", [True, False], ids=["gzip", "not compressed"])
def test_a_file_cut_off_in_its_first_record_is_told(tmp_path: Path, is_packed: bool) -> None:
    """Not silence, though nothing is read."""
    path = tmp_path / "a.warc.gz"
    write_plain(path, NAMES[:1], gzip=is_packed)
    path.write_bytes(path.read_bytes()[:100])
    assert urls(path) == []
    (damage,) = damages(path)
    assert (damage.offset, damage.resumed_at) == (0, None)


def record(*, block: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", **headers: str | None) -> bytes:
    """A response in a member of its own; headers: others than usual, None for none."""
    usual = {
        "WARC_Type": "response", "WARC_Target_URI": "https://a.example/odd", "WARC_Date": "2026-11-20T08:30:00Z",
        "Content_Type": "application/http; msgtype=response", "Content_Length": str(len(block)),
    }  # fmt: skip
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**usual, **headers}.items() if value is not None]
    return gzip.compress("\r\n".join(["WARC/1.0", *lines, "", ""]).encode() + block + b"\r\n\r\n")


NOTE = '{{"source": "a", "url": "https://a.example/odd", "found_in": "f", "channel": "feed", {more}}}'


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        pytest.param(record(WARC_Date=None), "WARC-Date: expected a time such as 2026-11-20T08:30:00Z, found ''", id="no date"),
        pytest.param(record(WARC_Date="yesterday"), "found 'yesterday'", id="no time"),
        pytest.param(record(WARC_Date="0001-01-01T00:00:00Z"), "found '0001-01-01T00:00:00Z'", id="year 1"),
        pytest.param(record(WARC_Date="9999-12-31T23:59:59Z"), "found '9999-12-31T23:59:59Z'", id="year 9999"),
        pytest.param(record(block=b"HTTP/1.1 20000 OK\r\n\r\n<html>"), "expected an HTTP status line", id="status of five digits"),
        pytest.param(record(block="HTTP/1.1 ²00 OK\r\n\r\n<html>".encode("latin-1")), "expected an HTTP status line", id="no digits"),
        pytest.param(record(Copydesk_Note="hello"), "Copydesk-Note: expected what a crawl wrote, found 'hello'", id="no JSON"),
        pytest.param(record(Copydesk_Note="[" * 5_000), "Copydesk-Note: expected what a crawl wrote", id="deep JSON"),
        pytest.param(record(Copydesk_Note='{"source": "\\ud800"}'), "Copydesk-Note: expected what a crawl wrote", id="half a character"),
        pytest.param(
            record(Copydesk_Note=NOTE.format(more='"title": 5')), "Copydesk-Note: expected what a crawl wrote", id="title a number"
        ),
        pytest.param(
            record(Copydesk_Note=NOTE.format(more='"tags": [1]')), "Copydesk-Note: expected what a crawl wrote", id="tags numbers"
        ),
        pytest.param(
            record(Copydesk_Note=NOTE.format(more='"published_at": 5')), "Copydesk-Note: expected what a crawl wrote", id="no moment"
        ),
    ],
)
def test_an_odd_record_costs_itself_only(tmp_path: Path, odd: bytes, told: str) -> None:
    """What a header says may be anything; the message names what was expected and found, and the records around it are read."""
    path = tmp_path / "a.warc.gz"
    write_plain(path, NAMES[:2])
    whole = path.read_bytes()
    path.write_bytes(whole + odd + whole)
    assert urls(path) == NAMES[:2] * 2
    (damage,) = damages(path)
    assert told in damage.what
    assert (damage.offset, damage.resumed_at) == (len(whole), len(whole) + len(odd))


@pytest.mark.parametrize(
    ("headers", "fetched_at"),
    [
        pytest.param({"WARC_Date": "2026-11-20"}, datetime(2026, 11, 20, tzinfo=UTC), id="a day"),
        pytest.param({"WARC_Date": "2026-11-20T08:30:00.123456789Z"}, datetime(2026, 11, 20, 8, 30, 0, 123_456, UTC), id="nanoseconds"),
        pytest.param({"Content_Type": None}, datetime(2026, 11, 20, 8, 30, tzinfo=UTC), id="a record of no type"),
    ],
)
def test_what_other_writers_leave_out_is_no_damage(tmp_path: Path, headers: dict[str, str | None], fetched_at: datetime) -> None:
    """WARC 1.1 allows dates of any precision, and an HTTP answer shows by itself that it is one."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(record(**headers))
    (page,) = read_pages(path)
    assert isinstance(page, ArchivedPage)
    assert (page.url, page.body, page.fetched_at) == ("https://a.example/odd", b"<html>", fetched_at)


def bomb(head: bytes, megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return (
        packer.compress(head)
        + b"".join(packer.compress(b"a" * 1_000_000) for _ in range(megabytes))
        + packer.compress(b"\r\n\r\n")
        + packer.flush()
    )


HEAD = (
    "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/bomb\r\nWARC-Date: 2026-11-20T08:30:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    "Content-Type: application/http; msgtype=response\r\nContent-Length: {length}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    "length",
    [pytest.param(300_000_047, id="a record of 300 MB"), pytest.param(100, id="300 MB behind a small record")],
)
def test_a_bomb_costs_itself_only(tmp_path: Path, length: int) -> None:
    """A member that unpacks to hundreds of megabytes is passed over without unpacking it all, and without the memory."""
    path, other = tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"
    write_plain(path, NAMES[:3])
    write_plain(other, NAMES[3:5])
    path.write_bytes(path.read_bytes() + bomb(HEAD.format(length=length).encode(), 300) + other.read_bytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [url for url in urls(path) if url != "bomb"] == NAMES[:5]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert any(isinstance(found, Damage) or (isinstance(found, Skipped) and found.reason == "too_large") for found in read_pages(path))


@pytest.mark.parametrize("data", [b"", b"no archive at all", gzip.compress(b"no archive " * 1_000)], ids=["empty", "text", "gzip of text"])
def test_a_file_that_is_no_archive_is_told(tmp_path: Path, data: bytes) -> None:
    """Not silence but a sentence that names the file."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    (damage,) = read_pages(path)
    assert str(path) in str(damage)


@pytest.mark.parametrize("is_packed", [True, False], ids=["gzip", "not compressed"])
def test_spans_together_are_the_file(tmp_path: Path, is_packed: bool) -> None:
    """However small the spans, each record is in exactly one of them."""
    path = tmp_path / "a.warc.gz"
    write_plain(path, NAMES, gzip=is_packed)
    spans = list(split_file(path, target_bytes=3_000))
    assert len(spans) > 3
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
    assert [page for span in spans for page in read_pages(path, start=span.start, end=span.end)] == list(read_pages(path))


def test_damage_at_the_end_of_a_span_is_not_the_end_of_the_file(tmp_path: Path) -> None:
    """The span behind it is read on by another worker, and the message says so."""
    path = tmp_path / "a.warc.gz"
    offsets = write_plain(path, NAMES)
    data = bytearray(path.read_bytes())
    data[offsets[5] + 1_000] ^= 0xFF
    path.write_bytes(data)
    end = data.index(b"\x1f\x8b\x08", offsets[5] + 1)
    *_, damage = read_pages(path, end=end)
    assert isinstance(damage, Damage)
    assert (damage.offset, damage.resumed_at) == (offsets[5], end)


def test_a_note_reads_back_equal() -> None:
    """What a crawl knew of a page is in the archive, in one line of ASCII."""
    hint = Discovered(
        url="https://a.example/é", found_in="https://a.example/feed", channel="feed", title="Café\nnoir", published_at=datetime(2026, 11, 20, tzinfo=UTC),
        language="fr", tags=("a", "b"),
    )  # fmt: skip
    note = PageNote(source="a", hint=hint, tdm_reserved=False, training_refused=("GPTBot",))
    line = write_note(note)
    assert line.isascii()
    assert "\n" not in line
    assert read_note(line) == note
    assert read_note(write_note(PageNote(source="a", hint=None))) == PageNote(source="a", hint=None)


def test_a_note_stays_short() -> None:
    """A header line that is too long would make the record unreadable: the tags go first."""
    hint = Discovered(
        url="https://a.example/a", found_in="f", channel="feed", title="Title", tags=tuple(f"tag {number}" for number in range(5_000))
    )
    line = write_note(PageNote(source="a", hint=hint))
    assert len(line) < 9_000
    note = read_note(line)
    assert note is not None
    assert note.hint is not None
    assert (note.hint.title, note.hint.tags) == ("Title", ())
