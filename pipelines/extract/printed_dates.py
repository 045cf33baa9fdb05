"""The days that a page prints, in the forms of many languages: beside its headline, or behind a word such as "published"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines.extract.headline import find_headline
from pipelines.extract.page_blocks import PageBlock

_DATA = tomllib.loads(Path(__file__).with_name("printed_dates.toml").read_text("utf-8"))
_MONTHS = {name: number for number, names in enumerate(_DATA["months"], start=1) for name in names.split()}
_PUBLISHED, _UPDATED = (frozenset(_DATA[name].split()) for name in ("published", "updated"))
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
# Words right before a day, no other day between.
_LABEL = re.compile(r"[^\d]{0,40}$")
_FIGURE = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
# Above the headline stand a section and a date, below it standfirst, byline and date.
BLOCKS_ABOVE, BLOCKS_BELOW = 2, 10
MAX_WORDS = 20
MAX_CHARS = 300
_PARAGRAPH_WORDS = 25
_LABEL_WORDS = 3


def days_beside_headline(page: Sequence[PageBlock], *, title: str | None, language: str | None) -> Iterator[datetime]:
    """Yield the days printed around the headline, from just above it to the first paragraph, as midnight UTC, in page order.

    Days of an update come last. language: BCP 47 or as the page writes it; "03/05/2024" is skipped where it is English or unknown, as
    nobody can tell which is the month.
    """
    updates: list[datetime] = []
    for block in _around_headline(page, title):
        if block.words <= MAX_WORDS and block.link_share < 0.5:
            for day, label in find_days(block.text, language=language):
                if _UPDATED.isdisjoint(label):
                    yield day
                else:
                    updates.append(day)
    yield from updates


def labelled_days(page: Sequence[PageBlock], *, language: str | None) -> Iterator[datetime]:
    """Yield the days that a word such as "published" goes before, anywhere on the page, as midnight UTC, in page order."""
    before = frozenset[str]()
    for block in page:
        if block.words > MAX_WORDS or (block.words > _LABEL_WORDS and not _FIGURE.search(block.text)):
            before = frozenset()
            continue
        words = frozenset(_WORD.findall(block.text[:MAX_CHARS].lower()))
        if not _PUBLISHED.isdisjoint(words | before):
            for day, label in find_days(block.text, language=language):
                if not _PUBLISHED.isdisjoint(label or before):
                    yield day
        # "Published:" in a cell of its own.
        before = words if block.words <= _LABEL_WORDS else frozenset()


def find_days(text: str, *, language: str | None = None) -> list[tuple[datetime, frozenset[str]]]:
    """Return the days that a short text prints, as midnight UTC, each with the words right before it in lower case; what is no day is left out.

    At most the first MAX_CHARS characters are read.
    """
    found: dict[int, datetime] = {}
    for form in _FORMS:
        for match in form.finditer(text[:MAX_CHARS]):
            if match.start() not in found and (day := _read(match.groupdict(), language)):
                found[match.start()] = day
    return [(found[start], _label_before(text, start)) for start in sorted(found)]


def _label_before(text: str, start: int) -> frozenset[str]:
    match = _LABEL.search(text[max(0, start - 40) : start])
    return frozenset(_WORD.findall(match[0].lower())) if match else frozenset()


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


def _around_headline(page: Sequence[PageBlock], title: str | None) -> Iterator[PageBlock]:
    headline = find_headline(page, title)
    if headline is None:
        return
    below = []
    for block in page[headline + 1 : headline + 1 + BLOCKS_BELOW]:
        if block.words >= _PARAGRAPH_WORDS:
            break
        below.append(block)
    yield from (*below, *page[max(0, headline - BLOCKS_ABOVE) : headline + 1])
