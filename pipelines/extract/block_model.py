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


@dataclass(frozen=True, eq=False)
class BlockModel:
    """All trees in one table of nodes; a leaf is its own child, so that every row may take the same number of steps."""

    version: str
    features: NDArray[np.int64] = field(repr=False)
    thresholds: NDArray[np.float64] = field(repr=False)
    children: NDArray[np.int64] = field(repr=False)
    """``children[2 * node + (value <= threshold)]``."""
    values: NDArray[np.float64] = field(repr=False)
    roots: NDArray[np.int64] = field(repr=False)
    depth: int

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that each row is text of the article, shape (rows,). rows: shape (rows, len(FEATURES))."""
        count, width = rows.shape
        if width != len(FEATURES):
            raise ValueError(f"rows must have {len(FEATURES)} columns, got {width}")
        flat = np.ascontiguousarray(rows, dtype=np.float64).ravel()
        nodes = np.repeat(self.roots[None, :], count, axis=0)
        offsets = (np.arange(count) * width)[:, None]
        # No index is out of bounds, so "clip" changes nothing but the time: a seventh less.
        for _ in range(self.depth):
            goes_left = flat.take(self.features.take(nodes, mode="clip") + offsets, mode="clip") <= self.thresholds.take(nodes, mode="clip")
            nodes = self.children.take(2 * nodes + goes_left, mode="clip")
        scores: NDArray[np.float64] = self.values.take(nodes, mode="clip").sum(axis=1)
        return 1.0 / (1.0 + np.exp(-scores))


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
    return build_model(trees, version=version)


def build_model(trees: Sequence[Sequence[Any]], *, version: str) -> BlockModel:
    """Return the model of trees given as [features, thresholds, left, right, leaf values]; a child under 0 is the leaf ``-child - 1``."""
    features: list[int] = []
    thresholds: list[float] = []
    left: list[int] = []
    right: list[int] = []
    values: list[float] = []
    roots: list[int] = []
    depth = 0
    for split_features, split_thresholds, lefts, rights, leaves in trees:
        base, splits = len(features), len(split_features)
        roots.append(base)
        features += [*split_features, *[0] * len(leaves)]
        thresholds += [*split_thresholds, *[np.inf] * len(leaves)]
        values += [*[0.0] * splits, *leaves]
        own = list(range(base + splits, base + splits + len(leaves)))
        left += [*(base + child if child >= 0 else base + splits - child - 1 for child in lefts), *own]
        right += [*(base + child if child >= 0 else base + splits - child - 1 for child in rights), *own]
        depth = max(depth, _depth(lefts, rights))
    children = np.array([right, left], dtype=np.int64).T.ravel().copy()
    return BlockModel(
        version, np.array(features), np.array(thresholds), children, np.array(values), np.array(roots, dtype=np.int64), depth
    )  # fmt: skip


def _depth(lefts: Sequence[int], rights: Sequence[int]) -> int:
    """Steps from the root to the deepest leaf; children come after their parents."""
    depths = [0] * len(lefts)
    for node, pair in enumerate(zip(lefts, rights, strict=True)):
        for child in pair:
            if child >= 0:
                depths[child] = depths[node] + 1
    return max(depths, default=-1) + 1
