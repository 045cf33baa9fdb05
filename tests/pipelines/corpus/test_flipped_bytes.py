"""One byte of a file is another than was written: whoever reads it gets what was written, or an error that names the file."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Store, read_stories, window
from pipelines.corpus.documents import DocumentFile
from pipelines.corpus.export import Choice, export_corpus
from pipelines.corpus.lookup import find_ids
from pipelines.corpus.objects import open_parquet
from pipelines.corpus.parts import read_part, read_said
from pipelines.corpus.schema import Dataset
from pipelines.corpus.window import read_window
from pipelines.errors import CorpusError, StoreDamaged, StoreVersion

FLIPS = 120
"""Of each file that is read."""
FOLDS_WITH_A_FLIP = 16
Span = tuple[int, int]


@pytest.fixture(scope="module")
def sound(planted: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a finished run: one part for each of three days, with copies."""
    folder = tmp_path_factory.mktemp("sound") / "output"
    with planted.open_store(folder) as store:
        store.commit(store.freeze(planted.draw_articles(random.Random(6), 40, stories=14), [planted.reject("https://a.example/1")]))
        store.finish()
    return Path(folder)


@pytest.fixture
def copied(sound: Path, out: Path) -> Path:
    """The same in a place of the test's own."""
    shutil.copytree(sound, out)
    return out


def largest(folder: Path, dataset: str) -> Path:
    return max(folder.glob(f"{dataset}/*/*.parquet"), key=lambda path: path.stat().st_size)


def pages_of(path: Path, column: str) -> Span:
    """Where the pages of a column lie in a file of one row group."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    (found,) = (group.column(place) for place in range(group.num_columns) if group.column(place).path_in_schema == column)
    start = found.dictionary_page_offset or found.data_page_offset
    return start, start + found.total_compressed_size


def flips(path: Path, count: int, *, seed: int = 1, span: Span | None = None) -> Iterator[int]:
    """Change one byte of a file, somewhere in the span, and yield where; then another one in its stead. At the end the file is whole again."""
    whole, rng = path.read_bytes(), random.Random(seed)
    start, end = span or (0, len(whole))
    try:
        for number in range(count):
            # One in each of so many equal stretches, so that no stretch of the file goes untried.
            place = start + int((end - start) * (number + rng.random()) / count)
            flipped = bytearray(whole)
            flipped[place] ^= rng.randrange(1, 256)
            path.write_bytes(flipped)
            yield place
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("dataset", get_args(Dataset))
def test_no_flip_changes_what_is_read(copied: Path, dataset: Dataset) -> None:
    """Anywhere in a file, its footer and what it says of itself included; most flips are told."""
    path = largest(copied, dataset)
    rows, said = read_part(path, dataset), read_said(path, dataset)
    told = 0
    for place in flips(path, FLIPS):
        error = None
        try:
            found = read_part(path, dataset), read_said(path, dataset)
        except (StoreDamaged, StoreVersion) as raised:
            error = str(raised)
        told += error is not None
        assert error.startswith(f"{path}: expected ") if error else found[0].equals(rows) and found[1] == said, place
    assert told > FLIPS / 3


@pytest.mark.parametrize("column", ["article_id", "title", "text", "fetched_at"])
def test_a_flip_in_the_log_is_not_folded(planted: ModuleType, out: Path, column: str) -> None:
    """The part is named and waits, the one beside it is folded and published; when it is whole again, it is folded as if nothing had been."""
    with planted.open_store(out) as store:
        for seed in (8, 9):
            drawn = planted.draw_articles(random.Random(seed), 30, stories=14)
            store.commit(store.freeze([planted.replace(article, fetched_at=planted.NOON) for article in drawn]))
    part, other = sorted(out.glob("articles/*/*.parquet"))
    for place in flips(part, FOLDS_WITH_A_FLIP // 4, span=pages_of(part, column)):
        for folder in ("state", "corpus", "copies"):
            shutil.rmtree(out / folder)
        with planted.open_store(out, recover=False) as store:
            with pytest.raises(StoreDamaged, match=f"^{part}: expected a part of 'articles', it cannot be read"):
                store.rebuild()
            assert store.counts().articles == 30, place
            assert any(problem.startswith(f"{part}: expected") for problem in store.verify()), place
        shown = [row["article_id"] for dataset in ("corpus", "copies") for _, _, row in planted.read_rows(out, dataset)]
        assert sorted(shown) == sorted(pq.ParquetFile(other).read(["article_id"])["article_id"].to_pylist()), place
    with planted.open_store(out) as store:
        store.finish()
    assert planted.find_violations(out) == []


@pytest.mark.parametrize("dataset", get_args(Dataset))
def test_verify_tells_every_flip_in_a_page(copied: Path, open_store: Callable[..., Store], dataset: Dataset) -> None:
    """Whatever column it is in, and though no other file needs it."""
    store, path = open_store(copied), largest(copied, dataset)
    columns = pq.ParquetFile(path).metadata.row_group(0).to_dict()["columns"]
    end = max(pages_of(path, column["path_in_schema"])[1] for column in columns)
    assert store.verify() == []
    for place in flips(path, 12, span=(4, end)):
        assert [problem for problem in store.verify() if problem.startswith(f"{path}: expected")], place
    assert store.verify() == []


def test_a_flip_in_a_derived_file_is_mended_when_it_is_written(copied: Path, planted: ModuleType) -> None:
    """Nothing of it gets into the new file: a rebuild takes all from the log."""
    for dataset in ("corpus", "copies"):
        path = largest(copied, dataset)
        for _ in flips(path, 2, span=pages_of(path, "title")):
            with planted.open_store(copied) as store:
                store.rebuild()
                assert store.verify() == []
            assert planted.find_violations(copied) == []


READERS: dict[str, Callable[[Path, Path], Any]] = {
    "stories": lambda out, _: read_stories(out),
    "report": lambda out, _: read_window(out, max_days=9, max_articles=999),
    "lookup": lambda out, _: find_ids(out, ""),
    "dedup": lambda out, path: list(DocumentFile(path).batches()),
}


@pytest.mark.parametrize(
    ("name", "dataset", "column"),
    [
        ("stories", "corpus", "title"),
        ("stories", "copies", "title"),
        ("report", "corpus", "title"),
        ("lookup", "articles", "article_id"),
        ("dedup", "articles", "text"),
    ],
)
def test_other_readers_of_ours_name_the_file(copied: Path, monkeypatch: pytest.MonkeyPatch, name: str, dataset: str, column: str) -> None:
    """The commands that only look, and ``scrapy dedup`` over the log."""
    monkeypatch.setattr(window, "READ_AGAIN_SECONDS", 0)
    path = largest(copied, dataset)
    for _ in flips(path, 5, span=pages_of(path, column)):
        with pytest.raises(CorpusError, match=str(path)):
            READERS[name](copied, path)


def test_no_export_of_a_flipped_byte(copied: Path, planted: ModuleType, tmp_path: Path) -> None:
    """It ends with the file's name and leaves nothing."""
    path = largest(copied, "corpus")
    with planted.open_store(copied, recover=False) as store:
        for _ in flips(path, 3, span=pages_of(path, "text")):
            with pytest.raises(StoreDamaged, match=f"^{path}: expected"):
                export_corpus(store.layout, tmp_path / "export", format="parquet", choice=Choice())
            assert not (tmp_path / "export").exists()


def test_a_compaction_merges_no_flipped_byte(copied: Path, planted: ModuleType) -> None:
    """The damaged part is named and stays beside the others."""
    with planted.open_store(copied) as store:
        store.commit(store.freeze(planted.draw_articles(random.Random(9), 30, stories=14)))
        store.finish()
        path = largest(copied, "articles")
        names = sorted(path.parent.iterdir())
        for _ in flips(path, 3, span=pages_of(path, "text")):
            with pytest.raises(StoreDamaged, match=f"^{path}: expected"):
                store.compact(before=date(2027, 1, 1))
            assert sorted(path.parent.iterdir()) == names
        store.compact(before=date(2027, 1, 1))
    assert planted.find_violations(copied) == []


def test_files_without_checksums_are_read(copied: Path, planted: ModuleType) -> None:
    """As they were written before: everything is folded, and told as ever."""
    for path in copied.glob("*/*/*.parquet"):
        rows = pq.ParquetFile(path).read()
        pq.write_table(rows.replace_schema_metadata({b"copydesk": rows.schema.metadata[b"copydesk"]}), path)
        with open_parquet(path) as file:
            assert file.read().equals(rows)
    shutil.rmtree(copied / "state")
    with planted.open_store(copied) as store:
        store.finish()
        assert store.verify() == []
    assert planted.find_violations(copied) == []
