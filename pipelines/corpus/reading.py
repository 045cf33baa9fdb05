"""Reading the product back, as any user may: stories with their copies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.corpus.objects import UNREADABLE, Place, open_parquet, parquet_files
from pipelines.errors import CorpusError


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A story of the corpus: some columns of its canonical copy, and of each other copy."""

    canonical: dict[str, Any]
    copies: list[dict[str, Any]]


STORY_COLUMNS = ("story_id", "article_id", "url", "source", "title", "agencies", "syndicated_from", "published_at", "word_count")
COPY_COLUMNS = ("story_id", "article_id", "url", "source", "title", "relation", "jaccard", "containment", "published_at")


def read_stories(datasets: Place) -> list[Story]:
    """Return every story of a corpus with its copies: most copies first, then by title. For small corpora: all of it is in memory.

    datasets: where they lie. Raises CorpusError if there is no corpus.
    """
    copies_of: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for copy in _rows(datasets / "copies", COPY_COLUMNS):
        copies_of[copy["story_id"]].append(copy)
    stories = [Story(canonical=row, copies=copies_of[row["story_id"]]) for row in _rows(datasets / "corpus", STORY_COLUMNS)]
    return sorted(stories, key=lambda story: (-len(story.copies), story.canonical["title"] or "", story.canonical["article_id"]))


def _rows(dataset: Place, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    if isinstance(dataset, Path) and not dataset.is_dir():
        raise CorpusError(f"{dataset}: expected a dataset, found nothing")
    rows: list[dict[str, Any]] = []
    for path in parquet_files(dataset):
        try:
            with open_parquet(path) as file:
                rows += file.read(columns=list(columns)).to_pylist()
        except UNREADABLE as error:
            raise CorpusError(f"{path}: expected readable Parquet: {error}") from error
    return rows
