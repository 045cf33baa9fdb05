"""WARC files for tests, written by warcio: by others, so to speak."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGE = "<!doctype html><html><title>{name}</title><p>The harbour of {name} was closed, said the café’s owner.</html>"
DATE = "2026-11-20T08:30:00.250000Z"


def page_of(name: str, size: int = 6_000) -> bytes:
    """A page that does not compress to nothing."""
    noise = "".join(f"<!-- {zlib.crc32(f'{name}{number}'.encode()):08x} -->" for number in range(size // 17))
    return (PAGE.format(name=name) + noise).encode()


def write_warc(
    path: Path,
    answers: list[tuple[str, bytes]],
    *,
    status: str = "200 OK",
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),),
    gzip: bool = True,
    version: str = "1.1",
    date: str = DATE,
) -> list[int]:
    """Write a warcinfo record and, for each (url, body), a request and a response; return where the responses begin."""
    offsets = []
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzip, warc_version=version)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "test"}))
        for url, body in answers:
            request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.example")], is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=request, warc_headers_dict={"WARC-Date": date}))
            offsets.append(file.tell())
            answer = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload=io.BytesIO(body), length=len(body), http_headers=answer, warc_headers_dict={"WARC-Date": date}
                )
            )
    return offsets


def write_plain(path: Path, names: list[str], **options: object) -> list[int]:
    """Write pages of these names; return where they begin."""
    return write_warc(path, [(f"https://a.example/{name}", page_of(name)) for name in names], **options)  # type: ignore[arg-type]
