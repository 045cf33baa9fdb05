"""How long a host is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.conduct import HostWait, WaitLimits, parse_retry_after

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120.0, id="seconds"),
        pytest.param(" 3 ", 3.0, id="spaces around"),
        pytest.param("0", 0.0, id="at once"),
        pytest.param("1.5", 1.5, id="a fraction, which no standard knows"),
        pytest.param("Fri, 20 Nov 2026 12:01:30 GMT", 90.0, id="an HTTP date"),
        pytest.param("Fri, 20 Nov 2026 11:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("Friday, 20-Nov-26 12:00:10 GMT", 10.0, id="an old form of date"),
        pytest.param("99999999999", 86_400.0, id="three thousand years"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0, id="the last day"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1e9", None, id="scientific"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="nothing"),
        pytest.param("9" * 400, None, id="a number without end"),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """Capped, and None for nonsense."""
    assert parse_retry_after(value, now=NOW, max_seconds=86_400.0) == seconds


def wait(jitter: float = 0.0) -> HostWait:
    limits = WaitLimits(first_backoff=2.0, max_backoff=60.0, failures_to_rest=5, rest=60.0, budget=300.0)
    return HostWait(limits, jitter=lambda: jitter)


def test_pauses_grow_with_failures_in_a_row_and_an_answer_ends_them() -> None:
    """2, 4, 8 seconds; then from the start again."""
    host, now, pauses = wait(), 0.0, []
    for _ in range(3):
        pauses.append(host.failed(now, "HTTP 503"))
        now = host.resume_at
    assert pauses == [2.0, 4.0, 8.0]
    host.succeeded()
    assert host.failed(now, "HTTP 503") == 2.0


def test_a_pause_is_longer_at_random_and_never_shorter() -> None:
    """So that crawlers that failed together do not come back together."""
    assert wait(jitter=0.5).failed(0.0, "x") == 3.0


def test_what_the_host_asks_for_counts_for_more() -> None:
    """Retry-After instead of back-off."""
    host = wait()
    assert host.failed(10.0, "HTTP 429", retry_after=30.0) == 30.0
    assert host.remaining(10.0) == 30.0
    assert host.remaining(45.0) == 0.0


def test_a_longer_wait_than_the_budget_is_left_to_the_next_run() -> None:
    """The host asked for it: that is told apart from a host that fails."""
    host = wait()
    assert host.failed(0.0, "HTTP 503", retry_after=3600.0) == 0.0
    assert host.given_up
    assert host.asked_to_wait


def test_pauses_of_a_run_add_up_to_the_budget_at_most() -> None:
    """However they come: one after the other, or one inside the other."""
    host, now = wait(), 0.0
    for _ in range(100):
        host.failed(now, "HTTP 429", retry_after=70.0)
        host.succeeded()
        now += 50.0
    assert host.given_up
    assert host.waited <= 300.0


def test_after_failures_in_a_row_a_host_rests_and_one_request_decides() -> None:
    """Half-open: one more failure ends it for this run."""
    host, now = wait(), 0.0
    for _ in range(5):
        pause = host.failed(now, "timeout")
        now = host.resume_at
    assert pause == 60.0
    assert host.is_probing
    assert host.given_up is None
    host.failed(now, "timeout")
    assert host.given_up == "6 failures in a row, the last: timeout"
    assert not host.asked_to_wait


def test_a_host_that_is_back_after_its_rest_goes_on() -> None:
    """The probe was answered."""
    host, now = wait(), 0.0
    for _ in range(5):
        host.failed(now, "timeout")
        now = host.resume_at
    host.succeeded()
    assert not host.is_probing
    assert host.failed(now, "timeout") == 2.0


def test_requests_that_fail_together_count_once() -> None:
    """Several were on their way when the host went down."""
    host = wait()
    host.failed(0.0, "reset")
    assert host.failed(0.1, "reset") == 0.0
    assert host.failures == 1
