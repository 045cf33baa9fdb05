"""Source memory on disk: the short lines of the last articles of each source, from which its boilerplate is learned.

Only hashes are kept, of at most WINDOW articles a source. What is kept is a function of the rows of the log alone: of each URL the latest
fetch, of these the latest; so the order of commits, a commit that is repeated and two crawls at once make no difference, and the log gives
it again. Which lines count and what is learned from them is the scrub stage's: it is handed in as a function.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.corpus.frontier import url_key
from pipelines.corpus.rows import microseconds_of
from pipelines.records import LineNote
from pipelines.urls import identity_url

WINDOW = 200
"""Articles of a source that are remembered: a new line becomes known within days, one that a site dropped is forgotten, and a burst of one
section does not fill it. 84 bytes each (measured)."""

NoteLines = Callable[..., LineNote]
"""``note(text, removed=[(reason, text)], authors=…, dateline=…)``, the columns of one article."""
LINE_COLUMNS = ("url", "canonical_url", "source", "fetched_at", "text", "removed", "authors", "dateline")


@dataclass(frozen=True, kw_only=True, slots=True)
class LineRow:
    """What one row of the log says of its source's lines."""

    source: str
    url: int
    """Key of the URL that identifies the article: a later version of it takes the place of an earlier one."""
    fetched_us: int
    note: LineNote


def line_rows(table: pa.Table, note_lines: NoteLines) -> tuple[LineRow, ...]:
    """Return what rows of the log, with at least LINE_COLUMNS, say of their sources' lines."""
    fetched = microseconds_of(table["fetched_at"])
    found = []
    for row, fetched_us in zip(table.select(list(LINE_COLUMNS)).to_pylist(), fetched, strict=True):
        key = url_key(identity_url(row["url"], row["canonical_url"])) if row["url"] else None
        if key is None or not row["source"]:
            continue
        removed = [(piece["reason"], piece["text"]) for piece in row["removed"] or ()]
        note = note_lines(row["text"] or "", removed=removed, authors=row["authors"] or (), dateline=row["dateline"])
        found.append(LineRow(source=row["source"], url=key, fetched_us=fetched_us, note=note))
    return tuple(found)


def write_line_rows(connection: sqlite3.Connection, rows: Sequence[LineRow]) -> None:
    """Remember rows inside the caller's transaction. The same rows again, or older ones late, change nothing."""
    connection.executemany(
        "INSERT INTO source_line VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(source, url) DO UPDATE SET "
        "fetched_us = excluded.fetched_us, body = excluded.body, edge = excluded.edge, inside = excluded.inside "
        # All of it, so that of two rows of one microsecond the same one wins whichever comes first.
        "WHERE (excluded.fetched_us, excluded.body, excluded.edge, excluded.inside) > (fetched_us, body, edge, inside)",
        [(row.source, row.url, row.fetched_us, row.note.body, _pack(row.note.edge), _pack(row.note.inside)) for row in rows],
    )
    # Fewer rows than the window: the inner query gives NULL, and nothing is smaller.
    connection.executemany(
        "DELETE FROM source_line WHERE source = :source AND (fetched_us, url) < (SELECT fetched_us, url FROM source_line "
        f"WHERE source = :source ORDER BY fetched_us DESC, url DESC LIMIT 1 OFFSET {WINDOW - 1})",
        [{"source": source} for source in sorted({row.source for row in rows})],
    )


def load_notes(connection: sqlite3.Connection, sources: Iterable[str]) -> dict[str, list[LineNote]]:
    """Return {source: notes of its last articles}, in no particular order; an empty list for a source without any."""
    query = "SELECT body, edge, inside FROM source_line WHERE source = ?"
    return {
        source: [
            LineNote(body=body, edge=_unpack(edge), inside=_unpack(inside)) for body, edge, inside in connection.execute(query, (source,))
        ]
        for source in sources
    }


def _pack(hashes: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(hashes)}q", *hashes)


def _unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 8}q", packed)
