"""Why a request gave no page, in the words of our rejections."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
    UnsupportedURLSchemeError,
)
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.refusals import ArchiveFailed, ForbiddenAddress, HostDown, HostPaused, HostWaits, OptedOut, RobotsRefusal, TooManyLayers
from crawler.resolver import refused_names
from pipelines.records import Rejection

if TYPE_CHECKING:
    from twisted.python.failure import Failure

# A page that answers so is gone or was never one. Every other failure may pass: 401 and 403 are as often a block that ends.
FINAL_STATUSES = frozenset({400, 404, 405, 410, 414, 451})

# How Scrapy words that a body is over DOWNLOAD_MAXSIZE, on the wire or unpacked; it has no type for it.
TOO_LARGE = ("larger than download max size", "DOWNLOAD_MAXSIZE")

REASONS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (ForbiddenAddress, "forbidden_address", True),
    (UnsupportedURLSchemeError, "forbidden_address", True),
    (RobotsRefusal, "robots_txt", False),
    (HostDown, "host_down", False),
    (HostPaused, "host_paused", False),
    (HostWaits, "host_paused", False),
    (ArchiveFailed, "archive_failed", False),
    (OptedOut, "opted_out", False),
    (TooManyLayers, "too_many_layers", False),
    (StopDownload, "no_room", False),
    (ResponseDataLossError, "truncated", False),
    (DownloadTimeoutError, "timeout", False),
    (CannotResolveHostError, "dns", False),
    (DownloadConnectionRefusedError, "connection", False),
    (DownloadFailedError, "connection", False),
)


def describe_failure(failure: Failure) -> Rejection:
    """Return the rejection for a failed request: its reason, and whether asking again can help."""
    request: Request = failure.request  # type: ignore[attr-defined]
    reason, is_final, url = _reason(failure.value, request.url)
    if request.meta.get("redirect_times"):
        # The page that was asked for is none of it: where it leads may change.
        is_final = is_final and reason != "forbidden_address"
    source = request.cb_kwargs.get("source", "")
    hint = request.cb_kwargs.get("hint")
    return Rejection(
        url=url,
        requested_url=hint.url if hint and hint.url != url else None,
        source=getattr(source, "name", source),
        stage="fetch",
        reason=reason,
        detail=_detail(failure.value),
        is_final=is_final,
    )


def _detail(error: BaseException | None) -> str:
    if isinstance(error, HttpError):
        return f"{error.response.url} answered HTTP {error.response.status}"
    return str(error)[:300] or type(error).__name__


def _reason(error: BaseException | None, url: str) -> tuple[str, bool, str]:
    if isinstance(error, HttpError):
        status = error.response.status
        return f"http_{status}", status in FINAL_STATUSES, error.response.url
    if isinstance(error, CannotResolveHostError) and urlsplit(url).hostname in refused_names:
        return "forbidden_address", True, url
    for kind, reason, is_final in REASONS:
        if isinstance(error, kind):
            return reason, is_final, url
    if isinstance(error, DownloadCancelledError | IgnoreRequest) and any(words in str(error) for words in TOO_LARGE):
        return "too_large", False, url
    if isinstance(error, IgnoreRequest):
        # Scrapy has no type for it, only these words. robots.txt may change its mind: such a URL is asked about again after a while.
        is_robots = "robots" in str(error).lower()
        return ("robots_txt" if is_robots else "ignored"), False, url
    return "download_error", False, url
