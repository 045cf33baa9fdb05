"""Shards of the source list."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.discover import load_sources
from pipelines.discover.shard import Shard, read_shard, select_shard, shard_of
from pipelines.errors import SettingsError
from pipelines.records import Source
from pipelines.urls import registrable_domain

CATALOGUE = Path(__file__).resolve().parents[3] / "crawler" / "sources"


@pytest.mark.parametrize("count", [1, 2, 3, 16, 100])
def test_shards_are_disjoint_and_complete(count: int) -> None:
    """Each source of the catalogue is in exactly one shard, and the shards are of like size."""
    sources = load_sources(CATALOGUE)
    shards = [select_shard(sources, Shard(number, count)) for number in range(1, count + 1)]
    assert sorted(source.name for shard in shards for source in shard) == sorted(source.name for source in sources)
    assert max(map(len, shards)) <= 2 * len(sources) / count + 10


def test_a_site_has_one_crawler() -> None:
    """Sources on one registrable domain are in one shard."""
    homes: dict[str, set[int]] = {}
    for source in load_sources(CATALOGUE):
        homes.setdefault(registrable_domain(source.home), set()).add(shard_of(source, 16))
    assert all(len(shards) == 1 for shards in homes.values())


def test_a_shard_is_the_same_on_every_machine() -> None:
    """The hash is fixed: a crawler that moves house keeps its sources."""
    numbers = [
        shard_of(Source(name=name, kind="outlet", home=f"https://www.{name}.example/"), 16) for name in ("northwire", "echo", "gazette")
    ]
    assert numbers == EXPECTED


EXPECTED = [9, 10, 8]


@pytest.mark.parametrize("value", ["", None])
def test_no_shard_is_all_sources(value: str | None) -> None:
    """Without SHARD everything is crawled."""
    sources = load_sources(CATALOGUE)
    assert select_shard(sources, read_shard(value)) == sources


@pytest.mark.parametrize("value", ["0/16", "17/16", "3", "3/0", "a/b", "-1/4", "3/16/2", "1.5/3", 3])
def test_a_wrong_shard_is_told(value: object) -> None:
    """The message says what was expected and what was found."""
    with pytest.raises(SettingsError, match=r"SHARD must be a part of a whole such as 3/16, from 1/16 to 16/16, got "):
        read_shard(value)
