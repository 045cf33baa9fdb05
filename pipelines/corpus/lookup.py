"""Finding single rows of an output folder: an article by its id or URL, a story with all its members, what became of a URL."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipelines.corpus.objects import UNREADABLE, ObjectPath, Place, open_parquet, parquet_files
from pipelines.corpus.schema import SCHEMAS, Dataset
from pipelines.errors import CorpusError

_ID_DIGITS = frozenset("0123456789abcdef")
SHORTEST_PREFIX = 4

Row = dict[str, Any]

_CHECKED = ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True))


def is_article_id(text: str) -> bool:
    """Say whether a text can be an article's or story's id, or the start of one."""
    return SHORTEST_PREFIX <= len(text) <= 32 and _ID_DIGITS.issuperset(text)


def find_ids(datasets: Place, prefix: str) -> list[str]:
    """Return the article_ids of the log that start with a prefix, sorted."""
    rows = _select(datasets, "articles", pc.starts_with(ds.field("article_id"), prefix), ["article_id"])
    return sorted({row["article_id"] for row in rows})


def find_versions(datasets: Place, urls: Collection[str]) -> list[str]:
    """Return the article_ids of all versions of a page, the one fetched last first: its URL, its canonical URL or the one asked for is among urls."""
    wanted = list(urls)
    condition = ds.field("url").isin(wanted) | ds.field("canonical_url").isin(wanted)
    for url in wanted:
        condition |= pc.match_substring(ds.field("extra"), f'"requested_url": {json.dumps(url, ensure_ascii=False)}')
    rows = _select(datasets, "articles", condition, ["article_id", "fetched_at"])
    rows.sort(key=lambda row: (row["fetched_at"], row["article_id"]), reverse=True)
    return list(dict.fromkeys(row["article_id"] for row in rows))


def read_articles(datasets: Place, article_ids: Collection[str], *, days: Collection[str] | None = None) -> dict[str, Row]:
    """Return {article_id: its row of ``articles/``}, of repeats the one fetched first; days (``YYYY-MM-DD``) narrows the search."""
    rows = _select(datasets, "articles", ds.field("article_id").isin(list(article_ids)), SCHEMAS["articles"].names, days=days)
    rows.sort(key=lambda row: row["fetched_at"], reverse=True)
    return {row["article_id"]: row for row in rows}


def find_placement(datasets: Place, article_id: str) -> Row | None:
    """Return where an article stands: its story_id, and the columns of ``copies/`` unless it is the canonical copy; None while it waits for a fold."""
    condition = ds.field("article_id") == article_id
    found = _select(datasets, "copies", condition, SCHEMAS["copies"].names) or _select(
        datasets, "corpus", condition, ["article_id", "story_id"]
    )
    return found[0] if found else None


def read_story(datasets: Place, story_id: str) -> tuple[Row | None, list[Row]]:
    """Return a story's row of ``corpus/`` and its rows of ``copies/``, in the order they were fetched."""
    condition = ds.field("story_id") == story_id
    corpus = _select(datasets, "corpus", condition, SCHEMAS["corpus"].names)
    copies = _select(datasets, "copies", condition, SCHEMAS["copies"].names)
    copies.sort(key=lambda row: (row["fetched_at"], row["article_id"]))
    return (corpus[0] if corpus else None), copies


def find_rejections(datasets: Place, urls: Collection[str]) -> list[Row]:
    """Return the rows of ``rejected/`` of which one of the urls is the URL or the one asked for, in the order they happened."""
    wanted = list(urls)
    condition = ds.field("url").isin(wanted) | ds.field("requested_url").isin(wanted)
    rows = _select(datasets, "rejected", condition, SCHEMAS["rejected"].names)
    return sorted(rows, key=lambda row: str(row["fetched_at"] or ""))


def _select(
    datasets: Place, dataset: Dataset, condition: ds.Expression, columns: Sequence[str], *, days: Collection[str] | None = None
) -> list[Row]:
    folder = datasets / dataset
    paths = [path for path in parquet_files(folder) if days is None or path.parent.name.partition("=")[2] in days]
    if not paths:
        return []
    try:
        # Other files than ours may lie in somebody's folder: the schema is given, not taken from the first file.
        filesystem = folder.filesystem if isinstance(folder, ObjectPath) else None
        names = [path.key if isinstance(path, ObjectPath) else str(path) for path in paths]
        files = ds.dataset(names, schema=SCHEMAS[dataset], format=_CHECKED, filesystem=filesystem)
        table = files.to_table(filter=condition, columns=list(columns))
    except UNREADABLE as error:
        raise CorpusError(f"{_find_unreadable(paths) or folder}: expected readable Parquet: {error}") from error
    rows: list[Row] = table.to_pylist()
    return rows


def _find_unreadable(paths: Sequence[Place]) -> Place | None:
    """Return the first file that cannot be read: Arrow does not say which of a dataset's it was."""
    for path in paths:
        try:
            with open_parquet(path) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group)
        except UNREADABLE:
            return path
    return None
