"""When to ask a feed, sitemap or section page again: by what it yields, and later and later while it gives nothing.

Media Cloud's rss-fetcher and Common Crawl's news-crawl lengthen and shorten an interval by steps; here the rate of new URLs is estimated
itself, by the time that passed, so that runs at odd hours or by hand do not distort it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pipelines.records import Channel, Endpoint, Source

SHORTEST_INTERVAL = timedelta(minutes=10)
LONGEST_INTERVAL = timedelta(hours=24)
FIRST_INTERVAL = timedelta(hours=1)
"""Until it has answered twice, nothing is known of its yield."""
FIRST_BACK_OFF = timedelta(hours=1)
LONGEST_BACK_OFF = timedelta(days=7)
"""An endpoint that fails is asked once a week in the end, for as long as it stands in the catalogue: many come back."""
NEW_PER_VISIT = 1.0
"""How many new URLs a visit should find: a feed of 48 a day is asked each half hour by day, one of two a day twice."""
FIRST_RATE = NEW_PER_VISIT / (FIRST_INTERVAL / timedelta(hours=1))
"""Taken for the rate before the second visit: one that finds nothing, at night, must not make a lively feed look dead."""
MEMORY = timedelta(hours=12)
"""The rate forgets what it saw with this time constant: half a day, because newsrooms sleep."""


def plan_visit(known: Endpoint | None, answered: Endpoint, *, new: int, named: int, now: datetime) -> Endpoint:
    """Return what to remember of an endpoint that answered: its rate brought up to date and when it is due again.

    known is what we had of it; new counts the URLs that we did not know, named all of the answer (0 for an answer 304). now is aware.
    """
    rate = observed_rate(known, new=new, now=now)
    return replace(answered, asked_at=now, new_per_hour=rate, failures=0, due_at=now + interval_for(rate, named=named))


def plan_retry(known: Endpoint | None, url: str, *, now: datetime) -> Endpoint:
    """Return what to remember of an endpoint that gave nothing: its validators and rate as they were, a failure more, and the next try."""
    failed = known or Endpoint(url=url)
    # The exponent is bounded: beyond it the longest back-off has long been reached.
    wait = min(FIRST_BACK_OFF * 2 ** min(failed.failures, 20), LONGEST_BACK_OFF)
    return replace(failed, failures=failed.failures + 1, due_at=now + wait)


def plan_index_visit(url: str, children: Iterable[Endpoint], *, now: datetime) -> Endpoint:
    """Return what to remember of a sitemap index that answered: it is due as often as all its children together yield.

    children are those that we knew before. No validators: an index is always asked whole.
    """
    rates = [faded_rate(child, now=now) for child in children if child.new_per_hour is not None]
    rate = sum(rates) if rates else None
    return Endpoint(url=url, fetched_at=now, asked_at=now, new_per_hour=rate, due_at=now + interval_for(rate))


def observed_rate(known: Endpoint | None, *, new: int, now: datetime) -> float | None:
    """Return how many new URLs an hour an endpoint names, the visits before weighted less the longer ago they were.

    None at the first visit: all that it names is new then, and nobody knows since when.
    """
    if known is None or known.asked_at is None:
        return None
    hours = max((now - known.asked_at) / timedelta(hours=1), 1 / 60)
    before = FIRST_RATE if known.new_per_hour is None else known.new_per_hour
    kept = math.exp(-hours / (MEMORY / timedelta(hours=1)))
    return before * kept + new / hours * (1 - kept)


def faded_rate(known: Endpoint, *, now: datetime) -> float:
    """Return the rate of an endpoint that was not asked because nothing changed on it: as if a visit had found nothing new."""
    return observed_rate(known, new=0, now=now) or 0.0


def interval_for(rate: float | None, *, named: int = 0) -> timedelta:
    """Return how long to wait for about one new URL; between ten minutes and a day.

    A short feed is asked before half of it can have been replaced: named is its length, 0 if unknown.
    """
    if rate is None:
        return FIRST_INTERVAL
    wanted = min(NEW_PER_VISIT, named / 2) if named else NEW_PER_VISIT
    hours = wanted / rate if rate > 0 else math.inf
    return max(SHORTEST_INTERVAL, min(LONGEST_INTERVAL, timedelta(hours=min(hours, 1000.0))))


def is_due(known: Endpoint | None, *, now: datetime) -> bool:
    """Say whether a scheduled run asks an endpoint now; one that was never asked is due."""
    return known is None or known.due_at is None or known.due_at <= now


def due_sources(sources: Iterable[Source], endpoints: Mapping[str, Endpoint], *, now: datetime) -> list[Source]:
    """Return the sources that have an endpoint due, the longest due first; endpoints is what is known of them, by URL."""
    waits = [(min((_due_at(endpoints.get(url), now) for _, url in endpoints_of(source)), default=None), source) for source in sources]
    due = [(moment, source) for moment, source in waits if moment is not None and moment <= now]
    return [source for _, source in sorted(due, key=lambda pair: pair[0])]


def endpoints_of(source: Source) -> list[tuple[Channel, str]]:
    """Return what a source announces its articles by: feeds, then sitemaps, then section pages."""
    listed: tuple[tuple[Channel, tuple[str, ...]], ...] = (
        ("feed", source.feeds),
        ("sitemap", source.sitemaps),
        ("section", source.sections),
    )
    return [(channel, url) for channel, urls in listed for url in urls]


def next_revisit(first_fetched_at: datetime, ages: Iterable[timedelta], *, now: datetime) -> datetime | None:
    """Return when an article is to be fetched again: at the next of these ages that is still to come; None after the last.

    Ages that passed while no run came by are one visit, not several.
    """
    return min((moment for age in ages if (moment := first_fetched_at + age) > now), default=None)


def _due_at(known: Endpoint | None, now: datetime) -> datetime:
    if known is None or known.due_at is None:
        return datetime.min.replace(tzinfo=now.tzinfo)
    return known.due_at
