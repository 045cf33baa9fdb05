"""Promise 2 on labelled real news, where it is there: folds of any size in any order give what one batch gives."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.dedup import deduplicate
from pipelines.records import Document, Membership

if TYPE_CHECKING:
    from conftest import Desk

KIT = Path(os.environ.get("COPYDESK_EVAL", "../shared/eval")) / "dedup" / "dev" / "docs.jsonl.gz"
pytestmark = pytest.mark.skipif(not KIT.is_file(), reason="no labelled documents: set COPYDESK_EVAL to their folder")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def kit() -> list[Document]:
    with gzip.open(KIT, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Document(article_id=row["id"], text=row["text"], source=row["source"], fetched_at=NOON) for row in rows]


@pytest.fixture(scope="module")
def batch(kit: list[Document]) -> dict[str, Membership]:
    return {membership.article_id: membership for membership in deduplicate(kit, fold_size=len(kit))}


@pytest.mark.parametrize(
    ("seed", "sizes"),
    [
        pytest.param(1, [500], id="halves of a thousand"),
        pytest.param(2, [1, 20, 150], id="folds of any size"),
        pytest.param(3, [37], id="small folds"),
    ],
)
def test_folds_give_what_a_batch_gives(
    kit: list[Document], batch: dict[str, Membership], open_desk: Callable[..., Desk], seed: int, sizes: list[int]
) -> None:
    """Stories, canonical copies, relations and similarities, to the last bit; also when the index settles now and then."""
    draw = random.Random(seed)
    desk = open_desk()
    waiting = draw.sample(kit, len(kit))
    while waiting:
        size = draw.choice(sizes)
        desk.fold(waiting[:size])
        waiting = waiting[size:]
        if draw.random() < 0.1:
            desk.settle(limit=50)
    desk.settle()
    assert desk.standing == batch
