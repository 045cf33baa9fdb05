"""What an index keeps in memory, and how it comes out of the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.dedup.journal import Entry, read_entries
from pipelines.dedup.occurrences import Occurrences
from pipelines.dedup.runs import PostingRuns
from pipelines.dedup.stories import Stories
from pipelines.dedup.tables import read_meta, read_numbers


class IndexState:
    """Arrays by text number, and the open run files. A fold changes it while it is prepared; after a rollback it is read anew."""

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self.generation = -1
        """Number of folds so far; -1 before anything was read."""
        self.text_count = 0
        self.source_names: list[str] = []
        self.source_numbers: dict[str, int] = {}
        self.occurrences = Occurrences()
        self.stories = Stories()
        self.living = np.zeros(0, np.int32)
        """Sampled shingles of each text that are no boilerplate."""
        self.lost = np.zeros(0, np.int32)
        """Posted keys of each text that became boilerplate since the text was last judged."""
        self.runs = PostingRuns(folder, is_durable=is_durable)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read everything from the tables and open the run files. Raises DedupError for a run file that is missing or damaged."""
        self.generation = -1
        self._read_sources_and_runs(connection)
        texts = read_numbers(connection, "SELECT story, living, lost FROM dedup_text ORDER BY id", 3)
        self.text_count = len(texts)
        self.stories = Stories()
        self.stories.load(texts[:, 0])
        self.living, self.lost = texts[:, 1].astype(np.int32), texts[:, 2].astype(np.int32)
        self.occurrences = Occurrences()
        self.occurrences.reserve(len(texts))
        # The index of this name covers the query: the wide rows are not read.
        places = read_numbers(connection, "SELECT DISTINCT text, source, url_hash FROM dedup_document ORDER BY text, source, url_hash", 3)
        self.occurrences.add(places[:, 0].astype(np.uint32), places[:, 1].astype(np.uint32), places[:, 2].view(np.uint64))
        flips = read_numbers(connection, "SELECT flip_key FROM dedup_flip", 1)
        self.occurrences.set_flips(np.sort(flips[:, 0].view(np.uint64)))
        self.generation = int(read_meta(connection, "generation") or 0)

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Take over what other processes folded since; where the journal does not tell it all, nothing is known afterwards."""
        current = int(read_meta(connection, "generation") or 0)
        entries = read_entries(connection, self.generation, current)
        if entries is None:
            self.generation = -1
            return
        self._read_sources_and_runs(connection)
        for entry in entries:
            self._apply(entry)
        self.generation = current

    def _apply(self, entry: Entry) -> None:
        self.reserve(max(self.text_count, int(entry.text.max(initial=-1)) + 1))
        self.stories.relabel(entry.text.tolist(), entry.story.tolist())
        self.living[entry.text], self.lost[entry.text] = entry.living, entry.lost
        self.occurrences.add(entry.place_text.astype(np.uint32), entry.place_source.astype(np.uint32), entry.place_url.view(np.uint64))
        self.occurrences.add_flips(entry.flip.view(np.uint64))

    def _read_sources_and_runs(self, connection: sqlite3.Connection) -> None:
        self.runs.load(connection.execute("SELECT name, level, count, checksum FROM dedup_run ORDER BY level DESC, name").fetchall())
        self.source_names = [name for (name,) in connection.execute("SELECT name FROM dedup_source ORDER BY id")]
        self.source_numbers = {name: number for number, name in enumerate(self.source_names)}

    def reserve(self, count: int) -> None:
        """Make room for texts 0 to count - 1, each new one a story of its own."""
        self.text_count = max(self.text_count, count)
        self.occurrences.reserve(count)
        self.stories.reserve(count)
        if count > len(self.living):
            more = np.zeros(max(count, 2 * len(self.living), 1024) - len(self.living), np.int32)
            self.living = np.concatenate((self.living, more))
            self.lost = np.concatenate((self.lost, more))

    def number_source(self, name: str) -> int:
        """Return the number of a source, giving it the next one when it is new."""
        if (number := self.source_numbers.get(name)) is None:
            number = self.source_numbers[name] = len(self.source_names)
            self.source_names.append(name)
        return number

    def text_rows(self, texts: Sequence[int]) -> list[tuple[int, int, int]]:
        """Return label, living and lost of texts, as the tables have them."""
        labels = (self.stories.label(text) for text in texts)
        chosen = np.array(texts, np.int64)
        return list(zip(labels, self.living[chosen].tolist(), self.lost[chosen].tolist(), strict=True))
