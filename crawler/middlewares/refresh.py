"""Redirects by ``<meta http-equiv="refresh">``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

# Scrapy looks at the first 4,096 characters; no encoding takes more than four bytes for one.
HEAD_BYTES = 4 * 4_096


class QuickMetaRefresh(MetaRefreshMiddleware):
    """Scrapy's middleware, asked only about pages that may have such a tag: it decodes all of a page to look at the beginning."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        return super().process_response(request, response) if may_refresh(response.body) else response


def may_refresh(body: bytes) -> bool:
    """Say whether the word stands in the first 4,096 characters of a page, or might: encodings with zero bytes are not looked into."""
    head = body[:HEAD_BYTES].lower()
    return b"refresh" in head or b"\0" in head
