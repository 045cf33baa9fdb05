"""Exports: what was asked for, whole, and read back by the readers it is for."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Choice, Store, export_corpus
from pipelines.corpus import export as exporting
from pipelines.errors import CorpusError, StoreDamaged


@pytest.fixture(scope="module")
def store(planted: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Stories of three days in some languages, of some agencies and sources."""
    rng = random.Random(2)
    with planted.open_store(tmp_path_factory.mktemp("export") / "output") as store:
        articles = []
        for number in range(24):
            fetched_at = planted.DAYS[number % 3]
            changes = {"language": ["en", "pt-BR", "no", None][number % 4], "source": ["gazette", "post"][number % 2]}
            agencies = [("AP",), ("AFP", "REUTERS"), ()][number % 3]
            words = f"k{number % 20} r{rng.randrange(100)}"
            articles.append(planted.make_article(f"https://a.example/{number}", words, fetched_at=fetched_at, agencies=agencies, **changes))
        store.commit(store.freeze(articles))
        store.finish()
        yield store


@pytest.fixture
def expected(planted: ModuleType, store: Store) -> list[dict[str, Any]]:
    """The rows of corpus/, with their day."""
    rows = planted.read_rows(store.layout.root, "corpus")
    return [{**row, "crawl_date": date.fromisoformat(day)} for day, _, row in rows]


def export(store: Store, target: Path, format: Any = "parquet", **options: Any) -> Any:
    shard_rows = options.pop("shard_rows", 50_000)
    return export_corpus(store.layout, target, format=format, choice=Choice(**options), shard_rows=shard_rows)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["article_id"] for row in rows)


def test_parquet_holds_every_story_and_column(store: Store, expected: list[dict[str, Any]], tmp_path: Path) -> None:
    """In shards of at most so many rows, in the order of the corpus; pandas, DuckDB and Polars read them."""
    done = export(store, tmp_path / "out", shard_rows=7)
    files = sorted((tmp_path / "out").iterdir())
    assert [pq.read_metadata(path).num_rows for path in files] == [7, 7, len(expected) - 14]
    assert [row for path in files for row in pq.ParquetFile(path).read().to_pylist()] == expected
    assert (done.rows, done.files, done.size) == (len(expected), 3, sum(path.stat().st_size for path in files))
    assert ids(pd.read_parquet(tmp_path / "out").to_dict("records")) == ids(expected)
    assert pl.scan_parquet(tmp_path / "out").select("article_id", "text").collect().height == len(expected)
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM '{tmp_path}/out/*.parquet'").fetchone() == (len(expected),)


def test_jsonl_holds_the_same_values_as_text(store: Store, expected: list[dict[str, Any]], tmp_path: Path) -> None:
    """Zstandard; times in ISO 8601, bytes as hex digits; DuckDB and Polars read it packed."""
    export(store, tmp_path / "out", "jsonl")
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "part-00000.jsonl.zst"
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT article_id, text, agencies FROM read_json('{path}')").fetchall()
    assert found == [(row["article_id"], row["text"], row["agencies"]) for row in expected]
    assert pl.read_ndjson(path)["article_id"].to_list() == [row["article_id"] for row in expected]
    lines = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd").read().decode().splitlines()
    row = json.loads(lines[0])
    assert list(row) == list(expected[0])
    assert row["fetched_at"] == expected[0]["fetched_at"].isoformat().replace("+00:00", "Z")
    assert row["text_sha256"] == expected[0]["text_sha256"].hex()
    assert row["crawl_date"] == expected[0]["crawl_date"].isoformat()
    assert row["provenance"] == expected[0]["provenance"]


def test_a_hugging_face_folder_has_its_card(store: Store, expected: list[dict[str, Any]], tmp_path: Path) -> None:
    """Shards are numbered of how many; the card's head names files and languages without region, its body counts and columns."""
    export(store, tmp_path / "out", "huggingface", shard_rows=11)
    assert sorted(path.name for path in (tmp_path / "out" / "data").iterdir()) == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    head, body = (tmp_path / "out" / "README.md").read_text(encoding="utf-8").removeprefix("---\n").split("\n---\n")
    assert 'language:\n- "en"\n- "no"\n- "pt"\n' in head
    assert "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*.parquet" in head
    assert f"{len(expected)} stories, first seen from 2026-11-17 to 2026-11-19" in body
    assert f"| en | {sum(row['language'] == 'en' for row in expected)} |" in body
    assert "| removed | `list<" in body


def test_load_dataset_reads_the_folder(
    store: Store, expected: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing but its path."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    export(store, tmp_path / "out", "huggingface", shard_rows=11)
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert ids(list(loaded)) == ids(expected)
    assert loaded.column_names == list(expected[0])
    row = min(loaded, key=lambda row: row["article_id"])  # Its own sort warns of an Arrow option.
    wanted = min(expected, key=lambda row: row["article_id"])
    assert (row["text"], row["agencies"], row["text_sha256"]) == (wanted["text"], wanted["agencies"], wanted["text_sha256"])


@pytest.mark.parametrize(
    ("options", "keeps"),
    [
        pytest.param({"languages": frozenset({"pt"})}, lambda row: row["language"] == "pt-BR", id="a language with any region"),
        pytest.param({"languages": frozenset({"EN", "no"})}, lambda row: row["language"] in ("en", "no"), id="two languages"),
        pytest.param({"agencies": frozenset({"REUTERS"})}, lambda row: "REUTERS" in row["agencies"], id="an agency"),
        pytest.param({"sources": frozenset({"post"})}, lambda row: row["source"] == "post", id="a source"),
        pytest.param({"since": date(2026, 11, 18)}, lambda row: row["crawl_date"] >= date(2026, 11, 18), id="since a day"),
        pytest.param({"until": date(2026, 11, 18)}, lambda row: row["crawl_date"] <= date(2026, 11, 18), id="until a day"),
        pytest.param(
            {
                "since": date(2026, 11, 18),
                "until": date(2026, 11, 18),
                "agencies": frozenset({"AP", "AFP"}),
                "sources": frozenset({"post"}),
            },
            lambda row: row["crawl_date"].day == 18 and row["agencies"] and row["source"] == "post",
            id="all at once",
        ),
    ],
)
def test_rows_are_chosen(
    store: Store, expected: list[dict[str, Any]], tmp_path: Path, options: dict[str, Any], keeps: Callable[[dict[str, Any]], bool]
) -> None:
    """Stories that meet every option, and no other."""
    wanted = [row["article_id"] for row in expected if keeps(row)]
    export(store, tmp_path / "out", columns=("article_id", "title"), **options)
    table = pd.read_parquet(tmp_path / "out")
    assert list(table.columns) == ["article_id", "title"]
    assert list(table["article_id"]) == wanted
    assert 0 < len(wanted) < len(expected)


@pytest.mark.parametrize("format", ["parquet", "jsonl", "huggingface"])
def test_an_export_without_rows_is_readable(store: Store, tmp_path: Path, format: str) -> None:
    """Nothing chosen is no error, and Parquet still has its columns."""
    done = export(store, tmp_path / "out", format, languages=frozenset({"xx"}))
    assert (done.rows, done.files) == (0, 1)
    if format != "jsonl":
        assert list(pd.read_parquet(next((tmp_path / "out").rglob("*.parquet"))).columns) == exporting.EXPORTED.names


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"columns": ("text", "texte")}, "columns: expected some of .* got texte", id="an unknown column"),
        pytest.param({"columns": ("text", "text")}, "columns: expected each once", id="a column twice"),
        pytest.param({"since": date(2026, 2, 1), "until": date(2026, 1, 1)}, "since: expected a day up to 2026-01-01", id="days crossed"),
        pytest.param({"shard_rows": 0}, "shard-rows: expected a number from 1", id="no rows a shard"),
    ],
)
def test_a_senseless_choice_is_refused(store: Store, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    """With what was expected and found, and nothing is written."""
    with pytest.raises(CorpusError, match=said):
        export(store, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link", "inside the output", "no parent"])
def test_nothing_is_overwritten(store: Store, tmp_path: Path, kind: str) -> None:
    """A file, a folder, even an empty one, or a dead link there is left as it is; the corpus is no place for exports."""
    target = tmp_path / "out"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    elif kind == "link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target = {"inside the output": store.layout.root / "corpus" / "out", "no parent": tmp_path / "a" / "out"}[kind]
    before = sorted(tmp_path.rglob("*")) + sorted(store.layout.root.rglob("*"))
    with pytest.raises(CorpusError, match="expected"):
        export(store, target)
    assert sorted(tmp_path.rglob("*")) + sorted(store.layout.root.rglob("*")) == before
    assert kind != "file" or target.read_text() == "mine"


def test_a_failure_leaves_nothing_behind(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or a corpus file that cannot be read, half way."""

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CorpusError, match="out: cannot be written: No space left"):
            export(store, tmp_path / "out")
    path = max(store.layout.root.glob("corpus/*/*.parquet"))
    content = path.read_bytes()
    path.write_bytes(content[:99])
    try:
        with pytest.raises(StoreDamaged, match=path.stem):
            export(store, tmp_path / "out")
    finally:
        path.write_bytes(content)
    assert list(tmp_path.iterdir()) == []
