"""Articles that are fetched again at certain ages: which are due, what came of it, and when to look again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pipelines.discover import next_revisit
from pipelines.errors import SettingsError
from pipelines.records import Article, Revisit
from pipelines.urls import clean_url

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([mhd])\Z")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Revisits:
    """The revisits of one run. URLs are known by the keys of ``urls.clean_url``."""

    def __init__(self, ages: Sequence[timedelta]) -> None:
        self.ages = tuple(ages)
        """Empty: nothing is fetched again."""
        self._asked: dict[str, Revisit] = {}
        self._validators: dict[str, tuple[str | None, str | None]] = {}
        self._settled: list[Revisit] = []

    def ask(self, key: str, revisit: Revisit) -> None:
        """Note that an article is being fetched again."""
        self._asked[key] = revisit

    def asked(self, keys: Iterable[str]) -> Revisit | None:
        """Return the article that one of these keys is fetched again for, None if none is."""
        return next((self._asked[key] for key in keys if key in self._asked), None)

    def note_validators(self, key: str, etag: str | None, last_modified: str | None) -> None:
        """Keep what a page's server sent until its article is stored."""
        if self.ages and (etag or last_modified):
            self._validators[key] = etag, last_modified

    def settle(self, revisit: Revisit, *, now: datetime) -> None:
        """Note that a visit brought nothing new: unchanged, or no article this time. The next age comes next."""
        key = clean_url(revisit.url) or revisit.url
        self._asked.pop(key, None)
        self._validators.pop(key, None)
        self._settled.append(replace(revisit, due_at=next_revisit(revisit.first_fetched_at, self.ages, now=now)))

    def plan(self, article: Article, keys: Iterable[str], *, now: datetime) -> Revisit | None:
        """Return when an article that is being stored is to be fetched again; None when it never is and never was."""
        if not self.ages:
            return None
        keys = list(keys)
        before = self.asked(keys)
        first_fetched_at = before.first_fetched_at if before else article.fetched_at
        due_at = next_revisit(first_fetched_at, self.ages, now=now)
        etag, last_modified = next((self._validators[key] for key in keys if key in self._validators), (None, None))
        if due_at is None and before is None:
            return None
        return Revisit(
            url=article.url, source=article.source, text_sha256=fingerprint(article), first_fetched_at=first_fetched_at,
            due_at=due_at, etag=etag, last_modified=last_modified,
        )  # fmt: skip

    def stored(self, keys: Iterable[str]) -> None:
        """Forget what was kept for an article that is durable now."""
        for key in keys:
            self._asked.pop(key, None)
            self._validators.pop(key, None)

    def settled(self) -> list[Revisit]:
        """Return the visits that are settled and not saved yet."""
        return list(self._settled)

    def saved(self, revisits: Iterable[Revisit]) -> None:
        """Note visits whose next date is durable."""
        done = set(revisits)
        self._settled = [revisit for revisit in self._settled if revisit not in done]


def fingerprint(article: Article) -> bytes:
    """Return a SHA-256 that stays while an article's text does.

    Source memory learns from crawl to crawl: a line that it cuts by now still counts, or every revisit would look like a change.
    """
    cut = (piece.text for piece in article.removed if piece.reason == "repeated_on_source")
    return hashlib.sha256("\n".join(sorted({*article.text.split("\n\n"), *cut})).encode("utf-8", "surrogatepass")).digest()


def read_ages(value: Any) -> tuple[timedelta, ...]:
    """Return the ages of ARTICLE_REVISITS, such as ``["1h", "6h", "24h"]`` or ``"1h,6h,24h"``, in rising order; nothing is none.

    Raises SettingsError for anything else.
    """
    parts = value if isinstance(value, list | tuple) else str(value or "").split(",")
    ages = []
    for part in (str(part).strip().lower() for part in parts):
        match = _AGE.match(part)
        if part and (match is None or float(match[1]) <= 0):
            raise SettingsError(f"ARTICLE_REVISITS must be ages such as '1h, 6h, 2d' (units m, h, d), got {value!r}")
        if match:
            ages.append(float(match[1]) * _UNITS[match[2]])
    return tuple(sorted(set(ages)))
