"""Settings that a run cannot work with, told before it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crawler.revisits import read_ages
from pipelines.discover.shard import read_shard
from pipelines.errors import SettingsError
from pipelines.extract import EXTRACTORS
from pipelines.urls import absolute_url

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

# Name -> smallest value. Whole numbers, then numbers.
WHOLE_NUMBERS = {
    "EXTRACT_WORKERS": -1,
    "EXTRACT_PAGES_PER_WORKER": 0,
    "EXTRACT_MEMORY_MB": 0,
    "SCRUB_MIN_WORDS": 0,
    "STORE_BATCH_ARTICLES": 1,
    "DISCOVER_FULL_FETCH_AFTER_UNCHANGED": 0,
    "DISCOVER_MAX_CHILD_SITEMAPS": 0,
    "ARCHIVE_WARC_MB": 1,
    "DISCOVER_MAX_URLS_PER_SOURCE": 1,
    "DISCOVER_MAX_SITEMAPS_PER_SOURCE": 0,
    "DOWNLOAD_IN_FLIGHT_MB": 1,
    "HOST_FAILURES_TO_REST": 1,
    "MONITOR_RUNS": 1,
    "MONITOR_MIN_PAGES": 1,
    "MONITOR_DEAD_AFTER": 1,
}
NUMBERS = {
    "EXTRACT_TIMEOUT_SECONDS": 0.0,
    "STORE_BATCH_SECONDS": 0.0,
    "STORE_FOLD_SECONDS": 0.0,
    "DEDUP_KEEP_SHINGLES_DAYS": 0.0,
    "DISCOVER_FULL_FETCH_AFTER_HOURS": 0.0,
    "HOST_BACKOFF_SECONDS": 0.0,
    "HOST_BACKOFF_MAX_SECONDS": 0.0,
    "HOST_REST_SECONDS": 0.0,
    "HOST_WAIT_BUDGET_SECONDS": 0.0,
    "RETRY_AFTER_MAX_HOURS": 0.0,
    "ROBOTSTXT_CACHE_HOURS": 0.0,
    "ROBOTSTXT_STALE_DAYS": 0.0,
    "ROBOTSTXT_RETRY_SECONDS": 0.0,
    "ROBOTSTXT_MAX_CRAWL_DELAY": 0.0,
    "MONITOR_YIELD_MIN": 0.0,
    "MONITOR_YIELD_SHARE": 0.0,
    "MONITOR_ERROR_SHARE": 0.0,
    "MONITOR_ROBOTS_SHARE": 0.0,
    "MONITOR_REJECTION_RISE": 0.0,
    "MONITOR_DISK_FREE_MB": 0.0,
    "MONITOR_WEBHOOK_TIMEOUT_SECONDS": 0.0,
    "PROGRESS_LOG_SECONDS": 1.0,
    "STOP_GRACE_SECONDS": 0.0,
}
CHOICES = {
    "EXTRACTOR": EXTRACTORS,
    "ROBOTSTXT_FORBIDDEN": ("allow", "disallow"),
    "TRAINING_OPT_OUT": ("record", "obey"),
    "PROGRESS": ("auto", "live", "log", "off"),
}
SWITCHES = (
    "ALLOW_PRIVATE_ADDRESSES",
    "ARCHIVE_WARC",
    "DISCOVER_ONLY_DUE",
    "REPORT_PAGE",
    "ROBOTSTXT_OBEY",
    "SCRUB_SOURCE_MEMORY",
    "TDMREP_ENABLED",
    "MONITORS_ENABLED",
    "QUIET",
)
READERS: dict[str, Callable[[Any], object]] = {"ARTICLE_REVISITS": read_ages, "SHARD": read_shard}
"""What reads a setting and raises SettingsError for one that it cannot read."""
PATHS = ("OUTPUT_DIR", "SOURCES")


def check_settings(settings: BaseSettings) -> None:
    """Raise SettingsError naming every setting of ours that cannot be used, with what was expected and found."""
    problems = [
        problem
        for name in (*WHOLE_NUMBERS, *NUMBERS, *SWITCHES, *PATHS, *CHOICES, *READERS, "MONITOR_WEBHOOK")
        if (problem := _problem(settings, name))
    ]
    if problems:
        raise SettingsError("\n".join(problems))


def _problem(settings: BaseSettings, name: str) -> str | None:
    value = settings[name]
    if name in CHOICES:
        return None if value in CHOICES[name] else f"{name} must be one of {', '.join(CHOICES[name])}, got {value!r}"
    if name in READERS:
        try:
            READERS[name](value)
        except SettingsError as error:
            return str(error)
        return None
    if name == "MONITOR_WEBHOOK":
        return None if not value or absolute_url(value) else f"{name} must be an http(s) URL, got {value!r}"
    if name in PATHS:
        return None if str(value or "").strip() else f"{name} must be a path, got {value!r}"
    try:
        if name in SWITCHES:
            settings.getbool(name)
        elif (number := settings.getint(name) if name in WHOLE_NUMBERS else settings.getfloat(name)) < _least(name) or number != number:
            raise ValueError(value)
    except (TypeError, ValueError):
        expected = (
            "True or False" if name in SWITCHES else f"{'a whole number' if name in WHOLE_NUMBERS else 'a number'} from {_least(name):g}"
        )
        return f"{name} must be {expected}, got {value!r}"
    return None


def _least(name: str) -> float:
    return WHOLE_NUMBERS.get(name, NUMBERS.get(name, 0.0))
