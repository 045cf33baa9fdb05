"""When endpoints and articles are asked again."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.discover.schedule import (
    FIRST_INTERVAL,
    LONGEST_BACK_OFF,
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    due_sources,
    faded_rate,
    interval_for,
    is_due,
    next_revisit,
    plan_retry,
    plan_visit,
)
from pipelines.records import Endpoint, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = Endpoint(url="http://a.example/feed", etag='"1"')


def visited(per_hour: float, *, every: timedelta = HOUR, visits: int = 60, named: int = 20) -> tuple[Endpoint, timedelta]:
    """What is known of an endpoint that yields so many new URLs an hour, after some visits, and the interval it ends with."""
    known, now, owed = None, NOON, 0.0
    for _ in range(visits):
        owed += per_hour * (every / HOUR)
        new, owed = int(owed), owed - int(owed)
        known = plan_visit(known, FEED, new=new, named=named, now=now)
        now += every
    assert known
    assert known.due_at
    assert known.asked_at
    return known, known.due_at - known.asked_at


def test_after_the_first_visit_nothing_is_known_of_the_yield() -> None:
    """All that a feed names is new then: it is asked after an hour."""
    known = plan_visit(None, FEED, new=40, named=40, now=NOON)
    assert (known.new_per_hour, known.due_at, known.asked_at, known.etag) == (None, NOON + FIRST_INTERVAL, NOON, '"1"')


@pytest.mark.parametrize(
    ("per_hour", "least", "most"),
    [
        pytest.param(60, SHORTEST_INTERVAL, SHORTEST_INTERVAL, id="one a minute: every ten minutes"),
        pytest.param(2, 0.4 * HOUR, 0.6 * HOUR, id="two an hour: about each half hour"),
        pytest.param(0.25, 3 * HOUR, 6 * HOUR, id="six a day: a few times a day"),
        pytest.param(0, LONGEST_INTERVAL, LONGEST_INTERVAL, id="nothing: once a day"),
    ],
)
def test_an_endpoint_is_asked_as_often_as_it_yields(per_hour: float, least: timedelta, most: timedelta) -> None:
    """For about two new URLs a visit, between ten minutes and a day."""
    assert least <= visited(per_hour)[1] <= most


def test_a_second_visit_at_night_does_not_make_a_lively_feed_look_dead() -> None:
    """One visit that finds nothing moves the interval little."""
    known = plan_visit(plan_visit(None, FEED, new=40, named=40, now=NOON), FEED, new=0, named=40, now=NOON + HOUR)
    assert known.due_at
    assert known.due_at - (NOON + HOUR) < 1.2 * HOUR


def visit_for_two_weeks(per_day: float, seed: int, *, fixed: timedelta | None = None) -> tuple[int, list[float], int]:
    """Ask a feed of 20 entries whose newsroom sleeps at night: (visits, hours until each article was found, articles missed)."""
    draw, hour, published = random.Random(seed), 0.0, []
    while hour < 14 * 24:
        hour += draw.expovariate(per_day / 24 * (0.15 if hour % 24 < 6 else 1.28))
        published.append(hour)
    known, now, found, visits, waits, missed = None, 0.5, 0, 0, [], 0
    while now < 14 * 24:
        named = [moment for moment in published if moment <= now]
        new = min(len(named) - found, 20)
        missed += len(named) - found - new
        waits += [now - moment for moment in named[len(named) - new :]] if visits else []
        found, visits = len(named), visits + 1
        known = plan_visit(known, FEED, new=new, named=min(len(named), 20), now=NOON + now * HOUR)
        assert known.due_at
        # A scheduled run comes by every ten minutes.
        now = now + fixed / HOUR if fixed else math.ceil((known.due_at - NOON) / HOUR * 6) / 6
    return visits, waits, missed


def test_adaptive_visits_find_more_and_sooner_with_fewer_requests() -> None:
    """Beside a visit an hour, over feeds of all kinds: two thirds of the requests, as soon, and none is missed."""
    feeds = [(per_day, seed) for per_day, number in ((300, 2), (48, 8), (12, 12), (2, 10), (0.2, 8)) for seed in range(number)]
    totals = []
    for fixed in (None, HOUR):
        ran = [visit_for_two_weeks(per_day, seed, fixed=fixed) for per_day, seed in feeds]
        waits = [wait for _, found, _ in ran for wait in found]
        totals.append((sum(visits for visits, _, _ in ran), sum(waits) / len(waits), sum(missed for _, _, missed in ran)))
    (visits, wait, missed), (hourly_visits, hourly_wait, hourly_missed) = totals
    assert visits < 0.75 * hourly_visits
    assert wait < 1.05 * hourly_wait
    assert missed == 0 < hourly_missed


def test_visits_in_quick_succession_say_little() -> None:
    """Ten crawls by hand within ten minutes do not make a lively feed look dead."""
    known, interval = visited(2)
    for minute in range(1, 11):
        known = plan_visit(known, FEED, new=0, named=20, now=NOON + 59 * HOUR + timedelta(minutes=minute))
    assert known.new_per_hour
    assert interval_for(known.new_per_hour, named=20) < 1.3 * interval


def test_a_short_feed_is_asked_before_half_of_it_is_replaced() -> None:
    """A feed of one entry that is renewed each hour would lose some at the interval of a long one."""
    assert interval_for(1.0, named=1) == 0.5 * HOUR
    assert interval_for(1.0, named=50) == HOUR


def test_a_failing_endpoint_waits_twice_as_long_each_time_and_is_never_given_up() -> None:
    """From an hour to a week; its validators stay; one good answer ends it."""
    known: Endpoint | None = FEED
    waits = []
    for _ in range(30):
        known = plan_retry(known, FEED.url, now=NOON)
        assert known.due_at
        waits.append(known.due_at - NOON)
    assert waits[:4] == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert waits[-1] == LONGEST_BACK_OFF
    assert known
    assert (known.failures, known.etag) == (30, '"1"')
    assert plan_visit(known, FEED, new=0, named=3, now=NOON + HOUR).failures == 0


def test_a_rate_fades_while_nothing_changes() -> None:
    """A child sitemap of last month loses the rate that it had when it was the newest."""
    known, _ = visited(2)
    assert known.asked_at
    assert faded_rate(known, now=known.asked_at + 3 * 24 * HOUR) < 0.01
    assert faded_rate(Endpoint(url="http://a.example/map.xml"), now=NOON) == 0.0


def source(name: str, *feeds: str) -> Source:
    return Source(name=name, kind="outlet", home=f"http://{name}.example/", feeds=feeds)


def test_sources_are_due_by_their_endpoints_the_longest_first() -> None:
    """One endpoint due is enough; a source that was never asked comes first."""
    known = {
        f"http://a.example/{number}": Endpoint(url=f"http://a.example/{number}", due_at=NOON + number * HOUR) for number in (-2, -1, 1, 2)
    }
    waiting, late, partly = (
        source("waiting", "http://a.example/1"),
        source("late", "http://a.example/-2"),
        source("partly", "http://a.example/2", "http://a.example/-1"),
    )
    unknown = source("unknown", "http://b.example/feed")
    assert due_sources([waiting, partly, late, unknown], known, now=NOON) == [unknown, late, partly]
    assert is_due(None, now=NOON)
    assert not is_due(known["http://a.example/1"], now=NOON)


def test_articles_are_visited_again_at_their_ages() -> None:
    """The next age to come; those that passed meanwhile are one visit; after the last there is none."""
    ages = [HOUR, 6 * HOUR, 24 * HOUR]
    assert next_revisit(NOON, ages, now=NOON) == NOON + HOUR
    assert next_revisit(NOON, ages, now=NOON + HOUR) == NOON + 6 * HOUR
    assert next_revisit(NOON, ages, now=NOON + 20 * HOUR) == NOON + 24 * HOUR
    assert next_revisit(NOON, ages, now=NOON + 25 * HOUR) is None
    assert next_revisit(NOON, [], now=NOON) is None
