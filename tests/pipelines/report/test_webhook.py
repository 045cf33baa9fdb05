"""What is posted, and what happens when nobody takes it."""

from __future__ import annotations

import socket
import time

from pipelines.report.monitors import Outcome
from pipelines.report.webhook import MAX_LINES, failure_message, post_json, run_message

RUN = {"run_id": "20261126T205534Z-10d007", "finished_at": "2026-11-26T21:00:00+00:00"}


def test_the_message_is_readable_where_only_its_text_is_shown() -> None:
    """Chat services show ``text``; all else is for programs."""
    message = run_message(RUN, [Outcome(name="disk", problems=("1 MB is free",)), Outcome(name="run")], report_path="/data/report.html")
    assert message["text"] == "Copydesk run 20261126T205534Z-10d007: 1 problems\ndisk: 1 MB is free"
    assert message["status"] == "failed"
    assert [outcome["status"] for outcome in message["monitors"]] == ["failed", "passed"]
    assert run_message(RUN, [Outcome(name="run")], report_path="")["status"] == "recovered"
    assert failure_message("no disk")["text"] == "Copydesk could not start: no disk"


def test_a_long_message_is_cut() -> None:
    """Its data are not."""
    outcome = Outcome(name="dead_feeds", problems=tuple(f"feed {number}" for number in range(50)))
    message = run_message(RUN, [outcome], report_path="")
    assert len(message["text"].splitlines()) == MAX_LINES + 2
    assert message["text"].endswith(f"and {50 - MAX_LINES} more")
    assert len(message["monitors"][0]["problems"]) == 50


def test_an_address_where_nobody_listens_is_told_without_its_path() -> None:
    """The path of a webhook is its secret."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    problem = post_json(f"http://user:word@127.0.0.1:{port}/hooks/secret", {}, timeout_seconds=5)
    assert problem.startswith(f"the webhook at http://127.0.0.1:{port} could not be reached: ")
    assert "secret" not in problem
    assert "word" not in problem


def test_a_server_that_sends_single_bytes_is_left_after_the_timeout() -> None:
    """Each byte would begin the socket's own timeout anew."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        problem = post_json(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, timeout_seconds=0.3)
        assert time.monotonic() - started < 20
    assert "0.3 s" in problem or "timed out" in problem
