"""Machine-readable dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.extract.stamps import Stamp, completed, parse_stamp

NOON = datetime(2024, 5, 3, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "at", "has_time", "has_offset"),
    [
        pytest.param("2024-05-03T12:30:00+02:00", NOON, True, True, id="ISO with offset"),
        pytest.param("2024-05-03T12:30+0200", NOON, True, True, id="offset without colon"),
        pytest.param("2024-05-03 12:30:00 +0200", NOON, True, True, id="spaces"),
        pytest.param("2024-05-03T10:30:00.123456789Z", NOON, True, True, id="nanoseconds"),
        pytest.param("2024-05-03T10:30:00", NOON, True, False, id="no offset"),
        pytest.param("2024-05-03", NOON.replace(hour=0, minute=0), False, False, id="a day"),
        pytest.param("20240503", NOON.replace(hour=0, minute=0), False, False, id="a day without dashes"),
        pytest.param("Fri, 03 May 2024 12:30:00 +0200", NOON, True, True, id="RFC 2822"),
        pytest.param("Fri May 03 2024 12:30:00 GMT+0200 (Central European Summer Time)", NOON, True, True, id="as JavaScript prints it"),
        pytest.param("1714732200", NOON, True, True, id="seconds since 1970"),
        pytest.param("1714732200000", NOON, True, True, id="milliseconds since 1970"),
    ],
)
def test_machine_readable_dates_are_read(raw: str, at: datetime, has_time: bool, has_offset: bool) -> None:
    """As an instant, with what was really stated."""
    stamp = parse_stamp(raw)
    assert stamp is not None
    assert (stamp.at, stamp.has_time, stamp.has_offset) == (at, has_time, has_offset)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2024-13-45",
        "2024-05-03T99:99",
        "0000-00-00",
        "9" * 40,
        "03/05/2024",
        "x" * 1_000_000,
    ],
    ids=lambda raw: raw[:20] or "nothing",
)
def test_other_dates_are_none(raw: str) -> None:
    """Nothing is guessed."""
    assert parse_stamp(raw) is None


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        pytest.param("2024-05-03T16:15:00+05:45", NOON, id="Nepal"),
        pytest.param("2024-05-03T00:30:00-10:00", NOON, id="Hawaii"),
        pytest.param("2024-05-04T00:30:00+14:00", NOON, id="Kiribati"),
        pytest.param("2024-05-03T12:30:00+02", NOON, id="hours alone"),
        pytest.param("2024-05-03T10:30:60Z", NOON.replace(second=59), id="a leap second"),
    ],
)
def test_odd_offsets_are_read(raw: str, at: datetime) -> None:
    """To the same instant."""
    stamp = parse_stamp(raw)
    assert stamp is not None
    assert (stamp.at, stamp.has_offset) == (at, True)


@pytest.mark.parametrize("offset", ["+99:99", "-15:00", "+2400"])
def test_an_impossible_offset_is_none(offset: str) -> None:
    """The time is a local one then."""
    stamp = parse_stamp(f"2024-05-03T10:30:00{offset}")
    assert stamp is not None
    assert (stamp.at, stamp.has_offset) == (NOON, False)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("2024-05-04T00:30:00+02:00", id="ISO"),
        pytest.param("Sat, 04 May 2024 00:30:00 +0200", id="RFC 2822"),
        pytest.param("Sat May 04 2024 00:30:00 GMT+0200 (Central European Summer Time)", id="as JavaScript prints it"),
    ],
)
def test_the_offset_stated_is_kept(raw: str) -> None:
    """The day stays the one that readers saw, though it is another in UTC."""
    stamp = parse_stamp(raw)
    assert stamp is not None
    assert (stamp.at.day, stamp.at.utcoffset(), stamp.at.astimezone(UTC).day) == (4, timedelta(hours=2), 3)


@pytest.mark.parametrize(
    ("day", "other", "is_completed"),
    [
        pytest.param("2024-05-03", "2024-05-03T23:30:00+02:00", True, id="the same day in its own offset"),
        pytest.param("2024-05-03", "2024-05-02T22:30:00Z", True, id="UTC may hide the local day"),
        pytest.param("2024-05-03", "2024-05-02T22:30:00+02:00", False, id="another local day"),
        pytest.param("2024-05-03", "2024-05-05T10:30:00Z", False, id="two days later"),
    ],
)
def test_a_day_is_completed_by_an_instant_of_the_same_day(day: str, other: str, is_completed: bool) -> None:
    """What else the page states has a time, but maybe of another day."""
    weak, strong = parse_stamp(day), parse_stamp(other)
    assert weak is not None
    assert strong is not None
    assert completed(weak, [strong]).at == (strong.at if is_completed else weak.at)


def test_what_is_complete_stays_as_it_is() -> None:
    """Other sources are not even looked at."""
    stamp = Stamp(NOON, "json-ld", True, True)
    assert completed(stamp, (pytest.fail("looked") for _ in range(1))) is stamp
