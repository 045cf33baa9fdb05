"""Lines that are furniture as a whole, known by their words."""

from __future__ import annotations

import re
from functools import cache

from pipelines.scrub.rules import LineRule, attribution_words, bare, fold, line_rules, load
from pipelines.text import count_words

# A paragraph of the story may open with any words; a line of furniture is short.
MAX_WORDS = 40
_MAX_TIMESTAMP_CHARS = 90
_TOKEN = re.compile(r"[^\W\d_][\w.'-]*")
# "10h30", which is no word
_CLOCK = re.compile(r"\b\d{1,2}\s?h\s?\d{0,2}\b")
_DIGIT = re.compile(r"\d")
_DATE_OR_TIME = re.compile(
    r"(?:\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)?\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}:\d\d(?::\d\d)?)"
    r"(?:\W{0,4}\d{1,2}[:.]\d\d(?::\d\d)?)?"
)
_DATED = re.compile(
    r"\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\b\d{1,2}(?:[:h]\d\d|\s?(?:uhr|am|pm|a\.m|p\.m)\b)"
    r"|\b\d{1,2}[ -]?(?:min|minute|minutes|minuten|minuti|minutos|hours?|days?|stunden|tagen)\b"
)
_WORD = re.compile(r"[\w'-]+")


def furniture_reason(text: str) -> str | None:
    """Return why this block is furniture, None if it may be the story. Only lines under 40 words are ever furniture."""
    if len(text) > 400 or count_words(text) >= MAX_WORDS:
        return None
    folded = fold(text)
    if attribution_words().search(folded):
        return None
    for rule in line_rules():
        if len(text) <= rule.max_chars and _matches(rule, text, folded):
            return rule.reason
    return "timestamp" if is_timestamp(text) else None


def is_timestamp(text: str) -> bool:
    """Say whether a line holds only a date, a time, their labels, or a reading time. A bare number or a price is none."""
    if len(text) > _MAX_TIMESTAMP_CHARS or not _DIGIT.search(text):
        return False
    words = [token.rstrip(".") for token in _TOKEN.findall(_CLOCK.sub(" ", text.lower()))]
    if not words:
        return _DATE_OR_TIME.fullmatch(text.strip(" |•·,()-–—")) is not None
    if not all(word in _date_words() for word in words):
        return False
    # "Stand 1", "last 10 minutes" need a year, a clock or a unit of reading to be a stamp.
    return _DATED.search(text.lower()) is not None


def _matches(rule: LineRule, text: str, folded: str) -> bool:
    if rule.labels and rule.labels.match(folded):
        return True
    if rule.opens and rule.opens.match(folded):
        return True
    if rule.capitals and rule.capitals.match(text):
        return True
    if rule.lines and bare(text) in rule.lines:
        return True
    if rule.patterns and rule.patterns.match(folded):
        return True
    if rule.core:
        words = set(_WORD.findall(folded))
        return words <= rule.vocabulary and not words.isdisjoint(rule.core)
    return False


@cache
def _date_words() -> frozenset[str]:
    return frozenset(load("date_words.toml")["words"].split())
