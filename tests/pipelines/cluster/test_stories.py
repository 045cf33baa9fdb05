"""A job on Spark, in two threads on this machine, beside ``scrapy corpus rebuild`` over the same log: the same files, row for row."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.corpora import as_article, make_corpus
from benchmarks.spark import write_log
from newsroom import build_world, load_truth
from pipelines.chain import open_store, process_page
from pipelines.cluster.pages import PAGES
from pipelines.records import Article, Discovered, FetchedPage
from pipelines.warc import PageNote
from pipelines.warc.writing import Archive, Exchange

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
needs_spark = pytest.mark.skipif(shutil.which("java") is None, reason="needs Java, see docs/scale.md")
ROOT = Path(__file__).resolve().parents[3]


def newsroom_pages() -> Iterator[FetchedPage]:
    """The pages of the newsroom's articles."""
    world = build_world()
    for number, expected in enumerate(load_truth()):
        resource = world.find(expected.url)
        assert resource is not None
        moment = NOON + timedelta(minutes=number)
        yield FetchedPage(url=expected.url, body=resource.body, encoding="utf-8", fetched_at=moment, source=expected.source)


def write_pages(path: Path, pages: Sequence[FetchedPage]) -> None:
    """Write pages as a table of HTML."""
    path.parent.mkdir()
    rows = [{name: getattr(page, name) for name in PAGES.names} for page in pages]
    pq.write_table(pa.Table.from_pylist(rows, schema=PAGES), path)


def write_archive(folder: Path, pages: Sequence[FetchedPage]) -> None:
    """Write pages as the archive of a crawl."""
    archive = Archive(folder, index=folder / "index.sqlite", name="test", max_bytes=10**9, info={"software": "test"})
    for page in pages:
        note = PageNote(source=page.source, hint=Discovered(url=page.url, found_in="", channel="request"))
        archive.write(
            Exchange(
                url=page.url, method="GET", request_headers=[], status=200, headers=[("Content-Type", "text/html; charset=utf-8")],
                body=page.body, fetched_at=page.fetched_at, note=note,
            )
        )  # fmt: skip
    archive.close()


def compact_and_keep(folder: Path) -> None:
    """Compact a log, and put the parts that were merged back beside those that replace them, as a copy that is only added to has them."""
    before = {path: path.read_bytes() for path in (folder / "articles").rglob("*.parquet")}
    with open_store(folder) as store:
        store.compact(before=date(2027, 1, 1))
    gone = {path: data for path, data in before.items() if not path.exists()}
    assert len(gone) > 2
    for path, data in gone.items():
        path.write_bytes(data)


def sign_as_others(path: Path) -> None:
    """Give the articles of a part signatures of other parameters, as another release has them."""
    rows = pq.ParquetFile(path).read()
    said = json.loads(rows.schema.metadata[b"copydesk"])
    said["parameters"]["minhash"]["seed"] = "7"
    place = rows.schema.get_field_index("minhash")
    rows = rows.set_column(place, rows.schema.field(place), pa.array([bytes(512)] * rows.num_rows, pa.binary()))
    pq.write_table(rows.replace_schema_metadata({b"copydesk": json.dumps(said).encode()}), path)


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a log."""
    return [row for path in folder.rglob("*.parquet") for row in pq.ParquetFile(path).read().to_pylist()]


def mixed_articles(count: int) -> list[Article]:
    """Stories cut and edited, boilerplate and templates; some documents credit agencies, name origins or are versions of one page."""
    draw = random.Random(7)
    articles: list[Article] = []
    for number, labelled in enumerate(make_corpus(count, seed=3)):
        document = replace(labelled.document, fetched_at=NOON - timedelta(seconds=draw.randrange(200_000)))
        kind = number % 23
        if kind == 1:
            document = replace(document, agencies=("AP",) if number % 2 else ("AP", "REUTERS"))
        elif kind == 2:
            document = replace(document, syndicated_from="source-1.example")
        elif kind == 3:
            document = replace(
                document, host="moved.example", url=f"https://moved.example/{number}", canonical_url=f"https://source-2.example/{number}"
            )
            document = replace(document, syndicated_from="source-2.example")
        elif kind == 4:
            document = replace(document, source="")
        elif kind == 5 and articles:
            document = replace(document, url=articles[-1].url, source=articles[-1].source, host=articles[-1].host)
        elif kind == 6:
            document = replace(document, text=draw.choice(("Four words, no more", "· · ·", document.text[:120])))
        elif kind == 7:
            document = replace(document, host="apnews.com", url=f"https://apnews.com/{number}", source="ap", agencies=("AP",))
        articles.append(as_article(document))
    return articles


def read_files(folder: Path) -> dict[str, tuple[object, object]]:
    """Every file with rows of corpus and copies by its place: what is in it, and what it says of itself."""
    tables = {
        str(path.relative_to(folder)): pq.ParquetFile(path).read()
        for name in ("corpus", "copies")
        for path in (folder / name).rglob("*")
        if path.is_file()
    }
    return {
        place: (table.to_pylist(), table.schema.to_string(show_schema_metadata=True)) for place, table in tables.items() if table.num_rows
    }


def run_jobs(*jobs: Sequence[object]) -> subprocess.CompletedProcess[str]:
    """Run the command's main function for one job after another, with what spares short jobs the compiling that pays for long ones."""
    options = ("spark.ui.enabled=false", "spark.sql.shuffle.partitions=2", "spark.sql.codegen.wholeStage=false")
    said = " ".join(f"--conf {option}" for option in options)
    submit = f"{said} --driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYSPARK_SUBMIT_ARGS": submit}
    script = "import json, sys; from pipelines.spark import main; sys.exit(max(main(job) for job in json.loads(sys.argv[1])))"
    arguments = json.dumps([["--master", "local[2]", *map(str, job)] for job in jobs])
    return subprocess.run(
        [sys.executable, "-c", script, arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=880, check=False
    )


@needs_spark
@pytest.mark.timeout(900)
def test_jobs_over_pages_and_logs_give_the_files_of_one_machine(tmp_path: Path) -> None:
    """Corpus and copies are equal file for file: rows and their order, columns, types and what the files say of themselves."""
    pytest.importorskip("pyspark", reason="needs the extra [spark]")
    articles = mixed_articles(1_500)
    # Two crawls met some pages, the second one earlier.
    again = [
        replace(article, fetched_at=article.fetched_at - timedelta(hours=hours), run_id="other")
        for hours in (1, 30)
        for article in articles[5::40]
    ]
    write_log(tmp_path / "one", articles[::2], rows=400)
    write_log(tmp_path / "two", [*articles[1::2], *again], rows=150)
    compact_and_keep(tmp_path / "two")
    sign_as_others(next((tmp_path / "one" / "articles").rglob("*.parquet")))
    pages = list(newsroom_pages())
    write_pages(tmp_path / "html" / "pages.parquet", pages[::2])
    write_archive(tmp_path / "archive", pages[1::2])
    logs = [tmp_path / name / "articles" for name in ("one", "two", "pages", "warc")]
    done = run_jobs(
        ["articles", "--pages", tmp_path / "html", "--out", tmp_path / "pages"],
        ["articles", "--warc", *(tmp_path / "archive").glob("*.gz"), "--out", tmp_path / "warc"],
        ["stories", "--articles", *logs, "--out", tmp_path / "spark"],
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected_texts = {page.url: getattr(process_page(page), "text", None) for page in pages}
    assert {row["url"]: row["text"] for name in ("pages", "warc") for row in read_rows(tmp_path / name / "articles")} == expected_texts
    for log in logs:
        shutil.copytree(log, tmp_path / "machine" / "articles", dirs_exist_ok=True)
    with open_store(tmp_path / "machine") as store:
        store.rebuild()
        counts = store.counts()
    expected, found = read_files(tmp_path / "machine"), read_files(tmp_path / "spark")
    assert found.keys() == expected.keys()
    for place, (rows, schema) in expected.items():
        assert found[place] == (rows, schema), place
    assert not any(row.get("minhash") == bytes(512) for rows, _ in expected.values() for row in rows)  # type: ignore[attr-defined]
    # The comparison would prove little over a log without stories, boilerplate, repeats and moved sites.
    lines = [line.split() for line in done.stdout.splitlines()]
    told = {" ".join(words): int(count.replace(",", "")) for *words, count in lines if count[0].isdigit()}
    assert sum(int(words[0].replace(",", "")) for words in lines if words[-1] == "kept") == len(load_truth())
    assert (told["articles"], told["stories"], told["copies"]) == (counts.articles, counts.stories, counts.copies)
    assert told["rows"] == counts.rows > counts.articles
    assert counts.copies > 300
    assert told["dead keys"] > 300
    assert told["crowded keys"] == 0
    evidence = {item["signal"] for rows, _ in expected.values() for row in rows for item in row.get("provenance") or ()}  # type: ignore[attr-defined]
    assert evidence >= {"story", "site_move"}
    assert not (tmp_path / "spark" / "staging").exists() or not list((tmp_path / "spark" / "staging").iterdir())


@needs_spark
def test_a_flipped_byte_of_a_log_ends_the_job(tmp_path: Path) -> None:
    """Spark names the file whose page is not the one that was written, and no corpus is made of it."""
    pytest.importorskip("pyspark", reason="needs the extra [spark]")
    write_log(tmp_path / "log", mixed_articles(20), rows=20)
    path = next((tmp_path / "log" / "articles").rglob("*.parquet"))
    group, flipped = pq.ParquetFile(path).metadata.row_group(0), bytearray(path.read_bytes())
    (text,) = (group.column(place) for place in range(group.num_columns) if group.column(place).path_in_schema == "text")
    flipped[text.data_page_offset + text.total_compressed_size // 2] ^= 1
    path.write_bytes(flipped)
    done = run_jobs(["stories", "--articles", tmp_path / "log" / "articles", "--out", tmp_path / "spark"])
    assert done.returncode != 0
    assert "CRC checksum verification failed" in done.stderr
    assert path.name in done.stderr
    assert not (tmp_path / "spark" / "corpus").exists()


@needs_spark
@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda folder: None, "expected a folder of articles, found nothing", id="no such folder"),
        pytest.param(lambda folder: (folder / "articles").mkdir(), "expected parts of articles", id="no parts"),
    ],
)
def test_a_log_that_is_none_is_named(tmp_path: Path, make: object, said: str) -> None:
    """The folder, what was expected and what was found."""
    pytest.importorskip("pyspark", reason="needs the extra [spark]")
    from pipelines.cluster.build import check_folders
    from pipelines.errors import CorpusError

    make(tmp_path)  # type: ignore[operator]
    with pytest.raises(CorpusError, match=said) as error:
        check_folders([tmp_path / "articles"], tmp_path / "out")
    assert str(tmp_path / "articles") in str(error.value)


def test_the_output_of_a_crawl_is_not_written_over(tmp_path: Path) -> None:
    """Its index would not know what it holds."""
    pytest.importorskip("pyspark", reason="needs the extra [spark]")
    from pipelines.cluster.build import check_folders
    from pipelines.errors import CorpusError

    write_log(tmp_path / "crawl", mixed_articles(1), rows=1)
    with pytest.raises(CorpusError, match="a folder of its own"):
        check_folders([tmp_path / "crawl" / "articles"], tmp_path / "crawl")
