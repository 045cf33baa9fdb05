"""How well an endpoint answers: alive, empty, blocked or broken, where it moved to, how slow it is, how new its newest entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipelines.discover.survey import Survey, survey_endpoint
from pipelines.errors import DiscoveryError
from pipelines.records import Channel, Discovered, Source

EndpointStatus = Literal["alive", "empty", "blocked", "broken"]

SLOW_SECONDS = 5.0
"""From a request to the first bytes of its answer; most feeds take a tenth of it."""
_BLOCKED = frozenset({"robots_txt", "http_401", "http_402", "http_403", "http_407", "http_429", "http_451", "forbidden_address"})


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointCheck:
    """What one request to an endpoint showed."""

    url: str
    channel: Channel
    status: EndpointStatus
    detail: str = ""
    entries: int = 0
    """Articles that a crawl would ask for."""
    newest_at: datetime | None = None
    seconds: float | None = None
    moved_to: str | None = None
    """Where a permanent redirect led."""
    urls: tuple[str, ...] = ()
    """The articles named."""

    @property
    def is_slow(self) -> bool:
        """Whether it took longer than SLOW_SECONDS."""
        return self.seconds is not None and self.seconds > SLOW_SECONDS

    def as_dict(self) -> dict[str, Any]:
        """Return the check as JSON-ready data, without the articles' addresses."""
        newest_at = self.newest_at.isoformat() if self.newest_at else None
        return {
            "url": self.url, "channel": self.channel, "status": self.status, "detail": self.detail, "entries": self.entries,
            "newest_at": newest_at, "seconds": self.seconds, "is_slow": self.is_slow, "moved_to": self.moved_to,
        }  # fmt: skip


def read_answer(
    body: bytes, url: str, *, channel: Channel, source: Source, content_type: str, encoding: str | None, now: datetime
) -> Survey | str:
    """Return what an answer names, or in words why it cannot be read."""
    try:
        return survey_endpoint(body, url, channel=channel, source=source, content_type=content_type, encoding=encoding, now=now)
    except DiscoveryError as error:
        return str(error)


def judge_survey(survey: Survey | str, url: str, channel: Channel, *, seconds: float | None, moved_to: str | None) -> EndpointCheck:
    """Return the check of an endpoint that answered with a body."""
    if isinstance(survey, str):
        return EndpointCheck(url=url, channel=channel, status="broken", detail=survey, seconds=seconds, moved_to=moved_to)
    entries = survey.admitted.values()
    turned_away = ", ".join(f"{number} {reason}" for reason, number in sorted(survey.rejected.items()))
    notes = [*survey.problems, *([f"turned away: {turned_away}"] if turned_away else [])]
    if survey.children:
        notes.append(f"an index of {len(survey.children)} sitemaps")
    return EndpointCheck(
        url=url, channel=channel, status="alive" if entries or survey.children else "empty", detail="; ".join(notes), entries=len(entries),
        newest_at=newest_of(entries), seconds=seconds, moved_to=moved_to, urls=tuple(survey.admitted),
    )  # fmt: skip


def judge_failure(url: str, channel: Channel, reason: str, detail: str) -> EndpointCheck:
    """Return the check of an endpoint that gave no body, by the reason of its rejection."""
    status: EndpointStatus = "blocked" if reason in _BLOCKED else "broken"
    return EndpointCheck(url=url, channel=channel, status=status, detail=f"{reason}: {detail}" if detail else reason)


def newest_of(entries: Iterable[Discovered]) -> datetime | None:
    """Return the newest date that the entries give, None if none does."""
    return max((moment for entry in entries if (moment := entry.published_at or entry.modified_at)), default=None)


def status_of(checks: Iterable[EndpointCheck]) -> EndpointStatus:
    """Return the status of a source: the best of its endpoints; "empty" without any."""
    found = {check.status for check in checks}
    order: tuple[EndpointStatus, ...] = ("alive", "empty", "blocked", "broken")
    return next((status for status in order if status in found), "empty")
