"""How long hosts take to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class HostTimes:
    """Answers of one host: seconds from the request to the first bytes of the answer, without the wait for politeness."""

    answers: int = 0
    seconds: float = 0.0
    """Of all answers together."""
    slowest_seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one answer."""
        self.answers += 1
        self.seconds += seconds
        self.slowest_seconds = max(self.slowest_seconds, seconds)


def slowest_hosts(times: Mapping[str, HostTimes], *, limit: int) -> dict[str, dict[str, float]]:
    """Return {host: answers, mean_ms, slowest_ms} of the hosts with the longest mean time, slowest first."""
    figures = {
        host: {
            "answers": time.answers,
            "mean_ms": round(1000 * time.seconds / time.answers, 1),
            "slowest_ms": round(1000 * time.slowest_seconds, 1),
        }
        for host, time in times.items()
        if time.answers
    }
    return dict(sorted(figures.items(), key=lambda item: (-item[1]["mean_ms"], item[0]))[:limit])
