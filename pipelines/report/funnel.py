"""Counts per stage and source: kept and rejected add up to seen, or the report says where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

KEPT = "kept"
NOTHING_NEW = frozenset({"unchanged", "known", "duplicate", "not_due"})
"""Outcomes of what is in hand already: not kept, and no loss either."""


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """What became of everything that reached one stage."""

    stage: str
    kept: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number, most frequent first."""

    @property
    def seen(self) -> int:
        """Everything that reached the stage."""
        return self.kept + sum(self.rejected.values())

    @property
    def nothing_new(self) -> int:
        """What left the stage because it is in hand already."""
        return sum(number for reason, number in self.rejected.items() if reason in NOTHING_NEW)

    @property
    def lost(self) -> int:
        """What was rejected for a fault of its own."""
        return self.seen - self.kept - self.nothing_new

    def as_dict(self) -> dict[str, Any]:
        """Return the funnel as JSON-ready data."""
        return {"seen": self.seen, "kept": self.kept, "rejected": dict(self.rejected)}


def make_funnel(outcomes: Mapping[tuple[str, str], int], stages: Sequence[str]) -> list[Funnel]:
    """Return one Funnel per stage from (stage, outcome) counts; an outcome is "kept" or a rejection's reason."""
    by_stage: dict[str, dict[str, int]] = {stage: {} for stage in stages}
    for (stage, outcome), number in outcomes.items():
        if stage in by_stage:
            by_stage[stage][outcome] = number
    return [
        Funnel(stage=stage, kept=counts.pop(KEPT, 0), rejected=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))
        for stage, counts in by_stage.items()
    ]


def split_by_source(counts: Mapping[tuple[str, str, str], int]) -> dict[str, dict[tuple[str, str], int]]:
    """Return {source: {(stage, outcome): number}} from (source, stage, outcome) counts, sources in alphabetical order."""
    by_source: dict[str, dict[tuple[str, str], int]] = {source: {} for source in sorted({source for source, _, _ in counts})}
    for (source, stage, outcome), number in counts.items():
        by_source[source][stage, outcome] = number
    return by_source


def add_up(by_source: Mapping[str, Mapping[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    """Return the counts of all sources together."""
    total: Counter[tuple[str, str]] = Counter()
    for outcomes in by_source.values():
        total.update(outcomes)
    return dict(total)


def unbalanced_stages(funnels: Sequence[Funnel]) -> list[str]:
    """Return sentences for stages that did not see what the stage before them kept; [] is how it should be."""
    return [
        f"{after.stage} saw {after.seen} of the {before.kept} that {before.stage} kept"
        for before, after in pairwise(funnels)
        if after.seen != before.kept
    ]
