"""docs/dedup.md is true: its examples run, its numbers are the code's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from pipelines.dedup import DedupParameters, minhash_bytes

PAGE = (Path(__file__).parents[3] / "docs" / "dedup.md").read_text(encoding="utf-8")
DEDUPLICATE, COMPARE = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_first_example_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Two documents, one story."""
    exec(compile(DEDUPLICATE, "docs/dedup.md", "exec"), {})
    assert capsys.readouterr().out == "1 1 2 excerpt 1.0\n2 1 2 None None\n"


def test_the_column_example_finds_the_near_pair(
    write: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a corpus of three rows, one without a signature."""
    text = write("tide", 200)
    signatures = [minhash_bytes(text), minhash_bytes(f"{text} {write('end', 10)}"), None]
    folder = tmp_path / "output" / "corpus"
    folder.mkdir(parents=True)
    pd.DataFrame({"article_id": ["a", "b", "c"], "minhash": signatures}).to_parquet(folder / "part.parquet")
    monkeypatch.chdir(tmp_path)
    exec(compile(COMPARE, "docs/dedup.md", "exec"), {})
    assert re.fullmatch(r"a b 0\.\d+\n", capsys.readouterr().out)


def test_the_table_of_parameters_has_all_of_them() -> None:
    """Names and values, in order."""
    table = dict(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([\d., ]+) \|", PAGE, re.MULTILINE))
    listed = {
        name: float(value)
        for names, values in table.items()
        for name, value in zip(re.findall(r"\w+", names), values.split(", "), strict=True)
    }
    assert listed == asdict(DedupParameters())
