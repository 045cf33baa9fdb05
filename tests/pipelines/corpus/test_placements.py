"""Where documents stand, written as a table."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import PLACEMENTS, check_target, open_placements
from pipelines.errors import CorpusError
from pipelines.records import Membership

CANONICAL = Membership(article_id="b", story_id="a", canonical_article_id="b", relation=None, jaccard=None, containment=None)
COPY = Membership(article_id="a", story_id="a", canonical_article_id="b", relation="excerpt", jaccard=0.4, containment=1.0)
ROWS = [
    {"article_id": "b", "story_id": "a", "relation": None, "jaccard": None, "containment": None, "is_canonical": True},
    {"article_id": "a", "story_id": "a", "relation": "excerpt", "jaccard": 0.4, "containment": 1.0, "is_canonical": False},
]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".jsonl.gz"])
def test_rows_come_back_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    """In the order of the batches; nothing else is left in the folder."""
    path = tmp_path / f"out{suffix}"
    with open_placements(path) as write:
        write([CANONICAL])
        write([])
        write([COPY])
    if suffix == ".parquet":
        table = pq.read_table(path)
        assert table.schema == PLACEMENTS
        assert table.to_pylist() == ROWS
    else:
        data = path.read_bytes() if suffix == ".jsonl" else gzip.decompress(path.read_bytes())
        assert [json.loads(line) for line in data.splitlines()] == ROWS
    assert list(tmp_path.iterdir()) == [path]


def fail_after(write: Callable[[list[Membership]], None]) -> None:
    write([CANONICAL])
    raise LookupError("the reading broke")


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_a_failed_run_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    """And no new one beside it."""
    path = tmp_path / name
    path.write_text("old")
    with pytest.raises(LookupError), open_placements(path) as write:
        fail_after(write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("out.csv", "expected a name that ends in .parquet, .jsonl, .jsonl.gz", id="another suffix"),
        pytest.param("folder.parquet", "expected a file to write, found a folder", id="a folder"),
        pytest.param("gone/out.parquet", "expected its folder to be there, found none", id="no folder"),
    ],
)
def test_a_target_that_cannot_be_written_is_named(tmp_path: Path, name: str, message: str) -> None:
    """Before any work is done."""
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(CorpusError, match=f"{name}: {message}"):
        check_target(tmp_path / name)
