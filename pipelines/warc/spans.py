"""Where records begin in a file: to go on behind damage, and to give parts of one file to several workers.

A compressed WARC is a chain of members, one a record; what looks like the start of one is believed when a record header comes out of it.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator

MAGICS = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""How a member of gzip, Zstandard and LZ4 opens."""
DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"
"""How a Zstandard file opens whose records are packed with a dictionary. Source: IIPC, Zstandard-compressed WARC 1.0, section 4."""
_HEADER_BYTES = 16_384
"""Compressed bytes within which a record's header ends."""
_FIRST_SCAN_BYTES = 1 << 16
_SCAN_BYTES = 1 << 20
"""The next record is near in most files, and far behind damage: looked for in pieces that grow from the one to the other."""
_LONGEST_RECORD = 80_000_000
"""Unpacked bytes after which the end of a record is not looked for any longer."""
_CONTENT_LENGTH = re.compile(rb"\ncontent-length:\s*(\d{1,15})\s*(?:\r|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a file that begins and ends with a record."""

    path: Path
    start: int
    """Bytes into the file as it lies on disk."""
    end: int


class Window(io.RawIOBase):
    """The bytes of a file from ``start`` to ``end``, as if they were a file."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._size = max(0, end - start)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)  # others read this file meanwhile
        data = self._file.read(left if size is None or size < 0 else min(size, left))
        self._position += len(data)
        return data


def split_file(path: Path, *, start: int = 0, target_bytes: int = 1 << 18) -> Iterator[Span]:
    """Yield the spans of a file from start on, each about target_bytes of the file long and none cut within a record.

    A file that is packed as a whole, or with a dictionary, cannot be entered in its midst and is one span. Raises OSError for a file that cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if size and file.read(4) == DICTIONARY_MAGIC:
            yield Span(path=path, start=start, end=size)
            return
        while start < size:
            file.seek(start)
            opening = file.read(4)
            magic = next((magic for magic in MAGICS if opening.startswith(magic)), None)
            target = start + target_bytes
            end = find_record(file, target, size, magic) if magic else _walk(file, start, target, size)
            yield Span(path=path, start=start, end=end or size)
            start = end or size


def _walk(file: BinaryIO, start: int, target: int, size: int) -> int | None:
    """Return the first record at or after target in a file that is not compressed, from one record's length to the next.

    To look for ``WARC/1.`` could find a page about archives; that is for damage only.
    """
    while start < target:
        after = _after_plain(file, start)
        if after is None:
            return find_record(file, max(start + 1, target), size)
        start = after
    return start if start < size else None


def find_record(file: BinaryIO, start: int, end: int, magic: bytes | None = None) -> int | None:
    """Return the offset of the first record that begins at or after start and before end, None if there is none.

    magic: how its member opens; None takes any member, or the line ``WARC/1.`` of a file that is not compressed.
    """
    at, size = start, _FIRST_SCAN_BYTES
    overlap = 16
    while at < end:
        file.seek(at)
        block = file.read(min(size, end - at))
        for found in _candidates(block, (magic,) if magic else (*MAGICS, b"\nWARC/1.")):
            if at + found < end and _is_record(file, at + found, end):
                return at + found
        if len(block) < size:
            return None
        at, size = at + len(block) - overlap, min(2 * size, _SCAN_BYTES)
    return None


def end_of_record(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where the record at start ends; start itself when it is not whole; None where only reading on can tell.

    A record is not whole that is cut off at end, and a member of gzip that cannot be unpacked or is not what its checksum says.
    """
    file.seek(start)
    opening = file.read(7)
    if opening == b"WARC/1.":
        after = _after_plain(file, start)
        return after if after is not None and after <= end else start
    if not opening.startswith(MAGICS[0]):
        return None
    file.seek(start)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    packed, unpacked = b"", 0
    try:
        while not unpacker.eof and (packed := packed or file.read(min(_SCAN_BYTES, end - file.tell()))):
            unpacked += len(unpacker.decompress(packed, _SCAN_BYTES))
            packed = unpacker.unconsumed_tail
            if unpacked > _LONGEST_RECORD:
                return None
    except zlib.error:
        return start
    return file.tell() - len(unpacker.unused_data) if unpacker.eof else start


def _after_plain(file: BinaryIO, start: int) -> int | None:
    """Return where the record after the one at start begins in a file that is not compressed; None if no header stands at start."""
    file.seek(start)
    header, blank_line, _ = file.read(_HEADER_BYTES).partition(b"\r\n\r\n")
    length = _CONTENT_LENGTH.search(header)
    if not (header.startswith(b"WARC/1.") and blank_line and length):
        return None
    return start + len(header) + 4 + int(length[1]) + 4


def _candidates(block: bytes, marks: tuple[bytes, ...]) -> list[int]:
    """Where a record may begin, in order; of a line break and ``WARC/1.`` the second byte."""
    found = []
    for mark in marks:
        skip = mark.startswith(b"\n")
        position = block.find(mark)
        while position >= 0:
            found.append(position + skip)
            position = block.find(mark, position + 1)
    return sorted(found)


def _is_record(file: BinaryIO, start: int, end: int) -> bool:
    file.seek(start)
    head = io.BytesIO(file.read(min(_HEADER_BYTES, end - start)))
    try:
        return next(iter(ArchiveIterator(head, parse_http=False)), None) is not None
    except (OSError, ValueError):
        return False
