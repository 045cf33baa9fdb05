"""Reading the product back, as any user may: stories with their copies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import CorpusError


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A story of the corpus: some columns of its canonical copy, and of each other copy."""

    canonical: dict[str, Any]
    copies: list[dict[str, Any]]


STORY_COLUMNS = ("story_id", "article_id", "url", "source", "title", "agencies", "syndicated_from", "published_at", "word_count")
COPY_COLUMNS = ("story_id", "article_id", "url", "source", "title", "relation", "jaccard", "containment", "published_at")


def read_stories(output_dir: Path) -> list[Story]:
    """Return every story of a corpus with its copies: most copies first, then by title. For small corpora: all of it is in memory.

    Raises CorpusError if there is no corpus in output_dir.
    """
    copies_of: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for copy in _rows(output_dir / "copies", COPY_COLUMNS):
        copies_of[copy["story_id"]].append(copy)
    stories = [Story(canonical=row, copies=copies_of[row["story_id"]]) for row in _rows(output_dir / "corpus", STORY_COLUMNS)]
    return sorted(stories, key=lambda story: (-len(story.copies), story.canonical["title"] or "", story.canonical["article_id"]))


def _rows(dataset: Path, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    if not dataset.is_dir():
        raise CorpusError(f"{dataset}: expected a dataset, found nothing")
    if not any(dataset.rglob("*.parquet")):
        return []
    try:
        rows: list[dict[str, Any]] = pq.read_table(dataset, columns=list(columns), partitioning=None).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise CorpusError(f"{dataset}: expected readable Parquet: {error}") from error
    return rows
