"""Dates of feeds and sitemaps: one lenient reader that never raises."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Older dates in feeds are defaults (1970-01-01, 0001-01-01), not news: RSS itself is younger."""
MAX_FUTURE = timedelta(days=1)
"""Clocks are wrong and zones are missing; what lies further ahead is an error or an embargo."""
MAX_CHARS = 80

_ISO = re.compile(
    r"(?P<year>\d{4})(?P<sep>[-/.]?)(?P<month>\d{1,2})(?:(?P=sep)(?P<day>\d{1,2}))?"
    r"(?:(?:T|t|\s+|\s*,\s*)(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<zone>Z|z|[A-Za-z]{1,5}|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?)?\Z"
)
_PATH_DATE = re.compile(
    r"[/_-](?P<year>(?:19|20)\d\d)(?P<sep>[/_-])(?P<month>0?[1-9]|1[0-2])(?:(?P=sep)(?P<day>0?[1-9]|[12]\d|3[01]))?(?=[/_.-]|\Z)"
    r"|[/_-](?P<year_>(?:19|20)\d\d)(?P<month_>0[1-9]|1[0-2])(?P<day_>0[1-9]|[12]\d|3[01])(?=\D|\Z)"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?\Z")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?\Z")
# Zone names that email.utils does not know, as offsets in hours; where a name means several (IST, CST) the one seen in news feeds.
# Source: the IANA time zone database's abbreviations.
_ZONE_HOURS = {
    "Z": 0, "UTC": 0, "UT": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "TRT": 3, "WAT": 1, "CAT": 2, "SAST": 2, "EAT": 3, "AST": -4, "GST": 4, "PKT": 5, "IST": 5.5, "NPT": 5.75, "ICT": 7, "WIB": 7,
    "WITA": 8, "WIT": 9, "HKT": 8, "SGT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "BRT": -3, "ART": -3, "CLT": -4,
}  # fmt: skip


def parse_date(raw: str | None, *, now: datetime | None = None) -> datetime | None:
    """Return a date as an aware datetime in UTC; None if it cannot be read, lies before 1995 or more than a day after now.

    Reads RFC 822 (also two-digit years, missing weekday), ISO 8601 (also cut off after month, day or minute, with "/" or without
    signs) and Unix time in seconds or milliseconds. A date without a zone, or with an unknown one, counts as UTC; a day without a
    time as its midnight. now is aware and defaults to the clock.
    """
    if not raw or len(raw) > MAX_CHARS or not (text := " ".join(raw.split())):
        return None
    try:
        found = _read_iso(text) or _read_epoch(text) or _read_rfc822(text)
        if found is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return found if is_plausible(found, now=now) else None


def is_plausible(moment: datetime, *, now: datetime | None = None) -> bool:
    """Say whether an aware datetime can be that of an article: not before 1995, not more than a day after now."""
    return EARLIEST <= moment <= (now or datetime.now(UTC)) + MAX_FUTURE


def date_in_path(path: str, *, now: datetime | None = None) -> datetime | None:
    """Return the end of the day, or of the month, that a URL's path names (``/2026/10/03/``, ``/2026-10-03-``, ``/20261003``, ``/2026/10/``).

    The end, because that is the latest moment the page can be from. None without such a date, or for one that no article can have.
    """
    for match in _PATH_DATE.finditer(path):
        year, month, day = (int(match[name] or match[f"{name}_"] or 0) for name in ("year", "month", "day"))
        try:
            if day:
                end = datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
            else:
                end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        except ValueError:
            continue
        if is_plausible(end - timedelta(days=1 if day else 31), now=now):
            return end
    return None


def _read_iso(text: str) -> datetime | None:
    match = _ISO.match(text)
    if match is None or (not match["sep"] and (match["day"] is None or len(match["month"]) < 2 or len(match["day"]) < 2)):
        return None
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    numbers = (
        int(match[name] or default) for name, default in (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))
    )
    year, month, day, hour, minute, second = numbers
    # "24:00" is the end of a day in ISO 8601, second 60 a leap second; datetime knows neither.
    extra = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta()
    moment = datetime(year, month, day, 0 if extra else hour, minute, min(second, 59), microsecond, tzinfo=_zone(match["zone"]))
    return moment + extra


def _read_epoch(text: str) -> datetime | None:
    if not _EPOCH.match(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), tz=UTC)


def _read_rfc822(text: str) -> datetime | None:
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second = parts[:6]
    last = text.rsplit(" ", 1)[-1].strip("()").upper()
    # email.utils reads a zone name that it does not know as no zone.
    hours = _ZONE_HOURS.get(last)
    offset = timedelta(hours=hours) if hours is not None else timedelta(seconds=parts[9] or 0)
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone(offset))


def _zone(name: str | None) -> timezone:
    if not name:
        return UTC
    if match := _OFFSET.match(name.upper()):
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        return timezone(-offset if match["sign"] == "-" else offset)
    return timezone(timedelta(hours=_ZONE_HOURS.get(name.upper(), 0)))
