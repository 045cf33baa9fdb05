"""How long hosts take."""

from __future__ import annotations

from pipelines.report import HostTimes, slowest_hosts


def test_the_slowest_hosts_come_first() -> None:
    """By mean, in milliseconds; one that never answered is no row."""
    times = {"quick.example": HostTimes(), "slow.example": HostTimes(), "dead.example": HostTimes()}
    times["quick.example"].add(0.1)
    times["slow.example"].add(0.2)
    times["slow.example"].add(1.0)
    assert slowest_hosts(times, limit=5) == {
        "slow.example": {"answers": 2, "mean_ms": 600.0, "slowest_ms": 1000.0},
        "quick.example": {"answers": 1, "mean_ms": 100.0, "slowest_ms": 100.0},
    }
    assert list(slowest_hosts(times, limit=1)) == ["slow.example"]
