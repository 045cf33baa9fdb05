"""The lock of scheduled runs: one at a time in an output folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines.corpus.lock import name_holder, open_lock_file, read_holder, try_lock
from pipelines.errors import CorpusError, RunLocked

FILE_NAME = "collect.lock"


@contextlib.contextmanager
def hold_run_lock(output_dir: Path) -> Iterator[None]:
    """Hold the lock of scheduled runs, creating the folder; raise RunLocked at once, naming the holder, if another process has it.

    A killed run leaves nothing to clean up (``lock.py``). Raises CorpusError if the folder cannot be used.
    """
    path = Path(output_dir) / "state" / FILE_NAME
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = stack.enter_context(open_lock_file(path))
        except OSError as error:
            raise CorpusError(f"{path}: expected a lock file that can be written: {error.strerror or error}") from error
        if not try_lock(descriptor):
            raise RunLocked(f"{path}: {_describe(descriptor)}")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        with contextlib.suppress(OSError):  # a full disk: who holds it is then not known, that it is held still is
            name_holder(descriptor, json.dumps(holder))
        yield


def find_run(output_dir: Path) -> str | None:
    """Return who holds the lock of scheduled runs, as a sentence, or None; takes nothing and creates nothing."""
    try:
        descriptor = os.open(Path(output_dir) / "state" / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _describe(descriptor)
    finally:
        os.close(descriptor)
    return None


def _describe(descriptor: int) -> str:
    try:
        holder = json.loads(read_holder(descriptor))
        return f"process {holder['pid']} on {holder['host']} holds the lock since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run holds the lock; it has not said which"
