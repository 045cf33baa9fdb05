"""The examples of docs/store.md run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pipelines import corpus
from pipelines.corpus import Store

PAGE = (Path(__file__).parents[3] / "docs" / "store.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("code", EXAMPLES, ids=["pandas", "DuckDB", "Polars"])
def test_an_example_runs(
    code: str,
    planted: ModuleType,
    open_store: Callable[..., Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a small corpus, as printed."""
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path / "output")
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k1 r{n}", title="A river") for n in range(3)]))
    store.finish()
    exec(compile(code, "docs/store.md", "exec"), {})
    assert re.search("1 stories, 2 copies|A river", capsys.readouterr().out)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`Store\.(\w+)", PAGE))))
def test_a_method_that_the_page_names_exists(name: str) -> None:
    """Renaming a step means renaming it in the page."""
    assert callable(getattr(corpus.Store, name))
