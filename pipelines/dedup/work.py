"""The scratch paper of one fold, shared by its steps."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import unpack
from pipelines.dedup.fold import Changes
from pipelines.dedup.members import Member
from pipelines.dedup.packing import TEXTS_AT_ONCE
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.recall import ReadDocuments, recall_shingles
from pipelines.dedup.state import IndexState
from pipelines.dedup.tables import read_shingles, read_shingles_and_bands
from pipelines.dedup.verify import posted_keys


class Arrival(NamedTuple):
    """A document of this fold: its facts, and where its text stands."""

    member: Member
    source: int
    url: int
    """Signed hash of the identity URL."""

    @property
    def place(self) -> tuple[int, int, int]:
        """Text, source and URL: what boilerplate counts."""
        return self.member.text, self.source, self.url


@dataclass(kw_only=True, slots=True)
class Work:
    """What the steps of a fold hand on. The state of the index changes as they go."""

    connection: sqlite3.Connection
    state: IndexState
    parameters: DedupParameters
    read_documents: ReadDocuments | None = None
    changes: Changes = field(default_factory=Changes)
    first_new_text: int = 0
    """Texts from this number on are new."""
    arrivals: list[Arrival] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Documents that are in the index and were left out for it."""
    moved: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Known articles whose facts changed, and their old text, source and URL hash."""
    shingles: dict[int, NDArray[np.uint32]] = field(default_factory=dict)
    bands: dict[int, NDArray[np.uint32]] = field(default_factory=dict)
    """Of texts that this fold looks at."""
    recalled: set[int] = field(default_factory=set)
    """Texts whose shingles were not kept."""
    entries: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Postings (key << 32 | text) of the keys that were looked up, old and new."""
    looked_up: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    """Sorted keys."""
    posted: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """New postings (key << 32 | text)."""
    living_of_new: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Those of the new texts' postings that are alive, sorted; known when all flips are."""
    touched: set[int] = field(default_factory=set)
    """Known texts to be judged again."""
    weakened: set[int] = field(default_factory=set)
    """Known texts that lost keys."""
    _new_texts: list[int] = field(default_factory=list)
    _new_keys: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    counts: Counter[str] = field(default_factory=Counter)
    """Candidate pairs, and how many of them were compared: see ``StoryIndex.statistics``."""

    def fetch(self, texts: Iterable[int]) -> None:
        """Get the shingles and bands of known texts that this fold has not met."""
        wanted = {text for text in texts if text not in self.bands}
        found = read_shingles_and_bands(self.connection, sorted(wanted))
        for text, (shingles, bands) in found.items():
            self.shingles[text], self.bands[text] = shingles, bands
        self._recall(wanted - found.keys())

    def fetch_shingles(self, texts: Iterable[int]) -> None:
        """Get the shingles of known texts that this fold has not met."""
        wanted = {text for text in texts if text not in self.shingles}
        found = read_shingles(self.connection, sorted(wanted))
        self.shingles.update(found)
        self._recall(wanted - found.keys())

    def _recall(self, texts: set[int]) -> None:
        if not texts:
            return
        every = self.parameters.sample_every
        for text, shingles, bands in recall_shingles(self.connection, sorted(texts), self.read_documents, every):
            self.shingles[text], self.bands[text] = shingles, bands
        self.recalled |= texts
        self.counts["recalled"] += len(texts)

    def own_texts(self) -> set[int]:
        """Return the texts of this fold's documents, and those that documents left."""
        return {arrival.member.text for arrival in self.arrivals} | {text for text, _, _ in self.moved.values()}

    def keys_of(self, texts: Iterable[int]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the keys that texts may be posted under, as parallel texts and keys, sorted. The texts were fetched."""
        wanted = sorted(set(texts))
        known = [text for text in wanted if text < self.first_new_text]
        packed = self._posted_keys(known)
        if len(known) < len(wanted):
            # New texts come last, and mostly all of them are asked for, several times in a fold.
            packed = np.concatenate((packed, self._keys_of_new(wanted[len(known) :])))
        return unpack(packed)

    def _keys_of_new(self, texts: list[int]) -> NDArray[np.uint64]:
        if texts != self._new_texts:
            self._new_texts, self._new_keys = texts, self._posted_keys(texts)
        return self._new_keys

    def _posted_keys(self, texts: list[int]) -> NDArray[np.uint64]:
        every = self.parameters.sample_every
        pieces = [np.zeros(0, np.uint64)]
        for begin in range(0, len(texts), TEXTS_AT_ONCE):
            some = texts[begin : begin + TEXTS_AT_ONCE]
            pieces.append(posted_keys({text: self.shingles[text] for text in some}, {text: self.bands[text] for text in some}, every))
        return np.concatenate(pieces)
