"""Folding: what belongs together, who owns an article, and that order does not show."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store
from pipelines.corpus import fold as folding
from pipelines.corpus.files import Layout
from pipelines.corpus.objects import open_parquet
from pipelines.errors import CorpusError


def test_order_and_split_do_not_show(planted: ModuleType, open_store: Callable[..., Store], tmp_path: Path) -> None:
    """Any order of the same parts, folded one by one or together, gives the corpus of one batch."""
    articles = planted.draw_articles(random.Random(3), 36, stories=20)
    chunks = [articles[start::4] for start in range(4)]
    told = []
    for number, order in enumerate([*itertools.permutations(range(4))][::6]):
        store = open_store(tmp_path / str(number))
        for index in order:
            store.commit(store.freeze(chunks[index]))
            if number % 2:
                store.fold()
            if number % 3 == 0:
                store.publish()
        store.finish()
        assert planted.find_violations(tmp_path / str(number)) == []
        told.append(planted.tell_corpus(tmp_path / str(number)))
        store.close()
    assert all(one == told[0] for one in told)
    assert len(told[0][0]) > 3
    assert len(told[0][1]) > 3


@pytest.mark.parametrize("is_together", [True, False], ids=["folded together", "folded one by one"])
@pytest.mark.parametrize("is_late_first", [True, False], ids=["later fetch first", "earlier fetch first"])
def test_the_earliest_fetch_owns_an_article(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, is_late_first: bool, is_together: bool
) -> None:
    """Rows of the same article_id are repeats: counted, and in neither corpus nor copies."""
    store = open_store()
    early = planted.make_article("https://a.example/1", "k1 r5", fetched_at=planted.DAYS[0])
    late = replace(early, fetched_at=planted.DAYS[2], run_id="run-2")
    copy = planted.make_article("https://b.example/1", "k1 r1", fetched_at=planted.DAYS[1])
    for article in (late, early) if is_late_first else (early, late):
        store.commit(store.freeze([article, copy]))
        if not is_together:
            store.finish()
    store.finish()
    assert planted.find_violations(out) == []
    assert [row["run_id"] for _, _, row in planted.read_rows(out, "corpus")] == ["run-1"]
    counts = store.counts()
    assert (counts.rows, counts.articles, counts.repeats, counts.stories, counts.copies) == (4, 2, 2, 1, 1)


@pytest.mark.parametrize("is_together", [True, False], ids=["folded together", "folded one by one"])
def test_of_equal_fetches_the_first_part_name_owns(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, is_together: bool
) -> None:
    """Also when the other part was folded and published before, with other words in its row."""
    store = open_store()
    article = planted.make_article("https://a.example/1", "k1 r5")
    first = planted.make_article("https://b.example/1", "k1 r1", fetched_at=planted.DAYS[0])
    batches = [store.freeze([replace(article, title=title)]) for title in ("one", "two")]
    lower, higher = sorted(batches, key=lambda batch: batch.parts[0].name)
    store.commit(store.freeze([first]))
    for batch in (higher, lower):
        store.commit(batch)
        if not is_together:
            store.finish()
    store.finish()
    assert planted.find_violations(out) == []
    assert [row["title"] for _, _, row in planted.read_rows(out, "corpus")] == lower.parts[0].table["title"].to_pylist()


def test_small_parts_are_folded_together(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of their names, up to so many rows; a larger part by itself."""
    monkeypatch.setattr(folding, "MAX_FOLD_ROWS", 5)
    store = open_store()
    sizes = [2, 3, 1, 7, 4, 2]
    for number, size in enumerate(sizes):
        store.commit(
            store.freeze([planted.make_article(f"https://a.example/{number}-{page}", f"k{number}{page} r1") for page in range(size)])
        )
    with sqlite3.connect(out / "state" / "copydesk.sqlite") as connection:
        rows = dict(connection.execute("SELECT name, row_count FROM part WHERE dataset = 'articles'"))
        groups = [[part.name for part in parts] for parts in folding.unfolded_parts(connection, Layout(out, {}))]
    assert [name for names in groups for name in names] == sorted(rows)
    totals = [sum(rows[name] for name in names) for names in groups]
    assert all(total <= 5 or len(names) == 1 for total, names in zip(totals, groups, strict=True))
    assert all(total + rows[names[0]] > 5 for total, names in zip(totals, groups[1:], strict=False))
    store.finish()
    assert planted.find_violations(out) == []
    assert store.counts().articles == sum(sizes)


def test_a_part_is_opened_twice(planted: ModuleType, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """For what decides about it, and for the texts that are wanted; a footer takes as long as the texts of a small part."""
    store, opened = open_store(), []
    for number in range(3):
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", f"k{number} r1")]))
    monkeypatch.setattr("pipelines.corpus.parts.open_parquet", lambda path: opened.append(path) or open_parquet(path))
    store.fold()
    assert [opened.count(path) for path in set(opened)] == [2, 2, 2]


def test_parts_with_long_texts_are_folded_one_by_one(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten articles may have more text than two thousand others."""
    monkeypatch.setattr(folding, "MAX_FOLD_BYTES", 2_000)
    store = open_store()
    for number in range(3):
        text = " ".join(f"k{number} w{word}" for word in range(200))
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", text)]))
    with sqlite3.connect(out / "state" / "copydesk.sqlite") as connection:
        assert [len(parts) for parts in folding.unfolded_parts(connection, Layout(out, {}))] == [1, 1, 1]


def test_a_damaged_part_keeps_none_of_those_beside_it_from_the_index(
    planted: ModuleType, open_store: Callable[..., Store], out: Path
) -> None:
    """They would have been folded together."""
    store = open_store()
    for number in range(3):
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", f"k{number} r1")]))
    parts = sorted((out / "articles").rglob("*.parquet"))
    (lost,) = pq.read_table(parts[1])["url"].to_pylist()
    parts[1].write_bytes(b"PAR1")
    with pytest.raises(CorpusError, match=parts[1].name):
        store.rebuild()
    assert {row["url"] for _, _, row in planted.read_rows(out, "corpus")} == {f"https://a.example/{number}" for number in range(3)} - {lost}


def test_an_id_that_is_none_names_its_part(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A flipped byte that Parquet does not notice; the other parts are folded."""
    store = open_store()
    for number in range(2):
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", f"k{number} r1")]))
    part = sorted((out / "articles").rglob("*.parquet"))[0]
    table = pq.ParquetFile(part).read()
    place = table.schema.get_field_index("article_id")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array(["\x01" + table["article_id"][0].as_py()[1:]])), part)
    with pytest.raises(CorpusError, match=rf"{part.name}: article_id: expected hexadecimal digits"):
        store.rebuild()
    assert len(planted.read_rows(out, "corpus")) == 1


def test_what_the_index_puts_off_is_settled_at_the_end(planted: ModuleType, open_store: Callable[..., Store]) -> None:
    """fold leaves two stories, finish joins them."""
    store = open_store()
    store.commit(
        store.freeze([planted.make_article("https://a.example/1", "k1 b1 r1"), planted.make_article("https://b.example/1", "k2 b1 r2")])
    )
    store.fold()
    assert store.counts().stories == 2
    store.finish()
    assert store.counts().stories == 1


def test_a_story_can_fall_apart(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """When the index withdraws a judgment, every article gets its own place again."""
    store = open_store()
    for number in range(4):
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", f"t1 r{number}")]))
        store.finish()
        assert store.counts().stories == (1 if number < 3 else 4)
        assert planted.find_violations(out) == []


def dirty_parts(out: Path) -> set[tuple[str, int]]:
    connection = sqlite3.connect(out / "state" / "copydesk.sqlite")
    found = set(connection.execute("SELECT name, dirty FROM part WHERE dirty != 0"))
    connection.close()
    return found


def test_only_files_that_change_become_dirty(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A takeover dirties the corpus part of the first member and the copies part of the old canonical copy, and no other."""
    store = open_store()

    def commit(words: str, hour: int) -> str:
        article = planted.make_article(f"https://a.example/{hour}", words, fetched_at=planted.NOON + timedelta(hours=hour))
        batch = store.freeze([article])
        store.commit(batch)
        store.fold()
        return str(batch.parts[0].name)

    first, second, unrelated = commit("k1 r1", 0), commit("k1 r2", 1), commit("k2 r1", 2)
    store.finish()
    assert dirty_parts(out) == set()
    third = commit("k1 r3", 3)
    corpus, copies, both = 1, 2, 3
    # The first member is a copy already, but of another canonical copy now.
    assert dirty_parts(out) == {(first, corpus | copies), (second, copies), (third, both)}
    assert unrelated not in {name for name, _ in dirty_parts(out)}


def test_an_index_that_forgets_a_document_is_found_out(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Nothing disappears in silence: the part stays unfolded, the index is told that its fold was not written."""
    abandoned = []

    class Forgetful(planted.PlantedIndex):  # type: ignore[misc, name-defined]
        def prepare(self, documents: Any, moved: Any = ()) -> Any:
            fold = super().prepare(documents, moved)
            fold.memberships = fold.memberships[1:]
            return fold

        def abandon(self, fold: Any) -> None:
            abandoned.append(fold)

    with planted.open_store(out, open_index=Forgetful) as store:
        store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
        with pytest.raises(CorpusError, match="expected a membership for every document, found none for"):
            store.fold()
        assert len(abandoned) == 1
        assert store.counts().unfolded == 1
    with open_store() as store:
        store.finish()
    assert planted.find_violations(out) == []
