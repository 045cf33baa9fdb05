"""Feeds whose every URL is dealt with."""

from __future__ import annotations

from pipelines.pending import PendingEndpoints
from pipelines.records import Endpoint

FEED = Endpoint(url="http://a.example/feed", etag='"1"')
OTHER = Endpoint(url="http://b.example/feed", etag='"2"')


def test_an_endpoint_is_complete_when_its_last_url_is_settled() -> None:
    """The ETag waits for every URL."""
    pending = PendingEndpoints()
    pending.add(FEED, ["u1", "u2"])
    pending.settle(["u1"])
    assert pending.complete() == []
    pending.settle(["u2", "never named"])
    assert pending.complete() == [FEED]


def test_an_endpoint_stays_complete_until_it_is_stored() -> None:
    """A commit that fails does not lose it."""
    pending = PendingEndpoints()
    pending.add(FEED, [])
    assert pending.complete() == pending.complete() == [FEED]
    pending.stored([FEED])
    assert pending.complete() == []


def test_a_url_that_two_feeds_name_settles_both() -> None:
    """A URL fetched once counts for every feed that named it."""
    pending = PendingEndpoints()
    pending.add(FEED, ["u1"])
    pending.add(OTHER, ["u1", "u3"])
    pending.settle(["u1", "u3"])
    assert pending.complete() == [FEED, OTHER]


def test_an_endpoint_without_new_urls_is_complete_at_once() -> None:
    """Nothing to wait for."""
    pending = PendingEndpoints()
    pending.add(FEED, [])
    assert pending.complete() == [FEED]
