"""Machine-readable dates: reading them, and completing a weak one from another that states the same.

An instant keeps the offset that its publisher states, so that its day is the day that readers saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
# Clocks differ and local times are stated as UTC: so much after the fetch is still "now", more is an announcement or a mistake.
TOLERANCE = timedelta(days=1)
# Kiribati's; an offset beyond it is a mistake, and the time a local one.
MAX_OFFSET = timedelta(hours=14)
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:(?:T|\s{1,3})(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?\s{0,3}(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?)?",
    re.IGNORECASE,
)
_JAVASCRIPT = re.compile(r"\w{3} (\w{3}) (\d\d) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})")
_RFC_2822 = re.compile(r"(?:\w{3,9},\s{1,3})?\d{1,2} \w{3} \d{4} \d\d:\d\d")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date as found. at is aware, in the offset stated; UTC stands in for one that is not, midnight for a time that is not."""

    at: datetime
    source: str
    has_time: bool
    has_offset: bool


def parse_stamp(raw: str, source: str = "") -> Stamp | None:
    """Return the instant or day that a machine-readable date states: ISO 8601, RFC 2822, JavaScript's own, seconds since 1970."""
    raw = raw.strip()[:60]
    try:
        if _EPOCH.fullmatch(raw):
            return Stamp(datetime.fromtimestamp(int(raw[:10]), UTC), source, True, True)
        if match := _ISO.match(raw):
            return _from_iso(match, source)
        if match := _JAVASCRIPT.match(raw):
            at = datetime.strptime("{} {} {} {} {}".format(*match.groups()), "%b %d %Y %H:%M:%S %z")
            return Stamp(at, source, True, True)
        if _RFC_2822.match(raw):
            at = parsedate_to_datetime(raw)
            return Stamp(at if at.tzinfo else at.replace(tzinfo=UTC), source, True, at.tzinfo is not None)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        pass
    return None


def is_plausible(stamp: Stamp, fetched_at: datetime) -> bool:
    """Say whether an article that was fetched at that time may have been published then."""
    return OLDEST <= stamp.at <= fetched_at + TOLERANCE


def completed(stamp: Stamp, others: Iterable[Stamp]) -> Stamp:
    """Return the same date with the time or the offset that another source states for it."""
    if stamp.has_time and stamp.has_offset:
        return stamp
    for other in others:
        if not (other.has_time and other.has_offset):
            continue
        apart = other.at - stamp.at
        if stamp.has_time:
            # The same local minute under any offset in use: whole quarters of an hour, at most 14 hours.
            if abs(apart) <= MAX_OFFSET and abs(apart.total_seconds()) % 900 < 60:
                return Stamp(other.at, stamp.source, True, True)
        elif other.at.date() == stamp.at.date() or (not other.at.utcoffset() and -MAX_OFFSET <= apart <= timedelta(days=1) + MAX_OFFSET):
            # In its own offset, or in UTC, which may hide another local day.
            return Stamp(other.at, stamp.source, True, True)
    return stamp


def _from_iso(match: re.Match[str], source: str) -> Stamp:
    year, month, day, hour, minute, second, zone = match.groups()
    offset = timedelta()
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if zone[0] == "-" else 1)
        if abs(offset) > MAX_OFFSET:
            zone, offset = None, timedelta()
    local = timezone(offset) if offset else UTC
    at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59), tzinfo=local)
    return Stamp(at, source, hour is not None, zone is not None)
