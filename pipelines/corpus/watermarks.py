"""Low watermarks: the moment before which a running crawl has committed all that it fetched.

A story shows in the file of its earliest fetch. A page that was fetched early and committed late would take its story to another file, and a reader
between the two writes would miss it. So a publish shows new rows only from before the lowest watermark of the crawls that run; the end of
the last crawl, which has none any more, shows the rest.

Each crawl has a file in ``state/crawls/`` with its watermark in it and holds an flock on it: the kernel drops that when the crawl ends,
however it ends. A killed crawl commits nothing any more, so its watermark holds nothing back.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from pipelines.corpus.files import claim_file, unlink_if_orphan
from pipelines.corpus.rows import to_microseconds

_WIDTH = 20


class Watermark:
    """The watermark of one crawl, seen by every process that publishes in the same output folder until it is closed."""

    def __init__(self, folder: Path, name: str, moment: datetime) -> None:
        """Enter a crawl, its name for whoever looks into the folder; raises OSError if that cannot be written."""
        folder.mkdir(parents=True, exist_ok=True)
        self._claim = contextlib.ExitStack()
        self._descriptor: int | None
        self._descriptor, self._path = self._claim.enter_context(claim_file(folder, prefix=f"{name}-", suffix=""))
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """Say that whatever was fetched before a moment (aware) is committed."""
        if self._descriptor is not None:
            os.pwrite(self._descriptor, b"%0*d" % (_WIDTH, to_microseconds(moment)), 0)

    def close(self) -> None:
        """Hold nothing back any more."""
        with self._claim, contextlib.suppress(OSError):  # without its lock it is a dead crawl's, which the next publish removes
            self._path.unlink()
        self._descriptor = None


def lowest_watermark(folder: Path) -> int | None:
    """Return the lowest watermark of the crawls that run, in microseconds since 1970; None if none runs. Removes the files of dead ones."""
    found: list[int] = []
    for path in folder.glob("*"):
        if not unlink_if_orphan(path):
            with contextlib.suppress(FileNotFoundError):
                # Empty when the crawl has only just entered.
                found.append(int(path.read_bytes() or 0))
    return min(found, default=None)
