"""Which answers of feeds and sitemaps are dealt with to the last URL.

A feed's ETag may be stored only when every URL that the feed yielded is durable, rejected or noted for a later try: otherwise a
killed process and a later 304 would lose them for good.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pipelines.records import Endpoint


class PendingEndpoints:
    """The endpoints of a run that wait for URLs of theirs; URLs are the keys of ``urls.clean_url``."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Endpoint, set[str]]] = {}
        self._waited_for_by: defaultdict[str, set[str]] = defaultdict(set)
        self._complete: list[Endpoint] = []

    def __len__(self) -> int:
        """Return how many URLs are waited for."""
        return len(self._waited_for_by)

    def add(self, endpoint: Endpoint, urls: Iterable[str]) -> None:
        """Note an endpoint that has just answered, and the URLs of its answer that are still to be dealt with."""
        urls = set(urls)
        if not urls:
            self._complete.append(endpoint)
            return
        self._waiting[endpoint.url] = (endpoint, urls)
        for url in urls:
            self._waited_for_by[url].add(endpoint.url)

    def settle(self, urls: Iterable[str]) -> None:
        """Note URLs that are dealt with."""
        for url in urls:
            for name in self._waited_for_by.pop(url, ()):
                endpoint, waiting = self._waiting[name]
                waiting.discard(url)
                if not waiting:
                    del self._waiting[name]
                    self._complete.append(endpoint)

    def complete(self) -> list[Endpoint]:
        """Return the endpoints whose validators may be stored now."""
        return list(self._complete)

    def stored(self, endpoints: Iterable[Endpoint]) -> None:
        """Note endpoints whose validators are durable."""
        done = set(endpoints)
        self._complete = [endpoint for endpoint in self._complete if endpoint not in done]
