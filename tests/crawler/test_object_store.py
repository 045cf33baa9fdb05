"""The datasets in an object store: a real crawl, every command, and what happens when the store does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyarrow import fs

from newsroom import load_truth
from pipelines.corpus import SCHEMAS
from tests.crawler.conftest import Ran

pytest.importorskip("moto.moto_server", reason="needs moto's S3 server")
from tests.crawler.object_store import BUCKET, CREDENTIALS, ObjectServer

Scrapy = Callable[..., Ran]


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.delenv("http_proxy", raising=False)
        running = ObjectServer()
        filesystem, _ = fs.FileSystem.from_uri(running.uri("") + "&allow_bucket_creation=true")
        filesystem.create_dir(BUCKET)
        yield running
        running.close()


@pytest.fixture
def healthy(server: ObjectServer) -> Iterator[ObjectServer]:
    yield server
    server.refuses = lambda method, path: False


def rows(server: ObjectServer, prefix: str, dataset: str) -> list[dict[str, Any]]:
    """What a plain reader finds."""
    filesystem, path = fs.FileSystem.from_uri(server.uri(prefix))
    found: list[dict[str, Any]] = ds.dataset(f"{path}/{dataset}", filesystem=filesystem, partitioning="hive").to_table().to_pylist()
    return found


def keys(server: ObjectServer, prefix: str) -> set[str]:
    """Every object below a prefix."""
    filesystem, path = fs.FileSystem.from_uri(server.uri(prefix))
    found = filesystem.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    return {info.path for info in found if info.type == fs.FileType.File}


def test_a_crawl_writes_there_and_every_command_reads_it(server: ObjectServer, crawl: Scrapy, scrapy: Scrapy, tmp_path: Path) -> None:
    """State and reports stay local, datasets do not; a second crawl adds nothing, and a lost state is made anew from the log there."""
    output = tmp_path / "output"
    where = ("-s", f"DATASETS_URI={server.uri('all')}", "-s", f"OUTPUT_DIR={output}")
    first = crawl("news", output, *where)
    assert first.status == 0, first.output
    assert "could not be written" not in first.output
    assert not any((output / dataset).exists() for dataset in SCHEMAS)
    assert (output / "state" / "copydesk.sqlite").is_file()
    assert sorted(row["url"] for row in rows(server, "all", "articles")) == sorted(article.url for article in load_truth())
    shown = rows(server, "all", "corpus") + rows(server, "all", "copies")
    assert len({row["article_id"] for row in shown}) == len(shown) == len(load_truth())
    assert all(key.endswith(".parquet") for key in keys(server, "all"))

    again = crawl("news", output, *where)
    assert again.status == 0, again.output
    for command in (("report",), ("explain", load_truth()[0].url)):
        ran = scrapy(*command, *where)
        assert ran.status == 0, (command, ran.output)
    assert len(rows(server, "all", "articles")) == len(load_truth())
    for path in (output / "state").glob("copydesk.sqlite*"):
        path.unlink()
    for command in (("stats",), ("verify",), ("rebuild",), ("compact", "--min-age-days", "0"), ("verify",), ("export", tmp_path / "out")):
        ran = scrapy("corpus", *command, *where)
        assert ran.status == 0, (command, ran.output)
    assert ds.dataset(tmp_path / "out").count_rows() == len(rows(server, "all", "corpus"))
    assert len(rows(server, "all", "corpus") + rows(server, "all", "copies")) == len(load_truth())


def test_a_crawl_into_a_store_that_cannot_be_used_fetches_nothing(
    healthy: ObjectServer, crawl: Scrapy, scrapy: Scrapy, tmp_path: Path
) -> None:
    """No bucket, no permission, nobody there: status 1, and the setting is named."""
    gone = ObjectServer()
    gone.close()
    healthy.refuses = lambda method, path: method == "PUT" and "/denied/" in path
    for uri in (healthy.uri("x", bucket="nobody"), healthy.uri("denied"), gone.uri("x")):
        ran = crawl("news", tmp_path / "output", "-s", f"DATASETS_URI={uri}")
        assert ran.status == 1, ran.output
        assert "DATASETS_URI s3://" in ran.output
        assert "Traceback" not in ran.output
    ran = scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={tmp_path / 'output'}", "-s", f"DATASETS_URI={gone.uri('x')}")
    assert ran.status == 1
    assert "DATASETS_URI s3://" in ran.output
    assert "Traceback" not in ran.output


def test_articles_that_the_store_refuses_are_fetched_by_the_next_crawl(healthy: ObjectServer, crawl: Scrapy, tmp_path: Path) -> None:
    """The crawl ends with status 1 and says why; nothing counts as seen, nothing is there in part."""
    healthy.refuses = lambda method, path: method in ("PUT", "POST") and "/outage/articles/" in path
    ran = crawl("news", tmp_path / "output", "-s", f"DATASETS_URI={healthy.uri('outage')}")
    assert ran.status == 1, ran.output
    assert "DATASETS_URI s3://" in ran.output
    assert not any("/articles/" in key for key in keys(healthy, "outage"))
    healthy.refuses = lambda method, path: False
    ran = crawl("news", tmp_path / "output", "-s", f"DATASETS_URI={healthy.uri('outage')}")
    assert ran.status == 0, ran.output
    assert sorted(row["url"] for row in rows(healthy, "outage", "articles")) == sorted(article.url for article in load_truth())
