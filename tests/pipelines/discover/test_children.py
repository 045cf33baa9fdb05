"""Which child sitemaps are asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.discover import choose_children
from pipelines.discover.children import ChildChoice
from pipelines.records import Discovered, Endpoint

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "http://a.example/child.xml"


def days_ago(days: float | None) -> datetime | None:
    return None if days is None else NOW - timedelta(days=days)


def child(lastmod: float | None, url: str = URL) -> Discovered:
    return Discovered(url=url, found_in="http://a.example/index.xml", channel="sitemap", modified_at=days_ago(lastmod))


def choose(*children: Discovered, known: Endpoint | None = None, **options: Any) -> ChildChoice:
    options = {"max_age_days": None, "reread_after": timedelta(hours=24), "only_due": False, "limit": 50, "now": NOW} | options
    return choose_children(children, {known.url: known} if known else {}, **options)


def read_before(days: float, *, lastmod: float | None, **fields: Any) -> Endpoint:
    return Endpoint(url=URL, asked_at=days_ago(days), lastmod=days_ago(lastmod), **fields)


@pytest.mark.parametrize(
    ("lastmod", "known", "reason"),
    [
        pytest.param(300, None, None, id="never read"),
        pytest.param(None, read_before(0.1, lastmod=None), None, id="without lastmod"),
        pytest.param(5, read_before(0.5, lastmod=5), "unchanged", id="read after its last change"),
        pytest.param(4, read_before(0.5, lastmod=5), None, id="changed since"),
        pytest.param(0.5, read_before(0.1, lastmod=0.5), None, id="of today, when a date alone says little"),
        pytest.param(5, read_before(2, lastmod=5), None, id="believed for a day"),
        pytest.param(300, read_before(2, lastmod=300), "unchanged", id="closed long ago: believed for a week"),
        pytest.param(300, read_before(8, lastmod=300), None, id="but not for ever"),
        pytest.param(5, read_before(0.5, lastmod=5, failures=1), None, id="failed last time"),
    ],
)
def test_an_unmoved_lastmod_is_believed_within_reason(lastmod: float | None, known: Endpoint | None, reason: str | None) -> None:
    """A child is left alone only when our last reading of it must have held all there is."""
    choice = choose(child(lastmod), known=known)
    assert choice.skipped == ({reason: 1} if reason else {})
    assert len(choice.wanted) == (0 if reason else 1)


def test_what_is_older_than_the_source_s_limit_is_never_asked() -> None:
    """Also when it was never read; without lastmod nobody knows."""
    children = [child(age, f"http://a.example/{age}.xml") for age in (3, 40, 4000, None)]
    choice = choose(*children, max_age_days=30)
    assert [wanted.url for wanted in choice.wanted] == ["http://a.example/3.xml", "http://a.example/None.xml"]
    assert choice.skipped == {"too_old": 2}


def test_a_scheduled_run_leaves_out_what_is_not_due() -> None:
    """A child without lastmod, or one that failed, by its own schedule; a moved lastmod is reason enough to ask."""
    tomorrow = NOW + timedelta(days=1)
    undated = read_before(0.1, lastmod=None, due_at=tomorrow)
    broken = read_before(3, lastmod=5, failures=2, due_at=tomorrow)
    assert choose(child(None), known=undated, only_due=True).skipped == {"not_due": 1}
    assert choose(child(1), known=broken, only_due=True).skipped == {"not_due": 1}
    assert choose(child(1), known=read_before(3, lastmod=5, due_at=tomorrow), only_due=True).skipped == {}
    assert choose(child(None), known=undated).skipped == {}


def test_the_limit_counts_those_worth_asking() -> None:
    """The first of them are taken, and how many are left out is told."""
    children = [child(1, f"http://a.example/{number}.xml") for number in range(5)]
    choice = choose(*children, limit=2)
    assert [wanted.url[-5] for wanted in choice.wanted] == ["0", "1"]
    assert choice.beyond_limit == 3
