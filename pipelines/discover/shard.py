"""A part of the source list for each of several crawlers that share nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.errors import SettingsError
from pipelines.records import Source
from pipelines.urls import registrable_domain

_SHARD = re.compile(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*\Z")


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` of ``count``, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def read_shard(value: Any) -> Shard | None:
    """Return the shard that SHARD names, such as ``3/16``; None for nothing: all sources. Raises SettingsError for anything else."""
    if value in (None, ""):
        return None
    match = _SHARD.match(str(value))
    shard = Shard(int(match[1]), int(match[2])) if match else None
    if shard is None or not 1 <= shard.number <= shard.count:
        raise SettingsError(f"SHARD must be a part of a whole such as 3/16, from 1/16 to 16/16, got {value!r}")
    return shard


def select_shard(sources: Iterable[Source], shard: Shard | None) -> list[Source]:
    """Return the sources of a shard, all for None. Sources on one registrable domain stay together: a site has one crawler.

    A function of the domain and the number of shards alone, the same on every machine; another number of shards deals them out anew.
    """
    return [source for source in sources if shard is None or shard_of(source, shard.count) == shard.number]


def shard_of(source: Source, count: int) -> int:
    """Return which of count shards a source belongs to, 1 to count, by a hash of its home's registrable domain."""
    digest = hashlib.blake2b(registrable_domain(source.home).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count + 1
