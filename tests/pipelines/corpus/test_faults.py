"""Faults at the calls that touch the disk: at any of them the process dies, the call fails, or another process does its whole work.

Every run ends with a clean start and the independent check. A test takes some of the calls, spread over the run;
``COPYDESK_FAULT_STRIDE=1`` takes all of them (minutes).
"""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store, state
from pipelines.corpus.log import write_batch
from pipelines.errors import CorpusError, StoreBusy, StoreDamaged

STRIDE = int(os.environ.get("COPYDESK_FAULT_STRIDE", "103"))
CALLS = ("open", "fsync", "replace", "unlink", "mkdir")
STATEMENTS = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process is gone: nothing it would do afterwards happens."""


class Points:
    """Counts the calls that touch the disk and puts a fault at the n-th."""

    def __init__(self, number: int | None, mode: str, other: Callable[[], None]) -> None:
        self.number, self.mode, self.other = number, mode, other
        self.count = 0
        self.failing = 0
        self.is_dead = False
        self.is_paused = False

    def hit(self, name: str, real: Callable[[], Any], half: Callable[[], None] = lambda: None) -> Any:
        if self.is_paused:
            return real()
        if self.is_dead:
            raise Died
        self.count += 1
        if self.failing:
            self.failing -= 1
            raise self.error(name)
        if self.count != self.number:
            return real()
        if self.mode == "another process works":
            self.is_paused = True
            self.other()
            self.is_paused = False
            return real()
        if self.mode in ("dies after", "fails when done"):
            real()
        else:
            half()
        if self.mode.startswith("dies"):
            self.is_dead = True
            raise Died
        self.failing = 20 if self.mode == "disk full for a while" else 0
        raise self.error(name)

    def error(self, name: str) -> Exception:
        if name in STATEMENTS:
            return sqlite3.OperationalError("disk I/O error" if self.mode == "fails with EIO" else "database or disk is full")
        number = {"fails with EIO": errno.EIO, "fails with EACCES": errno.EACCES}.get(self.mode, errno.ENOSPC)
        return OSError(number, os.strerror(number))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        points = self
        for name in CALLS:
            real = getattr(os, name)
            if name == "fsync":  # counted, not done: a killed process loses nothing that it wrote
                real = lambda descriptor: None  # noqa: E731
            patch.setattr(os, name, lambda *a, _real=real, _name=name, **k: points.hit(_name, lambda: _real(*a, **k)))
        real_write = pq.write_table

        def write_table(table: Any, file: Any, **options: Any) -> Any:
            def half() -> None:
                whole = io.BytesIO()
                real_write(table, whole, **options)
                file.write(whole.getvalue()[: whole.tell() // 2])

            return points.hit("write", lambda: real_write(table, file, **options), half)

        patch.setattr(pq, "write_table", write_table)

        class Faulty(state.Connection):
            def execute(self, query: str, *args: Any) -> sqlite3.Cursor:
                word = query.split()[0]
                real = super().execute
                return points.hit(word, lambda: real(query, *args)) if word in STATEMENTS else real(query, *args)

            def executemany(self, query: str, *args: Any) -> sqlite3.Cursor:
                real = super().executemany
                return points.hit("INSERT", lambda: real(query, *args))

        patch.setattr(state, "Connection", Faulty)


class Scene:
    """One run over an output directory in which a killed process left work of every kind."""

    def __init__(self, planted: ModuleType, folder: Path) -> None:
        self.planted, self.folder = planted, folder
        self.template = folder / "template"
        rng = random.Random(7)
        self.urls: list[str] = []
        self.acknowledged: list[str] = []
        with planted.open_store(self.template) as store:
            for step in range(2):
                store.commit(self.draw(store, rng))
                store.finish() if step == 0 else store.fold()
            store.commit(self.draw(store, rng))
            write_batch(store.layout, self.draw(store, rng))
            (self.template / "staging" / "dead.parquet").write_bytes(b"PAR1 torn")
        self.past = list(self.acknowledged)
        self.is_disk_sound = True

    def draw(self, store: Store, rng: random.Random) -> Any:
        articles = self.planted.draw_articles(rng, 7, stories=16)
        articles += [self.planted.draw_articles(random.Random(seed), 1, stories=16)[0] for seed in rng.sample(range(6), 2)]
        batch = store.freeze(articles, [self.planted.reject(f"https://a.example/{rng.randrange(99)}", is_final=rng.random() < 0.5)])
        self.acknowledged += [article.article_id for article in articles]
        return batch

    def run(self, number: int | None, mode: str, patch: pytest.MonkeyPatch) -> int:
        """Do the run with a fault, then a clean start and the checks; returns how many calls there were."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(self.template, out)
        self.acknowledged = list(self.past)
        self.is_disk_sound = mode == "another process works"
        points = Points(number, mode, lambda: self.interfere(out))
        opened: list[Store] = []
        done: list[str] = []
        with patch.context() as inner:
            inner.setattr(state, "BUSY_TIMEOUT_MS", 50)
            points.install(inner)
            try:
                self.work(out, opened, done)
            except Died:
                assert mode.startswith("dies")
            points.is_paused = True
            for store in opened:
                store.close()
        with self.planted.open_store(out) as store:
            store.finish()
            problems = self.planted.find_violations(out, [*self.past, *done]) + store.verify()
        assert problems == [], f"{mode} at call {number}: {problems[:3]}"
        return points.count

    def work(self, out: Path, opened: list[Store], done: list[str]) -> None:
        rng = random.Random(11)

        def opens() -> None:
            opened.append(self.planted.open_store(out, lock_wait_seconds=0.05))

        self.insist(opens)
        store = opened[0]
        for _ in range(2):
            before = len(self.acknowledged)
            batch = self.draw(store, rng)
            self.insist(lambda batch=batch: store.commit(batch))  # type: ignore[misc]
            done += self.acknowledged[before:]
            self.insist(store.fold)
        self.insist(store.finish)

    def insist(self, step: Callable[[], Any]) -> None:
        """Try again as a crawl does. Whatever fails, only a CorpusError comes out."""
        for _ in range(40):
            try:
                step()
                return
            except StoreBusy:
                return
            except StoreDamaged:
                raise  # nothing is damaged: a part must not seem to be missing
            except CorpusError as error:
                if self.is_disk_sound and "locked" not in str(error):
                    raise
        raise AssertionError("did not recover from a passing fault")

    def interfere(self, out: Path) -> None:
        """Another process commits the same articles, recovers, folds and publishes, as far as the locks let it."""
        rng = random.Random(11)
        for step in ("commit", "fold", "finish"):
            try:
                with self.planted.open_store(out, recover=False, lock_wait_seconds=0.0) as other:
                    if step == "commit":
                        other.commit(other.freeze(self.planted.draw_articles(rng, 7, stories=16)))
                    else:
                        getattr(other, step)()
            except StoreBusy:
                pass
            except CorpusError as error:
                if "locked" not in str(error):
                    raise


MODES = (
    "dies before",
    "dies after",
    "fails once",
    "fails with EIO",
    "fails with EACCES",
    "fails when done",
    "disk full for a while",
    "another process works",
)


@pytest.fixture(scope="module")
def scene(planted: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(planted, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def calls(scene: Scene) -> int:
    """How many calls a run without faults makes."""
    with pytest.MonkeyPatch.context() as patch:
        return scene.run(None, "", patch)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_lost_or_doubled_when_a_process(mode: str, scene: Scene, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next start makes good whatever happened, and only errors of ours come out."""
    for number in range(1 + MODES.index(mode) * STRIDE // len(MODES), calls + 1, STRIDE):
        scene.run(number, mode, monkeypatch)
