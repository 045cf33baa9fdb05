"""Lines that are furniture as a whole, known by their words."""

from __future__ import annotations

import re

from pipelines.records import BlockKind
from pipelines.scrub.rules import Phrase, Rules, bare, date_words, first_key, fold, line_rules
from pipelines.text import UNSPACED, count_words

# A paragraph of the story may open with any words; a line of furniture is short.
MAX_WORDS = 40
_MAX_CHARS = 400
_MAX_TIMESTAMP_CHARS = 90
_MAX_SHARE_BAR_CHARS = 160
_MAX_TEASER_CHARS = 200
_MIN_TEASER_WORDS = 3
_MAX_TEASER_WORDS = 25
_QUOTES = "\"'“„‘‚«「『"
# Signs, bullets and emoji before the first word; quotation marks are not among them, and "»" is one right before a word.
_PREFIX = re.compile(r"(?:[^\w\"'“”„‘’‚«»「『]|»(?=\s)){0,6}")
# A line that opens with an arrow leads elsewhere; "»" opens quotations too.
_ARROW = re.compile(r"(?:→|>>|▶|►|👉)\s")
# What goes on as the same word: "follow-up", "newsletters".
_IN_WORD = re.compile(r"-?[^\W_]")
_LABEL_SIGN = re.compile(r"\s?[:：|｜»›→▶►>】》］\]]|\s[-–—]\s")
_FULL_STOP = re.compile(r"[.。।][\"”’'»)]{0,2}\s*$")
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
_MONEY = re.compile(r"[€$£¥₽%]")
_MONTH = re.compile(r"\W*[^\W\d_]+\.? (?:de )?(?:19|20)\d\d\W*")
_DURATION = re.compile(r"\W*\d{1,3} ?[^\W\d_]+\.?")
_WORD = re.compile(r"[\w'-]+")


def furniture_reason(text: str, kind: BlockKind = "paragraph") -> str | None:
    """Return why this block is furniture, None if it may be the story.

    Only lines under 40 words are ever furniture, and none that says where the text came from: those are attribution's.
    """
    if len(text) > _MAX_CHARS or kind == "table" or not text or text[0] in _QUOTES:
        return None
    rules = line_rules()
    folded = fold(text)
    reason = _by_words(text, folded, kind, rules) or ("timestamp" if is_timestamp(text, kind) else None)
    if reason is None or count_words(text) >= MAX_WORDS or rules.origin.search(folded):
        return None
    return reason


def belongs_beside(text: str, reason: str) -> bool:
    """Say whether a line right beside furniture is more of the same: the second line of a prompt, one more name in a share bar."""
    if len(text) > _MAX_SHARE_BAR_CHARS or text[0] in _QUOTES:
        return False
    rules = line_rules()
    folded = fold(text)
    if rules.origin.search(folded):
        return False
    words = _WORD.findall(folded)
    if words and any(rule.reason == reason and rule.words.issuperset(words) for rule in rules.vocabularies):
        return True
    phrases = rules.phrases.get(first_key(folded), ())
    return any(phrase.form == "starts" and phrase.reason == reason and _end_of(phrase, folded) is not None for phrase in phrases)


def is_timestamp(text: str, kind: BlockKind = "paragraph") -> bool:
    """Say whether a line holds only a date, a time, their labels, or a reading time.

    A bare number, a price, or a month and its year is none; nor is a date as a sub-head, which a timeline has, or a duration in a list.
    """
    if len(text) > _MAX_TIMESTAMP_CHARS or not _DIGIT.search(text) or _MONEY.search(text) or _MONTH.fullmatch(text):
        return False
    if (kind == "heading" and ":" not in text) or (kind == "list_item" and _DURATION.fullmatch(text)):
        return False
    folded = text.lower()
    words = [token.rstrip(".") for token in _TOKEN.findall(_CLOCK.sub(" ", folded))]
    if not words:
        return _DATE_OR_TIME.fullmatch(text.strip(" |•·,()-–—")) is not None
    known = date_words()
    if not all(word in known for word in words):
        return False
    # "Stand 1", "last 10 minutes" need a year, a clock or a unit of reading to be a stamp.
    return _DATED.search(folded) is not None


def _by_words(text: str, folded: str, kind: BlockKind, rules: Rules) -> str | None:
    if len(text) <= _MAX_SHARE_BAR_CHARS and ((reason := rules.lines.get(bare(folded))) or (reason := _by_vocabulary(folded, rules))):
        return reason
    for phrase in rules.phrases.get(first_key(folded), ()):
        if phrase.words in folded and len(text) <= phrase.max_chars and _begins(phrase, text, folded, kind):
            return phrase.reason
    for pattern in rules.patterns:
        if pattern.cue in folded and len(text) <= pattern.max_chars and pattern.pattern.match(folded):
            return pattern.reason
    return "related" if _ARROW.match(text) and len(text) <= _MAX_TEASER_CHARS and not _FULL_STOP.search(text) else None


def _by_vocabulary(folded: str, rules: Rules) -> str | None:
    if _DIGIT.search(folded) and rules.counted.fullmatch(folded):
        return "comments"
    words = set(_WORD.findall(folded))
    if words.isdisjoint(rules.cores):
        return None
    return next((rule.reason for rule in rules.vocabularies if words <= rule.words and not words.isdisjoint(rule.core)), None)


def _begins(phrase: Phrase, text: str, folded: str, kind: BlockKind) -> bool:
    end = _end_of(phrase, folded)
    if end is None:
        return False
    rest = folded[end:]
    if phrase.form == "opens":
        return True
    if phrase.form == "starts":
        return any(word in folded for word in phrase.needs)
    sign = _LABEL_SIGN.match(rest)
    label = text[end - len(phrase.words) : end]
    if phrase.form == "weak":
        return sign is not None and (label.isupper() or (kind != "heading" and _is_teaser(rest[sign.end() :])))
    if not bare(rest):
        return True
    if phrase.rest == "alone":
        return False
    if phrase.rest == "list":
        return sign is not None and not _FULL_STOP.search(text)
    return sign is not None or _is_followed_by_headline(phrase, label, text[end:])


def _end_of(phrase: Phrase, folded: str) -> int | None:
    """Where the phrase that begins a line ends, None if the line begins otherwise; signs and bullets may stand before it."""
    match = _PREFIX.match(folded)
    start = match.end() if match else 0
    if not folded.startswith(phrase.words, start):
        return None
    end = start + len(phrase.words)
    is_within_word = _IN_WORD.match(folded, end) is not None and phrase.words[-1].isalnum() and not UNSPACED.match(phrase.words[-1])
    return None if is_within_word else end


def _is_followed_by_headline(phrase: Phrase, label: str, rest: str) -> bool:
    """A label of two words and more without a sign: in capitals before small letters, or before a headline ("À lire aussi La natalité …")."""
    if " " not in phrase.words or rest[:1] != " ":
        return False
    if label.isupper() and not rest.isupper():
        return True
    opening = rest.lstrip()[:1]
    return (opening.isupper() or opening in _QUOTES) and _is_teaser(rest)


def _is_teaser(rest: str) -> bool:
    return _MIN_TEASER_WORDS <= count_words(rest) <= _MAX_TEASER_WORDS and not _FULL_STOP.search(rest)
