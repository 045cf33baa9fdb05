"""The record of one run, and its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.report.funnel import Funnel, unbalanced_stages
from pipelines.report.monitors import Outcome


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What one run did."""

    run_id: str
    spider: str
    started_at: datetime
    finished_at: datetime
    finish_reason: str
    endpoints: Funnel
    """Feeds, sitemaps and section pages asked; ``unchanged`` is an answer 304."""
    funnel: list[Funnel]
    by_source: Mapping[str, list[Funnel]]
    source_endpoints: Mapping[str, Funnel] = field(default_factory=dict)
    """The same of each source's endpoints."""
    corpus: Mapping[str, int]
    """Articles, stories, copies … in the store after the run."""
    corpus_before: Mapping[str, int]
    problems: list[str] = field(default_factory=list)
    measures: Mapping[str, float] = field(default_factory=dict)
    """Figures of the crawl: pages_per_second; extract_cpu_seconds of the workers and extract_share, their share of wall time x workers;
    stages_cpu_seconds of a replay, without reading; requests, responses, bytes_received, errors_logged, loop_stall_max_ms."""
    dedup: Mapping[str, float] = field(default_factory=dict)
    """What the story index holds and did in this run, as docs/stats.md says; empty where the run could not be finished."""
    hosts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Host -> answers, mean_ms, slowest_ms; the slowest first."""
    versions: Mapping[str, str] = field(default_factory=dict)
    monitors: list[Outcome] = field(default_factory=list)
    """Empty when MONITORS_ENABLED is off."""

    @property
    def seconds(self) -> float:
        """Wall time of the run."""
        return (self.finished_at - self.started_at).total_seconds()

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready data."""
        return {
            "run_id": self.run_id,
            "spider": self.spider,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "finish_reason": self.finish_reason,
            "endpoints": self.endpoints.as_dict(),
            "stages": {funnel.stage: funnel.as_dict() for funnel in self.funnel},
            "unbalanced": unbalanced_stages(self.funnel),
            "sources": {name: {funnel.stage: funnel.as_dict() for funnel in funnels} for name, funnels in self.by_source.items()},
            "source_endpoints": {name: funnel.as_dict() for name, funnel in self.source_endpoints.items() if funnel.seen},
            "corpus": dict(self.corpus),
            "corpus_before": dict(self.corpus_before),
            "problems": self.problems,
            "measures": dict(self.measures),
            "dedup": dict(self.dedup),
            "hosts": {host: dict(figures) for host, figures in self.hosts.items()},
            "versions": dict(self.versions),
            "monitors": [outcome.as_dict() for outcome in self.monitors],
        }


def write_report(report: RunReport, output_dir: Path) -> Path:
    """Write ``runs/<run_id>/report.json`` in one step and return its path."""
    folder = output_dir / "runs" / report.run_id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    temporary = folder / "report.json.tmp"
    temporary.write_text(json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path
