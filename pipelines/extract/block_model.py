"""The block model: boosted trees as data, evaluated with numpy.

``block_model.json`` is written by ``python -m benchmarks.train_block_model``; its header says from which labels and with which figures.
LightGBM trains, and is not needed here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ExtractionError
from pipelines.extract.features import FEATURES

MODEL_FILE = Path(__file__).with_name("block_model.json")
MAX_LEAVES = 8
"""Of a tree: one bit of a byte each."""
# The arrays of one call stay in the processor's cache.
_ROWS_AT_ONCE = 128
# By the bits of the excluded leaves.
_FIRST_LEFT_OPEN = np.array([(~excluded & (excluded + 1)).bit_length() - 1 for excluded in range((1 << MAX_LEAVES) - 1)])


@dataclass(frozen=True, eq=False)
class BlockModel:
    """All splits of all trees in one table, shape (splits of a tree, trees); a tree's leaves are numbered from left to right.

    A split whose threshold a row exceeds sends it to the right: none of the leaves on its left can be the row's. What all splits of a tree
    leave open is the row's leaf and some on its right. So no row walks a tree, and numpy asks all splits at once: a third of the time.
    Source: Lucchese et al. 2015, QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees.
    """

    version: str
    features: NDArray[np.int64] = field(repr=False)
    thresholds: NDArray[np.float64] = field(repr=False)
    """Infinite where a tree has fewer splits."""
    left_leaves: NDArray[np.uint8] = field(repr=False)
    """One bit for each leaf on the left of the split."""
    values: NDArray[np.float64] = field(repr=False)
    """Of the leaves, shape (trees, MAX_LEAVES)."""

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that each row is text of the article, shape (rows,). rows: shape (rows, len(FEATURES))."""
        count, width = rows.shape
        if width != len(FEATURES):
            raise ValueError(f"rows must have {len(FEATURES)} columns, got {width}")
        scores = np.zeros(count)
        for start in range(0, count, _ROWS_AT_ONCE):
            scores[start : start + _ROWS_AT_ONCE] = self._scores(rows[start : start + _ROWS_AT_ONCE])
        return 1.0 / (1.0 + np.exp(-scores))

    def _scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        # No index is out of bounds, so "clip" changes nothing but the time.
        columns = np.ascontiguousarray(rows.T, dtype=np.float64).take(self.features, axis=0, mode="clip")
        goes_right = columns > self.thresholds[..., None]
        excluded = np.bitwise_or.reduce(goes_right.view(np.uint8) * self.left_leaves[..., None], axis=0)
        leaves = _FIRST_LEFT_OPEN.take(excluded, mode="clip") + np.arange(0, self.values.size, MAX_LEAVES)[:, None]
        scores: NDArray[np.float64] = self.values.take(np.ascontiguousarray(leaves.T), mode="clip").sum(axis=1)
        return scores


@cache
def load_model(path: Path = MODEL_FILE) -> BlockModel:
    """Return the model of a file.

    Raises ExtractionError when the file is damaged or was trained for other features than this code computes.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        names, trees, version = data["features"], data["trees"], data["header"]["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExtractionError(f"{path.name}: expected a block model with header, features and trees, got {error!r}") from error
    if tuple(names) != FEATURES:
        differing = sorted(set(names) ^ set(FEATURES)) or "their order"
        raise ExtractionError(f"{path.name}: features must be those of features.py, got others ({differing}); train it again")
    try:
        return build_model(trees, version=version)
    except ValueError as error:
        raise ExtractionError(f"{path.name}: {error}") from error


def build_model(trees: Sequence[Sequence[Any]], *, version: str) -> BlockModel:
    """Return the model of trees given as [features, thresholds, left, right, leaf values]; a child under 0 is the leaf ``-child - 1``.

    Raises ValueError for a tree of more than MAX_LEAVES leaves.
    """
    shape = max((len(tree[0]) for tree in trees), default=0), len(trees)
    features, left_leaves = np.zeros(shape, np.int64), np.zeros(shape, np.uint8)
    thresholds, values = np.full(shape, np.inf), np.zeros((len(trees), MAX_LEAVES))
    for number, (split_features, split_thresholds, lefts, rights, leaf_values) in enumerate(trees):
        if len(leaf_values) > MAX_LEAVES:
            raise ValueError(f"a tree must have at most {MAX_LEAVES} leaves, got {len(leaf_values)}")
        splits = len(split_features)
        leaves, left_leaves[:splits, number] = _from_left_to_right(lefts, rights)
        features[:splits, number], thresholds[:splits, number] = split_features, split_thresholds
        values[number, : len(leaves)] = [leaf_values[leaf] for leaf in leaves]
    return BlockModel(version, features, thresholds, left_leaves, values)


def _from_left_to_right(lefts: Sequence[int], rights: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return a tree's leaves from left to right, and for each split the places of the leaves on its left, as bits."""
    leaves: list[int] = []
    left_leaves = [0] * len(lefts)

    def walk(child: int) -> None:
        if child < 0:
            leaves.append(-child - 1)
            return
        first = len(leaves)
        walk(lefts[child])
        left_leaves[child] = (1 << len(leaves)) - (1 << first)
        walk(rights[child])

    walk(0 if lefts else -1)
    return leaves, left_leaves
