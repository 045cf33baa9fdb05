"""Which of the discovered URLs are requested at all; the first filter of a crawl, and a cheap one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from pipelines.discover.dates import date_in_path
from pipelines.records import Discovered, Rejection, Source
from pipelines.urls import absolute_url, host_of, registrable_domain

MAX_URL_CHARS = 4096
"""Longer ones are traps or data; servers commonly refuse above 8 kB."""
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_MEDIA_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?|ico|heic|mp3|m4a|aac|ogg|oga|opus|wav|flac|mp4|m4v|mov|avi|mkv|webm|mpe?g|m3u8|wmv|pdf|epub|docx?|"
    r"xlsx?|pptx?|odt|ods|csv|zip|gz|tgz|rar|7z|exe|apk|dmg|css|js|json|xml|rss|atom|ics|woff2?|ttf)$",
    re.IGNORECASE,
)


def admit(found: Discovered, source: Source, *, now: datetime) -> Rejection | None:
    """Return None when a discovered URL may be requested for its source, else the reason why not.

    bad_scheme, bad_url   no http(s) address, or one that cannot be read
    offsite               not on the registrable domain of the source's home, nor on one of its allow_domains
    media_file            by its extension no page
    not_article_url       the home page, or a path that none of the source's article_urls finds
    too_old               more than max_age_days before now, which is aware: by the date that feed or sitemap gives for its publication,
                          else by the one in its path, else by the one of its last change
    """
    reason, detail = _judge(found, source, now)
    if not reason:
        return None
    return Rejection(url=found.url, stage="discover", reason=reason, source=source.name, detail=detail)


def is_media_file(path: str) -> bool:
    """Say whether a path ends like an image, sound, film, document or data file."""
    return _MEDIA_FILE.search(path) is not None


def is_on_site(url: str, source: Source) -> bool:
    """Say whether a URL is on the registrable domain of the source's home or on, or below, one of its allow_domains.

    The hosts of feeds and sitemaps do not count: they are often a service's, and publishers sell room in feeds to advertisers.
    """
    domain = registrable_domain(url)
    if domain and domain == registrable_domain(source.home):
        return True
    host = host_of(url)
    return any(host == allowed or host.endswith(f".{allowed}") or domain == allowed for allowed in map(_bare_domain, source.allow_domains))


def may_read(sitemap: str, source: Source, *, named_by: str) -> bool:
    """Say whether a child of a sitemap index may be asked: on the source's site or the index's host, so that no index sends us elsewhere."""
    return is_on_site(sitemap, source) or host_of(sitemap) == host_of(named_by) != ""


def _judge(found: Discovered, source: Source, now: datetime) -> tuple[str, str]:
    scheme = _SCHEME.match(found.url)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return "bad_scheme", f"expected http or https, got {scheme[1][:30]!r}"
    if len(found.url) > MAX_URL_CHARS:
        return "bad_url", f"{len(found.url)} characters, at most {MAX_URL_CHARS}"
    if absolute_url(found.url) is None:
        return "bad_url", "not an absolute http(s) URL"
    if not is_on_site(found.url, source):
        return "offsite", registrable_domain(found.url)
    parts = urlsplit(found.url)
    if is_media_file(parts.path):
        return "media_file", parts.path.rpartition(".")[2].lower()
    if not parts.path.strip("/") and not parts.query:
        return "not_article_url", "a home page"
    if source.article_urls and not any(_pattern(pattern).search(parts.path) for pattern in source.article_urls):
        return "not_article_url", "no pattern of article_urls is in its path"
    return _judge_age(found, source, now)


def _judge_age(found: Discovered, source: Source, now: datetime) -> tuple[str, str]:
    if source.max_age_days is None:
        return "", ""
    # lastmod moves when a template changes, so it is asked last.
    dated = found.published_at or date_in_path(urlsplit(found.url).path, now=now) or found.modified_at
    if dated is None or not is_too_old(dated, source, now=now):
        return "", ""
    return "too_old", describe_age(dated, source)


def is_too_old(published_at: datetime | None, source: Source, *, now: datetime) -> bool:
    """Say whether a date lies more than the source's max_age_days before now; both aware. Without date or limit: no."""
    return published_at is not None and source.max_age_days is not None and now - published_at > timedelta(days=source.max_age_days)


def describe_age(published_at: datetime, source: Source) -> str:
    """Return the detail of a rejection ``too_old``."""
    return f"{published_at:%Y-%m-%d}, more than {source.max_age_days:g} days ago"


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _bare_domain(domain: str) -> str:
    return domain.lower().strip(".").removeprefix("www.")
