"""The bodies of archived HTTP answers as a browser would see them: transfer and content encodings undone, within a limit."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader, ZstdReader


class ZlibReader:
    """What zlib unpacks where FastWARC does not: up to garbage behind the end, as browsers do, and DEFLATE without its header.

    wbits: of ``zlib.decompressobj``.
    """

    def __init__(self, file: io.BytesIO, *, wbits: int) -> None:
        self._file = file
        self._wbits = wbits

    def read(self, size: int) -> bytes:
        try:
            return zlib.decompressobj(self._wbits).decompress(self._file.read(), size)
        except zlib.error as error:
            raise OSError(str(error)) from error


_GZIP = (GzipReader, partial(ZlibReader, wbits=zlib.MAX_WBITS | 16))
_READERS: dict[str, tuple[Callable[..., Any], ...]] = {
    "gzip": _GZIP,
    "x-gzip": _GZIP,
    # Some servers leave out the zlib header that the standard asks for.
    "deflate": (partial(GzipReader, zlib=True), partial(ZlibReader, wbits=zlib.MAX_WBITS), partial(ZlibReader, wbits=-zlib.MAX_WBITS)),
    "br": (BrotliReader,),
    "zstd": (ZstdReader,),
}


class BodyTooLarge(Exception):
    """A body has more bytes than allowed once it is unpacked."""


def decode_body(body: bytes, *, transfer_encoding: str, content_encoding: str, max_bytes: int) -> bytes:
    """Return a body without its encodings. Raises BodyTooLarge over max_bytes, however small its packed form is.

    Archives keep these headers also where they store the body unpacked (news crawls of Common Crawl did): what does not unpack is
    returned as it stands, and so is an encoding that nobody knows.
    """
    if "chunked" in transfer_encoding.lower():
        body = _unpack(ChunkedReader, body, max_bytes)
    names = [name.strip() for name in content_encoding.lower().split(",")]
    for name in reversed(names):
        for reader in _READERS.get(name, ()):
            packed, body = body, _unpack(reader, body, max_bytes)
            if body is not packed:
                break
    if len(body) > max_bytes:
        raise BodyTooLarge
    return body


def _unpack(reader: Callable[..., Any], body: bytes, max_bytes: int) -> bytes:
    if not body:
        return body
    try:
        unpacked: bytes = reader(io.BytesIO(body)).read(max_bytes + 1)
    except OSError:
        return body
    if len(unpacked) > max_bytes:
        raise BodyTooLarge
    return unpacked
