"""The facade: several stores, several threads, and what it says."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.corpus import Store
from pipelines.errors import CorpusError, StoreBusy
from pipelines.records import Endpoint


def test_two_stores_on_one_folder_take_turns(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Both commit, both fold, in any interleaving: nothing lost, nothing doubled."""
    rng = random.Random(8)
    stores = [open_store(), open_store()]
    told: list[str] = []
    for _ in range(14):
        store = rng.choice(stores)
        action = rng.randrange(5)
        if action < 3:
            batch = store.freeze(planted.draw_articles(rng, 6, urls=40))
            store.commit(batch)
            told += [article for part in batch.parts for article in part.table["article_id"].to_pylist()]
        elif action == 3:
            store.fold()
        else:
            store.publish()
    stores[0].finish()
    assert planted.find_violations(out, told) == []
    assert stores[0].counts() == stores[1].counts()
    assert stores[1].verify() == []
    assert stores[1].counts().repeats > 0


def test_a_commit_does_not_wait_for_a_fold(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """While the index thinks, other threads commit and look up; a fold that may not wait is refused."""
    thinking, may_go_on = threading.Event(), threading.Event()

    class Slow(planted.PlantedIndex):  # type: ignore[misc, name-defined]
        def prepare(self, documents: Any, moved: Any = ()) -> Any:
            thinking.set()
            assert may_go_on.wait(30)
            return super().prepare(documents, moved)

    with planted.open_store(out, open_index=Slow) as store, planted.open_store(out, recover=False) as other:
        store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
        folding = threading.Thread(target=store.finish)
        folding.start()
        try:
            assert thinking.wait(30)
            store.commit(store.freeze([planted.make_article("https://a.example/2", "k1 r2")]))
            assert store.known_urls(["https://a.example/2"], now=planted.NOON)
            assert store.counts().unfolded == 2
            for busy in (store, other):
                with pytest.raises(StoreBusy, match=r"fold\.lock"):
                    busy.fold(wait=False)
        finally:
            may_go_on.set()
            folding.join()
        store.finish()
    assert planted.find_violations(out) == []


def test_a_start_leaves_recovery_to_the_process_that_folds(
    planted: ModuleType, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second crawl is not held up by a long fold."""
    monkeypatch.setattr("pipelines.corpus.store.START_WAIT_SECONDS", 0.05)
    store = open_store()
    started = []
    with store._lock.hold(timeout_seconds=0):
        thread = threading.Thread(target=lambda: started.append(open_store()))
        thread.start()
        thread.join()
        assert len(started) == 1
        with pytest.raises(StoreBusy, match="held by process"):
            started[0].fold(wait=False)


def test_counts_tell_what_there_is(planted: ModuleType, open_store: Callable[..., Store]) -> None:
    """Rows of the log are articles and repeats; articles are stories and copies."""
    store = open_store()
    articles = [planted.make_article(f"https://a.example/{n}", f"k{n % 2} r{n}", extra=None) for n in range(5)]
    failed = planted.reject("https://a.example/slow", is_final=False)
    store.commit(store.freeze(articles, [planted.reject("https://a.example/bad"), failed]))
    store.finish()
    store.commit(store.freeze(articles[:2]))
    store.fold()
    store.commit(store.freeze(articles[:1]))
    counts = store.counts()
    assert (counts.parts, counts.rows, counts.unfolded) == (3, 8, 1)
    assert (counts.articles, counts.stories, counts.copies, counts.repeats) == (5, 2, 3, 2)
    assert (counts.rejected, counts.urls, counts.failed_urls) == (2, 6, 1)


def test_a_rebuild_keeps_what_the_log_cannot_tell(planted: ModuleType, open_store: Callable[..., Store]) -> None:
    """Endpoints, back-off and known URLs survive, and the counts are the same."""
    store = open_store()
    endpoint = Endpoint(url="https://a.example/feed", etag='"1"')
    batch = store.freeze([planted.make_article("https://a.example/1", "k1 r1")], [planted.reject("https://a.example/slow", is_final=False)])
    store.commit(batch, endpoints=[endpoint])
    store.finish()
    before = store.counts()
    store.rebuild()
    assert store.counts() == before
    assert store.endpoint(endpoint.url) == endpoint


def test_parameters_stand_in_every_file(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Stage parameters go into the metadata of log and derived files."""
    store = open_store(parameters={"minhash": {"seed": 1}})
    articles = [planted.make_article(f"https://a.example/{n}", f"k1 r{n}") for n in range(2)]
    store.commit(store.freeze(articles, [planted.reject("https://a.example/bad")]))
    store.finish()
    files = list(out.rglob("*.parquet"))
    assert {path.relative_to(out).parts[0] for path in files} == {"articles", "corpus", "copies", "rejected"}
    for path in files:
        assert b'"minhash": {"seed": 1}' in planted.pq.ParquetFile(path).schema_arrow.metadata[b"copydesk"]


def test_an_output_directory_that_is_a_file_is_named(tmp_path: Path, planted: ModuleType) -> None:
    """No traceback from deep inside: the path, what was expected, what was found."""
    (tmp_path / "output").write_text("in the way")
    with pytest.raises(CorpusError, match=rf"{tmp_path}/output\S*: expected a folder that can be written"):
        planted.open_store(tmp_path / "output")


def test_an_empty_store_is_sound(open_store: Callable[..., Store]) -> None:
    """Nothing to fold, publish, settle or rebuild is no error; closing twice neither."""
    store = open_store()
    store.commit(store.freeze([]))
    store.finish()
    store.rebuild()
    assert store.verify() == []
    assert store.counts().rows == 0
    store.close()
    store.close()
