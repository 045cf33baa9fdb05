"""Recovery: what a killed process left is done, and what is gone is told."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store
from pipelines.corpus.log import write_batch
from pipelines.errors import StoreDamaged, StoreVersion


@pytest.fixture
def filled(planted: ModuleType, open_store: Callable[..., Store]) -> list[str]:
    """A finished store with copies, closed; the ids of its articles."""
    rng = random.Random(4)
    articles = planted.draw_articles(rng, 30)
    with open_store() as store:
        for chunk in (articles[:10], articles[10:20], articles[20:]):
            store.commit(store.freeze(chunk, [planted.reject(f"https://a.example/{chunk[0].word_count}")]))
        store.finish()
    return [article.article_id for article in articles]


def test_a_part_whose_writer_died_before_registering_is_adopted(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Its articles are in the corpus after the next start, its URLs known, its rejections counted."""
    with open_store() as store:
        batch = store.freeze(
            [planted.make_article("https://a.example/1", "k1 r1")],
            [planted.reject("https://a.example/bad"), planted.reject("https://a.example/slow", is_final=False)],
        )
        write_batch(store.layout, batch)
        (out / "staging" / "torn.parquet").write_bytes(b"PAR1")
    store = open_store()
    asked = [
        "https://a.example/1",
        "https://gazette.example/asked",
        "https://a.example/bad",
        "https://a.example/slow",
        "https://a.example/new",
    ]
    assert store.known_urls(asked, now=planted.NOON) == set(asked[:4])
    assert (store.counts().stories, store.counts().rejected) == (1, 2)
    assert planted.find_violations(out) == []
    store.commit(batch)  # its writer was only slow
    store.finish()
    assert planted.find_violations(out) == []


def test_a_killed_run_is_published_at_the_next_start(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Registered, not folded: one start and the corpus is up to date."""
    with open_store() as store:
        store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
    open_store().close()
    assert len(planted.read_rows(out, "corpus")) == 1
    assert planted.find_violations(out) == []


def test_deleted_state_is_rebuilt_from_the_log(planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str]) -> None:
    """Files, counts and URLs are as before, byte for byte."""
    with open_store() as store:
        counts = store.counts()
    files = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    shutil.rmtree(out / "state")
    store = open_store()
    store.finish()
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == files
    assert store.counts() == counts
    assert planted.find_violations(out, filled) == []


@pytest.mark.parametrize("lost", [["corpus"], ["copies"], ["corpus", "copies", "state"]], ids=["corpus", "copies", "all derived"])
def test_derived_data_can_be_deleted(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str], lost: list[str]
) -> None:
    """The log is the truth: a rebuild brings back the same files."""
    files = {path: path.read_bytes() for path in out.rglob("*.parquet") if path.stat().st_size}
    for name in lost:
        shutil.rmtree(out / name)
    with open_store() as store:
        store.rebuild()
        assert store.verify() == []
    rebuilt = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    assert rebuilt == {path: content for path, content in files.items() if path in rebuilt}
    assert planted.find_violations(out, filled) == []


def test_a_rebuild_replaces_derived_files_that_lie(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str]
) -> None:
    """Rows with the right ids and wrong words are not trusted."""
    before = planted.tell_corpus(out)
    with open_store() as store:
        for path in out.glob("corpus/*/*.parquet"):
            table = pq.ParquetFile(path).read()
            lie = table.set_column(table.column_names.index("text"), "text", [["lie"] * table.num_rows])
            store.layout.write("corpus", path.parent.name[-10:], path.stem, lie.cast(table.schema))
        assert any("differ from the log" in problem for problem in store.verify())
        store.rebuild()
        assert store.verify() == []
    assert planted.tell_corpus(out) == before


def test_a_lost_part_stops_the_store_with_its_name(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Damage is told at the start; only a rebuild, asked for, takes the log as it stands."""
    lost = sorted(out.glob("articles/*/*.parquet"))[0]
    lost.unlink()
    with pytest.raises(StoreDamaged, match=rf"{lost}: expected 1 registered log parts that are gone"):
        open_store()
    store = open_store(recover=False)
    with pytest.raises(StoreDamaged, match=lost.name):
        store.fold()
    assert any(lost.stem in problem for problem in store.verify())
    store.rebuild()
    assert lost.stem in caplog.text
    assert store.verify() == []
    assert planted.find_violations(out) == []


@pytest.mark.parametrize("dataset", ["corpus", "copies"])
def test_a_deleted_derived_file_is_written_again_at_the_next_start(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str], caplog: pytest.LogCaptureFixture, dataset: str
) -> None:
    """The state knows that rows belong there; the file is as before, and the others are not touched."""
    files = {path: path.read_bytes() for path in out.glob("co*/*/*.parquet")}
    lost = next(path for path in files if dataset in path.parts and pq.read_metadata(path).num_rows)
    lost.unlink()
    with open_store(recover=False) as store:
        assert any(lost.stem in problem for problem in store.verify())
    others = {path: path.stat().st_ino for path in files if path != lost}
    with open_store() as store:
        assert store.verify() == []
    assert f"{lost}: gone, with 0 more" in caplog.text
    assert {path: path.read_bytes() for path in out.glob("co*/*/*.parquet")} == files
    assert {path: path.stat().st_ino for path in others} == others


def test_a_log_part_cut_after_its_fold_holds_up_only_its_own_rows(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Publish ends with its name when all else is written; no story is twice, and a copy put back makes all good."""
    old = [planted.make_article(f"https://a.example/{n}", f"k{n} r1", fetched_at=planted.DAYS[0]) for n in range(4)]
    better = [planted.make_article(f"https://b.example/{n}", f"k{n} r9", fetched_at=planted.DAYS[1]) for n in range(2)]
    more = planted.make_article("https://c.example/3", "k3 r9", fetched_at=planted.DAYS[2])
    store = open_store()
    store.commit(store.freeze(old))
    store.finish()
    store.commit(store.freeze(better))
    store.commit(store.freeze([more]))
    store.fold()
    (cut,) = out.glob(f"articles/crawl_date={planted.DAYS[1]:%Y-%m-%d}/*.parquet")
    content = cut.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreDamaged, match=rf"{cut}: expected a part of 'articles', it cannot be read: .*; what does not stand in it"):
        store.finish()
    assert any(str(cut) in problem for problem in store.verify())
    shown = {row["article_id"] for _, _, row in planted.read_rows(out, "corpus")}
    assert shown == {old[0].article_id, old[1].article_id, old[2].article_id, more.article_id}
    assert [row["article_id"] for _, _, row in planted.read_rows(out, "copies")] == [old[3].article_id]
    cut.write_bytes(content)
    store.finish()
    assert planted.find_violations(out) == []


def test_a_rebuild_leaves_an_unreadable_log_part_out_and_names_it(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str]
) -> None:
    """All else is made anew; what corpus had of that part stays until it is put back or moved away."""
    before = {path: path.read_bytes() for path in out.glob("co*/*/*.parquet")}
    cut = sorted(out.glob("articles/*/*.parquet"))[0]
    content = cut.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    with (
        open_store() as store,
        pytest.raises(StoreDamaged, match=rf"{cut}: .*; rebuilt without it: put it back from a copy or move it away"),
    ):
        store.rebuild()
    assert {path for path in before if path.stem == cut.stem} <= set(out.glob("co*/*/*.parquet"))
    with pytest.raises(StoreDamaged, match=str(cut)):
        open_store()
    cut.write_bytes(content)
    with open_store() as store:
        store.finish()
        assert store.verify() == []
    assert planted.find_violations(out, filled) == []
    cut.rename(out / cut.name)
    with open_store(recover=False) as store:
        store.rebuild()
        assert store.verify() == []


def test_an_unreadable_log_part_is_damage(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The message names the part."""
    store = open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
    (path,) = out.glob("articles/*/*.parquet")
    path.write_bytes(path.read_bytes()[:-100] + b"x" * 100)
    with pytest.raises(StoreDamaged, match=rf"{path}: expected a part of 'articles', it cannot be read"):
        store.fold()


def test_a_log_part_of_another_version_is_refused(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A file without our metadata is no part of this log."""
    open_store().close()
    folder = out / "articles" / "crawl_date=2026-11-18"
    folder.mkdir()
    pq.write_table(pa.table({"article_id": ["a"]}), folder / "20261118T120000-0123456789abcdef.parquet")
    with pytest.raises(StoreVersion, match="expected a file of schema version 1, found a file without one"):
        open_store()


def test_lost_rejections_are_forgotten_and_told(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """They may be thrown away by their owner: the store goes on, the URLs stay known."""
    with open_store() as store:
        urls = store.counts().urls
    shutil.rmtree(out / "rejected")
    store = open_store()
    assert "of rejected/ are gone" in caplog.text
    assert (store.counts().rejected, store.counts().urls) == (0, urls)
    assert store.verify() == []


def test_derived_files_without_a_log_part_are_removed(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, filled: list[str]
) -> None:
    """State and log were thrown away: what was derived from them goes at the next start; foreign files stay."""
    shutil.rmtree(out / "state")
    shutil.rmtree(out / "articles")
    (out / "corpus" / "notes.txt").write_text("mine")
    open_store().close()
    assert [path.name for name in ("corpus", "copies") for path in (out / name).rglob("*.*")] == ["notes.txt"]


def test_new_state_empties_the_index_once(planted: ModuleType, out: Path) -> None:
    """Files of the index may be left from older state: it is cleared before the first fold, and not again."""
    cleared = []

    class Clearing(planted.PlantedIndex):  # type: ignore[misc, name-defined]
        def clear(self) -> None:
            cleared.append(1)
            super().clear()

    for _ in range(2):
        with planted.open_store(out, open_index=Clearing) as store:
            store.finish()
        assert len(cleared) == 1
