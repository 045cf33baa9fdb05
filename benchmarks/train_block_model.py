"""Train the block model: ``python -m benchmarks.train_block_model``, with the labelled pages where ``COPYDESK_EVAL`` says.

Writes ``pipelines/extract/block_model.json``: weights only, no text of a page. LightGBM trains; the model that ships needs numpy alone.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.block_labels import SEGMENT_WEIGHT, TEACHER_WEIGHT, LabelledPage, label_page
from benchmarks.kits import EXTRACTION_DEV, digest, fetched_page, labelled_pages, missing_kits
from pipelines.extract.block_model import MODEL_FILE, BlockModel, build_model
from pipelines.extract.class_groups import GROUPS
from pipelines.extract.features import FEATURES

TREES = 300
FOLDS = 6
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "seed": 3,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
# Each block is learned from twice, once blind to the class names and to what the page states: sites unlike those of the kits have other classes
# and state less. Share of its weight that the blind copy has.
BLIND_WEIGHT = 0.2
_STATED = "is_description in_stated_body stated_body_chars names_author has_article is_og_article".split()
_BLIND_COLUMNS = [FEATURES.index(name) for name in _STATED] + list(range(len(FEATURES) - 4 * len(GROUPS), len(FEATURES)))

Trees = list[list[list[float]]]


def main() -> int:
    """Label, train, write the model."""
    if missing_kits():
        print(f"no labelled pages in {EXTRACTION_DEV}: set COPYDESK_EVAL to the folder of the kits")
        return 1
    pages = load_labels()
    trees = fit(pages)
    header = {
        "version": f"{digest(EXTRACTION_DEV)}-{len(trees)}",
        "command": "python -m benchmarks.train_block_model",
        "labels": f"{len(pages)} pages of {len({page.host for page in pages})} hosts, digest {digest(EXTRACTION_DEV)}: whole texts count 1, "
        f"segments {SEGMENT_WEIGHT}, the teacher (trafilatura) {TEACHER_WEIGHT}",
        "blocks": sum(len(page.labels) for page in pages),
        "parameters": PARAMETERS | {"trees": TREES, "blind_weight": BLIND_WEIGHT},
        "figures": "see docs/text_quality.md; cross-validated by host with: make quality",
    }
    text = json.dumps({"header": header, "features": list(FEATURES), "trees": trees}, separators=(",", ":"), ensure_ascii=False)
    MODEL_FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{MODEL_FILE}: {len(trees)} trees, {len(text)} bytes; {header['labels']}")
    return 0


def load_labels() -> list[LabelledPage]:
    """Return all labelled pages of the extraction kits with their features and labels, in the order of their index."""
    with multiprocessing.get_context("forkserver").Pool() as pool:
        return pool.map(_labels_of, labelled_pages(), chunksize=8)


def _labels_of(row: dict[str, Any]) -> LabelledPage:
    return label_page(row, fetched_page(row))


def folds(hosts: Iterable[str], *, count: int = FOLDS, seed: int = 1) -> dict[str, int]:
    """Return the fold of each host: all pages of a host are in one, so that no host is in both training and test."""
    ordered = sorted(set(hosts))
    random.Random(seed).shuffle(ordered)
    return {host: number % count for number, host in enumerate(ordered)}


def held_out_models(pages: Sequence[LabelledPage]) -> Iterator[tuple[set[str], BlockModel]]:
    """Yield for each fold (the ids of its pages, a model that has seen no page of their hosts)."""
    fold = folds(page.host for page in pages)
    for number in range(FOLDS):
        held_out = {page.id for page in pages if fold[page.host] == number}
        yield held_out, build_model(fit([page for page in pages if page.id not in held_out]), version=f"fold-{number}")


def fit(pages: Sequence[LabelledPage], *, trees: int = TREES) -> Trees:
    """Return the trees trained on these pages, as ``block_model.build_model`` takes them. Fixed seed: the same pages give the same trees."""
    rows = np.vstack([page.rows[page.weights > 0] for page in pages])
    labels = np.concatenate([page.labels[page.weights > 0] for page in pages])
    weights = np.concatenate([page.weights[page.weights > 0] for page in pages])
    data = lightgbm.Dataset(
        np.vstack([rows, _blind(rows)]).astype(np.float32),
        np.concatenate([labels, labels]),
        weight=np.concatenate([weights * (1 - BLIND_WEIGHT), weights * BLIND_WEIGHT]),
    )
    booster = lightgbm.train(PARAMETERS, data, trees)
    return [_as_lists(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


def _blind(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    blind = rows.copy()
    blind[:, _BLIND_COLUMNS] = 0
    blind[:, FEATURES.index("in_stated_body")] = -1
    return blind


def _as_lists(root: dict[str, Any]) -> list[list[float]]:
    """One tree as [features, thresholds, left, right, leaf values], parents before children; a child under 0 is the leaf ``-child - 1``."""
    features: list[float] = []
    thresholds: list[float] = []
    left: list[float] = []
    right: list[float] = []
    values: list[float] = []

    def walk(node: dict[str, Any]) -> int:
        if "split_feature" not in node:
            values.append(round(node["leaf_value"], 5))
            return -len(values)
        index = len(features)
        features.append(node["split_feature"])
        thresholds.append(float(f"{node['threshold']:.5g}"))
        left.append(0)
        right.append(0)
        left[index] = walk(node["left_child"])
        right[index] = walk(node["right_child"])
        return index

    walk(root)
    return [features, thresholds, left, right, values]


if __name__ == "__main__":
    sys.exit(main())
