"""Documents of any origin, read from Parquet and JSON lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus import DocumentFile
from pipelines.corpus.documents import UNKNOWN_TIME, read_time
from pipelines.corpus.inputs import MAX_CHARACTERS
from pipelines.errors import CorpusError
from pipelines.records import Document

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "The harbor of Porto Azul was closed.", "source": "herald", "published_at": "2026-11-18T12:00:00+01:00"},
    {"id": "b", "text": "Prices of grain fell – for a third week.", "source": None, "published_at": None},
]


def write_lines(path: Path, *lines: object) -> Path:
    path.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return path


def write_zst(path: Path, data: bytes) -> None:
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as file:
        file.write(data)


def read(path: Path, size: int = 1000) -> tuple[list[Document], DocumentFile]:
    file = DocumentFile(path)
    documents = [document for batch, _ in file.batches(size) for document in batch]
    assert file.tally.seen == len(documents) + file.tally.rejected.total()
    return documents, file


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet", ""])
def test_every_form_gives_the_same_documents(tmp_path: Path, suffix: str) -> None:
    """JSON lines plain and packed, Parquet, and a folder of Parquet; positions reach the size."""
    path = tmp_path / f"in{suffix}"
    data = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    if suffix == ".jsonl.gz":
        path.write_bytes(gzip.compress(data))
    elif suffix == ".jsonl.zst":
        write_zst(path, data)
    elif suffix == ".jsonl":
        path.write_bytes(data)
    elif suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        for name, row in zip(("1", "2"), ROWS, strict=True):
            (path / name).mkdir(parents=True)
            pq.write_table(pa.Table.from_pylist([row]), path / name / "part.parquet")
    file = DocumentFile(path)
    batches = list(file.batches(1))
    first, second = (document for documents, _ in batches for document in documents)
    assert (first.article_id, first.source, first.published_at) == ("a", "herald", datetime(2026, 11, 18, 11, tzinfo=UTC))
    assert (second.text, second.source, second.published_at, second.fetched_at) == (ROWS[1]["text"], "", None, UNKNOWN_TIME)
    assert batches[-1][1] == file.size
    assert not file.tally.rejected


def test_a_log_of_a_crawl_can_be_read(tmp_path: Path) -> None:
    """Its facts come along; nanoseconds, dictionaries and whole numbers as ids are as good."""
    table = pa.table(
        {
            "article_id": [7],
            "id": ["other"],
            "text": pa.array(["Text."]).dictionary_encode(),
            "fetched_at": pa.array([datetime(2026, 1, 2)], pa.timestamp("ns")),
            "published_at": pa.array([date(2026, 1, 1)]),
            "agencies": [["AP"]],
            "dateline": ["PARIS"],
            "unrelated": [3.5],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    ((document,), _) = read(tmp_path / "in.parquet")
    assert document == Document(
        article_id="7", text="Text.", source="", fetched_at=datetime(2026, 1, 2, tzinfo=UTC), published_at=datetime(2026, 1, 1, tzinfo=UTC),
        agencies=("AP",), dateline="PARIS",
    )  # fmt: skip


def test_published_at_stands_for_the_time_of_the_fetch(tmp_path: Path) -> None:
    """Where a collection does not say when it was fetched."""
    ((document, _), _) = read(write_lines(tmp_path / "in.jsonl", *ROWS))
    assert document.fetched_at == document.published_at


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param({"text": "x"}, "no_id", id="no id"),
        pytest.param({"id": "", "text": "x"}, "no_id", id="empty id"),
        pytest.param({"id": "c", "text": None}, "no_text", id="null text"),
        pytest.param({"id": "c"}, "no_text", id="no text"),
        pytest.param({"id": "c", "text": ["x"]}, "bad_text", id="text is no string"),
        pytest.param({"id": "c", "text": "x", "source": {"name": "herald"}}, "bad_source", id="source is no string"),
        pytest.param({"id": "c", "text": "x", "agencies": "AP"}, "bad_agencies", id="agencies are no list"),
        pytest.param(b'{"id": "c", "text": "x"\n', "bad_json", id="cut line"),
        pytest.param(b"\xff\xfe\n", "bad_json", id="no UTF-8"),
        pytest.param([1, 2], "bad_json", id="no object"),
        pytest.param(b"[" * 100_000 + b"\n", "bad_json", id="nested too deep"),
    ],
)
def test_a_row_that_cannot_be_used_is_counted_with_its_line(tmp_path: Path, line: object, reason: str) -> None:
    """And the rows around it are read."""
    documents, file = read(write_lines(tmp_path / "in.jsonl", ROWS[0], line, ROWS[1]))
    assert [document.article_id for document in documents] == ["a", "b"]
    assert dict(file.tally.rejected) == {reason: 1}
    assert file.tally.examples == {reason: "in.jsonl, line 2"}


def test_a_text_of_fifty_megabytes_is_no_article(tmp_path: Path) -> None:
    """Neither as a line that is read whole nor as one too long for that; what follows is read."""
    long, longer = "x " * (MAX_CHARACTERS // 2 + 1), b'{"id": "l", "text": "' + b"y" * (7 * MAX_CHARACTERS) + b'"}\n'
    documents, file = read(write_lines(tmp_path / "in.jsonl", ROWS[0], {"id": "c", "text": long}, longer, ROWS[1]))
    assert [document.article_id for document in documents] == ["a", "b"]
    assert dict(file.tally.rejected) == {"too_long": 2}


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    """JSON can say it; no file and no database could keep it."""
    ((document,), _) = read(write_lines(tmp_path / "in.jsonl", b'{"id": "a\\ud83d", "text": "see \\ud83d"}\n'))
    assert (document.article_id, document.text) == ("a?", "see ?")


def test_a_time_that_cannot_be_read_counts_as_unknown(tmp_path: Path) -> None:
    """The document is kept, and the field is told."""
    ((document,), file) = read(write_lines(tmp_path / "in.jsonl", {"id": "a", "text": "x", "published_at": "last Tuesday"}))
    assert document.published_at is None
    assert dict(file.tally.unread) == {"published_at": 1}
    assert file.tally.examples == {"published_at": "in.jsonl, line 1"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("2026-11-18T10:00:00Z", datetime(2026, 11, 18, 10, tzinfo=UTC), id="with zone"),
        pytest.param("2026-11-18 10:00", datetime(2026, 11, 18, 10, tzinfo=UTC), id="without zone"),
        pytest.param("2026-11-18", datetime(2026, 11, 18, tzinfo=UTC), id="a day"),
        pytest.param(date(2026, 11, 18), datetime(2026, 11, 18, tzinfo=UTC), id="a date"),
        pytest.param("0001-01-01T00:00:00+10:00", None, id="before all years"),
        pytest.param(1763460000, None, id="a number"),
    ],
)
def test_times(value: object, expected: datetime | None) -> None:
    """ISO 8601, in UTC where no zone is given."""
    assert read_time(value) == expected


def text_file(path: Path) -> Path:
    path.write_text("not Parquet")
    return path


def table_file(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda folder: folder / "gone.jsonl", "gone.jsonl: expected a readable file, No such file", id="gone"),
        pytest.param(lambda folder: folder, r"expected \*.parquet files in this folder, found none", id="empty folder"),
        pytest.param(lambda folder: folder / "in.csv", r"in.csv: expected a folder or a file named \*.parquet", id="another suffix"),
        pytest.param(lambda folder: text_file(folder / "in.parquet"), "in.parquet: expected Parquet", id="no Parquet"),
        pytest.param(lambda folder: table_file(folder / "in.parquet", id=["a"], body=["x"]),
                     "in.parquet: expected a column text, found id, body", id="missing column"),
        pytest.param(lambda folder: table_file(folder / "in.parquet", text=["x"]),
                     r"expected a column article_id \(or id\), found text", id="no id column"),
        pytest.param(lambda folder: table_file(folder / "in.parquet", id=["a"], text=[1]),
                     "column text: expected string, found int64", id="text of numbers"),
        pytest.param(lambda folder: table_file(folder / "in.parquet", id=["a"], text=["x"], published_at=[1.5]),
                     "column published_at: expected timestamp, date or string, found double", id="time of numbers"),
        pytest.param(lambda folder: table_file(folder / "in.parquet", id=["a"], text=["x"], agencies=["AP"]),
                     "column agencies: expected list of strings, found string", id="agencies without list"),
    ],
)  # fmt: skip
def test_an_input_that_cannot_be_used_is_named(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    """With the field, what was expected and what was found; before anything is read."""
    with pytest.raises(CorpusError, match=message):
        DocumentFile(make(tmp_path))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        pytest.param(
            "in.jsonl",
            b'{"key": "a", "body": "x"}\n',
            r"expected a column article_id \(or id\) and text, found key, body",
            id="other fields",
        ),
        pytest.param("in.jsonl", b"id,text\na,x\n", "expected one JSON object a line, found none", id="no JSON"),
        pytest.param(
            "in.jsonl.gz", gzip.compress(b'{"id": "a", "text": "x"}\n' * 9)[:-9], "cannot be read on after in.jsonl.gz, line", id="cut gzip"
        ),
        pytest.param("in.jsonl.zst", b"no zstd at all", "cannot be read on after its start", id="no zstd"),
    ],
)
def test_lines_that_cannot_be_used_are_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """When the reading comes to them."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError, match=message):
        read(tmp_path / name)
