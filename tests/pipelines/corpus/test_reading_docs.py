"""The examples of docs/reading.md run, each with its library; those that are not installed are skipped."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.corpus import Store

PAGE = (Path(__file__).parents[3] / "docs" / "reading.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NEEDED = {"pandas": "pandas", "DuckDB": "duckdb", "Polars": "polars", "pyarrow": "pyarrow", "Spark": "pyspark"}
NEEDED |= {"Hugging Face": "datasets", "During a crawl": "duckdb"}


def fill(planted: ModuleType, store: Store) -> None:
    """One story of three copies."""
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k1 r{n}", title="A river") for n in range(3)]))
    store.finish()


def test_every_reader_has_an_example() -> None:
    """In the order of the page."""
    assert [title for title, _ in EXAMPLES] == list(NEEDED)


@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_runs(
    title: str,
    code: str,
    planted: ModuleType,
    open_store: Callable[..., Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a small corpus, as printed."""
    if importlib.util.find_spec(NEEDED[title]) is None:
        pytest.skip(f"{NEEDED[title]} is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.chdir(tmp_path)
    fill(planted, open_store(tmp_path / "output"))
    exec(compile(code, "docs/reading.md", "exec"), {})
    expected = {"Spark": r"AP\W+1", "Hugging Face": "1 stories, A river", "During a crawl": r"\[\(1,\)\] stories"}
    expected |= {"pandas": "1 stories, 2 copies", "pyarrow": r"1 stories, \d+ words"}
    assert re.search(expected.get(title, "A river"), capsys.readouterr().out)


def test_the_example_for_a_crawl_reads_while_files_are_replaced(
    planted: ModuleType, open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read gives every story once, however often a takeover rewrites the file that it is in."""
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path / "output")
    fill(planted, store)
    found: list[int] = []
    names: dict[str, Callable[[str], list[tuple[int, int]]]] = {}
    exec(compile(dict(EXAMPLES)["During a crawl"], "docs/reading.md", "exec"), names)
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            query = "SELECT count(*), count(DISTINCT story_id) FROM read_parquet('output/corpus/**/*.parquet')"
            found.extend(row[0] if row[0] == row[1] else -1 for row in names["read_again"](query))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for rank in range(3, 9):
            store.commit(store.freeze([planted.make_article(f"https://a.example/{rank}", f"k1 r{rank}", title="A better river")]))
            store.finish()
    finally:
        done.set()
        reader.join()
    assert set(found) == {1}
