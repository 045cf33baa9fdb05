"""Dates of feeds and sitemaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.discover.dates import date_in_path, parse_date

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("Sat, 03 Oct 2026 10:20:30 GMT", utc(2026, 10, 3, 10, 20, 30), id="RFC 822"),
        pytest.param("Sat, 03 Oct 2026 10:20:30 +0530", utc(2026, 10, 3, 4, 50, 30), id="RFC 822 with an offset"),
        pytest.param("Sat, 03 Oct 2026 10:20:30 EST", utc(2026, 10, 3, 15, 20, 30), id="RFC 822 with an American zone"),
        pytest.param("Sat, 03 Oct 2026 10:20:30 CEST", utc(2026, 10, 3, 8, 20, 30), id="RFC 822 with a European zone"),
        pytest.param("Sat, 03 Oct 2026 10:20:30 XYZ", utc(2026, 10, 3, 10, 20, 30), id="unknown zone counts as UTC"),
        pytest.param("3 Oct 26 10:20", utc(2026, 10, 3, 10, 20), id="two-digit year, no weekday, no seconds"),
        pytest.param("Sat,  03 Oct 2026\n10:20:30  +0000", utc(2026, 10, 3, 10, 20, 30), id="odd white space"),
        pytest.param("2026-10-03T10:20:30Z", utc(2026, 10, 3, 10, 20, 30), id="ISO 8601"),
        pytest.param(
            "2026-10-03T10:20:30.123456789+02:00", utc(2026, 10, 3, 8, 20, 30) + timedelta(microseconds=123456), id="ISO with nanoseconds"
        ),
        pytest.param("2026-10-03T10:20+0200", utc(2026, 10, 3, 8, 20), id="ISO to the minute"),
        pytest.param("2026-10-03 10:20:30", utc(2026, 10, 3, 10, 20, 30), id="ISO without a zone counts as UTC"),
        pytest.param("2026-10-03", utc(2026, 10, 3), id="a day is its midnight"),
        pytest.param("2026-10", utc(2026, 10, 1), id="a month is its first day"),
        pytest.param("20261003T102030Z", utc(2026, 10, 3, 10, 20, 30), id="ISO without signs"),
        pytest.param("2026/10/03 10:20:30 +0200", utc(2026, 10, 3, 8, 20, 30), id="slashes"),
        pytest.param("2026-10-03T24:00:00Z", utc(2026, 10, 4), id="end of the day"),
        pytest.param("2026-06-30T23:59:60Z", utc(2026, 6, 30, 23, 59, 59), id="leap second"),
        pytest.param("1791022830", utc(2026, 10, 3, 10, 20, 30), id="Unix time"),
        pytest.param("1791022830000", utc(2026, 10, 3, 10, 20, 30), id="Unix time in milliseconds"),
        pytest.param("2026-10-06T11:00:00Z", utc(2026, 10, 6, 11), id="a clock that is fast by less than a day"),
    ],
)
def test_a_date_is_read(raw: str, expected: datetime) -> None:
    """Every form comes out as the same kind of thing: an aware datetime in UTC."""
    found = parse_date(raw, now=NOW)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(None, id="None"),
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param("yesterday", id="words"),
        pytest.param("2026-13-40", id="no such day"),
        pytest.param("2026-02-30T10:00:00Z", id="30 February"),
        pytest.param("03/10/2026 14:00", id="day and month cannot be told apart"),
        pytest.param("1970-01-01T00:00:00Z", id="the beginning of Unix time"),
        pytest.param("0001-01-01T00:00:00Z", id="the year 1"),
        pytest.param("Sat, 31 Dec 1994 23:59:59 GMT", id="before 1995"),
        pytest.param("2026-10-06T12:00:01Z", id="more than a day ahead"),
        pytest.param("9999-12-31T23:59:59-12:00", id="the end of time"),
        pytest.param("2026-10-03T10:20:30+99:99", id="no such offset"),
        pytest.param("20261003102030" * 100, id="far too long"),
        pytest.param("2026-10-03T99:99:99Z", id="no such hour"),
    ],
)
def test_no_date_is_made_up(raw: str | None) -> None:
    """What cannot be read or cannot be true is None, never an error and never a guess."""
    assert parse_date(raw, now=NOW) is None


@given(st.text(max_size=90) | st.from_regex(r"\d{1,5}[-/. ]\d{1,3}[-/. ]\d{1,3}[T ]?\d{0,2}:?\d{0,2} ?[A-Z+-]{0,4}\d{0,4}", fullmatch=True))
def test_reading_a_date_never_raises(raw: str) -> None:
    """Whatever a feed calls a date, the answer is a plausible datetime or None."""
    found = parse_date(raw, now=NOW)
    assert found is None or utc(1995, 1, 1) <= found <= NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/news/2026/10/03/rain-again", utc(2026, 10, 4), id="folders"),
        pytest.param("/2026-10-03-rain.html", utc(2026, 10, 4), id="hyphens"),
        pytest.param("/rain_2026_9_3", utc(2026, 9, 4), id="without zeros"),
        pytest.param("/a/20261003", utc(2026, 10, 4), id="no signs"),
        pytest.param("/2026/09/rain", utc(2026, 10, 1), id="a month"),
        pytest.param("/2025/12/rain", utc(2026, 1, 1), id="the last month of a year"),
        pytest.param("/2026/02/30/rain", None, id="no such day"),
        pytest.param("/a/20261003123", None, id="a number that only begins so"),
        pytest.param("/world/2026/rain", None, id="a year alone"),
        pytest.param("/goals/2030/10/03/", None, id="years ahead"),
        pytest.param("/19840203/orwell", None, id="before there were feeds"),
        pytest.param("/rain", None, id="none"),
    ],
)
def test_an_address_names_the_end_of_its_day(path: str, expected: datetime | None) -> None:
    """The latest moment that the page can be from."""
    assert date_in_path(path, now=NOW) == expected
