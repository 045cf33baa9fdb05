"""What the classes of an element say it holds; the words are in ``regions.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
BODY = "body"


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile("-(?:" + "|".join(sorted(map(re.escape, {_normalize(word) for word in words.split()}), key=len, reverse=True)) + ")-")


def _normalize(names: str) -> str:
    return _NOT_LETTERS.sub("-", _CAMEL_CASE.sub("-", names).lower()).strip("-")


_DATA = tomllib.loads(Path(__file__).with_name("regions.toml").read_text("utf-8"))
_LEAD = _pattern(_DATA["lead"])
_BODY = _pattern(_DATA["body"])
_REGIONS = {name: _pattern(words) for name, words in _DATA["regions"].items()}


# Class strings repeat over the pages of an outlet.
@lru_cache(maxsize=20_000)
def region_of(names: str) -> tuple[str | None, bool]:
    """Return (region, whether a standfirst) of an element's class and id; the region is BODY where they name the article's body."""
    normalized = f"-{_normalize(names)}-"
    is_lead = _LEAD.search(normalized) is not None
    for region, pattern in _REGIONS.items():
        if pattern.search(normalized):
            return region, is_lead
    return (BODY if _BODY.search(normalized) else None), is_lead
