"""What a server says to name the version of an answer, and what we send back to ask for another one only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.records import Endpoint

if TYPE_CHECKING:
    from scrapy.http import Response


def conditional_headers(known: Endpoint | None, *, max_unchanged: int, max_age: timedelta, now: datetime) -> dict[str, str]:
    """Return the headers that let a server answer 304; none when it is time for a whole answer again."""
    if known is None or known.unchanged_count >= max_unchanged or (known.fetched_at and now - known.fetched_at > max_age):
        return {}
    return validator_headers(known.etag, known.last_modified)


def validator_headers(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it is another one than we have."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in headers.items() if value}


def new_endpoint(url: str, response: Response, *, lastmod: datetime | None = None) -> Endpoint:
    """Return what to remember of an endpoint's answer; lastmod is what a sitemap index said of it."""
    return Endpoint(
        url=url,
        etag=header_of(response, "ETag") or None,
        last_modified=header_of(response, "Last-Modified") or None,
        fetched_at=datetime.now(UTC),
        lastmod=lastmod,
    )


def header_of(response: Response, name: str) -> str:
    """Return a header of an answer as sent, "" if it has none."""
    return (response.headers.get(name) or b"").decode("latin-1")
