"""Which children of a sitemap index are worth a request: an archive of years has hundreds, and one or two of them change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.discover.schedule import is_due
from pipelines.records import Discovered, Endpoint

OLD = timedelta(days=30)
"""A child that has not changed for so long is closed: a month's file, a year's."""
GRANULARITY = timedelta(days=1)
"""Many sites give the day only: the file of today changes all day long under one ``lastmod``."""
REREAD_OLD_AFTER = timedelta(days=7)
"""Some sites never touch ``lastmod``: it is believed, but not for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildChoice:
    """The children of one index, sorted out."""

    wanted: tuple[Discovered, ...]
    """In the order given."""
    skipped: Mapping[str, int]
    """Reason -> number: ``unchanged`` its lastmod is what it was when we last read it, ``too_old``, ``not_due``."""
    beyond_limit: int
    """How many more would have been worth asking."""


def choose_children(
    children: Sequence[Discovered],
    known: Mapping[str, Endpoint],
    *,
    max_age_days: float | None,
    reread_after: timedelta,
    only_due: bool,
    limit: int,
    now: datetime,
) -> ChildChoice:
    """Return which child sitemaps to ask, at most limit of them; children come newest first, known is what we have of them by URL.

    A child last modified more than max_age_days ago can name nothing newer. One whose lastmod has not moved since we read it, a day or
    more after that, is left alone for reread_after, and an old one for a week. now is aware.
    """
    skipped: Counter[str] = Counter()
    wanted: list[Discovered] = []
    for child in children:
        reason = _why_not(child, known.get(child.url), max_age_days, reread_after, only_due, now)
        if reason:
            skipped[reason] += 1
        else:
            wanted.append(child)
    return ChildChoice(wanted=tuple(wanted[:limit]), skipped=dict(skipped), beyond_limit=max(0, len(wanted) - limit))


def _why_not(
    child: Discovered, known: Endpoint | None, max_age_days: float | None, reread_after: timedelta, only_due: bool, now: datetime
) -> str:
    lastmod = child.modified_at
    if lastmod and max_age_days is not None and now - lastmod > timedelta(days=max_age_days):
        return "too_old"
    if known is None:
        return ""
    if only_due and known.failures and not is_due(known, now=now):
        return "not_due"
    if lastmod and known.lastmod:
        return "unchanged" if lastmod <= known.lastmod and _is_read_whole(known, lastmod, reread_after, now) else ""
    return "not_due" if only_due and not is_due(known, now=now) else ""


def _is_read_whole(known: Endpoint, lastmod: datetime, reread_after: timedelta, now: datetime) -> bool:
    """Say whether we read a child so long after its lastmod that this reading holds all there is, and not too long ago."""
    if known.failures or known.asked_at is None or known.asked_at - lastmod <= GRANULARITY:
        return False
    return now - known.asked_at <= (max(reread_after, REREAD_OLD_AFTER) if now - lastmod > OLD else reread_after)
