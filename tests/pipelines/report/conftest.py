"""Run reports for the tests of the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.report import Funnel, RunReport

STARTED_AT = datetime(2024, 5, 6, 12, tzinfo=UTC)
FUNNELS = [
    Funnel(stage="discover", kept=10, rejected={"known": 4}),
    Funnel(stage="fetch", kept=8, rejected={"http_404": 2}),
    Funnel(stage="store", kept=8),
]


def make_run_report(**fields: Any) -> RunReport:
    """A run that stored eight articles of one source; keywords replace its fields."""
    usual: dict[str, Any] = {
        "run_id": "20240506T120000Z-abc123",
        "spider": "news",
        "started_at": STARTED_AT,
        "finished_at": STARTED_AT + timedelta(seconds=61.5),
        "finish_reason": "finished",
        "endpoints": Funnel(stage="endpoint", kept=2, rejected={"unchanged": 1}),
        "funnel": FUNNELS,
        "by_source": {"daily": FUNNELS},
        "corpus": {"articles": 108, "stories": 53, "copies": 55},
        "corpus_before": {"articles": 100, "stories": 50, "copies": 50},
        "hosts": {"daily.example": {"answers": 12, "mean_ms": 81.0, "slowest_ms": 240.5}},
    }
    return RunReport(**(usual | fields))


@pytest.fixture
def make_report() -> Callable[..., RunReport]:
    """See ``make_run_report``."""
    return make_run_report
