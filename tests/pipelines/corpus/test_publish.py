"""Publishing: what readers see while files are replaced."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store, derived, parts, publish, signatures
from pipelines.corpus.parts import read_part


def published_files(out: Path) -> dict[str, tuple[int, int]]:
    """{dataset/part: (inode, rows)}"""
    return {
        f"{dataset}/{path.stem}": (path.stat().st_ino, pq.ParquetFile(path).metadata.num_rows)
        for dataset in ("corpus", "copies")
        for path in (out / dataset).glob("*/*.parquet")
    }


def test_no_instant_shows_a_story_or_an_article_twice(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every single rename each story and each article stands once at most, whatever moves where."""
    real = os.replace
    instants = []

    def replace_and_look(source: Any, target: Any) -> None:
        real(source, target)
        if "/articles/" not in str(target):
            corpus, copies = planted.read_rows(out, "corpus"), planted.read_rows(out, "copies")
            stories = [row["story_id"] for _, _, row in corpus]
            articles = [row["article_id"] for _, _, row in corpus + copies]
            instants.append((len(stories) - len(set(stories)), len(articles) - len(set(articles))))

    monkeypatch.setattr(os, "replace", replace_and_look)
    store, rng = open_store(), random.Random(2)
    for _ in range(5):
        store.commit(store.freeze(planted.draw_articles(rng, 16, stories=30)))
        store.finish()
    assert len(instants) > 40
    assert set(instants) == {(0, 0)}
    assert planted.find_violations(out) == []


def test_a_story_stays_in_its_file_when_a_better_copy_takes_over(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The row is replaced under the day on which the story was first seen; the old copy appears in copies."""
    store = open_store()
    first = planted.make_article("https://a.example/1", "k1 r1", fetched_at=planted.DAYS[0])
    better = planted.make_article("https://b.example/1", "k1 r2", fetched_at=planted.DAYS[2])
    for article in (first, better):
        store.commit(store.freeze([article]))
        store.finish()
    ((day, _, row),) = planted.read_rows(out, "corpus")
    assert (day, row["article_id"], row["story_id"]) == ("2026-11-17", better.article_id, first.article_id)
    ((day, _, row),) = planted.read_rows(out, "copies")
    assert (day, row["article_id"], row["canonical_article_id"]) == ("2026-11-17", first.article_id, better.article_id)


def test_an_emptied_file_stays_without_rows(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A reader that has just listed it must find it: when an earlier article turns up, the story leaves the later part."""
    store = open_store()
    for hour in (5, 1):
        article = planted.make_article(f"https://a.example/{hour}", f"k1 r{hour}", fetched_at=planted.NOON + timedelta(hours=hour))
        store.commit(store.freeze([article]))
        store.finish()
    assert sorted(rows for name, (_, rows) in published_files(out).items() if name.startswith("corpus")) == [0, 1]
    assert store.verify() == []


def test_only_what_differs_is_written(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """New stories leave the files of old ones alone; publishing again writes nothing."""
    store = open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1"), planted.make_article("https://a.example/2", "k1 r2")]))
    store.finish()
    before = published_files(out)
    store.commit(store.freeze([planted.make_article("https://a.example/3", "k2 r1")]))
    store.finish()
    after = published_files(out)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    store.finish()
    store.publish()
    assert published_files(out) == after


def test_folding_publishes_nothing(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Fold often, publish seldom: corpus and copies change only when asked."""
    store = open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
    store.fold()
    assert published_files(out) == {}
    assert (store.counts().stories, store.counts().unpublished) == (1, 1)
    store.publish()
    assert len(published_files(out)) == 1
    assert store.counts().unpublished == 0


def test_an_unreadable_derived_file_is_written_again(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """It counts as absent: its rows come from the log."""
    store = open_store()
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k1 r{n}") for n in range(3)]))
    store.finish()
    for path in [*out.glob("corpus/*/*.parquet"), *out.glob("copies/*/*.parquet")]:
        path.write_bytes(b"PAR1 nothing PAR1")
    store.commit(store.freeze([planted.make_article("https://a.example/9", "k1 r9")]))
    store.finish()
    assert planted.find_violations(out) == []


def test_rows_keep_every_column_of_the_log(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A corpus row is the article as logged, whether it came from the log or from the present file."""
    store = open_store()
    articles = [planted.make_article(f"https://a.example/{n}", f"k{n % 3} r{n}") for n in range(6)]
    for chunk in (articles[:3], articles[3:]):
        store.commit(store.freeze(chunk))
        store.finish()
    fields = {article.article_id: article for article in articles}
    for path in out.glob("corpus/*/*.parquet"):
        for row in read_part(path, "corpus").to_pylist():
            article = fields[row["article_id"]]
            assert row["minhash"] == article.minhash
            assert row["provenance"][0]["evidence"] == "OSLO (AP) —"
            assert [item["reason"] for item in row["removed"]] == ["prompt", "caption"]
    assert planted.find_violations(out) == []


def test_a_repeat_that_takes_ownership_brings_its_own_words(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The row of the earlier fetch replaces the row of the later one in corpus."""
    store = open_store()
    late = planted.make_article("https://a.example/1", "k1 r1", fetched_at=planted.DAYS[2], title="late")
    for article in (late, replace(late, title="early", fetched_at=planted.DAYS[0])):
        store.commit(store.freeze([article]))
        store.finish()
    assert [(day, row["title"]) for day, _, row in planted.read_rows(out, "corpus")] == [("2026-11-17", "early")]


def test_a_file_whose_texts_are_damaged_is_written_again(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Its ids can be read, so that this shows only when one of its rows is replaced: then all come from the log."""
    store = open_store()
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k{n} r1", fetched_at=planted.DAYS[0]) for n in range(3)]))
    store.finish()
    (path,) = out.glob("corpus/*/*.parquet")
    columns = pq.ParquetFile(path).metadata.row_group(0)
    (text,) = (column for index in range(columns.num_columns) if (column := columns.column(index)).path_in_schema == "text")
    content = bytearray(path.read_bytes())
    content[text.data_page_offset : text.data_page_offset + text.total_compressed_size] = b"\xff" * text.total_compressed_size
    path.write_bytes(content)
    store.commit(store.freeze([planted.make_article("https://b.example/9", "k1 r9", fetched_at=planted.DAYS[1])]))
    store.finish()
    assert planted.find_violations(out) == []


def test_better_copies_in_one_part_are_read_together(
    planted: ModuleType, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their log part is read once, however many old files they take over stories in."""
    store, read = open_store(), []
    for n in range(5):
        store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k{n} r1", fetched_at=planted.DAYS[0])]))
    store.finish()
    real = parts.read_first_rows
    for module in (derived, signatures):
        monkeypatch.setattr(
            module, "read_first_rows", lambda path, wanted, columns: read.append(len(wanted)) or real(path, wanted, columns)
        )
    store.commit(store.freeze([planted.make_article(f"https://b.example/{n}", f"k{n} r9", fetched_at=planted.DAYS[1]) for n in range(5)]))
    store.finish()
    assert sorted(read) == [1, 1, 1, 1, 1, 5]  # the copies of five files, and the stories of all


def test_files_are_the_same_however_little_is_kept_in_memory(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking parts up twice and writing them one by one gives the rows that all at once gives."""
    rows = []
    for folder, limit in (("much", 1_000), ("little", 1)):
        monkeypatch.setattr(publish, "MAX_ROWS_READ", limit)
        monkeypatch.setattr(publish, "MAX_ROWS_HELD", limit)
        store, rng = open_store(tmp_path / folder), random.Random(3)
        for _ in range(4):
            store.commit(store.freeze(planted.draw_articles(rng, 16, stories=20)))
            store.finish()
        assert planted.find_violations(tmp_path / folder) == []
        rows.append([(day, row) for dataset in ("corpus", "copies") for day, _, row in planted.read_rows(tmp_path / folder, dataset)])
    assert sorted(rows[0], key=str) == sorted(rows[1], key=str)
