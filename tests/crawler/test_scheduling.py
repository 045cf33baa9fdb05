"""Which sources a scheduled run takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.scheduling import due
from pipelines.chain import open_store
from pipelines.corpus import Store
from pipelines.records import Endpoint, Rejection, Revisit, Source

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCES = {
    name: Source(name=name, kind="outlet", home=f"http://{name}.example/", feeds=(f"http://{name}.example/feed",))
    for name in ("waiting", "retrying", "revisiting", "due")
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def test_sources_with_something_to_do_are_taken(store: Store) -> None:
    """A feed due, a page to ask again, an article to fetch again; what only waits is left out, and so are revisits where they are off."""
    endpoints = [
        Endpoint(url=url, due_at=NOW - HOUR if name == "due" else NOW + HOUR) for name, source in SOURCES.items() for url in source.feeds
    ]
    failed = Rejection(
        url="http://retrying.example/a", source="retrying", stage="fetch", reason="http_503", is_final=False, fetched_at=NOW - 9 * HOUR
    )
    revisit = Revisit(
        url="http://revisiting.example/a", source="revisiting", text_sha256=bytes(32), first_fetched_at=NOW - 2 * HOUR, due_at=NOW - HOUR
    )
    store.commit(store.freeze([], [failed]), endpoints=endpoints, revisits=[revisit])
    sources = list(SOURCES.values())
    assert [source.name for source in due(store, sources, now=NOW)] == ["due", "retrying"]
    assert [source.name for source in due(store, sources, now=NOW, with_revisits=True)] == ["due", "retrying", "revisiting"]
    assert len(due(store, sources, now=NOW + 2 * HOUR)) == 4


def test_every_source_of_a_new_store_is_due(store: Store) -> None:
    """Nothing is known of any."""
    assert due(store, list(SOURCES.values()), now=NOW) == list(SOURCES.values())
