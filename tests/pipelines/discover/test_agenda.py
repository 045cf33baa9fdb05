"""What a run would ask, and the reason it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.discover.agenda import plan_visits
from pipelines.records import Endpoint, Source

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FEED = "http://www.gazette.example/feed"
GAZETTE = Source(name="gazette", kind="outlet", home="http://www.gazette.example/", language="en", country="GB", feeds=(FEED,))


@pytest.mark.parametrize(
    ("known", "is_due", "why"),
    [
        pytest.param(None, True, "never asked", id="unknown"),
        pytest.param(Endpoint(url=FEED, due_at=NOW, failures=1), True, "failed last time", id="failed"),
        pytest.param(Endpoint(url=FEED, due_at=NOW, failures=4), True, "failed 4 times in a row", id="fails"),
        pytest.param(Endpoint(url=FEED, due_at=NOW + timedelta(hours=1), asked_at=NOW), False, "answered once", id="one answer"),
        pytest.param(Endpoint(url=FEED, due_at=NOW, asked_at=NOW, new_per_hour=2.04), True, "names 2 new URLs an hour", id="rate"),
        pytest.param(Endpoint(url=FEED, asked_at=NOW), True, "asked before it was timed", id="older state"),
    ],
)
def test_a_visit_says_why(known: Endpoint | None, is_due: bool, why: str) -> None:
    """And whether it is for now."""
    (visit,) = plan_visits([GAZETTE], {FEED: known} if known else {}, now=NOW)
    assert (visit.source, visit.channel, visit.url, visit.is_due, visit.why) == ("gazette", "feed", FEED, is_due, why)
