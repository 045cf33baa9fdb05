"""Plain readers are right: pandas, DuckDB and Polars read what was written, with no knowledge of this project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from pipelines.corpus import CORPUS, Store, articles_from_table
from pipelines.corpus.parts import read_part


def read_pandas(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pd.read_parquet(folder).to_dict("records")
    return rows


def read_duckdb(folder: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        result = connection.execute(f"SELECT * FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)")
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def read_polars(folder: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(folder, hive_partitioning=True).to_dicts()


READERS = pytest.mark.parametrize("read", [read_pandas, read_duckdb, read_polars])


def plain(value: Any) -> Any:
    """A value as Python has it: readers differ in how they say null, list and time."""
    if isinstance(value, np.ndarray | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp | datetime):
        return pd.Timestamp(value).tz_convert("UTC").to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value


@READERS
def test_every_column_comes_back_equal(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, read: Callable[[Path], list[dict[str, Any]]]
) -> None:
    """Strings, lists, structs, binaries, times, floats and nulls, beside the partition key."""
    store = open_store()
    full = planted.make_article("https://a.example/1", "k1 r1", fetched_at=planted.DAYS[0])
    bare = planted.make_article(
        "https://a.example/2",
        "k2 r1",
        title=None,
        authors=(),
        provenance=(),
        removed=(),
        is_free=None,
        quality=None,
        minhash=None,
        extra=None,
    )
    store.commit(store.freeze([full, bare]))
    store.finish()
    found = {row["article_id"]: row for row in read(out / "corpus")}
    assert found.keys() == {full.article_id, bare.article_id}
    for path in out.glob("corpus/*/*.parquet"):
        for expected in read_part(path, "corpus").to_pylist():
            row = found[expected["article_id"]]
            assert str(row.pop("crawl_date")) == path.parent.name.removeprefix("crawl_date=")
            assert {name: plain(value) for name, value in row.items()} == expected
            assert list(row) == CORPUS.names
    assert {article for path in out.glob("articles/*/*.parquet") for article in articles_from_table(read_part(path, "articles"))} == {
        full,
        bare,
    }


@READERS
@pytest.mark.parametrize("dataset", ["corpus", "copies", "articles", "rejected"])
def test_files_without_rows_are_read(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, read: Callable[[Path], list[dict[str, Any]]], dataset: str
) -> None:
    """Emptied files lie beside full ones and trouble no reader."""
    store = open_store()
    for day, rank in ((2, 2), (1, 3), (0, 1)):
        article = planted.make_article(f"https://a.example/{day}", f"k1 r{rank}", fetched_at=planted.DAYS[day])
        store.commit(store.freeze([article], [planted.reject(f"https://a.example/bad{day}")]))
        store.finish()
    empty = [path for path in out.glob("corpus/*/*.parquet") if pd.read_parquet(path, partitioning=None).empty]
    assert len(empty) == 2
    assert len(read(out / dataset)) == {"corpus": 1, "copies": 2, "articles": 3, "rejected": 3}[dataset]
