"""Made-up news corpora of any size, with the truth: which documents tell one story.

Sentences come from the labelled sets' throughput base where it is there (``COPYDESK_EVAL``), else they are invented; every fifth word
is drawn anew, so that no run of five words comes from anywhere. In a corpus are, by turns: stories that run once; stories cut, edited and
re-led by other sources, each with its own boilerplate; pairs on one event that share quotes (two stories); templated reports of one
source, a few words and figures apart (each a story); and for every 20,000 documents two stories of several hundred copies, one of them
with copies that all differ.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from pipelines.dedup import minhash_bytes
from pipelines.records import Article, Document, make_article_id
from pipelines.text import text_hash
from pipelines.urls import identity_url

EVAL = Path(os.environ.get("COPYDESK_EVAL", "../shared/eval"))
WORDS = 500
"""Length of a story; its copies are shorter or as long, boilerplate comes on top."""
SOURCES = 600
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
MANY_COPIES = 400
PER_MANY = 20_000
_PENDING = 2_000
"""Copies wait among so many others before they run: copies of a story are spread over thousands of documents."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document, and the story that it tells in truth."""

    document: Document
    story: str


@dataclass(slots=True)
class _Press:
    draw: random.Random
    sentences: list[list[str]]
    vocabulary: list[str]
    boilerplate: list[list[str]]
    weights: list[float]
    number: int = 0
    story: int = 0
    waiting: list[tuple[str, int, str]] = field(default_factory=list)

    def write(self, words: int = WORDS) -> list[str]:
        """Return so many words that no other text has in this order."""
        text: list[str] = []
        while len(text) < words:
            text += self.draw.choice(self.sentences)
        del text[words:]
        text[::5] = self.draw.choices(self.vocabulary, k=len(text[::5]))
        return text

    def sources(self, count: int) -> list[int]:
        """Return so many different sources; large ones are drawn more often."""
        if count > SOURCES // 20:
            return self.draw.sample(range(SOURCES), count)
        found: dict[int, None] = {}
        while len(found) < count:
            found[self.draw.choices(range(SOURCES), cum_weights=self.weights)[0]] = None
        return list(found)

    def print_as(self, words: list[str], source: int, story: str) -> None:
        """Put a text on a source's page, with its boilerplate, among the waiting."""
        text = " ".join(words)
        if self.draw.random() < 0.5:
            text = f"{text}\n\n{self.draw.choice(self.boilerplate[source])}"
        self.waiting.append((text, source, story))

    def edit(self, words: list[str]) -> list[str]:
        """Return a copy as an outlet makes it: whole, cut, edited, or with a lead of its own."""
        kind = self.draw.random()
        if kind < 0.35:
            return words
        if kind < 0.65:
            return words[: int(len(words) * self.draw.uniform(0.3, 0.9))]
        edited = words.copy()
        if kind < 0.85:
            for place in self.draw.sample(range(len(words)), len(words) // 50):
                edited[place] = self.draw.choice(self.vocabulary)
            return edited
        return [*self.write(40), *edited[30 : int(len(words) * self.draw.uniform(0.6, 1))]]

    def name_story(self) -> str:
        self.story += 1
        return f"story-{self.story}"

    def run_story(self, copies: int, *, all_differ: bool = False) -> None:
        words, story = self.write(), self.name_story()
        for source in self.sources(copies):
            copy = [*words[: -self.draw.randrange(1, 200)], *self.write(12)] if all_differ else self.edit(words)
            self.print_as(copy, source, story)

    def run_event(self) -> None:
        """Two reports in words of their own that quote the same people: two stories."""
        quotes = [self.write(30) for _ in range(3)]
        for source in self.sources(2):
            own = self.write(350)
            self.print_as([*own[:120], *quotes[0], *own[120:240], *quotes[1], *own[240:], *quotes[2]], source, self.name_story())

    def run_templates(self, count: int = 8) -> None:
        """Reports of one source that differ in every eighth word: each a story."""
        template, (source,) = self.write(200), self.sources(1)
        for _ in range(count):
            report = template.copy()
            report[::8] = self.draw.choices(self.vocabulary, k=len(report[::8]))
            self.print_as([*self.write(30), *report], source, self.name_story())


def make_corpus(count: int, *, seed: int = 1) -> Iterator[LabelledDocument]:
    """Yield count labelled documents, the same for the same count and seed (and the same base of sentences)."""
    press = _open_press(seed)
    for place in range(count):
        if place % PER_MANY == PER_MANY // 4:
            press.run_story(MANY_COPIES)
            press.run_story(MANY_COPIES, all_differ=True)
        while len(press.waiting) < _PENDING:
            _run_something(press)
        text, source, story = press.waiting[chosen := press.draw.randrange(len(press.waiting))]
        press.waiting[chosen] = press.waiting[-1]
        press.waiting.pop()
        name = f"source-{source}"
        moment = NOON + timedelta(seconds=place)
        article_id = f"{press.draw.getrandbits(128):032x}"
        document = Document(
            article_id=article_id, text=text, source=name, url=f"https://{name}.example/{place}", host=f"{name}.example",
            fetched_at=moment, published_at=moment - timedelta(minutes=press.draw.randrange(300)),
        )  # fmt: skip
        yield LabelledDocument(document, story)


def _run_something(press: _Press) -> None:
    kind = press.draw.random()
    if kind < 0.6:
        press.run_story(1)
    elif kind < 0.95:
        press.run_story(press.draw.choice((2, 2, 2, 3, 3, 4, 6, 9)))
    elif kind < 0.985:
        press.run_event()
    else:
        press.run_templates()


def _open_press(seed: int) -> _Press:
    draw = random.Random(seed)
    sentences = _read_sentences() or _invent_sentences(draw)
    vocabulary = sorted({word for sentence in sentences for word in sentence})
    press = _Press(
        draw=draw,
        sentences=sentences,
        vocabulary=vocabulary,
        boilerplate=[],
        weights=list(accumulate(1 / rank for rank in range(1, SOURCES + 1))),
    )
    press.boilerplate = [[" ".join(press.write(draw.randrange(15, 60))) for _ in range(3)] for _ in range(SOURCES)]
    return press


def _read_sentences() -> list[list[str]]:
    """The sentences of the throughput base: ten words and more, so that word lengths and signs are those of news."""
    path = EVAL / "dedup" / "throughput_base.jsonl.gz"
    if not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    found = (sentence.split() for text in texts for sentence in re.split(r"(?<=[.!?])\s+|\n", text))
    return [words for words in found if len(words) >= 10]


def _invent_sentences(draw: random.Random) -> list[list[str]]:
    """Sentences of made-up words whose lengths are about those of English."""
    syllables = ["".join(pair) for pair in zip("bcdfghjklmnprstvw" * 5, "aeiouaeio" * 10, strict=False)]
    words = ["".join(draw.choices(syllables, k=draw.choice((1, 1, 2, 2, 3, 4)))) for _ in range(8_000)]
    return [[*draw.choices(words, k=draw.randrange(10, 35)), draw.choice(words) + "."] for _ in range(5_000)]


def as_article(document: Document) -> Article:
    """Return a made-up document as a crawl stores it."""
    digest = text_hash(document.text, document.dateline)
    return Article(
        article_id=make_article_id(identity_url(document.url, document.canonical_url), digest),
        url=document.url,
        canonical_url=document.canonical_url,
        source=document.source,
        host=document.host,
        title=document.text[:40],
        standfirst=None,
        text=document.text,
        authors=("Ada Writer",),
        language="en",
        section=None,
        tags=(),
        published_at=document.published_at,
        modified_at=document.modified_at,
        fetched_at=document.fetched_at,
        date_source="json-ld",
        agencies=document.agencies,
        credited_agencies=(),
        provenance_mode="wire" if document.agencies else "none",
        syndicated_from=document.syndicated_from,
        syndicated_url=document.syndicated_url,
        dateline=document.dateline,
        contributors=(),
        copyright=None,
        provenance=(),
        is_free=None,
        tdm_reserved=None,
        word_count=len(document.text.split()),
        text_sha256=digest,
        minhash=minhash_bytes(document.text),
        removed=(),
        quality=0.75,
        extractor="made up",
        run_id="run",
        extra=None,
    )
