"""What a scheduled run would ask, and why: for people who look before they let it run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.discover.schedule import endpoints_of, is_due
from pipelines.records import Channel, Endpoint, Source


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One endpoint that is due, or when it will be."""

    source: str
    channel: Channel
    url: str
    is_due: bool
    due_at: datetime | None
    """Aware UTC; None for one that was never asked."""
    why: str


def plan_visits(sources: Iterable[Source], known: Mapping[str, Endpoint], *, now: datetime) -> list[Visit]:
    """Return every endpoint of some sources in catalogue order; known is what we have of them, by URL, and now is aware."""
    return [
        Visit(
            source=source.name,
            channel=channel,
            url=url,
            is_due=is_due(known.get(url), now=now),
            due_at=known[url].due_at if url in known else None,
            why=_why(known.get(url)),
        )
        for source in sources
        for channel, url in endpoints_of(source)
    ]


def _why(known: Endpoint | None) -> str:
    if known is None or (known.due_at is None and not known.failures):
        return "never asked" if known is None or known.asked_at is None else "asked before it was timed"
    if known.failures:
        return f"failed {known.failures} times in a row" if known.failures > 1 else "failed last time"
    if known.new_per_hour is None:
        return "answered once"
    return f"names {known.new_per_hour:.2g} new URLs an hour"
