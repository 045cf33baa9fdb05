"""The word lists of this package, read once and made ready to be asked: ``rules.toml`` and one file a language in ``words/``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipelines.text import UNSPACED

Form = Literal["label", "weak", "opens", "starts"]
LabelRest = Literal["any", "list", "alone"]

_FOLDER = Path(__file__).parent
_EDGE_SIGNS = " \t.:：;,!?…|｜-–—•·*>＞»›→←▶►▼▲■◆●#+\"'“”„()[]【】《》「」『』（）⟶➤👉"
_FORMS: Mapping[str, Form] = {"labels": "label", "weak": "weak", "opens": "opens", "starts": "starts"}
_FIRST_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with which a line of furniture begins, folded."""

    words: str
    form: Form
    reason: str
    max_chars: int
    rest: LabelRest
    """What may follow a label."""
    needs: tuple[str, ...]
    """One of these must stand in the line; only for the form ``starts``."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that is tried from the start of lines that hold a cue."""

    cue: str
    pattern: re.Pattern[str]
    reason: str
    max_chars: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A line of only these words, with one of the core at least, is cut for the reason."""

    words: frozenset[str]
    core: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules on single lines."""

    lines: Mapping[str, str]
    """Bare whole line to reason."""
    phrases: Mapping[str, tuple[Phrase, ...]]
    """By ``first_key`` of the line; reasons in their order, then the longest first."""
    patterns: tuple[Pattern, ...]
    vocabularies: tuple[Vocabulary, ...]
    cores: frozenset[str]
    """The core words of all vocabularies."""
    counted: re.Pattern[str]
    """A number of comments, the whole line."""
    origin: re.Pattern[str]
    """Words by which a line says where the text came from."""


@dataclass(frozen=True, slots=True)
class TailHeadings:
    """Headings of lists of other stories, bare."""

    final: frozenset[str]
    inline: frozenset[str]
    opens: re.Pattern[str]


def fold(text: str) -> str:
    """Return text in the form the lists are written in: lower case, straight apostrophes; as long as before but for a few letters."""
    return text.lower() if text.isascii() else text.replace("’", "'").replace("‘", "'").replace("´", "'").lower()


def bare(folded: str) -> str:
    """Return a folded line without the signs at its ends: "» read more…" as "read more"."""
    return folded.strip(_EDGE_SIGNS)


def first_key(folded: str) -> str:
    """Return what phrases are looked up by: the first word; of a script without spaces, the first character."""
    match = _FIRST_WORD.search(folded)
    if match is None:
        return ""
    word = match.group()
    return word[0] if UNSPACED.match(word) else word


def load(name: str) -> dict[str, Any]:
    """Return a data file of this package."""
    return tomllib.loads((_FOLDER / name).read_text("utf-8"))


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, the longest first.

    Grouped by their first letter, which halves the time of a search: Python tries one alternative after the other at each place.
    """
    groups: dict[str, list[str]] = {}
    for word in sorted(set(words), key=len, reverse=True):
        groups.setdefault(word[:1], []).append(re.escape(word[1:]))
    return "(?:" + "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items()) + ")"


@cache
def line_rules() -> Rules:
    """Return the rules of ``rules.toml`` with the words of every language."""
    entries = load("rules.toml")["reason"]
    languages = _languages()
    lines: dict[str, str] = {}
    phrases: dict[str, list[Phrase]] = {}
    counted: set[str] = set()
    for entry in entries:
        found: set[Phrase] = set()
        for language in languages:
            lists = language.get(entry["name"], {})
            counted.update(map(fold, lists.get("counted", ())))
            for line in lists.get("lines", ()):
                lines.setdefault(bare(fold(line)), entry["name"])
            found.update(_phrases(lists, entry))
        for phrase in sorted(found, key=lambda phrase: (-len(phrase.words), phrase.words, phrase.form)):
            phrases.setdefault(first_key(phrase.words), []).append(phrase)
    vocabularies = tuple(_vocabulary(entry) for entry in entries if "core" in entry)
    nouns = any_of(counted)
    return Rules(
        lines=lines,
        phrases={key: tuple(found) for key, found in phrases.items()},
        patterns=tuple(pattern for entry in entries for pattern in _patterns(entry)),
        vocabularies=vocabularies,
        cores=frozenset().union(*(vocabulary.core for vocabulary in vocabularies)),
        counted=re.compile(rf"\(?\d{{1,6}}\)? ?{nouns}\W{{0,2}}|{nouns} ?[(:] ?\d{{1,6}} ?\)?"),
        origin=re.compile(any_of(fold(words) for language in languages for words in language["origin"]["words"])),
    )


@cache
def date_words() -> frozenset[str]:
    """Return the words of dates, times and their labels."""
    return frozenset(load("date_words.toml")["words"].split())


@cache
def tail_headings() -> TailHeadings:
    """Return the headings of all languages."""
    lists = [language["tail"] for language in _languages()]
    return TailHeadings(
        final=frozenset(bare(fold(heading)) for entry in lists for heading in entry.get("headings", ())),
        inline=frozenset(bare(fold(heading)) for entry in lists for heading in entry.get("inline", ())),
        opens=re.compile(any_of(fold(words) for entry in lists for words in entry.get("opens", ())) + r"\s+\S"),
    )


def _languages() -> list[dict[str, Any]]:
    return [load(f"words/{path.name}") for path in sorted((_FOLDER / "words").glob("*.toml"))]


def _phrases(lists: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterable[Phrase]:
    needs = tuple(fold(word) for word in lists.get("needs", ()))
    for name, form in _FORMS.items():
        for words in lists.get(name, ()):
            yield Phrase(
                words=fold(words),
                form=form,
                reason=entry["name"],
                max_chars=entry["max_chars"],
                rest=entry.get("label", "alone"),
                needs=needs if form == "starts" else (),
            )


def _patterns(entry: Mapping[str, Any]) -> Iterable[Pattern]:
    for cue, pattern in entry.get("patterns", ()):
        yield Pattern(cue=cue, pattern=re.compile(pattern), reason=entry["name"], max_chars=entry["max_chars"])


def _vocabulary(entry: Mapping[str, Any]) -> Vocabulary:
    core = frozenset(entry["core"].split())
    return Vocabulary(words=core.union(entry["vocabulary"].split()), core=core, reason=entry["name"])
