"""The monitors at the end of a crawl: what they need is gathered here, what they decide is in ``pipelines.report.monitors``."""

from __future__ import annotations

import asyncio
import logging
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.report import Limits, Outcome, earlier_reports, judge_run, post_json, run_message

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from crawler.run import Run

logger = logging.getLogger(__name__)

# Reports that are read to find MONITOR_RUNS of each source: one that is asked once a day is in few of the hourly runs.
LOOK_BACK = 10


async def judge(run: Run, report: dict[str, Any]) -> list[Outcome]:
    """Return what the monitors say of a run whose report is given; [] when they are off. Raises CorpusError if the state cannot be read."""
    if not run.settings.getbool("MONITORS_ENABLED"):
        return []
    limits = read_limits(run.settings)
    earlier = await asyncio.to_thread(partial(earlier_reports, run.output_dir, run.run_id, limit=LOOK_BACK * limits.runs))
    known = await asyncio.to_thread(run.store.endpoints, sorted(run.endpoints_asked))
    store_problem = next((problem for problem in run.problems if problem.startswith("the store failed")), "")
    outcomes = judge_run(
        report,
        earlier,
        failures={url: endpoint.failures for url, endpoint in known.items()},
        free_mb=free_mb(run.output_dir),
        store_problem=store_problem if run.store_failed else "",
        limits=limits,
    )
    run.recovered = bool(earlier) and any(outcome["status"] == "failed" for outcome in earlier[-1].get("monitors", []))
    return outcomes


async def tell(run: Run, report: dict[str, Any], path: Path) -> None:
    """Post to MONITOR_WEBHOOK when a monitor failed, or none did after one had in the run before; what goes wrong there is a warning."""
    url = run.settings["MONITOR_WEBHOOK"]
    failed = any(outcome.problems for outcome in run.monitors)
    if not url or not run.monitors or not (failed or run.recovered):
        return
    message = run_message(report, run.monitors, report_path=str(path))
    seconds = run.settings.getfloat("MONITOR_WEBHOOK_TIMEOUT_SECONDS")
    if problem := await asyncio.to_thread(partial(post_json, url, message, timeout_seconds=seconds)):
        logger.warning("%s; the run is not affected", problem)


def read_limits(settings: BaseSettings) -> Limits:
    """Return the limits that the settings MONITOR_… give."""
    return Limits(
        runs=settings.getint("MONITOR_RUNS"),
        min_pages=settings.getint("MONITOR_MIN_PAGES"),
        yield_min=settings.getfloat("MONITOR_YIELD_MIN"),
        yield_share=settings.getfloat("MONITOR_YIELD_SHARE"),
        error_share=settings.getfloat("MONITOR_ERROR_SHARE"),
        robots_share=settings.getfloat("MONITOR_ROBOTS_SHARE"),
        rejection_rise=settings.getfloat("MONITOR_REJECTION_RISE"),
        dead_after=settings.getint("MONITOR_DEAD_AFTER"),
        disk_free_mb=settings.getfloat("MONITOR_DISK_FREE_MB"),
    )


def free_mb(folder: Path) -> float | None:
    """Return the MB (1,000,000 bytes) that are free for us on a folder's file system, None if that cannot be told."""
    try:
        return shutil.disk_usage(folder).free / 1e6
    except OSError:
        return None
