"""The fold lock: one process, and in it one thread, folds and publishes at a time."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import StoreBusy

logger = logging.getLogger(__name__)

_POLL_SECONDS = (0.01, 0.5)
_COMPLAIN_SECONDS = 30.0


class FoldLock:
    """An flock on a file that is never unlinked; the kernel drops it when its holder dies. May be taken again by its own thread.

    Not a POSIX lock: those vanish when any descriptor of the file is closed. A forked child would inherit it, so workers are
    started by forkserver or spawn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.RLock()
        self._depth = 0

    @contextlib.contextmanager
    def hold(self, *, timeout_seconds: float) -> Iterator[bool]:
        """Hold the lock; yields False when this thread held it already. Raises StoreBusy when the time is over, naming the holder."""
        deadline = time.monotonic() + timeout_seconds
        if not self._threads.acquire(timeout=timeout_seconds):
            raise StoreBusy(f"{self.path}: another thread of this process is folding")
        try:
            if self._depth:
                yield False
                return
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
            try:
                self._wait(descriptor, deadline)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
                self._depth += 1
                try:
                    yield True
                finally:
                    self._depth -= 1
            finally:
                os.close(descriptor)
        finally:
            self._threads.release()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep the other threads of this process from folding, without the lock between processes."""
        with self._threads:
            yield

    def _wait(self, descriptor: int, deadline: float) -> None:
        pause, longest = _POLL_SECONDS
        complain_at = time.monotonic() + _COMPLAIN_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                now = time.monotonic()
                if now >= deadline:
                    raise StoreBusy(f"{self.path}: expected to get the lock, it is held by process {_holder(descriptor)}") from error
                if now >= complain_at:
                    logger.warning("%s: still waiting for process %s", self.path, _holder(descriptor))
                    complain_at = now + 10 * _COMPLAIN_SECONDS
                time.sleep(min(pause, max(0.0, deadline - now)))
                pause = min(2 * pause, longest)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
