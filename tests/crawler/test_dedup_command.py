"""``scrapy dedup`` on files of documents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.dedup import minhash_bytes
from tests.crawler.conftest import ROOT

WIRE = (
    "The harbor of Porto Azul was closed on Monday after a freighter ran aground in the night, the coast guard said, and will open again "
    "when the tide has lifted it and divers have looked at the channel."
)
OTHER = "Prices of grain fell for a third week as rain came to the plains, the ministry of farming said in its monthly report on Friday."
ROWS: list[dict[str, Any]] = [
    {"id": "w", "text": WIRE, "source": "wire", "published_at": "2026-11-18T12:00:00Z"},
    {"id": "o", "text": OTHER, "source": "herald", "published_at": "2026-11-18T12:05:00Z"},
    {"id": "c", "text": WIRE.split(", and will")[0] + ".", "source": "herald", "published_at": "2026-11-18T13:00:00Z"},
    {"id": "x", "text": WIRE.upper(), "source": "gazette", "published_at": "2026-11-18T14:00:00Z"},
]
Scrapy = Callable[..., Any]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_documents_of_one_story_are_found(scrapy: Scrapy, tmp_path: Path) -> None:
    """One row a document in the order of the input, and a summary; no file is left beside the output."""
    source, target = write_rows(tmp_path / "in.jsonl", ROWS), tmp_path / "out.parquet"
    ran = scrapy("dedup", source, target)
    assert ran.status == 0, ran.output
    found = pd.read_parquet(target)
    assert list(found.columns) == ["article_id", "story_id", "relation", "jaccard", "containment", "is_canonical"]
    assert list(found.article_id) == ["w", "o", "c", "x"]
    assert list(found.story_id) == ["w", "o", "w", "w"]
    assert list(found.is_canonical) == [True, True, False, False]
    assert list(found.relation[2:]) == ["excerpt", "exact"]
    assert list(found.containment[2:]) == [1.0, 1.0]
    assert "stories" in ran.output
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.parquet"}


def test_order_and_form_of_the_input_do_not_matter(scrapy: Scrapy, tmp_path: Path) -> None:
    """Parquet in another order gives the same rows as JSON lines; signatures of whatever parameters change nothing."""
    source = write_rows(tmp_path / "in.jsonl", ROWS)
    signed = [{**row, "minhash": b"\x07" * (100 * number)} for number, row in enumerate(ROWS)]
    pd.DataFrame(signed[::-1]).to_parquet(tmp_path / "in.parquet")
    assert scrapy("dedup", source, tmp_path / "one.jsonl").status == 0
    ran = scrapy("dedup", tmp_path / "in.parquet", tmp_path / "other.jsonl")
    assert ran.status == 0, ran.output
    assert re.search(r"kept with minhash of other parameters\W+4\W+in.parquet, row 1\b", ran.output)
    one, other = ((tmp_path / name).read_text().splitlines() for name in ("one.jsonl", "other.jsonl"))
    assert one == other[::-1]


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_documents_of_50_mb_in_a_row_do_not_fill_the_memory(tmp_path: Path, kind: str) -> None:
    """Twelve of them among articles: rejected and counted, in less memory than four take."""
    source, target = tmp_path / f"in.{kind}", tmp_path / "out.jsonl"
    long = "word " * 10_000_000
    if kind == "parquet":
        one, rows = pa.table({"id": ["long"], "text": [long]}), pa.Table.from_pylist(ROWS).select(["id", "text"])
        pq.write_table(pa.concat_tables([*[one] * 12, rows]), source, compression="zstd", use_dictionary=False)
        assert pq.ParquetFile(source).num_row_groups == 1
    else:
        with source.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"id": f"l{number}", "text": long}) + "\n" for number in range(12))
            lines.writelines(json.dumps(row) + "\n" for row in ROWS)
    # The peak of this process alone; what rusage says of a child includes the process that started it.
    code = (
        "import atexit, re, sys; from pathlib import Path; from scrapy.cmdline import execute; "
        "atexit.register(lambda: print('peak kB', re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])); "
        "execute(['scrapy', 'dedup', *sys.argv[1:]])"
    )
    done = subprocess.run([sys.executable, "-c", code, source, target], cwd=ROOT, text=True, capture_output=True, check=False)
    told = done.stdout
    assert done.returncode == 0, done.stderr
    assert re.search(r"rejected: too_long\W+12\b", told)
    assert [json.loads(line)["article_id"] for line in target.read_text().splitlines()] == ["w", "o", "c", "x"]
    assert int(told.rsplit("peak kB", 1)[1]) * 1024 < 4 * len(long) + 300_000_000


def test_signatures_of_other_parameters_are_counted(scrapy: Scrapy, tmp_path: Path) -> None:
    """Of another seed they have our size and not our values; ours, and documents without one, are not counted."""
    for name, sign in (("ours", minhash_bytes), ("other", lambda text: minhash_bytes(f"{text} {WIRE}"))):
        rows = [{**row, "minhash": sign(row["text"]) if row["id"] != "o" else None} for row in ROWS]
        pd.DataFrame(rows).to_parquet(tmp_path / f"{name}.parquet")
        write_rows(tmp_path / f"{name}.jsonl", [{**row, "minhash": row["minhash"] and row["minhash"].hex()} for row in rows])
    told = {}
    for path in sorted(tmp_path.glob("o*.*")):
        ran = scrapy("dedup", path, tmp_path / "placed.jsonl")
        assert ran.status == 0, ran.output
        told[path.name] = re.findall(r"kept with minhash of other parameters\W+(\d+)\W+(\S+ (?:row|line) \d+)", ran.output)
    assert told == {
        "ours.parquet": [], "ours.jsonl": [], "other.parquet": [("3", "other.parquet, row 1")], "other.jsonl": [("3", "other.jsonl, line 1")],
    }  # fmt: skip


def test_rows_that_cannot_be_used_are_counted(scrapy: Scrapy, tmp_path: Path) -> None:
    """With where they were first met; a repeated id is left out, and an output that was there is replaced."""
    source, target = (
        write_rows(tmp_path / "in.jsonl", [*ROWS, {"id": "n", "text": None}, {"id": "w", "text": OTHER}]),
        tmp_path / "out.jsonl",
    )
    with source.open("a", encoding="utf-8") as file:
        file.write('{"id": "b", "text": \n')
        file.write(json.dumps({"id": "l", "text": "word " * 10_000_000}) + "\n")
        file.write(json.dumps({"id": "t", "text": 7}) + "\n")
    target.write_text("of another day")
    ran = scrapy("dedup", source, target)
    assert ran.status == 0, ran.output
    lines = [line.replace("│", "").split() for line in ran.output.splitlines() if "reject" in line]
    assert lines == [
        ["rejected:", "bad_json", "1", "in.jsonl,", "line", "7"],
        ["rejected:", "bad_text", "1", "in.jsonl,", "line", "9"],
        ["rejected:", "duplicate_id", "1", "article_id", "w"],
        ["rejected:", "no_text", "1", "in.jsonl,", "line", "5"],
        ["rejected:", "too_long", "1", "in.jsonl,", "line", "8"],
    ]
    assert [json.loads(line)["article_id"] for line in target.read_text().splitlines()] == ["w", "o", "c", "x"]


def test_nothing_to_read_gives_nothing(scrapy: Scrapy, tmp_path: Path) -> None:
    """A table without rows is no error; its output has the columns all the same."""
    pd.DataFrame({"id": pd.Series([], dtype=str), "text": pd.Series([], dtype=str)}).to_parquet(tmp_path / "in.parquet")
    ran = scrapy("dedup", tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert ran.status == 0, ran.output
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert len(found) == 0
    assert "story_id" in found.columns


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """Where no file may grow over 60 kB: the folder of the output is named, an earlier output stays, and nothing is left behind."""
    rows = [{"id": f"{number}", "text": f"{WIRE} " + " ".join(f"{number}w{word}" for word in range(300))} for number in range(100)]
    source, target = write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    target.write_text("of another day")
    command = 'ulimit -f 60; exec "$0" -m scrapy dedup "$1" "$2"'
    done = subprocess.run(["bash", "-c", command, sys.executable, source, target], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert re.search(
        rf"^scrapy dedup: {tmp_path}\S*: (the index beside out.jsonl )?cannot be (kept there|written): ", done.stderr, re.MULTILINE
    )
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}
    assert target.read_text() == "of another day"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["in.jsonl"], 2, "scrapy dedup IN OUT", id="one file"),
        pytest.param(["gone.jsonl", "out.jsonl"], 1, "gone.jsonl: expected a readable file", id="no input"),
        pytest.param(["in.jsonl", "out.csv"], 1, "out.csv: expected a name that ends in", id="output of another form"),
        pytest.param(["in.jsonl", "in.jsonl"], 1, "expected another file than the input", id="output is the input"),
        pytest.param(["folder", "folder/out.parquet"], 1, "expected a place outside the input folder", id="output inside the input"),
        pytest.param(["bad.jsonl", "out.jsonl"], 1, "bad.jsonl: expected a column text, found id, body", id="missing column"),
        pytest.param(["cut.parquet", "out.jsonl"], 1, "cut.parquet: expected Parquet, ", id="truncated Parquet"),
        pytest.param(["torn.parquet", "out.jsonl"], 1, "torn.parquet: cannot be read on after", id="damage in the midst of Parquet"),
        pytest.param(["typed.parquet", "out.jsonl"], 1, "typed.parquet: column text: expected string, found int64", id="column of another type"),
        pytest.param(["null.jsonl", "out.jsonl"], 1, "null.jsonl: expected documents, found 2 rows of which none can be used: "
                     "bad_json (first: null.jsonl, line 2), no_text (first: null.jsonl, line 1)", id="no row that can be used"),
        pytest.param(["in.jsonl", "/sys/out.jsonl"], 1, "/sys/out.jsonl: ", id="no permission"),
        pytest.param(["in.jsonl", "gone/out.jsonl"], 1, "out.jsonl: expected its folder to be there, found none", id="no folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(scrapy: Scrapy, tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    """It names the file, and no output appears."""
    write_rows(tmp_path / "in.jsonl", ROWS)
    write_rows(tmp_path / "bad.jsonl", [{"id": "a", "body": "x"}])
    (tmp_path / "folder").mkdir()
    pd.DataFrame(ROWS).to_parquet(tmp_path / "folder" / "in.parquet")
    whole = (tmp_path / "folder" / "in.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-100])
    (tmp_path / "torn.parquet").write_bytes(whole[:4] + b"\x5a" * 200 + whole[204:])
    pd.DataFrame({"id": ["a"], "text": [7]}).to_parquet(tmp_path / "typed.parquet")
    (tmp_path / "null.jsonl").write_text('{"id": "a", "text": null}\n{"id": \n')
    before = {path.name for path in tmp_path.rglob("*")}
    ran = scrapy("dedup", *(tmp_path / name for name in arguments))
    assert ran.status == status
    assert message in ran.output
    assert "Traceback" not in ran.output
    assert {path.name for path in tmp_path.rglob("*")} == before


def test_help_shows_an_example(scrapy: Scrapy) -> None:
    """And the columns."""
    ran = scrapy("dedup", "--help")
    assert ran.status == 0
    assert "scrapy dedup news.jsonl stories.parquet" in " ".join(ran.output.split())
