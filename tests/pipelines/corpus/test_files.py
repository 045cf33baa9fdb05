"""Files: whole and durable under their name, or absent."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import REJECTED
from pipelines.corpus.files import Layout, make_part_name
from pipelines.errors import CorpusError

DAY = "2026-11-18"


@pytest.fixture
def layout(out: Path) -> Layout:
    layout = Layout(out, {"scrub": {"min_words": 40}})
    layout.create()
    return layout


def table(*urls: str) -> pa.Table:
    return pa.Table.from_pylist([{"url": url} for url in urls], REJECTED)


def test_a_part_name_is_its_utc_second_and_64_random_bits() -> None:
    """Names sort by time and never meet."""
    moment = datetime(2026, 11, 18, 1, 30, 5, tzinfo=timezone(timedelta(hours=2)))
    names = {make_part_name(moment) for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(r"20261117T233005-[0-9a-f]{16}", name) for name in names)


def test_a_written_part_is_found_by_name_and_day(layout: Layout) -> None:
    """Writing leaves one file at its place and nothing in staging."""
    name = make_part_name(datetime.now().astimezone())
    layout.write("rejected", DAY, name, table("https://a.example/1"))
    assert layout.parts("rejected") == {name: DAY}
    assert list(layout.files("rejected")) == [layout.path("rejected", DAY, name)]
    assert not list(layout.staging.iterdir())


def test_the_writer_uses_zstd_row_groups_page_index_and_bloom_filters(layout: Layout) -> None:
    """12,000 rows are three row groups that a reader can skip by URL."""
    layout.write("rejected", DAY, "part", table(*(f"https://a.example/{number}" for number in range(12_000))))
    with pq.ParquetFile(layout.path("rejected", DAY, "part")) as file:
        assert file.metadata.num_row_groups == 3
        column = file.metadata.row_group(0).column(REJECTED.names.index("url"))
        assert column.compression == "ZSTD"
        assert column.bloom_filter_offset is not None
        assert column.has_column_index
        assert b'"min_words": 40' in file.schema_arrow.metadata[b"copydesk"]


@pytest.fixture(params=["replace", "fsync", "mkdir"])
def failing_call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, request.param, fail)
        yield request.param


def test_a_failed_write_leaves_nothing_behind(layout: Layout, failing_call: str) -> None:
    """The name does not appear and staging is empty again."""
    with pytest.raises(OSError, match="No space left"):
        layout.write("rejected", DAY, "part", table("https://a.example/1"))
    assert list(layout.files("rejected")) == []
    assert not list(layout.staging.iterdir())


def test_a_failed_rewrite_leaves_the_old_file(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is replaced as a whole or not at all."""
    layout.write("rejected", DAY, "part", table("https://a.example/old"))

    def fail(*paths: object) -> None:
        raise OSError(errno.EIO, "rename")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="rename"):
        layout.write("rejected", DAY, "part", table("https://a.example/new"))
    assert pq.read_table(layout.path("rejected", DAY, "part"), partitioning=None)["url"].to_pylist() == ["https://a.example/old"]


def test_only_orphans_are_removed_from_staging(layout: Layout) -> None:
    """A file whose writer lives keeps its flock and stays; torn files and folders of the dead go."""
    (layout.staging / "dead.parquet").write_bytes(b"PAR1 torn")
    (layout.staging / "swap").mkdir()
    with (layout.staging / "alive.parquet").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        assert layout.clean_staging() == 2
        assert [path.name for path in layout.staging.iterdir()] == ["alive.parquet"]
    assert layout.clean_staging() == 1


def test_files_of_foreign_names_are_not_ours(layout: Layout) -> None:
    """Neither a manifest nor a part-like name in a wrong folder counts as a part."""
    for path in (
        "corpus/_SUCCESS",
        "corpus/crawl_date=today/20261118T120000-0123456789abcdef.parquet",
        f"corpus/crawl_date={DAY}/x.parquet",
    ):
        (layout.root / path).parent.mkdir(exist_ok=True)
        (layout.root / path).touch()
    assert layout.parts("corpus") == {}
    assert len(list(layout.files("corpus"))) == 3


@pytest.mark.parametrize("taken", ["output", "output/articles", "output/state", "output/staging"])
def test_a_file_in_the_way_is_named(tmp_path: Path, taken: str) -> None:
    """The message says which path cannot be a folder."""
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("in the way")
    with pytest.raises(CorpusError, match=rf"{tmp_path / taken}\S*: expected a folder that can be written"):
        Layout(tmp_path / "output", {}).create()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_named(tmp_path: Path) -> None:
    """A read-only output directory is refused at once, not at the first commit."""
    tmp_path.chmod(0o500)
    with pytest.raises(CorpusError, match=r"expected a folder that can be written"):
        Layout(tmp_path / "output", {}).create()
