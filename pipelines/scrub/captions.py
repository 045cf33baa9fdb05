"""Captions and photo credits that stand in the text: on a line of their own, or glued behind the caption or the story."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipelines.scrub.rules import any_of, load
from pipelines.text import count_words

_MAX_CREDIT_CHARS = 140
# Names that are nothing but a picture's, alone on a line.
_LIBRARIES = frozenset(
    (
        "Getty Images",
        "Shutterstock",
        "iStock",
        "Unsplash",
        "Pexels",
        "Pixabay",
        "Adobe Stock",
        "Alamy",
        "Picture Alliance",
        "imago images",
        "IMAGO",
    )
)
_LINE_SIGN = re.compile(r"[/|©:：]|\svia\s|\([Cc]\)")
_END_LABEL = re.compile(r"(?:oto|ictures?|mages?|ild|r[eé]dit|r[eé]dito)s?\b")
# Longer than any caption but the agencies' longest; a block above it is story with a credit glued on.
_MAX_CAPTION_WORDS = 60
_SENTENCE_END = re.compile(r"[.!?…][\"”’'»)]{0,2}(?:\s|(?=[A-ZÀ-ÞĀ-Ž“\"]))")
# Words that are short for something: no sentence ends there.
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|Gov|Sen|Rep|Gen|Lt|Col|No|vs|Jan|Feb|Aug|Sept|Oct|Nov|Dec)\.$")


@dataclass(frozen=True, slots=True)
class Cut:
    """What stays of a block ("" for nothing), what goes, and why."""

    kept: str
    removed: str
    reason: str


def cut_caption(text: str) -> Cut | None:
    """Return how a caption or credit in this block is cut, None if it holds neither.

    A block of one or two sentences with a credit at its end is a caption as a whole; of a longer one only the last sentence is, with its
    credit. "told AFP", "(AP) —" and slugs such as "(dpa/gem)" are the story's own and stay.
    """
    if not _may_hold_credit(text):
        return None
    if len(text) <= _MAX_CREDIT_CHARS and is_credit(text):
        return Cut("", text, "credit")
    found = _credit_at_end().search(text, max(0, len(text) - _MAX_CREDIT_CHARS))
    if found is None:
        return None
    before = text[: found.start(found.lastgroup or 0)].rstrip()
    starts = _sentence_starts(before)
    if len(starts) <= 2 and count_words(before) <= _MAX_CAPTION_WORDS:
        return Cut("", text, "caption")
    if len(starts) <= 2:
        return Cut(before, text[len(before) :].strip(), "credit")
    return Cut(text[: starts[-1]].rstrip(), text[starts[-1] :].strip(), "caption")


def is_credit(text: str) -> bool:
    """Say whether a line is only a photo credit: "Photo: AFP", "Jane Doe/Getty Images", "© AFP / Jane Doe".

    An agency's bare name is a byline or a sign-off, and attribution's.
    """
    return _credit_line().fullmatch(text.strip()) is not None


def _may_hold_credit(text: str) -> bool:
    """The cheap test before the slower patterns: a sign that parts names, or a label at the end."""
    if len(text) <= _MAX_CREDIT_CHARS:
        return _LINE_SIGN.search(text) is not None or text.strip("()[]. ").removesuffix(".com") in _LIBRARIES
    end = text[-_MAX_CREDIT_CHARS:]
    if "/" in end or "|" in end or " via " in end:
        return True
    return (":" in end or "©" in end or "(" in end) and _END_LABEL.search(end) is not None


def _sentence_starts(text: str) -> list[int]:
    ends = (end.end() for end in _SENTENCE_END.finditer(text) if not _ABBREVIATION.search(text, max(0, end.start() - 8), end.start() + 1))
    return [0, *(end for end in ends if end < len(text))]


@cache
def _agency() -> str:
    return any_of(load("photo_credits.toml")["agencies"])


# A photographer's or library's name: dots only behind initials.
_NAME = r"(?:[^.!?:;,/|()\[\]]|(?<=\b[A-Z])\.){2,50}"
# Given and family name, with initials and particles between.
_FULL_NAME = r"[A-ZÀ-Þ][\w'’-]+(?: (?:[A-ZÀ-Þ][\w'’.-]*|de|da|di|van|von|al|el|bin)){1,4}"
_BETWEEN = r"(?:\s?[/|]\s?|\svia\s)"


@cache
def _credit_line() -> re.Pattern[str]:
    labels = any_of(load("photo_credits.toml")["labels"])
    agencies = rf"{_agency()}(?:(?:{_BETWEEN}|\s[–—-]\s){_agency()})?"
    forms = (
        # "Photo: Jane Doe", "(Foto: dpa)", "Image: Jane Doe"
        rf"(?i:{labels})\s?[:：|/©]\s?[^.!?]{{1,90}}",
        # "© AFP / Jane Doe", "© dpa | Jane Doe"
        rf"(?:©|\(c\)|\(C\))\s?(?:{_NAME}{_BETWEEN})?{agencies}(?:\s?[/|]\s?{_NAME})?",
        # "Jane Doe / AFP – Getty Images", "Jane Doe/Staff via AP"
        rf"[A-ZÀ-Þ]{_NAME}{_BETWEEN}(?:{_NAME}{_BETWEEN}){{0,2}}{agencies}",
        rf"{any_of(_LIBRARIES)}(?:\.com)?",
    )
    return re.compile(rf"[(\[\s]{{0,2}}(?:{'|'.join(forms)})[.)\]]{{0,2}}")


@cache
def _credit_at_end() -> re.Pattern[str]:
    labels = r"(?:AP Photo|Photo|Photos|Foto|Fotos|Picture|Image|Bild|File photo|Credit|Crédito|Crédit)"
    agencies = rf"{_agency()}(?:(?:{_BETWEEN}|\s[–—-]\s){_agency()})?"
    forms = (
        # Behind a full stop, glued or not: "Tuesday.Jane Doe / AFP – Getty Images"
        rf"(?<=[.!?…\"”’'»)])\s?(?P<credit>[A-ZÀ-Þ]{_NAME}{_BETWEEN}(?:{_NAME}{_BETWEEN})?{agencies})",
        # The same glued on without a space, whoever the picture is from: "on Wednesday.Jane Doe / Harbor News"
        rf"(?<=[.!?…\"”’'»)])(?P<glued>{_FULL_NAME}\s?/\s?[A-ZÀ-Þ]\S*(?: [A-ZÀ-Þ–—-]\S*){{0,4}})",
        # "(AP Photo/Jane Doe)", "(Photo by Jane Doe/Getty Images)", "(Jane Doe/AFP)"
        rf"(?P<bracket>[(\[](?:{labels}\b[^()\[\]]{{2,90}}|[A-ZÀ-Þ]\S{{0,30}} {_NAME}{_BETWEEN}{agencies})[)\]])",
        # "… vor Gericht. Foto: Jane Doe/dpa"
        rf"(?<=[.!?…\"”’'»)])\s?(?P<labelled>{labels}s?\s?[:©]\s?[^.!?:]{{2,80}})",
    )
    return re.compile(rf"(?:{'|'.join(forms)})\.?$")
