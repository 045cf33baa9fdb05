"""The store reads the texts of old articles from the log, wherever their rows lie by now."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store
from pipelines.dedup import StoryIndex
from pipelines.errors import StoreDamaged
from pipelines.records import Article

STORIES = 6
EVERY_DAY = date(2030, 1, 1)
Open = Callable[..., Store]


@pytest.fixture
def open_aging(out: Path) -> Open:
    """Open a store that keeps the shingles of two days."""

    def opens(folder: Path = out, keep_days: float | None = 2) -> Store:
        return Store(folder, open_index=partial(StoryIndex, keep_shingles_days=keep_days))

    return opens


def write_text(seed: int, words: int = 200) -> str:
    return " ".join(f"w{seed}x{number * 7919 % 1009}" for number in range(words))


def make_day(planted: ModuleType, day: int) -> list[Article]:
    """What one of the days brings: each outlet of its own prints the stories, more and more cut, and one is new."""
    made = []
    for story in (*range(STORIES), 100 + day):
        text = " ".join(write_text(story).split()[: 200 - 12 * day])
        fetched_at = planted.NOON + timedelta(days=day, minutes=story)
        made.append(planted.make_article(f"https://o{day}.example/{story}", text, fetched_at=fetched_at, source=f"o{day}", extra=None))
    return made


def store_days(opened: Open, planted: ModuleType, days: range, *, folder: Path, keep_days: float | None = 2) -> int:
    """Store a day in two parts and a run of its own, and return how many old texts were looked at."""
    recalled = 0
    for day in days:
        with opened(folder, keep_days) as store:
            articles = make_day(planted, day)
            for some in (articles[:3], articles[3:]):
                store.commit(store.freeze(some))
                store.fold()
            recalled += store.finish()["recalled"]
    return recalled


def count(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "state" / "copydesk.sqlite")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_runs_that_forget_tell_the_corpus_of_those_that_keep(planted: ModuleType, open_aging: Open, tmp_path: Path) -> None:
    """Day by day, through a compaction and a rebuild; what is kept in the end is the same."""
    for name, keep_days in (("keeping", None), ("aging", 2)):
        store_days(open_aging, planted, range(6), folder=tmp_path / name, keep_days=keep_days)
    kept = count(tmp_path / "aging", "dedup_shingles")
    assert kept < count(tmp_path / "keeping", "dedup_shingles") / 2
    with open_aging(tmp_path / "aging") as store:
        assert store.compact(before=EVERY_DAY).days == 6
    assert store_days(open_aging, planted, range(6, 8), folder=tmp_path / "keeping", keep_days=None) == 0
    assert store_days(open_aging, planted, range(6, 8), folder=tmp_path / "aging") > 10
    assert planted.tell_corpus(tmp_path / "aging") == planted.tell_corpus(tmp_path / "keeping")
    kept = count(tmp_path / "aging", "dedup_shingles")
    with open_aging(tmp_path / "aging") as store:
        assert store.verify() == []
        store.rebuild()
        assert store.verify() == []
    assert planted.tell_corpus(tmp_path / "aging") == planted.tell_corpus(tmp_path / "keeping")
    assert count(tmp_path / "aging", "dedup_shingles") == kept


def test_an_article_is_read_from_the_row_that_owns_it(planted: ModuleType, open_aging: Open, out: Path, tmp_path: Path) -> None:
    """An earlier fetch that comes late, from another part: the old text is told by that one from then on."""
    for folder, keep_days in ((out, 2), (tmp_path / "keeping", None)):
        store_days(open_aging, planted, range(1), folder=folder, keep_days=keep_days)
        store_days(open_aging, planted, range(5, 6), folder=folder, keep_days=keep_days)
        with open_aging(folder, keep_days) as store:
            early = planted.make_article(
                "https://o0.example/2", write_text(2), fetched_at=planted.NOON - timedelta(days=3), source="other", extra=None
            )
            store.commit(store.freeze([early]))
            store.finish()
        store_days(open_aging, planted, range(6, 7), folder=folder, keep_days=keep_days)
        with open_aging(folder, keep_days) as store:
            assert store.verify() == []
            assert store.counts().repeats == 1
    assert planted.tell_corpus(out) == planted.tell_corpus(tmp_path / "keeping")


def test_a_log_with_another_text_under_an_id_is_taken_as_it_stands(
    planted: ModuleType, open_aging: Open, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The index is built again, and the warning names the article."""
    store_days(open_aging, planted, range(4), folder=out)
    path = next((out / "articles").glob(f"crawl_date={planted.NOON:%Y-%m-%d}/*.parquet"))
    table = pq.ParquetFile(path).read()
    changed = ["Something else altogether stands here now. " + text[:40] for text in table["text"].to_pylist()]
    pq.write_table(table.set_column(table.schema.get_field_index("text"), "text", pa.array(changed)), path)
    store_days(open_aging, planted, range(4, 5), folder=out)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "the log's text should have the hash" in warning
    assert "the index is built again from the log" in warning
    with open_aging() as store:
        assert store.verify() == []


def test_a_part_that_is_gone_is_named(planted: ModuleType, open_aging: Open, out: Path) -> None:
    """While a store is open, too: nothing is made up, and rebuild takes the log as it stands."""
    store_days(open_aging, planted, range(4), folder=out)
    with open_aging() as store:
        paths = sorted((out / "articles").glob(f"crawl_date={planted.NOON:%Y-%m-%d}/*.parquet"))
        store.commit(store.freeze(make_day(planted, 4)))
        contents = paths[0].read_bytes()
        paths[0].write_bytes(contents[: len(contents) // 2])
        with pytest.raises(StoreDamaged, match=paths[0].stem):
            store.fold()
        paths[0].unlink()
        store.rebuild()
        assert store.verify() == []
