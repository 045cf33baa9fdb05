"""The block model: data that is checked when loaded, evaluated as its trees say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ExtractionError
from pipelines.extract.block_model import MODEL_FILE, BlockModel, build_model, load_model
from pipelines.extract.features import FEATURES

TREES = json.loads(MODEL_FILE.read_text("utf-8"))["trees"]


def walk(trees: Sequence[Any], row: Sequence[float]) -> float:
    """One row, tree by tree, in plain Python."""
    score = 0.0
    for features, thresholds, left, right, values in trees:
        node = 0 if left else -1
        while node >= 0:
            node = left[node] if row[features[node]] <= thresholds[node] else right[node]
        score += values[-node - 1]
    return 1 / (1 + np.exp(-score))


@given(st.integers(0, 2**32 - 1))
def test_the_table_gives_what_the_trees_give(seed: int) -> None:
    """numpy over all trees at once equals a walk from each root."""
    rows = np.random.default_rng(seed).uniform(-5, 60, size=(7, len(FEATURES)))
    assert load_model().predict(rows) == pytest.approx([walk(TREES, row) for row in rows])


def test_leaves_may_be_numbered_in_any_order() -> None:
    """And trees may have one leaf, or splits in one branch only."""
    trees = [[[3, 5], [1.5, 2.0], [-2, -3], [1, -1], [0.5, -1.0, 2.0]], [[], [], [], [], [0.25]], [[5], [2.5], [-1], [-2], [1.0, -1.0]]]
    rows = np.array([[float(value)] * len(FEATURES) for value in (1.0, 1.5, 1.75, 2.0, 2.25, 3.0)])
    assert build_model(trees, version="three").predict(rows) == pytest.approx([walk(trees, row) for row in rows])


def test_many_rows_are_taken_a_few_at_a_time() -> None:
    """A page of thousands of blocks takes no more memory, and no row another's place."""
    rows = np.random.default_rng(1).uniform(-5, 60, size=(1_000, len(FEATURES)))
    alone = [load_model().predict(rows[place : place + 1])[0] for place in (0, 127, 128, 999)]
    assert load_model().predict(rows)[[0, 127, 128, 999]].tolist() == alone


def test_no_row_gives_no_probability() -> None:
    """A page without candidates."""
    assert load_model().predict(np.zeros((0, len(FEATURES)))).shape == (0,)


def test_rows_of_another_width_are_refused() -> None:
    """They would be read wrongly."""
    with pytest.raises(ValueError, match=rf"{len(FEATURES)} columns, got 3"):
        load_model().predict(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda data: data["features"].reverse(), "features must be those of features.py", id="other features"),
        pytest.param(lambda data: data.pop("trees"), "expected a block model with header, features and trees", id="no trees"),
        pytest.param(lambda data: data.update(header={}), "expected a block model", id="no version"),
        pytest.param(lambda data: data["trees"][7][4].append(0.5), "a tree must have at most 8 leaves, got 9", id="a tree too large"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], object], message: str) -> None:
    """The error names the file and what was expected."""
    data = json.loads(MODEL_FILE.read_text("utf-8"))
    damage(data)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ExtractionError, match=f"model.json: {message}"):
        load_model(path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """Not even JSON."""
    path = tmp_path / "model.json"
    path.write_text("trees")
    with pytest.raises(ExtractionError, match=r"model\.json: expected a block model"):
        load_model(path)


def test_the_header_says_where_the_model_comes_from() -> None:
    """Command, labels with their digest, parameters; weights only, no word of a page."""
    data = json.loads(MODEL_FILE.read_text("utf-8"))
    assert data["header"]["command"] == "python -m benchmarks.train_block_model"
    assert "digest" in data["header"]["labels"]
    assert data["header"]["parameters"]["trees"] == len(data["trees"])
    assert all(isinstance(number, int | float) for tree in data["trees"] for part in tree for number in part)
    assert isinstance(load_model(), BlockModel)
