"""docs/store.md names what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines import corpus

PAGE = (Path(__file__).parents[3] / "docs" / "store.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`Store\.(\w+)", PAGE))))
def test_a_method_that_the_page_names_exists(name: str) -> None:
    """Renaming a step means renaming it in the page."""
    assert callable(getattr(corpus.Store, name))
