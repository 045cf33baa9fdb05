"""WARC files that we write: read back by warcio, FastWARC and our own reader."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from pipelines.records import Discovered
from pipelines.warc import ArchivedPage, PageNote, Skipped, read_pages
from pipelines.warc.writing import Archive, Exchange

NOW = datetime(2026, 11, 20, 8, 30, 0, 123_456, tzinfo=UTC)
NOTE = PageNote(source="gazette", hint=Discovered(url="https://a.example/x", found_in="https://a.example/feed", channel="feed"))
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def open_archive(folder: Path, run: str = "run", *, max_bytes: int = 10**9) -> Archive:
    return Archive(folder / "archive", index=folder / "state" / "archive.sqlite", name=run, max_bytes=max_bytes, info={"software": "test"})


def exchange(body: bytes = b"<html>one</html>", url: str = "https://a.example/x", status: int = 200) -> Exchange:
    return Exchange(
        url=url, method="GET", request_headers=[("Host", "a.example")], status=status, headers=HTML, body=body, fetched_at=NOW, note=NOTE
    )  # fmt: skip


def records(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """(type, headers) of every record, with digests checked by warcio."""
    found = []
    for path in sorted((folder / "archive").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                record.content_stream().read()
                found.append((record.rec_type, dict(record.rec_headers.headers)))
    return found


def test_an_exchange_is_a_response_and_its_request(tmp_path: Path) -> None:
    """Both with digests that two other readers find right, concurrent, of one time."""
    with_archive = open_archive(tmp_path)
    assert with_archive.write(exchange()) == "response"
    with_archive.close()
    (_, _), (response, first), (request, second) = records(tmp_path)
    assert (response, request) == ("response", "request")
    assert first["WARC-Date"] == second["WARC-Date"] == "2026-11-20T08:30:00.123456Z"
    assert second["WARC-Concurrent-To"] == first["WARC-Record-ID"]
    (path,) = (tmp_path / "archive").iterdir()
    with path.open("rb") as file:
        assert all(
            record.verify_block_digest() for record in FastIterator(file, parse_http=False) if record.headers.get("WARC-Block-Digest")
        )
    (page,) = read_pages(path)
    assert isinstance(page, ArchivedPage)
    assert (page.url, page.body, page.fetched_at, page.note) == ("https://a.example/x", b"<html>one</html>", NOW, NOTE)


def test_the_same_bytes_again_are_a_revisit(tmp_path: Path) -> None:
    """Also in a later run; other bytes are a response again."""
    archive = open_archive(tmp_path)
    archive.write(exchange())
    assert archive.write(exchange()) == "revisit"
    archive.close()
    archive = open_archive(tmp_path, "run-2")
    assert [archive.write(exchange()), archive.write(exchange(b"<html>two</html>")), archive.write(exchange(b"<html>two</html>"))] == [
        "revisit", "response", "revisit",
    ]  # fmt: skip
    archive.close()
    found = records(tmp_path)
    original = next(headers for kind, headers in found if kind == "response")
    for headers in [headers for kind, headers in found if kind == "revisit"][:2]:
        assert headers["WARC-Profile"].endswith("/1.1/revisit/identical-payload-digest")
        assert headers["WARC-Refers-To"] == original["WARC-Record-ID"]
        assert headers["WARC-Refers-To-Date"] == original["WARC-Date"]
        assert headers["WARC-Payload-Digest"] == original["WARC-Payload-Digest"]


def test_an_answer_304_is_a_revisit(tmp_path: Path) -> None:
    """It names the record that has the page; the reader passes over it."""
    archive = open_archive(tmp_path)
    archive.write(exchange())
    assert archive.write(exchange(b"", status=304)) == "revisit"
    archive.close()
    assert records(tmp_path)[3][1]["WARC-Profile"].endswith("/1.1/revisit/server-not-modified")
    (path,) = (tmp_path / "archive").iterdir()
    assert [found.reason for found in read_pages(path) if isinstance(found, Skipped)] == ["revisit"]


def test_nothing_refers_to_a_file_that_is_gone(tmp_path: Path) -> None:
    """Old archives may be deleted: the page is then written whole."""
    archive = open_archive(tmp_path)
    archive.write(exchange())
    archive.close()
    (path,) = (tmp_path / "archive").iterdir()
    path.unlink()
    archive = open_archive(tmp_path, "later")
    assert archive.write(exchange()) == "response"
    archive.close()


def test_files_are_rotated(tmp_path: Path) -> None:
    """Each begins with a warcinfo record and is an archive of its own."""
    archive = open_archive(tmp_path, max_bytes=1_000)
    for number in range(6):
        archive.write(exchange(b"<html>%d</html>" % number, url=f"https://a.example/{number}"))
    archive.close()
    paths = sorted((tmp_path / "archive").iterdir())
    assert len(paths) > 1
    for path in paths:
        with path.open("rb") as file:
            assert next(iter(ArchiveIterator(file))).rec_type == "warcinfo"
    assert len([page for path in paths for page in read_pages(path) if isinstance(page, ArchivedPage)]) == 6


def test_a_full_disk_leaves_the_file_whole(tmp_path: Path) -> None:
    """Half a record is taken back, the error comes out, and the next one is written behind the last good one."""
    archive = open_archive(tmp_path)
    archive.write(exchange())
    file = archive._file
    archive._file = FullDisk(file)  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space"):
        archive.write(exchange(b"<html>lost</html>", url="https://a.example/lost"))
    archive._file = file
    archive.write(exchange(b"<html>three</html>", url="https://a.example/three"))
    archive.close()
    (path,) = (tmp_path / "archive").iterdir()
    assert [found.url for found in read_pages(path)] == ["https://a.example/x", "https://a.example/three"]  # type: ignore[union-attr]


class FullDisk:
    """A file that takes 100 bytes more and then none."""

    def __init__(self, file: Any) -> None:
        self.file, self.left = file, 100

    def write(self, data: bytes) -> int:
        if not self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        written: int = self.file.write(data[: self.left])
        self.left = 0
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)
