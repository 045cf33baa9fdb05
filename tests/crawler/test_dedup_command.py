"""``scrapy dedup`` on files of documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

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
    """Parquet in another order gives the same rows as JSON lines."""
    source = write_rows(tmp_path / "in.jsonl", ROWS)
    pd.DataFrame(ROWS[::-1]).to_parquet(tmp_path / "in.parquet")
    assert scrapy("dedup", source, tmp_path / "one.jsonl").status == 0
    assert scrapy("dedup", tmp_path / "in.parquet", tmp_path / "other.jsonl").status == 0
    one, other = ((tmp_path / name).read_text().splitlines() for name in ("one.jsonl", "other.jsonl"))
    assert one == other[::-1]


def test_rows_that_cannot_be_used_are_counted(scrapy: Scrapy, tmp_path: Path) -> None:
    """With where they were first met; a repeated id is left out."""
    rows = [*ROWS, {"id": "n", "text": None}, {"id": "w", "text": OTHER}]
    ran = scrapy("dedup", write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    assert ran.status == 0, ran.output
    lines = [line.replace("│", "").split() for line in ran.output.splitlines() if "reject" in line]
    assert lines == [["rejected:", "duplicate_id", "1", "article_id", "w"], ["rejected:", "no_text", "1", "in.jsonl,", "line", "5"]]
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["in.jsonl"], 2, "scrapy dedup IN OUT", id="one file"),
        pytest.param(["gone.jsonl", "out.jsonl"], 1, "gone.jsonl: expected a readable file", id="no input"),
        pytest.param(["in.jsonl", "out.csv"], 1, "out.csv: expected a name that ends in", id="output of another form"),
        pytest.param(["in.jsonl", "in.jsonl"], 1, "expected another file than the input", id="output is the input"),
        pytest.param(["folder", "folder/out.parquet"], 1, "expected a place outside the input folder", id="output inside the input"),
        pytest.param(["bad.jsonl", "out.jsonl"], 1, "bad.jsonl: expected a column text, found id, body", id="missing column"),
    ],
)
def test_what_is_wrong_is_one_line(scrapy: Scrapy, tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    """It names the file, and no output appears."""
    write_rows(tmp_path / "in.jsonl", ROWS)
    write_rows(tmp_path / "bad.jsonl", [{"id": "a", "body": "x"}])
    (tmp_path / "folder").mkdir()
    pd.DataFrame(ROWS).to_parquet(tmp_path / "folder" / "in.parquet")
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
