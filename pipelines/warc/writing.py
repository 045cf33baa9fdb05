"""WARC 1.1 files of what is fetched: rotated, gzipped record by record, durable when ``sync`` returns."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import sqlite3
import uuid
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.sqlite import transaction
from pipelines.warc.pages import NOTE_HEADER, PageNote, write_note

GZIP_LEVEL = 6
"""The default of zlib: 9 takes twice as long for a hundredth of the size."""
_SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_SCHEMA = "CREATE TABLE IF NOT EXISTS payload(url TEXT PRIMARY KEY, digest TEXT, date TEXT, record_id TEXT, file TEXT) WITHOUT ROWID"

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer."""

    url: str
    method: str
    request_headers: Headers
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    """As it came, content encodings included."""
    fetched_at: datetime
    """Aware UTC; the ``WARC-Date`` of both records."""
    note: PageNote
    protocol: str = "HTTP/1.1"
    ip_address: str | None = None


@dataclass(frozen=True, slots=True)
class _Payload:
    """The last whole record of a URL."""

    digest: str
    date: str
    record_id: str
    file: str


class Archive:
    """The WARC files of one run, and what is known of the payloads of all runs. One thread at a time.

    folder: of the files, made when the first record is written; index: an SQLite file with the last payload digest of each URL, which
    may be deleted at any time: pages are then written whole once more. Methods raise OSError and sqlite3.Error.
    """

    def __init__(self, folder: Path, *, index: Path, name: str, max_bytes: int, info: Mapping[str, str]) -> None:
        """name: what file names begin with, unique to the run; info: fields of the warcinfo records."""
        self.folder = folder
        self._index = index
        self._name = name
        self._max_bytes = max_bytes
        self._info = dict(info)
        self._number = 0
        self._file: BinaryIO | None = None
        self._file_name = ""
        self._size = 0
        self._fresh: dict[str, _Payload] = {}

    def write(self, exchange: Exchange) -> str:
        """Append an exchange and return the type of its answer's record: response or revisit.

        After an error the file is as before, and no record of the exchange is in it.
        """
        digest = "sha1:" + base64.b32encode(hashlib.sha1(exchange.body, usedforsecurity=False).digest()).decode()
        before = self._known(exchange.url)
        is_same = before is not None and exchange.body != b"" and before.digest == digest and 200 <= exchange.status < 300
        is_revisit = before is not None and (is_same or exchange.status == HTTPStatus.NOT_MODIFIED)
        record_id, date = make_record_id(), format_date(exchange.fetched_at)
        fields = {"WARC-Date": date, "WARC-Payload-Digest": digest, NOTE_HEADER: write_note(exchange.note)}
        if exchange.ip_address:
            fields["WARC-IP-Address"] = exchange.ip_address
        if before and is_revisit:
            fields |= {
                "WARC-Profile": _SAME_PAYLOAD if is_same else _NOT_MODIFIED,
                "WARC-Refers-To": before.record_id,
                "WARC-Refers-To-Target-URI": exchange.url,
                "WARC-Refers-To-Date": before.date,
            }
            if not is_same:
                fields["WARC-Payload-Digest"] = before.digest
        file = self._open()
        records = _pack(_answer(exchange, "revisit" if is_revisit else "response", {"WARC-Record-ID": record_id, **fields}))
        records += _pack(_request(exchange, {"WARC-Date": date, "WARC-Concurrent-To": record_id}))
        self._append(file, records)
        if not is_revisit and 200 <= exchange.status < 300:
            self._fresh[exchange.url] = _Payload(digest, date, record_id, self._file_name)
        return "revisit" if is_revisit else "response"

    def sync(self) -> None:
        """Make everything written so far durable, then the index: no revisit refers to what a crash may take."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        if not self._fresh:
            return
        rows = [(url, payload.digest, payload.date, payload.record_id, payload.file) for url, payload in self._fresh.items()]
        self._index.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection, transaction(connection):
            connection.execute(_SCHEMA)
            connection.executemany("INSERT OR REPLACE INTO payload VALUES (?, ?, ?, ?, ?)", rows)
        self._fresh.clear()

    def close(self) -> None:
        """Sync and close the file."""
        try:
            self.sync()
        finally:
            file, self._file = self._file, None
            if file:
                file.close()

    def _open(self) -> BinaryIO:
        if self._file and self._size >= self._max_bytes:
            self.close()
        if not self._file:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._number += 1
            self._file_name = f"{self._name}-{self._number:05d}.warc.gz"
            self._file = (self.folder / self._file_name).open("xb", buffering=0)
            self._size = 0
            for folder in (self.folder, self.folder.parent):
                _sync_folder(folder)
            self._append(self._file, _pack(_info_record(self._file_name, self._info)))
        return self._file

    def _append(self, file: BinaryIO, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += file.write(data[written:])
        except OSError:
            # A record that is cut off would stand between whole ones.
            with contextlib.suppress(OSError):
                file.truncate(self._size)
                file.seek(self._size)
            raise
        self._size += len(data)

    def _known(self, url: str) -> _Payload | None:
        """The last whole record of a URL, if its file is still there."""
        if url in self._fresh:
            return self._fresh[url]
        if not self._index.exists():
            return None
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT digest, date, record_id, file FROM payload WHERE url = ?", (url,)).fetchone()
        return _Payload(*row) if row and (self.folder / row[3]).exists() else None

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._index, timeout=30.0, isolation_level=None)


def make_record_id() -> str:
    """Return a new WARC-Record-ID."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def format_date(moment: datetime) -> str:
    """Return a WARC-Date of WARC 1.1, with microseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _answer(exchange: Exchange, kind: str, fields: dict[str, str]) -> Any:
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = ""
    # The transfer is over: what is stored is the body without its chunks.
    headers = [(name, value) for name, value in exchange.headers if name.lower() != "transfer-encoding"]
    head = StatusAndHeaders(f"{exchange.status} {phrase}".strip(), headers, protocol=exchange.protocol)
    body = b"" if kind == "revisit" else exchange.body
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="1.1").create_warc_record(
        exchange.url, kind, payload=io.BytesIO(body), length=len(body), http_headers=head, warc_headers_dict=fields
    )


def _request(exchange: Exchange, fields: dict[str, str]) -> Any:
    head = StatusAndHeaders(f"{exchange.method} {exchange.url} HTTP/1.1", list(exchange.request_headers), is_http_request=True)
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="1.1").create_warc_record(
        exchange.url, "request", http_headers=head, warc_headers_dict=fields
    )


def _info_record(name: str, info: dict[str, str]) -> Any:
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="1.1").create_warcinfo_record(name, info)


def _pack(record: Any) -> bytes:
    """A record as a member of its own; warcio would pack at level 9."""
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(plain.getvalue()) + packer.flush()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
