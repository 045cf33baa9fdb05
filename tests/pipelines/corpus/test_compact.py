"""Compaction: fewer files with the same rows, whatever happens on the way."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store, compact, merges, state
from pipelines.errors import CorpusError, StoreBusy, StoreDamaged

EVERY_DAY = date(2027, 1, 1)
STRIDE = int(os.environ.get("COPYDESK_FAULT_STRIDE", "97"))


def fill(planted: ModuleType, store: Store, *, batches: int = 5, seed: int = 4) -> list[str]:
    """Commit and publish articles with repeats and takeovers; returns the ids."""
    rng, ids = random.Random(seed), []
    for _ in range(batches):
        articles = planted.draw_articles(rng, 14, stories=20, urls=25)
        ids += [article.article_id for article in articles]
        store.commit(store.freeze(articles))
        store.finish()
    return ids


def log_rows(planted: ModuleType, folder: Path) -> list[dict[str, Any]]:
    return [row for _, _, row in planted.read_rows(folder, "articles")]


def count_parts(folder: Path) -> dict[str, int]:
    return {dataset: len(list(folder.glob(f"{dataset}/*/*.parquet"))) for dataset in ("articles", "corpus", "copies")}


def test_compaction_changes_files_and_no_rows(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """One part a day is left, with the rows of the log in their order, and the same stories and counts."""
    store = open_store()
    fill(planted, store)
    told, rows, counts, sizes = planted.tell_corpus(out), log_rows(planted, out), store.counts(), count_parts(out)
    assert counts.repeats > 0
    done = store.compact(before=EVERY_DAY)
    assert (done.days, done.files_before, done.files_after) == (3, sum(sizes.values()), 9)
    assert done.bytes_after < done.bytes_before
    assert planted.tell_corpus(out) == told
    assert log_rows(planted, out) == rows
    assert count_parts(out) == {"articles": 3, "corpus": 3, "copies": 3}
    assert store.counts() == compact_counts(counts, parts=3)
    assert planted.find_violations(out) == []
    assert store.verify() == []


def compact_counts(counts: Any, *, parts: int) -> Any:
    return type(counts)(**{name: parts if name == "parts" else getattr(counts, name) for name in counts.__slots__})


def test_a_second_compaction_does_nothing(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Also in another process' store."""
    store = open_store()
    fill(planted, store)
    store.compact(before=EVERY_DAY)
    files = {path: path.stat().st_ino for path in out.glob("*/*/*.parquet")}
    assert open_store().compact(before=EVERY_DAY).days == 0
    assert {path: path.stat().st_ino for path in out.glob("*/*/*.parquet")} == files


def test_only_past_days_are_compacted(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The day named and later ones keep their parts."""
    store = open_store()
    fill(planted, store)
    assert store.compact(before=planted.NOON.date()).days == 1
    days = Counter(path.parent.name for path in out.glob("articles/*/*.parquet"))
    assert [days[f"crawl_date={day.date()}"] for day in planted.DAYS] == [1, 5, 5]


def test_late_arrivals_join_at_the_next_compaction(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, tmp_path: Path
) -> None:
    """Replays write into past days; the corpus is the one of all articles in one batch, and the state is rebuilt from merged parts."""
    store = open_store()
    ids = fill(planted, store, seed=4)
    store.compact(before=EVERY_DAY)
    ids += fill(planted, store, batches=2, seed=5)
    assert planted.find_violations(out, ids) == []
    store.compact(before=EVERY_DAY)
    assert planted.find_violations(out, ids) == []
    assert count_parts(out)["articles"] == 3
    told, counts = planted.tell_corpus(out), store.counts()
    store.rebuild()
    assert (planted.tell_corpus(out), store.counts()) == (told, counts)
    store.close()
    shutil.rmtree(out / "state")
    again = open_store()
    again.finish()
    assert planted.tell_corpus(out) == told
    assert again.verify() == planted.find_violations(out, ids) == []


@pytest.mark.parametrize("is_rebuilt", [False, True], ids=["as it stands", "after a rebuild"])
def test_a_late_retry_does_not_resurrect_a_merged_part(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, is_rebuilt: bool
) -> None:
    """A batch that is committed again after its parts were merged, twice over, adds nothing."""
    store = open_store()
    batch = store.freeze(planted.draw_articles(random.Random(1), 9))
    store.commit(batch)
    for seed in (4, 5):
        fill(planted, store, batches=2, seed=seed)
        store.compact(before=EVERY_DAY)
    if is_rebuilt:
        store.rebuild()
    counts, files = store.counts(), count_parts(out)
    store.commit(batch)
    assert count_parts(out)["articles"] == files["articles"] + len(batch.parts)
    store.finish()
    assert (store.counts(), count_parts(out)) == (counts, files)
    assert planted.find_violations(out) == store.verify() == []


def test_merged_parts_have_a_bound_and_say_what_they_replace(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neighbors join up to so many rows; names and parameters of the old parts are in the metadata, and names stay in order."""
    monkeypatch.setattr(compact, "MAX_COMPACT_ROWS", 18)
    store = open_store(parameters={"minhash": "one"})
    fill(planted, store, batches=6)
    rows, old = log_rows(planted, out), {path.stem for path in out.glob("articles/*/*.parquet")}
    store.compact(before=EVERY_DAY)
    said = {}
    for path in out.glob("articles/*/*.parquet"):
        file = pq.ParquetFile(path)
        assert file.metadata.num_rows <= 18
        said[path.stem] = json.loads(file.schema_arrow.metadata[b"copydesk"])
        assert all(path.stem < name for name in said[path.stem]["merges"])
    assert {name for item in said.values() for name in item["merges"]} | (said.keys() & old) == old
    assert {item["parameters"]["minhash"] for item in said.values()} == {"one"}
    assert log_rows(planted, out) == rows
    assert store.compact(before=EVERY_DAY).days == 0


def test_parts_of_other_parameters_are_not_merged(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A file says with which parameters its columns were made; one file cannot say two things."""
    ids = {}
    for seed, scheme in enumerate(("one", "two")):
        with planted.open_store(out, parameters={"minhash": scheme}) as store:
            ids[scheme] = set(fill(planted, store, batches=3, seed=seed))
    open_store(parameters={"minhash": "two"}).compact(before=EVERY_DAY)
    for path in out.glob("articles/*/*.parquet"):
        file = pq.ParquetFile(path)
        scheme = json.loads(file.schema_arrow.metadata[b"copydesk"])["parameters"]["minhash"]
        assert set(file.read(["article_id"])["article_id"].to_pylist()) <= ids[scheme]


def test_an_unreadable_log_part_stops_the_compaction(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Before anything is merged; the part is named."""
    store = open_store()
    fill(planted, store)
    torn = min(out.glob("articles/*/*.parquet"))
    torn.write_bytes(torn.read_bytes()[:100])
    with pytest.raises(StoreDamaged, match=torn.stem):
        store.compact(before=EVERY_DAY)
    assert len(list(torn.parent.iterdir())) == 5


class Scene:
    """A compaction with something at each of its calls, then a clean start and the checks."""

    def __init__(self, planted: ModuleType, faults: ModuleType, folder: Path) -> None:
        self.planted, self.faults = planted, faults
        self.template, self.out = folder / "template", folder / "out"
        with planted.open_store(self.template) as store:
            self.ids = fill(planted, store, batches=3)
            store.commit(store.freeze(planted.draw_articles(random.Random(8), 5, stories=20, urls=25)))
        self.expected = self.readable(self.template)

    def readable(self, folder: Path) -> Counter[tuple[str, str]]:
        """What a plain reader gets of corpus and copies now."""
        return Counter(
            (dataset, article)
            for dataset in ("corpus", "copies")
            for path in (folder / dataset).glob("*/*.parquet")
            for article in pq.ParquetFile(path).read(["article_id"])["article_id"].to_pylist()
        )

    def run(self, number: int | None, mode: str, patch: pytest.MonkeyPatch, other: Callable[[], None] = lambda: None) -> int:
        """Compact with a fault at one call and return how many calls there were."""
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.template, self.out)
        with self.planted.open_store(self.out) as store:
            store.finish()
            self.expected = self.readable(self.out)
        store = self.planted.open_store(self.out, lock_wait_seconds=0.05)
        points = self.faults.Points(number, mode, other)
        with patch.context() as inner:
            inner.setattr(state, "BUSY_TIMEOUT_MS", 50)
            points.install(inner)
            real_exchange, real_link = merges.exchange_folders, os.link
            inner.setattr(merges, "exchange_folders", lambda *folders: points.hit("exchange", lambda: real_exchange(*folders)))
            inner.setattr(os, "link", lambda *paths: points.hit("link", lambda: real_link(*paths)))
            try:
                store.compact(before=EVERY_DAY)
            except self.faults.Died:
                assert mode.startswith("dies")
            except CorpusError as error:
                assert mode not in ("", "another process works"), error  # noqa: PT017
            points.is_paused = True
            store.close()
        with self.planted.open_store(self.out) as store:
            assert self.readable(self.out) == self.expected
            store.finish()
            problems = self.planted.find_violations(self.out, self.ids) + store.verify()
            assert problems == [], f"{mode} at call {number}: {problems[:3]}"
            store.compact(before=EVERY_DAY)
            assert self.readable(self.out) == self.expected
            assert count_parts(self.out)["articles"] == 3
            assert self.planted.find_violations(self.out, self.ids) == []
        return int(points.count)


@pytest.fixture(scope="module")
def scene(planted: ModuleType, faults: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(planted, faults, tmp_path_factory.mktemp("compaction"))


@pytest.fixture(params=[True, False], ids=["exchange", "no exchange"])
def can_exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With the system's exchange of folders, and as on a system without it."""
    if not request.param:
        monkeypatch.setattr(merges, "exchange_folders", lambda one, other: False)
    return bool(request.param)


MODES = ("dies before", "dies after", "fails once", "fails when done")


@pytest.mark.parametrize("mode", MODES)
def test_a_broken_off_compaction_is_finished_by_the_next_start(
    mode: str, scene: Scene, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever call the process died at or found failing: the same rows, once, and then one part a day."""
    calls = scene.run(None, "", monkeypatch)
    for number in range(1 + (2 * MODES.index(mode) + can_exchange) * STRIDE // (2 * len(MODES)), calls + 1, STRIDE):
        scene.run(number, mode, monkeypatch)


def test_readers_see_every_article_once_at_every_instant(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each single call that touches the disk, corpus and copies hold the same rows; only articles/ may repeat some."""
    seen = []

    class Watched(scene.faults.Points):  # type: ignore[name-defined, misc]
        def hit(self, name: str, real: Callable[[], Any], half: Callable[[], None] = lambda: None) -> Any:
            if not self.is_paused:
                self.is_paused = True
                seen.append(scene.readable(scene.out) == scene.expected)
                self.is_paused = False
            return super().hit(name, real, half)

    monkeypatch.setattr(scene.faults, "Points", Watched)
    scene.run(None, "", monkeypatch)
    assert len(seen) > 100
    assert all(seen)


def test_a_crawl_beside_a_compaction_loses_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process commits at any call of the compaction and tries to fold; its articles are there in the end."""
    planted, out = scene.planted, scene.out
    late = planted.draw_articles(random.Random(77), 6, stories=20)

    def crawl() -> None:
        with planted.open_store(out, recover=False, lock_wait_seconds=0.0) as other:
            try:
                other.commit(other.freeze(late))
                other.finish()
            except StoreBusy:
                pass
            except CorpusError as error:
                if "locked" not in str(error):
                    raise

    scene_run_beside(scene, crawl, [article.article_id for article in late], monkeypatch)


def scene_run_beside(scene: Scene, crawl: Callable[[], None], ids: list[str], patch: pytest.MonkeyPatch) -> None:
    """Run the compaction, with a crawl at some of its calls, and check log, corpus and copies."""
    calls = 200
    for number in range(5, calls, STRIDE):
        shutil.rmtree(scene.out, ignore_errors=True)
        shutil.copytree(scene.template, scene.out)
        store = scene.planted.open_store(scene.out, lock_wait_seconds=0.05)
        points = scene.faults.Points(number, "another process works", crawl)
        with patch.context() as inner:
            inner.setattr(state, "BUSY_TIMEOUT_MS", 50)
            points.install(inner)
            store.compact(before=EVERY_DAY)
            points.is_paused = True
        store.finish()
        store.commit(store.freeze([]))
        committed = set(ids) <= {row["article_id"] for row in log_rows(scene.planted, scene.out)}
        assert scene.planted.find_violations(scene.out, scene.ids + (ids if committed else [])) == store.verify() == []
        store.close()


def test_a_log_reader_drops_repeats_while_old_parts_are_left(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the rename of the merged part and the removal of the old ones each article_id leads to one and the same row."""
    store = open_store()
    fill(planted, store)

    def first_fetches() -> dict[str, Any]:
        rows = pa.concat_tables(pq.ParquetFile(path).read(["article_id", "fetched_at"]) for path in out.glob("articles/*/*.parquet"))
        found: dict[str, Any] = {}
        for article, fetched_at in zip(rows["article_id"].to_pylist(), rows["fetched_at"].to_pylist(), strict=True):
            found[article] = min(fetched_at, found.get(article, fetched_at))
        return found

    before, during = first_fetches(), []
    real = compact.finish_merges
    monkeypatch.setattr(compact, "finish_merges", lambda *args: (during.append(first_fetches()), real(*args)))
    store.compact(before=EVERY_DAY)
    assert len(during) == 3
    assert all(found == before for found in during)
