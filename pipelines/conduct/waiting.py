"""How long a host is left alone: Retry-After, growing back-off, and when a run stops asking it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,15}(?:\.\d{1,6})?")


def parse_retry_after(value: str, *, now: datetime, max_seconds: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, 0 to max_seconds; None when it says nothing that can be understood.

    Seconds or an HTTP date (RFC 9110, 10.2.3); a date that has passed is 0. now is aware.
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), max_seconds)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return min(max(0.0, (until - now).total_seconds()), max_seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitLimits:
    """How patient a run is with one host; all in seconds but the count."""

    first_backoff: float = 2.0
    max_backoff: float = 60.0
    failures_to_rest: int = 5
    """So many failures in a row and the host rests, then one request tries whether it is back."""
    rest: float = 60.0
    budget: float = 300.0
    """What a run waits for one host in all; a longer wait is left to the next run."""


class HostWait:
    """One host's pauses in one run: a circuit breaker with growing back-off.

    Closed while answers come. A failure pauses the host: as long as it asks for, else twice as long after each failure in a row. After
    limits.failures_to_rest of them it rests (open), and the next answer decides (half-open): a success closes it again, a failure ends
    it for this run, and so does a wait beyond the budget. Times are of one monotonic clock, in seconds; jitter gives 0 to 1.
    """

    def __init__(self, limits: WaitLimits, *, jitter: Callable[[], float]) -> None:
        self.limits = limits
        self.jitter = jitter
        self.failures = 0
        """In a row."""
        self.waited = 0.0
        """Seconds of pauses so far in this run."""
        self.resume_at = 0.0
        self.given_up: str | None = None
        """Why this run asks the host for nothing more."""
        self.asked_to_wait = False
        """It was given up because of what the host asked for, and not because it failed."""

    def remaining(self, now: float) -> float:
        """Return the seconds until the host may be asked again, 0 if it may be now."""
        return max(0.0, self.resume_at - now)

    @property
    def is_probing(self) -> bool:
        """Whether the next answer decides over the host."""
        return self.failures >= self.limits.failures_to_rest

    def succeeded(self) -> None:
        """Note an answer."""
        self.failures = 0

    def failed(self, now: float, why: str, *, retry_after: float | None = None) -> float:
        """Note a failure, why in words, and return the pause that it brings; 0 when the host is given up."""
        if self.given_up:
            return 0.0
        if self.remaining(now) and retry_after is None:
            return 0.0  # one more of the requests that were on their way together
        if self.is_probing and retry_after is None:
            return self._give_up(f"{self.failures + 1} failures in a row, the last: {why}")
        self.failures += 1
        pause = retry_after if retry_after is not None else self._backoff()
        if self.is_probing:
            pause = max(pause, self.limits.rest)
        added = max(0.0, now + pause - max(self.resume_at, now))
        if self.waited + added > self.limits.budget:
            self.asked_to_wait = retry_after is not None
            asked = f"it asks for a pause of {pause:.0f} s" if self.asked_to_wait else f"{self.failures} failures in a row"
            return self._give_up(f"{asked}: {why}")
        self.waited += added
        self.resume_at = max(self.resume_at, now + pause)
        return pause

    def _backoff(self) -> float:
        grown = self.limits.first_backoff * 2.0 ** min(self.failures - 1, 30)
        return min(grown * (1 + self.jitter()), self.limits.max_backoff)

    def _give_up(self, why: str) -> float:
        self.given_up = why
        return 0.0
