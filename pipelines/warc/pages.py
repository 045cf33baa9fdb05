"""The pages of a WARC file, each with what the archive says of it; damage costs the records that it touches and no others."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from pipelines.records import Discovered
from pipelines.urls import absolute_url
from pipelines.warc.bodies import BodyTooLarge, decode_body
from pipelines.warc.spans import DICTIONARY_MAGIC, MAGICS, Window, end_of_record, find_record

NOTE_HEADER = "Copydesk-Note"
"""Our own header of a response record: what the crawl knew of the page, as JSON in ASCII. WARC allows further headers; others skip it."""
MAX_BODY_BYTES = 20_000_000
"""Unpacked; extraction takes no larger page."""
MAX_RECORD_BYTES = 40_000_000
YEARS = range(1990, 2200)
"""Of a fetch: there was no web before, and later stages add days to it."""

_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml")
# White space, comments and an XML declaration may come before the page.
_OPENS_HTML = re.compile(rb"(?:\s+|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>){0,20}<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_WANTED = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNote:
    """What a crawl of ours knew of an answer that it archived."""

    source: str
    hint: Discovered | None
    """How the article was found; None for feeds, sitemaps, section pages and robots.txt, which are no articles."""
    tdm_reserved: bool | None = None
    training_refused: tuple[str, ...] = ()
    """Both as in ``FetchedPage``: what robots.txt and tdmrep.json said then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedPage:
    """An HTML answer from an archive."""

    url: str
    body: bytes = field(repr=False)
    """Without transfer and content encodings."""
    encoding: str | None
    """Charset of the archived Content-Type; None if it names none."""
    fetched_at: datetime
    """``WARC-Date``; aware UTC."""
    offset: int
    """Where its record begins in the file, in bytes as it lies on disk."""
    tdm_reservation: str | None = None
    """The header of that name, as sent."""
    note: PageNote | None = None
    """None in archives of others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """An answer that is no page: ``reason`` is http_<status>, revisit, not_html, no_article, too_large or bad_url."""

    reason: str
    url: str
    offset: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """Bytes of a file that give no record."""

    path: Path
    offset: int
    """Where it begins: in the record here or, in files of which only reading on can tell, behind it."""
    what: str
    resumed_at: int | None
    """Where reading went on; None if no record follows."""

    def __str__(self) -> str:
        then = "nothing after it can be read" if self.resumed_at is None else f"reading goes on at byte {self.resumed_at}"
        return f"{self.path}: byte {self.offset}: {self.what}; {then}"


def read_pages(path: Path, *, start: int = 0, end: int | None = None) -> Iterator[ArchivedPage | Skipped | Damage]:
    """Yield what the answers of a WARC file are, in the order of the file; requests and other records are passed over.

    start and end: offsets of records (``split_file``); None reads to the end. gzip, Zstandard, LZ4 or not compressed. A record that is cut
    off, broken or not what it says is a Damage, and reading goes on with the next one that is whole; so it does behind one that is larger
    than MAX_RECORD_BYTES, without unpacking it. A Zstandard file with a dictionary is one Damage: FastWARC takes none. Raises OSError for a
    file that cannot be opened.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        end = size if end is None else min(end, size)
        if start == 0 and size == 0:
            yield Damage(path=path, offset=0, what="expected WARC records, found an empty file", resumed_at=None)
            return
        if file.read(4) == DICTIONARY_MAGIC:
            what = "expected WARC records, found a Zstandard dictionary that all records are packed with: unpack the file with it first"
            yield Damage(path=path, offset=0, what=what, resumed_at=None)
            return
        yield from _Reading(path, file, end, behind=end if end < size else None).run(start)


class _Reading:
    """One pass over a part of a file."""

    def __init__(self, path: Path, file: BinaryIO, end: int, *, behind: int | None) -> None:
        """behind: where another part of the file begins; None at its end."""
        self.path = path
        self.file = file
        self.end = end
        self.behind = behind

    def run(self, start: int) -> Iterator[ArchivedPage | Skipped | Damage]:
        position: int | None = start
        gap: tuple[int, str] | None = None  # where the last good record ends, and why none could be read there
        while position is not None:
            base, last, inside = position, None, False
            # Kept back until the next record: only then the checksum of its member has been read.
            held: ArchivedPage | Skipped | None = None
            try:
                for record in ArchiveIterator(Window(self.file, base, self.end), record_types=WarcRecordType.any_type, parse_http=False):
                    if held:
                        yield held
                    last, inside, held = base + record.stream_pos, True, None
                    if gap:
                        yield self._damage(gap[0], gap[1], last)
                        gap = None
                    if record.content_length > MAX_RECORD_BYTES and self._is_member(last):
                        yield Skipped(reason="too_large", url=record.headers.get("WARC-Target-URI") or "", offset=last)
                        break
                    held = self._read(record, last)
                    inside = False
                else:
                    rest = self._rest_behind(last) if last is not None else base
                    if held and rest != last:
                        yield held
                    position = None
                    if rest is not None and rest < self.end:
                        # FastWARC passes over in silence what is cut off within its header.
                        position = self._next_record(rest)
                        yield self._damage(rest, f"{self.end - rest} bytes that are no whole record", position)
                    continue
            except BaseException as error:
                # FastWARC is written in Rust, where a bug is a panic: not even an Exception in Python, and the record's fault here.
                if not isinstance(error, OSError | ValueError) and type(error).__name__ != "PanicException":
                    raise
                what = f"{error}" if inside or last is None else f"no record can be read here: {error}"
                if inside or last is None:
                    gap = None
                    position = self._next_record(last if last is not None else base)
                    yield self._damage(last if last is not None else base, what, position)
                else:
                    rest = self._rest_behind(last)
                    if held and rest != last:
                        yield held
                    gap, position = (rest or last, what), self._next_record(last)
            else:
                position = self._next_record(last if last is not None else base)
        if gap:
            yield self._damage(gap[0], gap[1], None)

    def _damage(self, offset: int, what: str, resumed_at: int | None) -> Damage:
        return Damage(path=self.path, offset=offset, what=what, resumed_at=self.behind if resumed_at is None else resumed_at)

    def _next_record(self, offset: int) -> int | None:
        return find_record(self.file, offset + 1, self.end)

    def _rest_behind(self, last: int) -> int | None:
        """Where bytes begin that give no record: behind the record at last, or there when it is cut off or its checksum is another one."""
        return end_of_record(self.file, last, self.end)

    def _is_member(self, offset: int) -> bool:
        self.file.seek(offset)
        return self.file.read(4).startswith(MAGICS)

    def _read(self, record: WarcRecord, offset: int) -> ArchivedPage | Skipped | None:
        """Return what a record holds; None for those that are no answers. Raises OSError or ValueError when it is not whole."""
        if not record.record_type & _WANTED:
            return None
        url = absolute_url((record.headers.get("WARC-Target-URI") or "").strip("<>")) or ""
        reason = self._reason_by_header(record, url)
        if reason:
            return Skipped(reason=reason, url=url, offset=offset)
        declared = record.content_length
        block = record.reader.read(declared + 1)
        if len(block) < declared:
            raise OSError(f"the record is cut off: expected {declared} bytes, found {len(block)}")
        # Some writers leave the type of the record out.
        is_http = record.is_http or (record.record_type == WarcRecordType.response and block.startswith(b"HTTP/"))
        status, headers, body = (
            _split_answer(block) if is_http else (200, {"content-type": record.headers.get("Content-Type") or ""}, block)
        )
        if not 200 <= status < 300:
            return Skipped(reason=f"http_{status}", url=url, offset=offset)
        try:
            body = decode_body(
                body,
                transfer_encoding=headers.get("transfer-encoding", ""),
                content_encoding=headers.get("content-encoding", ""),
                max_bytes=MAX_BODY_BYTES,
            )
        except BodyTooLarge:
            return Skipped(reason="too_large", url=url, offset=offset)
        content_type = headers.get("content-type", "")
        if not is_html(content_type, body):
            return Skipped(reason="not_html", url=url, offset=offset)
        note = read_note(record.headers.get(NOTE_HEADER))
        if note is not None and note.hint is None:
            return Skipped(reason="no_article", url=url, offset=offset)
        fetched_at = read_date(record)
        return ArchivedPage(
            url=url,
            body=body,
            encoding=charset_of(content_type),
            fetched_at=fetched_at,
            offset=offset,
            tdm_reservation=headers.get("tdm-reservation"),
            note=note,
        )

    @staticmethod
    def _reason_by_header(record: WarcRecord, url: str) -> str:
        if not url:
            return "bad_url"
        if record.record_type == WarcRecordType.revisit:
            return "revisit"
        return "too_large" if record.content_length > MAX_RECORD_BYTES else ""


def read_date(record: WarcRecord) -> datetime:
    """Return the ``WARC-Date`` of a record, aware; without a zone it is UTC. Raises ValueError for one that is missing or no time of a fetch."""
    text = record.headers.get("WARC-Date") or ""
    try:
        # FastWARC takes full times with a zone, Python days and times without.
        moment = record.record_date or datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.year not in YEARS:
        raise ValueError(f"WARC-Date: expected a time such as 2026-11-20T08:30:00Z, found {text[:60]!r}")
    return moment


def _split_answer(block: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers by lower-case name (of repeated ones the last) and body. Raises ValueError if there is no status line."""
    head, _, body = block.partition(b"\r\n\r\n") if b"\r\n\r\n" in block[:65_536] else block.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    words = lines[0].split(None, 2) if lines else []
    if len(words) < 2 or not words[0].upper().startswith("HTTP/") or not re.fullmatch(r"[0-9]{3}", words[1]):
        raise ValueError(f"expected an HTTP status line, found {lines[0][:60] if lines else ''!r}")
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, body


def is_html(content_type: str, body: bytes) -> bool:
    """Say whether an answer is an HTML page, by its type or, whatever that says, by how it opens."""
    media_type = content_type.split(";")[0].strip().lower()
    return media_type in _HTML_TYPES or _OPENS_HTML.match(body[:4096].removeprefix(codecs.BOM_UTF8)) is not None


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type header names, or None."""
    _, _, charset = content_type.lower().partition("charset=")
    return charset.split(";")[0].strip("\"' ") or None


def write_note(note: PageNote) -> str:
    """Return a note as one line of ASCII. Of a hint, what names the page is always kept; tags and title only as far as 8 kB hold them."""
    hint = note.hint
    facts: dict[str, object] = {"source": note.source}
    if hint:
        facts |= {"url": hint.url, "found_in": hint.found_in, "channel": hint.channel}
        if note.tdm_reserved is not None:
            facts["tdm_reserved"] = note.tdm_reserved
        if note.training_refused:
            facts["training_refused"] = note.training_refused
        for name in ("published_at", "modified_at"):
            if (moment := getattr(hint, name)) is not None:
                facts[name] = moment.isoformat()
        for name in ("language", "title", "tags"):
            if (value := getattr(hint, name)) and len(json.dumps({**facts, name: value})) <= 8_192:
                facts[name] = value
    return json.dumps(facts)


def read_note(line: str | None) -> PageNote | None:
    """Return what ``write_note`` wrote; None for nothing. Raises ValueError for a line that is no note."""
    if not line:
        return None
    try:
        facts = json.loads(line)
        json.dumps(facts, ensure_ascii=False).encode()  # half a surrogate pair is no text, and nothing could store it
        source = _typed(facts["source"], str)
        if "url" not in facts:
            return PageNote(source=source, hint=None)
        hint = Discovered(
            url=_typed(facts["url"], str),
            found_in=_typed(facts["found_in"], str),
            channel=_typed(facts["channel"], str),
            title=_typed(facts.get("title"), str, NoneType),
            published_at=_moment(facts.get("published_at")),
            modified_at=_moment(facts.get("modified_at")),
            language=_typed(facts.get("language"), str, NoneType),
            tags=_texts(facts.get("tags", [])),
        )
        reserved = _typed(facts.get("tdm_reserved"), bool, NoneType)
        return PageNote(source=source, hint=hint, tdm_reserved=reserved, training_refused=_texts(facts.get("training_refused", [])))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{NOTE_HEADER}: expected what a crawl wrote, found {line[:80]!r}") from error


def _typed(value: Any, *types: type) -> Any:
    if not isinstance(value, types):
        raise TypeError(f"expected {types[0].__name__}, found {value!r}")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_typed(value, str) for value in _typed(values, list))


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
