"""Is a run what it should be? Checks over its report, the reports before it, its endpoints and the disk.

Each monitor is one pure function that returns sentences, one for each thing that a person should look at; none is good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipelines.report.funnel import NOTHING_NEW

Report = Mapping[str, Any]
"""A ``report.json``."""
Stages = Mapping[str, Mapping[str, Any]]
"""Stage -> ``{"seen", "kept", "rejected": {reason: number}}`` of one source, ``endpoint`` among them."""
Sources = Mapping[str, Stages]
"""The sources that a run asked, by name."""

FAILED_REQUESTS = ("http_", "timeout", "dns", "connection", "host_down", "truncated", "download_error", "worker_died", "unreadable")
"""How the reasons of ``fetch`` and ``endpoint`` begin that say a site, or the way to it, is not well."""
QUIET_REASONS = NOTHING_NEW | {"too_old"}
"""Ways to leave a stage that rise and fall with the news, not with the health of a source."""
MIN_HISTORY = 3
"""Runs before this one that a comparison needs."""
EARLY_ENDS = ("shutdown", "closespider_")
"""How finish reasons begin of runs that somebody ended on purpose: they tell nothing about sources."""
MAX_PROBLEMS = 20
"""Sentences that one monitor may say; what comes on top is counted."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When monitors fail; settings of the same names, MONITOR_…, in docs/settings.md."""

    runs: int = 10
    """Runs before this one to compare with."""
    min_pages: int = 20
    """Shares of fewer requests or pages are not judged."""
    yield_min: float = 5
    """Articles a run; the yield of a source that usually has fewer is not judged."""
    yield_share: float = 0.2
    """Of the median, 0 to 1."""
    error_share: float = 0.25
    robots_share: float = 0.5
    rejection_rise: float = 0.25
    """How much the share of a reason may be above its median, 0 to 1."""
    dead_after: int = 3
    """Failures in a row."""
    disk_free_mb: float = 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one monitor found."""

    name: str
    problems: tuple[str, ...] = ()
    skipped: str = ""
    """Why it could not judge this run."""

    @property
    def status(self) -> str:
        """Return passed, failed or skipped."""
        return "failed" if self.problems else "skipped" if self.skipped else "passed"

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-ready data."""
        return {"name": self.name, "status": self.status, "problems": list(self.problems), "skipped": self.skipped}


def judge_run(
    run: Report,
    earlier: Sequence[Report],
    *,
    failures: Mapping[str, int],
    free_mb: float | None,
    store_problem: str = "",
    limits: Limits,
) -> list[Outcome]:
    """Return what every monitor says of a run, in a fixed order.

    earlier: reports of runs before it, oldest first. failures: times in a row that each endpoint asked in this run gave nothing. free_mb: MB
    free below the output folder, None if unknown. store_problem: what kept the run from storing, "" if nothing did.
    """
    reason = str(run["finish_reason"])
    skipped = "the run was ended early" if reason.startswith(EARLY_ENDS) else ""
    now, past = asked_sources(run), [asked_sources(report) for report in earlier]
    return [
        _outcome("run", run_problems(reason, now, store_problem)),
        _outcome("yield", () if skipped else low_yields(now, past, limits), skipped),
        _outcome("errors", () if skipped else high_error_shares(now, limits), skipped),
        _outcome("dead_feeds", dead_endpoints(failures, limits)),
        _outcome("robots", () if skipped else robots_blocks(now, limits), skipped),
        _outcome("rejections", () if skipped else rising_rejections(now, past, limits), skipped),
        _outcome("disk", low_disk(free_mb, limits), "" if free_mb is not None else "the free space is not known"),
    ]


def asked_sources(report: Report) -> Sources:
    """Return what became of the requests of every source of which a run asked an endpoint or a page."""
    endpoints = report.get("source_endpoints") or {}
    sources = {name: {**stages, "endpoint": endpoints.get(name) or {}} for name, stages in report["sources"].items()}
    return {name: stages for name, stages in sources.items() if _requests(stages)}


def run_problems(reason: str, now: Sources, store_problem: str) -> Iterator[str]:
    """Name what kept a run from its end, or its articles from the store; or say that nothing it asked could be read."""
    if store_problem:
        yield store_problem
    elif reason != "finished" and not reason.startswith(EARLY_ENDS):
        yield f"the run was cut short: {reason}"
    elif reason == "finished" and now and not any(_answers(stages) for stages in now.values()):
        yield "nothing that was asked could be read"


def low_yields(now: Sources, past: Sequence[Sources], limits: Limits) -> Iterator[str]:
    """Name the sources that stored far less than in the median of the runs before in which they were asked."""
    for name, stages in now.items():
        before = [_stored(sources[name]) for sources in past if name in sources][-limits.runs :]
        if len(before) < MIN_HISTORY or (usual := median(before)) < limits.yield_min:
            continue
        if (stored := _stored(stages)) < limits.yield_share * usual:
            yield f"{name}: {stored} new articles, the median of {len(before)} runs before is {usual:g}"


def high_error_shares(now: Sources, limits: Limits) -> Iterator[str]:
    """Name the share of failed requests of the run and of each source, where it is above the limit."""
    groups: dict[str, list[Stages]] = {"all sources": list(now.values())} if len(now) > 1 else {}
    for name, group in (groups | {name: [stages] for name, stages in now.items()}).items():
        asked = sum(_requests(stages) for stages in group)
        failed = sum(_refused(stages, FAILED_REQUESTS) for stages in group)
        if asked >= limits.min_pages and failed > limits.error_share * asked:
            yield f"{name}: {failed} of {asked} requests failed"


def dead_endpoints(failures: Mapping[str, int], limits: Limits) -> Iterator[str]:
    """Name the feeds, sitemaps and sections that failed several times in a row."""
    for url, times in sorted(failures.items(), key=lambda item: (-item[1], item[0])):
        if times >= limits.dead_after:
            yield f"{url} has given nothing {times} times in a row"


def robots_blocks(now: Sources, limits: Limits) -> Iterator[str]:
    """Name the sources most of whose requests robots.txt did not allow."""
    for name, stages in now.items():
        asked, refused = _requests(stages), _refused(stages, ("robots_txt",))
        if refused > limits.robots_share * asked:
            yield f"{name}: robots.txt refused {refused} of {asked} requests, or could not be had"


def rising_rejections(now: Sources, past: Sequence[Sources], limits: Limits) -> Iterator[str]:
    """Name the reasons for which more of a source's pages were rejected than in the median of the runs before."""
    for name, stages in now.items():
        for stage, counts in stages.items():
            if stage == "endpoint" or (judged := _judged(counts)) < limits.min_pages:
                continue
            before = [sources[name][stage] for sources in past if _judged(sources.get(name, {}).get(stage)) >= limits.min_pages]
            if len(before := before[-limits.runs :]) < MIN_HISTORY:
                continue
            for reason, number in counts["rejected"].items():
                usual = median(counts["rejected"].get(reason, 0) / _judged(counts) for counts in before)
                if reason not in QUIET_REASONS and (share := number / judged) > usual + limits.rejection_rise:
                    yield f"{name}: {stage} rejected {share:.0%} as {reason}, the median of {len(before)} runs before is {usual:.0%}"


def low_disk(free_mb: float | None, limits: Limits) -> Iterator[str]:
    """Say so when little is free."""
    if free_mb is not None and free_mb < limits.disk_free_mb:
        yield f"{free_mb:,.0f} MB are free below the output folder, expected {limits.disk_free_mb:,.0f} at least"


def _outcome(name: str, problems: Iterable[str], skipped: str = "") -> Outcome:
    found = list(problems)
    if len(found) > MAX_PROBLEMS:
        found[MAX_PROBLEMS:] = [f"and {len(found) - MAX_PROBLEMS} more"]
    return Outcome(name=name, problems=tuple(found), skipped=skipped)


def _requests(stages: Stages) -> int:
    """Requests for endpoints and pages that went out, or were refused."""
    left_out = _refused({"endpoint": stages.get("endpoint", {})}, ("not_due", "too_old"))
    return int(sum(stages.get(stage, {}).get("seen", 0) for stage in ("endpoint", "fetch"))) - left_out


def _answers(stages: Stages) -> int:
    counts = [stages.get(stage, {}) for stage in ("endpoint", "fetch")]
    return int(sum(count.get("kept", 0) + count.get("rejected", {}).get("unchanged", 0) for count in counts))


def _refused(stages: Stages, reasons: tuple[str, ...]) -> int:
    """How many requests for endpoints and pages were lost for reasons that begin so."""
    return sum(
        number
        for stage in ("endpoint", "fetch")
        for reason, number in stages.get(stage, {}).get("rejected", {}).items()
        if reason.startswith(reasons)
    )


def _stored(stages: Stages) -> int:
    return int(stages.get("store", {}).get("kept", 0))


def _judged(counts: Mapping[str, Any] | None) -> int:
    """What a stage had to decide on: without what is in hand already or merely old."""
    if not counts:
        return 0
    return int(counts["seen"] - sum(number for reason, number in counts["rejected"].items() if reason in QUIET_REASONS))
