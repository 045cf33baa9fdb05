"""What is fetched as WARC files below ``archive/``: ARCHIVE_WARC."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.refusals import ArchiveFailed
from crawler.run import Run
from pipelines.errors import SettingsError

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.http.headers import Headers

    from pipelines.warc.writing import Archive


class ArchiveAnswers:
    """Write every answer, as the server sent it, before anybody reads it; one that cannot be written is no page.

    Stands next to the downloader: feeds, robots.txt, redirects and errors are archived too, and bodies still packed. A batch of articles
    is committed only after the archive is durable (``Run.before_commit``).
    """

    def __init__(self, run: Run, archive: Archive) -> None:
        self.run = run
        self.archive = archive
        self.writing = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("ARCHIVE_WARC"):
            raise NotConfigured
        try:
            from pipelines.warc.writing import Archive
        except ImportError as error:
            raise SettingsError(f"ARCHIVE_WARC needs warcio and fastwarc: pip install -c constraints.txt -e '.[warc]' ({error})") from error
        run = Run.of(crawler)
        info = {
            "software": settings["USER_AGENT"],
            "format": "WARC File Format 1.1",
            "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
            "operator": settings["CONTACT"] or "not given",
            "isPartOf": run.run_id,
        }
        archive = Archive(
            run.output_dir / "archive",
            index=run.output_dir / "state" / "archive.sqlite",
            name=f"copydesk-{run.run_id}",
            max_bytes=settings.getint("ARCHIVE_WARC_MB") * 1_000_000,
            info=info,
        )
        middleware = cls(run, archive)
        run.before_commit.append(middleware.sync)
        crawler.signals.connect(middleware.close, signals.spider_closed)
        return middleware

    async def process_response(self, request: Request, response: Response) -> Response:
        from pipelines.warc import PageNote
        from pipelines.warc.writing import Exchange

        hint, source = request.cb_kwargs.get("hint"), request.cb_kwargs.get("source")
        request.meta["fetched_at"] = fetched_at = datetime.now(UTC)
        exchange = Exchange(
            url=response.url,
            method=request.method,
            request_headers=plain_headers(request.headers),
            status=response.status,
            headers=plain_headers(response.headers),
            body=response.body,
            fetched_at=fetched_at,
            protocol=response.protocol or "HTTP/1.1",
            ip_address=None if "proxy" in request.meta or response.ip_address is None else str(response.ip_address),
            note=PageNote(
                source=getattr(source, "name", ""),
                hint=hint,
                tdm_reserved=request.meta.get("tdm_reserved"),
                training_refused=tuple(request.meta.get("training_refused", ())),
            ),
        )
        try:
            async with self.writing:
                kind = await asyncio.to_thread(self.archive.write, exchange)
        except (OSError, sqlite3.Error) as error:
            self.run.note_problem(f"the archive could not be written: {error}")
            raise ArchiveFailed(f"the archive could not be written: {error}") from error
        assert self.run.crawler.stats is not None
        self.run.crawler.stats.inc_value(f"archive/{kind}")
        return response

    async def sync(self) -> None:
        """Make what was written durable."""
        async with self.writing:
            await asyncio.to_thread(self.archive.sync)

    async def close(self) -> None:
        """Close the file at the end of the run."""
        try:
            async with self.writing:
                await asyncio.to_thread(self.archive.close)
        except (OSError, sqlite3.Error) as error:
            self.run.note_problem(f"the archive could not be closed: {error}")


def plain_headers(headers: Headers) -> list[tuple[str, str]]:
    """Return headers as they were sent, a repeated one as often."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values]
