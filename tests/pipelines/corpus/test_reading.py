"""Reading the product back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.corpus import Store, read_stories
from pipelines.errors import CorpusError


def test_stories_come_with_their_copies(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The most copied first, each with its canonical copy."""
    store = open_store()
    assert read_stories(out) == []
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k{n % 3 % 2} r{n}", title=f"Title {n}") for n in range(6)]))
    store.finish()
    stories = read_stories(out)
    assert [(story.canonical["title"], len(story.copies)) for story in stories] == [("Title 5", 3), ("Title 4", 1)]
    assert {copy["story_id"] for copy in stories[0].copies} == {stories[0].canonical["story_id"]}


def test_a_folder_without_corpus_is_named(tmp_path: Path) -> None:
    """A wrong path is no empty corpus."""
    with pytest.raises(CorpusError, match=r"copies: expected a dataset, found nothing"):
        read_stories(tmp_path)
