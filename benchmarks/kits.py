"""The labelled kits: where they lie, their pages, and a digest of their labels. They are their publishers' and not part of the project."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.records import FetchedPage

EVAL = Path(os.environ.get("COPYDESK_EVAL", "../shared/eval"))
EXTRACTION_DEV = EVAL / "extraction" / "dev"
FETCHED_AT = datetime(2026, 11, 20, tzinfo=UTC)
"""No page of the kits is younger."""


def missing_kits() -> bool:
    """Say whether there is nothing to measure with."""
    return not EXTRACTION_DEV.is_dir()


def labelled_pages() -> list[dict[str, Any]]:
    """Return the index rows of all labelled pages; ``set`` names the kit."""
    return [
        json.loads(line) | {"set": index.stem} for index in sorted(EXTRACTION_DEV.glob("*.jsonl")) for line in index.open(encoding="utf-8")
    ]


def fetched_page(row: dict[str, Any]) -> FetchedPage:
    """Return a labelled page as if it had just been fetched."""
    body = gzip.decompress((EXTRACTION_DEV / row["file"]).read_bytes())
    return FetchedPage(
        url=row.get("url") or "http://unknown.example/", body=body, encoding=row.get("encoding"), fetched_at=FETCHED_AT, source="quality"
    )


def digest(folder: Path) -> str:
    """Return a short digest of the labels in a folder, so that figures of different data are not compared."""
    content = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.glob("*.jsonl*")):
        content.update(path.read_bytes())
    return content.hexdigest()
