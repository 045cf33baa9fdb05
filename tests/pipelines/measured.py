"""Pages through the chain, each in a process of its own, with what it cost: for tests of what hostile pages may cost."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import NamedTuple

from pipelines.chain import process_page
from pipelines.records import Article, FetchedPage, Rejection

# Over what the tests allow, so that a page that hangs fails its test only.
_HARD_CPU_SECONDS = 20


class Outcome(NamedTuple):
    """What became of a page and what it cost."""

    result: Article | Rejection | None
    """None if the process was killed, as for want of CPU time."""
    cpu_seconds: float
    peak_mb: float
    """Peak resident memory of the process, the interpreter and the loaded chain included."""


class Measurer:
    """A clean process with the chain loaded, which forks for each page: what the tests themselves hold in memory is not counted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def process(self, body: bytes, encoding: str | None = None) -> Outcome:
        """Return what ``process_page`` makes of a page that was fetched with this charset in its header."""
        self._connection.send(fetched(body, encoding))
        outcome: Outcome = self._connection.recv()
        return outcome


def fetched(body: bytes, encoding: str | None = None) -> FetchedPage:
    """A page as it came from the network."""
    return FetchedPage(
        url="https://www.daily.example/news/story-1",
        body=body,
        encoding=encoding,
        fetched_at=datetime(2026, 6, 1, tzinfo=UTC),
        source="daily",
    )


@contextmanager
def open_measurer() -> Iterator[Measurer]:
    """Start the process that measures, and end it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,))
    process.start()
    theirs.close()
    try:
        yield Measurer(ours)
    finally:
        ours.close()
        process.join()


def _serve(connection: Connection) -> None:
    # The word lists and the model are read once in a worker, not for each page.
    process_page(fetched(b"<p>" + b"A page to warm up with, by Jane Doe of the Port Courier. " * 20))
    while True:
        try:
            page = connection.recv()
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (_HARD_CPU_SECONDS, _HARD_CPU_SECONDS))
            result = process_page(page)
            usage = resource.getrusage(resource.RUSAGE_SELF)
            connection.send(Outcome(result, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
            os._exit(0)
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            connection.send(Outcome(None, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
