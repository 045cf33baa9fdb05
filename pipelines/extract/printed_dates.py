"""The day that a page prints beside its headline, in the forms of many languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines.extract.page_blocks import PageBlock

_MONTHS = {
    name: number
    for number, names in enumerate(tomllib.loads(Path(__file__).with_name("months.toml").read_text("utf-8"))["months"], start=1)
    for name in names.split()
}
_NAME = r"(?P<month>[^\W\d_]{3,14})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<!\d){_YEAR}[-./](?P<month>\d\d?)[-./](?P<day>\d\d?)(?!\d)",
        rf"(?<!\d){_YEAR}\s?[年년]\s?(?P<month>\d\d?)\s?[月월]\s?(?P<day>\d\d?)\s?[日일]",
        rf"(?<!\d)(?P<day>\d\d?)(?:\.|st|nd|rd|th|er|º)?\s(?:de\s|of\s)?{_NAME},?\s(?:de\s)?{_YEAR}",
        rf"\b{_NAME}\s(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s{_YEAR}",
        rf"(?<!\d)(?P<day>\d\d?)\.\s?(?P<month>\d\d?)\.\s?{_YEAR}",
        r"(?<!\d)(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d\d)(?!\d)",
        rf"(?<!\d)(?P<first>\d\d?)(?P<sign>[-/])(?P<second>\d\d?)(?P=sign){_YEAR}",
    )
)
# Above the headline stand a section and a date, below it standfirst, byline and date.
BLOCKS_ABOVE, BLOCKS_BELOW = 2, 10
MAX_WORDS = 20
_PARAGRAPH_WORDS = 25


def printed_days(page: Sequence[PageBlock], *, language: str | None) -> Iterator[datetime]:
    """Yield the days printed around the h1, from just above it to the first paragraph, as midnight UTC, in page order.

    language: BCP 47 or as the page writes it; "03/05/2024" is skipped where it is English or unknown, as nobody can tell which is the month.
    """
    for block in _around_headline(page):
        if block.words <= MAX_WORDS and block.link_share < 0.5 and (day := parse_day(block.text, language=language)):
            yield day


def parse_day(text: str, *, language: str | None = None) -> datetime | None:
    """Return the first day that a short text prints, as midnight UTC; None if it prints none or one that cannot be told."""
    for form in _FORMS:
        for match in form.finditer(text[:300]):
            if day := _read(match.groupdict(), language):
                return day
    return None


def _read(parts: dict[str, str], language: str | None) -> datetime | None:
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second"])
        if first <= 12 and second <= 12 and first != second and (language or "en").lower().startswith("en"):
            return None
        day, month = (second, first) if second > 12 else (first, second)
    else:
        day = int(parts["day"])
        month = int(parts["month"]) if parts["month"].isdecimal() else _MONTHS.get(parts["month"].lower(), 0)
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _around_headline(page: Sequence[PageBlock]) -> Iterator[PageBlock]:
    headline = next((block.position for block in page if block.tag == "h1"), None)
    if headline is None:
        return
    below = []
    for block in page[headline + 1 : headline + 1 + BLOCKS_BELOW]:
        if block.words >= _PARAGRAPH_WORDS:
            break
        below.append(block)
    yield from (*below, *page[max(0, headline - BLOCKS_ABOVE) : headline + 1])
