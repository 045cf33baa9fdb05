"""Where records begin in a file: to go on behind damage, and to give parts of one file to several workers.

A compressed WARC is a chain of members, one a record; what looks like the start of one is believed when a record header comes out of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator

MAGICS = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""How a member of gzip, Zstandard and LZ4 opens."""
_HEADER_BYTES = 16_384
"""Compressed bytes within which a record's header ends."""
_SCAN_BYTES = 1 << 20


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


def split_file(path: Path, *, start: int = 0, target_bytes: int = 1 << 19) -> Iterator[Span]:
    """Yield the spans of a file from start on, each about target_bytes of the file long and none cut within a record.

    A file that is not compressed, or as a whole, cannot be entered in its midst and is one span. Raises OSError for a file that
    cannot be read.
    """
    size = path.stat().st_size
    while start < size:
        with path.open("rb") as file:
            file.seek(start)
            opening = file.read(4)
            magic = next((magic for magic in MAGICS if opening.startswith(magic)), None)
            end = (find_record(file, start + target_bytes, size, magic) or size) if magic else size
        yield Span(path=path, start=start, end=end)
        start = end


def find_record(file: BinaryIO, start: int, end: int, magic: bytes | None = None) -> int | None:
    """Return the offset of the first record that begins at or after start and before end, None if there is none.

    magic: how its member opens; None takes any member, or the line ``WARC/1.`` of a file that is not compressed.
    """
    at = start
    overlap = 16
    while at < end:
        file.seek(at)
        block = file.read(min(_SCAN_BYTES, end - at))
        for found in _candidates(block, (magic,) if magic else (*MAGICS, b"\nWARC/1.")):
            if at + found < end and _is_record(file, at + found, end):
                return at + found
        if len(block) < _SCAN_BYTES:
            return None
        at += len(block) - overlap
    return None


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
