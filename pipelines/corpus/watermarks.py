"""Low watermarks: the moment before which a running crawl has committed all that it fetched.

A story shows in the file of its earliest fetch. A page that was fetched early and committed late would take its story to another file, and a reader
between the two writes would miss it. So a publish shows new rows only from before the lowest watermark of the crawls that run; the end of
the last crawl, which has none any more, shows the rest.

Each crawl has a file in ``state/crawls/`` with its watermark in it and holds an flock on it: the kernel drops that when the crawl ends,
however it ends. A killed crawl commits nothing any more, so its watermark holds nothing back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTH = 20


class Watermark:
    """The watermark of one crawl, seen by every process that publishes in the same output folder until it is closed."""

    def __init__(self, folder: Path, name: str, moment: datetime) -> None:
        """Enter a crawl under a name of its own; raises OSError if the folder cannot be written."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._descriptor: int | None = _open_locked(self.path)
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """Say that whatever was fetched before a moment (aware) is committed."""
        if self._descriptor is not None:
            os.pwrite(self._descriptor, b"%0*d" % (_WIDTH, (moment - _EPOCH) // timedelta(microseconds=1)), 0)

    def close(self) -> None:
        """Hold nothing back any more."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # without its lock it is a dead crawl's, which the next publish removes
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def lowest_watermark(folder: Path) -> int | None:
    """Return the lowest watermark of the crawls that run, in microseconds since 1970; None if none runs. Removes the files of dead ones."""
    found: list[int] = []
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                # Empty when the crawl has only just entered.
                found.append(int(os.pread(descriptor, _WIDTH, 0) or 0))
            finally:
                os.close(descriptor)
    return min(found, default=None)


def _open_locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        # Taken for a dead crawl's before it was locked.
        os.close(descriptor)
