"""Locks between processes, and the fold lock: one process, and in it one thread, folds and publishes at a time.

A lock is an flock on a file that is never removed; the kernel drops it when its holder ends, however it ends. Not a POSIX lock: those vanish
when any descriptor of the file is closed. A forked child would inherit it, so workers are started by forkserver or spawn.
"""

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


@contextlib.contextmanager
def open_lock_file(path: Path) -> Iterator[int]:
    """Create or open a lock file for the block and yield its descriptor; a lock taken on it ends with the block."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take the lock and say True, or say False at once when another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def name_holder(descriptor: int, holder: str) -> None:
    """Write into a lock file who holds it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{holder}\n".encode(), 0)


def read_holder(descriptor: int) -> str:
    """Return what the holder of a lock file wrote into it, "" if nothing."""
    return os.pread(descriptor, 1024, 0).decode("utf-8", "replace").strip()


class FoldLock:
    """The lock of folds and publishes. May be taken again by its own thread."""

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
            with open_lock_file(self.path) as descriptor:
                self._wait(descriptor, deadline)
                name_holder(descriptor, str(os.getpid()))
                self._depth += 1
                try:
                    yield True
                finally:
                    self._depth -= 1
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
        while not try_lock(descriptor):
            now = time.monotonic()
            if now >= deadline:
                raise StoreBusy(f"{self.path}: expected to get the lock, it is held by process {read_holder(descriptor) or 'unknown'}")
            if now >= complain_at:
                logger.warning("%s: still waiting for process %s", self.path, read_holder(descriptor) or "unknown")
                complain_at = now + 10 * _COMPLAIN_SECONDS
            time.sleep(min(pause, max(0.0, deadline - now)))
            pause = min(2 * pause, longest)
