"""The store over an object store in this process: flat keys, an object appears whole when it is closed, no rename; any call may fail."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from pipelines.corpus import Store, files
from pipelines.corpus.objects import ObjectPath, open_datasets
from pipelines.errors import CorpusError

OpenStore = Callable[..., Store]


class Upload(io.BytesIO):
    """An object that is there when it is closed."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        super().__init__()
        self.bucket, self.key = bucket, key

    def close(self) -> None:
        if not self.closed:
            self.bucket.objects[self.key] = self.getvalue()
            super().close()
            self.bucket.changed()


class Bucket(fs.FileSystemHandler):  # type: ignore[misc]
    """Objects by key. ``fails_at``: the number of the call that is refused; ``changed`` is called after each change."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls = 0
        self.fails_at = -1
        self.changed: Callable[[], None] = lambda: None

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError("503 Slow Down")

    def get_type_name(self) -> str:
        return "bucket"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        self._called()
        return [self._info(path) for path in paths]

    def _info(self, path: str) -> fs.FileInfo:
        if path in self.objects:
            return fs.FileInfo(path, fs.FileType.File, size=len(self.objects[path]))
        is_prefix = any(key.startswith(f"{path}/") for key in self.objects)
        return fs.FileInfo(path, fs.FileType.Directory if is_prefix else fs.FileType.NotFound)

    def get_file_info_selector(self, selector: fs.FileSelector) -> list[fs.FileInfo]:
        self._called()
        return [self._info(key) for key in sorted(self.objects) if key.startswith(f"{selector.base_dir}/")]

    def open_input_file(self, path: str) -> pa.NativeFile:
        self._called()
        if path not in self.objects:
            raise FileNotFoundError(path)
        return pa.BufferReader(self.objects[path])

    def open_output_stream(self, path: str, metadata: Any) -> pa.NativeFile:
        self._called()
        return pa.PythonFile(Upload(self, path), "w")

    def delete_file(self, path: str) -> None:
        self._called()
        if self.objects.pop(path, None) is None:
            raise FileNotFoundError(path)
        self.changed()

    def _never(self, *args: Any) -> Any:
        raise AssertionError("not asked of an object store")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = move = copy_file = _never
    open_append_stream = open_input_stream = _never

    def ids(self, dataset: str, column: str = "article_id") -> list[str]:
        """What a plain reader finds in a column of a dataset, sorted."""
        tables = [pq.read_table(pa.BufferReader(data), columns=[column]) for key, data in self.objects.items() if f"/{dataset}/" in key]
        return sorted(value for table in tables for value in table[column].to_pylist())

    def shown(self) -> list[str]:
        """The articles in corpus and copies."""
        return sorted(self.ids("corpus") + self.ids("copies"))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = Bucket()
    made.objects["news/other.txt"] = b"of somebody else"
    monkeypatch.setattr(files, "open_datasets", lambda uri: ObjectPath(fs.PyFileSystem(made), uri.removeprefix("s3://")))
    return made


def fill(store: Store, planted: ModuleType) -> None:
    """Twelve articles of four stories in four parts."""
    for start in range(0, 12, 3):
        articles = [planted.make_article(f"https://a.example/{n}", f"k{n % 4} r{n}") for n in range(start, start + 3)]
        store.commit(store.freeze(articles))
    store.finish()


def test_the_datasets_are_objects_and_the_rest_is_local(bucket: Bucket, open_store: OpenStore, planted: ModuleType, out: Path) -> None:
    """Nothing but Parquet is left there, the store is sound, and lost state is made anew from the log."""
    store = open_store(datasets_uri="s3://news/here")
    fill(store, planted)
    assert store.verify() == []
    assert (len(bucket.ids("articles")), len(bucket.shown()), len(bucket.ids("corpus"))) == (12, 12, 4)
    assert all(key.endswith(".parquet") for key in bucket.objects if key.startswith("news/here/"))
    assert not list(out.rglob("*.parquet"))
    store.close()
    for path in (out / "state").glob("copydesk.sqlite*"):
        path.unlink()
    before = bucket.shown()
    again = open_store(datasets_uri="s3://news/here")
    assert (again.verify(), again.counts().articles, bucket.shown()) == ([], 12, before)


def test_compaction_never_takes_a_row_from_a_reader(bucket: Bucket, open_store: OpenStore, planted: ModuleType) -> None:
    """After every single change corpus and copies hold each article, and at the end each once, in one object a dataset."""
    store = open_store(datasets_uri="s3://news/here")
    fill(store, planted)
    before, moments = bucket.shown(), []
    bucket.changed = lambda: moments.append((set(bucket.shown()), set(bucket.ids("articles"))))
    store.compact(before=planted.NOON.date().replace(year=2100))
    assert len(moments) > 10
    assert all(shown == logged == set(before) for shown, logged in moments)
    assert bucket.shown() == before
    assert sum("/articles/" in key for key in bucket.objects) == 1
    assert store.verify() == []


@pytest.mark.parametrize("work", ["fill", "compact"])
def test_whatever_call_fails_nothing_is_lost(bucket: Bucket, planted: ModuleType, tmp_path: Path, work: str) -> None:
    """The error names the setting; a batch that was not committed can be committed again, and the next start brings the rest."""

    def attempt(folder: Path, uri: str) -> None:
        with planted.open_store(folder, datasets_uri=uri) as store:
            store.commit(batch)
            store.finish()
            if work == "compact":
                store.commit(second)
                store.finish()
                store.compact(before=planted.NOON.date().replace(year=2100))

    with planted.open_store(tmp_path / "plain") as store:
        batch, second = (
            store.freeze([planted.make_article(f"https://a.example/{n}", f"k{n % 2} r{n}") for n in range(at, at + 3)]) for at in (0, 3)
        )
    attempt(tmp_path / "whole", "s3://news/whole")
    calls, wanted = bucket.calls, bucket.shown()
    assert calls > 20
    for number in range(1, calls + 1, 1 if work == "fill" else 7):
        uri, folder = f"s3://news/{number}", tmp_path / str(number)
        bucket.objects = {"news/other.txt": b"of somebody else"}
        bucket.calls, bucket.fails_at = 0, number
        with pytest.raises(CorpusError, match="DATASETS_URI s3://news"):
            attempt(folder, uri)
        bucket.fails_at = -1
        attempt(folder, uri)
        assert bucket.shown() == wanted, number
        with planted.open_store(folder, datasets_uri=uri) as store:
            assert store.verify() == [], number


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("ftp://host/folder", "must be a URI like s3://bucket/prefix"),
        ("hdfs://host/folder", "must be a URI like s3://bucket/prefix"),
        ("s3:bucket", "must be a URI like s3://bucket/prefix"),
        ("/data/news", "must be a URI like s3://bucket/prefix"),
        ("file://host/folder", "must be a URI like s3://bucket/prefix"),
        ("s3://key:secret@bucket/prefix", "must not hold a key"),
        ("s3://bucket/prefix?nonsense=1", "nonsense"),
    ],
    ids=["scheme", "HDFS", "no bucket", "a path", "a file elsewhere", "a secret", "an unknown option"],
)
def test_a_uri_that_cannot_be_used_is_refused_by_name(uri: str, expected: str) -> None:
    """The message names the setting, and shows no secret."""
    with pytest.raises(CorpusError, match="DATASETS_URI") as caught:
        open_datasets(uri)
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_elsewhere_is_written_like_the_output_folder(
    open_store: OpenStore, planted: ModuleType, out: Path, tmp_path: Path
) -> None:
    """With staging there, so that a rename stays on one file system."""
    store = open_store(datasets_uri=f"file://{tmp_path}/disk")
    fill(store, planted)
    assert store.verify() == []
    assert len(list((tmp_path / "disk" / "articles").rglob("*.parquet"))) == 4
    assert (tmp_path / "disk" / "staging").is_dir()
    assert not (out / "articles").exists()
