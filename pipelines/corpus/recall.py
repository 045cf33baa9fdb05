"""What the dedup index asks the log for: the texts of old articles, whose shingles it does not keep."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence

from pipelines.corpus.files import Layout
from pipelines.corpus.fold import find_owners
from pipelines.corpus.parts import read_first_rows
from pipelines.records import Document

_COLUMNS = ["article_id", "text", "source", "fetched_at", "dateline"]


def read_owned_documents(connection: sqlite3.Connection, layout: Layout, article_ids: Sequence[str]) -> Iterator[list[Document]]:
    """Yield articles as they were folded, from the rows that own them: one log part after the other, a row group of each in memory.

    Only what tells their text is read. An article that no row owns is left out. Raises StoreDamaged for a part or a row that is gone.
    """
    wanted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for article, owner in find_owners(connection, map(bytes.fromhex, article_ids)).items():
        wanted[owner.place][article.hex()] = owner.fetched_us
    for (day, name), fetched in sorted(wanted.items()):
        rows = read_first_rows(layout.path("articles", day, name), fetched, _COLUMNS).to_pylist()
        yield [Document(**{**row, "text": row["text"] or ""}) for row in rows]
