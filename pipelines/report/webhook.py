"""Telling somebody: a JSON POST to an address of the user's own, which may fail or hang and holds up nothing."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from pipelines.report.monitors import Outcome

MAX_LINES = 15
"""Of ``text``; chat services cut or refuse long messages. All problems are in ``monitors``."""


def run_message(run: Mapping[str, Any], outcomes: Sequence[Outcome], *, report_path: str) -> dict[str, Any]:
    """Return what is posted of a run, JSON-ready; ``text`` alone is what Slack, Mattermost and the like show."""
    problems = [f"{outcome.name}: {problem}" for outcome in outcomes for problem in outcome.problems]
    status = "failed" if problems else "recovered"
    head = f"Copydesk run {run['run_id']}: {f'{len(problems)} problems' if problems else 'all is well again'}"
    return {
        "text": _text(head, problems),
        "status": status,
        "run_id": run["run_id"],
        "finished_at": run["finished_at"],
        "monitors": [outcome.as_dict() for outcome in outcomes],
        "report": report_path,
    }


def failure_message(problem: str) -> dict[str, Any]:
    """Return what is posted when a run could not even start."""
    return {"text": f"Copydesk could not start: {problem}", "status": "failed", "run_id": None, "problem": problem}


def post_json(url: str, message: Mapping[str, Any], *, timeout_seconds: float) -> str:
    """Post a message and return "", or why it did not arrive: one sentence, without the path of the URL, which is often a secret.

    Takes at most timeout_seconds: a name that does not resolve or a server that sends single bytes knows no other limit, so a thread of its
    own does it, which may outlast the call and ends with the process.
    """
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(_post(url, message, timeout_seconds)), name="webhook", daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    return answers[0] if answers else f"the webhook at {_origin(url)} did not answer within {timeout_seconds:g} s"


def _post(url: str, message: Mapping[str, Any], timeout_seconds: float) -> str:
    where = _origin(url)
    request = urllib.request.Request(
        url, data=json.dumps(message).encode(), headers={"Content-Type": "application/json", "User-Agent": "copydesk"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds):
            return ""
    except urllib.error.HTTPError as error:
        return f"the webhook at {where} answered HTTP {error.code}"
    except (OSError, ValueError, HTTPException) as error:  # URLError is an OSError
        return f"the webhook at {where} could not be reached: {getattr(error, 'reason', error) or type(error).__name__}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _text(head: str, problems: Sequence[str]) -> str:
    more = [f"and {len(problems) - MAX_LINES} more"] if len(problems) > MAX_LINES else []
    return "\n".join([head, *problems[:MAX_LINES], *more])
