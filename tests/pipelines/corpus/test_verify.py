"""Verify finds what was planted, and nothing in a sound store."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Batch, Store
from pipelines.corpus.log import write_batch


@dataclass
class Scene:
    """A finished store with copies, and ways to do it harm."""

    store: Store
    out: Path

    def change(self, dataset: str, edit: Callable[[pa.Table], pa.Table]) -> None:
        """Rewrite the fullest file of a dataset."""
        path = max((self.out / dataset).glob("*/*.parquet"), key=lambda path: pq.ParquetFile(path).metadata.num_rows)
        table = pq.ParquetFile(path).read()
        assert table.num_rows > 1
        pq.write_table(edit(table).cast(table.schema), path)

    def copy_row(self, dataset: str) -> None:
        """Put a row into a second file of its dataset, too."""
        one, other, *_ = sorted((self.out / dataset).glob("*/*.parquet"), key=lambda path: -pq.ParquetFile(path).metadata.num_rows)
        tables = [pq.ParquetFile(path).read() for path in (one, other)]
        pq.write_table(pa.concat_tables([tables[1], tables[0].slice(0, 1)]), other)


@pytest.fixture(scope="module")
def sound(planted: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a finished run."""
    folder, rng = tmp_path_factory.mktemp("sound") / "output", random.Random(6)
    with planted.open_store(folder) as store:
        for _ in range(2):
            store.commit(store.freeze(planted.draw_articles(rng, 24, stories=14), [planted.reject("https://a.example/1")]))
        store.finish()
        assert store.verify() == []
    return Path(folder)


@pytest.fixture
def scene(sound: Path, open_store: Callable[..., Store], out: Path) -> Scene:
    shutil.copytree(sound, out)
    return Scene(open_store(), out)


def set_text(table: pa.Table) -> pa.Table:
    return table.set_column(table.column_names.index("text"), "text", pa.array(["other words"] * table.num_rows))


def set_canonical(table: pa.Table) -> pa.Table:
    return table.set_column(table.column_names.index("canonical_article_id"), "canonical_article_id", table["article_id"])


def set_source(table: pa.Table) -> pa.Table:
    return table.set_column(table.column_names.index("source"), "source", pc.utf8_upper(table["source"]))


def set_story(table: pa.Table) -> pa.Table:
    return table.set_column(table.column_names.index("story_id"), "story_id", table["article_id"])


DAMAGE: dict[str, tuple[Callable[[Scene], object], str]] = {
    "a corpus row missing": (lambda scene: scene.change("corpus", lambda table: table.slice(1)), "in neither corpus nor copies"),
    "a copies row missing": (lambda scene: scene.change("copies", lambda table: table.slice(1)), "in neither corpus nor copies"),
    "a corpus row doubled": (
        lambda scene: scene.change("corpus", lambda table: pa.concat_tables([table, table.slice(0, 1)])),
        "stories are in corpus more than once",
    ),
    "a story in two files": (lambda scene: scene.copy_row("corpus"), "not in the corpus part of their first member"),
    "a copy in two files": (lambda scene: scene.copy_row("copies"), "not in the copies part of their log part"),
    "other words in corpus": (lambda scene: scene.change("corpus", set_text), "rows differ from the log: .*corpus"),
    "another source in copies": (lambda scene: scene.change("copies", set_source), "rows differ from the log: .*copies"),
    "a wrong canonical copy": (lambda scene: scene.change("copies", set_canonical), "name a story or a canonical copy"),
    "a wrong story": (lambda scene: scene.change("copies", set_story), "name a story or a canonical copy"),
    "a manifest": (lambda scene: (scene.out / "corpus" / "_manifest.json").write_text("{}"), "1 foreign files lie below corpus/"),
    "a temporary file": (
        lambda scene: (next(iter((scene.out / "articles").glob("*"))) / "x.parquet.tmp").touch(),
        "1 foreign files lie below articles/",
    ),
    "a derived file without log part": (
        lambda scene: shutil.copy(
            next(iter(scene.out.glob("corpus/*/*.parquet"))),
            next(iter(scene.out.glob("corpus/*"))) / "20200101T000000-0123456789abcdef.parquet",
        ),
        "1 files of corpus have no log part",
    ),
    "an unreadable log part copied in": (
        lambda scene: (next(iter(scene.out.glob("articles/*"))) / "20200101T000000-0123456789abcdef.parquet").write_bytes(
            b"PAR1 nothing PAR1"
        ),
        "20200101T000000-0123456789abcdef.parquet: expected a part of 'articles', it cannot be read",
    ),
    "a rejected part gone": (
        lambda scene: next(iter(scene.out.glob("rejected/*/*.parquet"))).unlink(),
        "parts of rejected are registered and not",
    ),
    "a torn corpus file": (lambda scene: next(iter(scene.out.glob("corpus/*/*.parquet"))).write_bytes(b"PAR1"), "cannot be read"),
    "a log part in the folder of another day": (
        lambda scene: next(iter(scene.out.glob("articles/*"))).rename(scene.out / "articles" / "crawl_date=2020-01-01"),
        "registered and not on disk",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(scene: Scene, name: str) -> None:
    """The sentence says what is wrong, how often and where."""
    harm, sentence = DAMAGE[name]
    harm(scene)
    problems = scene.store.verify()
    assert any(re.search(sentence, problem) for problem in problems), problems


@pytest.mark.parametrize("is_torn", [True, False], ids=["all of it", "the texts only"])
def test_an_unreadable_log_part_is_named_beside_the_rest(scene: Scene, is_torn: bool) -> None:
    """Once, and the other findings are still told."""
    DAMAGE["another source in copies"][0](scene)
    path = max(scene.out.glob("articles/*/*.parquet"), key=lambda path: pq.ParquetFile(path).metadata.num_rows)
    content = bytearray(path.read_bytes())
    if is_torn:
        content = content[: len(content) // 2]
    else:
        group = pq.ParquetFile(path).metadata.row_group(0)
        (column,) = [group.column(n) for n in range(group.num_columns) if group.column(n).path_in_schema == "text"]
        start = column.data_page_offset
        content[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(content)
    DAMAGE["a manifest"][0](scene)
    problems = scene.store.verify()
    assert sum(str(path) in problem and "cannot be read" in problem for problem in problems) == 1, problems
    assert any("foreign files" in problem for problem in problems)
    assert any("differ from the log" in problem for problem in problems) or is_torn


def take_over(planted: ModuleType, store: Store) -> Batch:
    """Articles that change files of every kind: new stories, copies, better copies of known stories, and one that joins two stories."""
    rng = random.Random(9)
    articles = planted.draw_articles(rng, 20, stories=14)
    bridge = planted.make_article("https://bridge.example/1", "k1 k2 r5", fetched_at=planted.DAYS[0], extra=None)
    return store.freeze([*articles, bridge], [planted.reject("https://a.example/2")])


UNFINISHED: dict[str, tuple[Callable[[Store, Batch], object], str]] = {
    "written": (lambda store, batch: write_batch(store.layout, batch), "4 parts not registered;"),
    "registered": (lambda store, batch: store.commit(batch), "3 not folded;"),
    "folded": (lambda store, batch: (store.commit(batch), store.fold()), r"\d+ not published;"),
    "left in staging": (lambda store, batch: (store.layout.staging / "torn.parquet").write_bytes(b"PAR1"), "1 files in staging/;"),
}


@pytest.mark.parametrize("name", UNFINISHED)
def test_unfinished_work_is_no_damage(scene: Scene, planted: ModuleType, open_store: Callable[..., Store], name: str) -> None:
    """A process that was killed in the middle leaves a sound store, and one sentence on what is left; a start does it."""
    leave, told = UNFINISHED[name]
    assert scene.store.unfinished() is None
    leave(scene.store, take_over(planted, scene.store))
    assert scene.store.verify() == []
    assert re.search(f"unfinished: {told}", scene.store.unfinished() or "")
    open_store().close()
    assert (scene.store.verify(), scene.store.unfinished()) == ([], None)


def test_a_publish_that_stopped_anywhere_is_no_damage(scene: Scene, planted: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each single file that it replaces."""
    scene.store.commit(take_over(planted, scene.store))
    scene.store.fold()
    real = os.replace
    seen = []

    def replace_and_look(source: Path, target: Path) -> None:
        real(source, target)
        seen.append((scene.store.verify(), scene.store.unfinished()))

    monkeypatch.setattr(os, "replace", replace_and_look)
    scene.store.publish()
    assert len(seen) > 6
    assert all(problems == [] and unfinished for problems, unfinished in seen), seen
    assert (scene.store.verify(), scene.store.unfinished()) == ([], None)


@pytest.mark.parametrize("lost", ["state", "corpus and state"])
def test_a_state_that_is_to_be_made_anew_is_unfinished(scene: Scene, out: Path, open_store: Callable[..., Store], lost: str) -> None:
    """The log is whole: everything else follows from it at the next start."""
    scene.store.close()
    for name in lost.split(" and "):
        shutil.rmtree(out / name)
    store = open_store(recover=False)
    assert store.verify() == []
    assert re.search(r"\d+ parts not registered", store.unfinished() or "")


def test_damage_beside_unfinished_work_is_found(scene: Scene, planted: ModuleType) -> None:
    """A story that no fold touched is checked as ever."""
    scene.store.commit(scene.store.freeze([planted.make_article("https://new.example/1", "k900 r1")]))
    scene.store.fold()
    DAMAGE["other words in corpus"][0](scene)
    assert any("rows differ from the log" in problem for problem in scene.store.verify())
    assert scene.store.unfinished()


def test_a_rebuild_mends_what_verify_finds(scene: Scene) -> None:
    """Whatever happened to derived files."""
    for name in ("a corpus row missing", "a wrong canonical copy", "a copy in two files", "a derived file without log part"):
        DAMAGE[name][0](scene)
    assert len(scene.store.verify()) >= 4
    scene.store.rebuild()
    assert scene.store.verify() == []


def test_a_damaged_state_file_is_a_problem_and_no_crash(scene: Scene) -> None:
    """Verify says so and leaves the file where it is."""
    path = scene.out / "state" / "copydesk.sqlite"
    scene.store.close()
    content = bytearray(path.read_bytes())
    content[16_384:] = bytes(len(content) - 16_384)
    path.write_bytes(content)
    assert any("copydesk.sqlite" in problem for problem in scene.store.verify())
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(path) as connection:
        connection.execute("SELECT * FROM part").fetchall()
    connection.close()
