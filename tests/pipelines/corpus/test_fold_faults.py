"""Faults in the fold of a backlog: many small parts in several groups, stories across them, one part that cannot be read in the middle.

At any call that touches the disk the process dies, the call fails, or another process commits. Some of the calls are taken, spread over the
fold; ``COPYDESK_FAULT_STRIDE=1`` takes all of them (minutes).
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store, state
from pipelines.corpus import fold as folding
from pipelines.dedup import StoryIndex
from pipelines.errors import CorpusError, StoreBusy, StoreDamaged

STRIDE = int(os.environ.get("COPYDESK_FAULT_STRIDE", "101"))
PARTS, STORIES, ROWS_TOGETHER, DAMAGED = 14, 9, 8, 5
"""Parts of two rows each, so four are folded together; the damaged one is the second of the second four."""
GROUPS = [4, 4, 1, 1, 4, 4, 1, 1, 1, 1, 4, 2]
"""Parts of each step of a fold, which stops at the damaged part, and of a rebuild, which goes on behind it."""
MODES = ("dies before", "dies after", "fails once", "fails when done", "another process works")
SYLLABLES = ["ka", "ro", "mi", "ten", "sul", "va", "dor", "lin", "pe", "gas"]


class Backlog:
    """A store with parts that nobody folded, one in the middle with a changed byte in a column that only a fold reads."""

    def __init__(self, planted: ModuleType, faults: ModuleType, folder: Path, open_index: Any) -> None:
        self.planted, self.faults, self.open_index = planted, faults, open_index
        self.template, self.out = folder / "template", folder / "out"
        self.ids: list[str] = []
        rng = random.Random(3)
        with self.open(self.template) as store:
            for number in range(PARTS):
                batch = [self.draw(rng, f"{number}-{item}") for item in range(2)]
                self.ids += [article.article_id for article in batch]
                store.commit(store.freeze(batch))
        part = sorted(self.template.glob("articles/*/*.parquet"))[DAMAGED]
        self.damaged = self.out / part.relative_to(self.template)
        self.sound = part.read_bytes()
        group, flipped = pq.ParquetFile(part).metadata.row_group(0), bytearray(self.sound)
        (title,) = (group.column(place) for place in range(group.num_columns) if group.column(place).path_in_schema == "title")
        flipped[title.data_page_offset + title.total_compressed_size // 2] ^= 1
        part.write_bytes(flipped)

    def draw(self, rng: random.Random, name: str) -> Any:
        """An article of a story that others tell as well, for either index."""
        story = rng.randrange(STORIES)
        own = random.Random(story)
        words = ["".join(own.choices(SYLLABLES, k=3)) for _ in range(90)]
        text = f"k{story} r{rng.randrange(10**6)} {' '.join(words[: rng.randrange(60, 90)])}"
        fetched_at = self.planted.NOON + timedelta(microseconds=rng.randrange(10**9))
        return self.planted.make_article(f"https://s{rng.randrange(5)}.example/{name}", text, fetched_at=fetched_at, extra=None)

    def open(self, folder: Path, **options: Any) -> Store:
        store: Store = self.planted.open_store(folder, open_index=self.open_index, **options)
        return store

    def run(self, number: int | None, mode: str, patch: pytest.MonkeyPatch) -> int:
        """Fold with a fault, as a crawl and as a rebuild do, put the part back, then a clean start and the checks; returns how many calls the folds made."""
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.template, self.out)
        late: list[str] = []
        points = self.faults.Points(number, mode, lambda: self.commit_beside(late))
        points.is_paused = True
        real, groups = folding.fold_parts, []

        def fold_with_faults(*arguments: Any, **options: Any) -> int:
            points.is_paused = False
            try:
                return real(*arguments, **options)
            finally:
                points.is_paused = not points.is_dead

        real_together = folding.fold_together
        with patch.context() as inner:
            inner.setattr(folding, "MAX_FOLD_ROWS", ROWS_TOGETHER)
            inner.setattr(state, "BUSY_TIMEOUT_MS", 50)
            inner.setattr(folding, "fold_parts", fold_with_faults)
            inner.setattr(folding, "fold_together", lambda *given: (groups.append(len(given[3])), real_together(*given))[1])
            points.install(inner)
            store = self.open(self.out, recover=False, lock_wait_seconds=0.05)
            try:
                for step in (store.fold, store.rebuild):
                    self.insist(step)
            except self.faults.Died:
                assert mode.startswith("dies")
            points.is_paused = True
            store.close()
            assert number is not None or groups == GROUPS
        self.damaged.write_bytes(self.sound)
        with self.open(self.out) as store:
            store.finish()
            assert store.verify() == [], f"{mode} at call {number}"
            assert store.counts().articles == len(self.ids) + len(late)
            told = self.planted.tell_corpus(self.out)
            if self.open_index is self.planted.PlantedIndex:
                problems = self.planted.find_violations(self.out, self.ids + late)
                assert problems == [], f"{mode} at call {number}: {problems[:3]}"
            else:  # what it made of the log by and by is what it makes of it at once
                store.rebuild()
                assert self.planted.tell_corpus(self.out) == told, f"{mode} at call {number}"
        return int(points.count)

    def insist(self, step: Callable[[], None]) -> None:
        """Try until the one part that is damaged is all that is in the way."""
        for _ in range(5):
            try:
                step()
            except StoreDamaged as error:
                if str(error).startswith(f"{self.damaged}: expected a part of 'articles', it cannot be read"):
                    return
                raise
            except CorpusError:
                continue  # the fault
        raise AssertionError("did not recover from a passing fault")

    def commit_beside(self, late: list[str]) -> None:
        """Another process commits an article of a story that is being folded, and may not fold it."""
        article = self.draw(random.Random(5), "late")
        with self.open(self.out, recover=False, lock_wait_seconds=0.0) as other:
            late.append(article.article_id)
            try:
                other.commit(other.freeze([article]))
            except CorpusError as error:  # in the middle of a transaction; the part itself is durable
                if "locked" not in str(error):
                    raise
            with pytest.raises(StoreBusy):
                other.fold()


@pytest.fixture(scope="module", params=["planted", "dedup"])
def backlog(request: pytest.FixtureRequest, planted: ModuleType, faults: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Backlog:
    """With the index that knows the truth, and with the real one, which has files of its own."""
    return Backlog(planted, faults, tmp_path_factory.mktemp("backlog"), planted.PlantedIndex if request.param == "planted" else StoryIndex)


@pytest.fixture(scope="module")
def calls(backlog: Backlog) -> int:
    """How many calls the folds make without faults."""
    with pytest.MonkeyPatch.context() as patch:
        return backlog.run(None, "", patch)


@pytest.mark.parametrize("mode", MODES)
def test_a_fold_of_many_parts_that_is_broken_off_is_finished(
    mode: str, backlog: Backlog, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between groups, within one, and among parts that are folded one by one beside the damaged one."""
    for number in range(1 + MODES.index(mode) * STRIDE // len(MODES), calls + 1, STRIDE):
        backlog.run(number, mode, monkeypatch)
