"""The fold lock."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pipelines.corpus.lock import FoldLock
from pipelines.errors import StoreBusy


def test_the_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    """Whoever cannot get it learns who has it."""
    path = tmp_path / "fold.lock"
    with FoldLock(path).hold(timeout_seconds=0), pytest.raises(StoreBusy, match=rf"fold\.lock: .* held by process {os.getpid()}$"):
        FoldLock(path).hold(timeout_seconds=0.05).__enter__()


def test_its_own_thread_may_take_it_again(tmp_path: Path) -> None:
    """Nested steps of one fold do not wait for themselves."""
    lock = FoldLock(tmp_path / "fold.lock")
    with lock.hold(timeout_seconds=0) as is_outer, lock.hold(timeout_seconds=0) as is_outer_again:
        assert (is_outer, is_outer_again) == (True, False)
    with FoldLock(lock.path).hold(timeout_seconds=0):
        pass


def test_another_thread_may_not(tmp_path: Path) -> None:
    """Threads of one process exclude each other too."""
    lock = FoldLock(tmp_path / "fold.lock")
    found: list[object] = []

    def attempt() -> None:
        try:
            with lock.hold(timeout_seconds=0):
                found.append("held")
        except StoreBusy as error:
            found.append(str(error))

    with lock.hold(timeout_seconds=0):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert "another thread" in str(found)


def test_the_lock_file_stays(tmp_path: Path) -> None:
    """It is never unlinked: a new file under the name would be another lock."""
    lock = FoldLock(tmp_path / "fold.lock")
    with lock.hold(timeout_seconds=0):
        inode = lock.path.stat().st_ino
    with lock.hold(timeout_seconds=0):
        assert lock.path.stat().st_ino == inode
