"""Verify finds what was planted, and nothing in a sound store."""

from __future__ import annotations

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

from pipelines.corpus import Store


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
    "a log part copied in": (
        lambda scene: shutil.copy(
            next(iter(scene.out.glob("articles/*/*.parquet"))),
            next(iter(scene.out.glob("articles/*"))) / "20200101T000000-0123456789abcdef.parquet",
        ),
        "1 parts of articles are on disk and not registered",
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


def test_a_running_crawl_is_told_apart(scene: Scene, planted: ModuleType) -> None:
    """Parts that are not folded yet are no damage to the rest."""
    scene.store.commit(scene.store.freeze([planted.make_article("https://new.example/1", "k900 r1")]))
    assert scene.store.verify() == [
        "1 parts are not folded and 0 not published yet: a crawl is running, or one was stopped; finish it first"
    ]


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
