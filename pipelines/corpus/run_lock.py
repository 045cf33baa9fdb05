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

from pipelines.errors import CorpusError, RunLocked

FILE_NAME = "collect.lock"


@contextlib.contextmanager
def hold_run_lock(output_dir: Path) -> Iterator[None]:
    """Hold the lock of scheduled runs, creating the folder; raise RunLocked at once, naming the holder, if another process has it.

    An flock on ``state/collect.lock``, a file that is never removed: the kernel drops it when its holder ends, however it ends, so a killed
    run leaves nothing to clean up. Raises CorpusError if the folder cannot be used.
    """
    path = Path(output_dir) / "state" / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CorpusError(f"{path}: expected a lock file that can be written: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunLocked(f"{path}: {_describe(_read(descriptor))}") from error
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        with contextlib.suppress(OSError):  # a full disk: who holds it is then not known, that it is held still is
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode() + b"\n", 0)
        yield
    finally:
        os.close(descriptor)


def find_run(output_dir: Path) -> str | None:
    """Return who holds the lock of scheduled runs, as a sentence, or None; takes nothing and creates nothing."""
    try:
        descriptor = os.open(Path(output_dir) / "state" / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _describe(_read(descriptor))
    finally:
        os.close(descriptor)
    return None


def _read(descriptor: int) -> dict[str, object]:
    try:
        holder = json.loads(os.pread(descriptor, 1024, 0))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _describe(holder: dict[str, object]) -> str:
    if not holder:
        return "another run holds the lock; it has not said which"
    return f"process {holder.get('pid')} on {holder.get('host')} holds the lock since {holder.get('since')}"
