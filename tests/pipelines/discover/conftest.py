"""Bodies that the tests of discovery share: small feeds and sitemaps written for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The moment at which the tests take place."""
    return NOW


@pytest.fixture
def rss() -> Callable[..., bytes]:
    """Make an RSS 2.0 feed of some items."""

    def make(
        *items: str, channel: str = "<link>https://gazette.example/</link>", prolog: str = '<?xml version="1.0" encoding="UTF-8"?>\n'
    ) -> bytes:
        spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
        inside = "".join(f"<item>{item}</item>" for item in items)
        return f'{prolog}<rss version="2.0" {spaces}><channel><title>Gazette</title>{channel}{inside}</channel></rss>'.encode()

    return make


@pytest.fixture
def urlset() -> Callable[..., bytes]:
    """Make a sitemap of some entries, with Google's news namespace declared."""

    def make(*entries: str, prolog: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> bytes:
        spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
        return f"{prolog}<urlset {spaces}>{''.join(f'<url>{entry}</url>' for entry in entries)}</urlset>".encode()

    return make
