"""Stories as connected components of texts, kept up as edges come and go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


class Stories:
    """Which texts are together. Labels are text numbers and mean nothing outside; a story is its set of texts."""

    def __init__(self) -> None:
        self._label = np.zeros(0, np.int64)
        self._members: dict[int, list[int]] = {}
        """Of stories with two texts or more."""

    def load(self, labels: NDArray[np.int64]) -> None:
        """Take the label of every text."""
        self._label = labels.copy()
        self._members = {}
        sizes = np.bincount(labels, minlength=len(labels)) if len(labels) else labels
        for text in np.flatnonzero(sizes[labels] > 1).tolist():
            self._members.setdefault(int(labels[text]), []).append(text)

    def reserve(self, count: int) -> None:
        """Let texts up to count - 1 exist, each new one a story of its own."""
        if count > len(self._label):
            more = np.arange(len(self._label), max(count, 2 * len(self._label), 1024))
            self._label = np.concatenate((self._label, more))

    def label(self, text: int) -> int:
        """Return the label of a text's story."""
        return int(self._label[text])

    def labels(self, texts: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the label of each text's story."""
        return self._label[texts]

    def members(self, label: int) -> list[int]:
        """Return the texts of a story."""
        return self._members.get(label, [label])

    def join(self, one: int, other: int) -> list[int]:
        """Make one story of two texts' stories; return the texts whose label changed."""
        kept, gone = self.label(one), self.label(other)
        if kept == gone:
            return []
        if len(self.members(kept)) < len(self.members(gone)):
            kept, gone = gone, kept
        moved = self._members.pop(gone, [gone])
        self._members.setdefault(kept, [kept]).extend(moved)
        self._label[moved] = kept
        return moved

    def relabel(self, texts: Sequence[int], labels: Sequence[int]) -> None:
        """Give texts the labels that another process found."""
        moving = set(texts)
        members = {label: [text for text in self.members(label) if text not in moving] for label in {*map(self.label, texts), *labels}}
        for text, label in zip(texts, labels, strict=True):
            members[label].append(text)
            self._label[text] = label
        for label, own in members.items():
            self._members.pop(label, None)
            if len(own) > 1:
                self._members[label] = own

    def split(self, label: int, edges: Iterable[tuple[int, int]]) -> list[int]:
        """Recompute a story from the edges that remain among its texts; return all texts that were in it."""
        texts = self._members.pop(label, [label])
        self._label[texts] = texts
        for one, other in edges:
            self.join(one, other)
        return texts
