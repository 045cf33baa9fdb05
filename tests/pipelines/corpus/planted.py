"""Articles with a known truth, an index that finds it, and an independent check of everything on disk.

Words of a text plant the stories: ``k7`` joins all articles that bear it, ``b7`` too, but the index puts that off until it settles, and
``t7`` joins them only while at most three bear it, so stories also fall apart. ``r12`` is the rank: the highest is the canonical copy.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.corpus import Store
from pipelines.corpus.frontier import url_key
from pipelines.corpus.source_lines import WINDOW
from pipelines.records import Article, Document, Evidence, Membership, Rejection, Removed, make_article_id
from pipelines.scrub import note_lines
from pipelines.text import text_hash
from pipelines.urls import identity_url

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAYS = [NOON + timedelta(days=day) for day in (-1, 0, 1)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def make_article(url: str, words: str, *, fetched_at: datetime = NOON, **changes: Any) -> Article:
    """An article with a value in every column; words go into the text."""
    text = f"{words}\n\nA second paragraph of {url}."
    digest = text_hash(text)
    article = Article(
        article_id=make_article_id(identity_url(url, None), digest),
        url=url,
        canonical_url=None,
        source="gazette",
        host="gazette.example",
        title=f"Title of {url}",
        standfirst="What it says in short",
        text=text,
        authors=("Ada Writer", "Ben Reporter"),
        language="en",
        section="World",
        tags=("rivers", "Brücken"),
        published_at=fetched_at - timedelta(hours=3),
        modified_at=None,
        fetched_at=fetched_at,
        date_source="json-ld",
        agencies=("AP",),
        credited_agencies=(),
        provenance_mode="wire",
        syndicated_from=None,
        syndicated_url=None,
        dateline="OSLO",
        contributors=("Cleo Stringer contributed from Bergen.",),
        copyright="© 2026 Gazette",
        provenance=(Evidence(field="agencies", value="AP", signal="dateline", evidence="OSLO (AP) —", confidence=0.75),),
        is_free=True,
        tdm_reserved=None,
        word_count=len(text.split()),
        text_sha256=digest,
        minhash=hashlib.sha512(text.encode()).digest() * 8,
        removed=(Removed(reason="prompt", text="Sign up", position=0), Removed(reason="caption", text="A bridge", position=1)),
        quality=0.5,
        extractor="test 1",
        run_id="run-1",
        extra='{"requested_url": "https://gazette.example/asked"}',
    )
    return replace(article, **changes)


def draw_articles(rng: random.Random, count: int, *, stories: int = 40, urls: int = 10**9) -> list[Article]:
    """Draw articles of a few stories; the same URL always gives the same text, as when two crawls meet a page."""
    drawn = []
    for _ in range(count):
        url = f"https://s{rng.randrange(9)}.example/{rng.randrange(urls)}"
        own = random.Random(url)
        words = [f"k{own.randrange(stories)}", f"r{own.randrange(10**6)}"]
        words += [f"b{own.randrange(stories)}"] * (own.random() < 0.1) + [f"t{own.randrange(stories)}"] * (own.random() < 0.3)
        fetched_at = rng.choice(DAYS) + timedelta(microseconds=rng.randrange(10**10))
        drawn.append(make_article(url, " ".join(words), fetched_at=fetched_at, extra=None))
    return drawn


def reject(url: str, **changes: Any) -> Rejection:
    """A final rejection."""
    return replace(Rejection(url=url, stage="scrub", reason="too_short", source="gazette", fetched_at=NOON, run_id="run-1"), **changes)


@dataclass(frozen=True)
class Doc:
    fetched_us: int
    text: str
    is_settled: bool = True

    def words(self, kind: str) -> list[str]:
        return [word for word in self.text.split() if word[0] == kind and word[1:].isdigit()]


def find_stories(docs: Mapping[str, Doc]) -> dict[str, tuple[str, str]]:
    """{article_id: (story_id, canonical article_id)}, a function of the set of documents."""
    uses = Counter(word for doc in docs.values() for word in doc.words("t"))
    parent: dict[str, str] = {}

    def find(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for article, doc in docs.items():
        late = doc.words("b") if doc.is_settled else []
        for word in doc.words("k") + late + [word for word in doc.words("t") if uses[word] <= 3]:
            parent[find(word)] = find(article)
    stories = defaultdict(list)
    for article in docs:
        stories[find(article)].append(article)
    found = {}
    for members in stories.values():
        first = min(members, key=lambda article: (docs[article].fetched_us, article))
        canonical = max(members, key=lambda article: (int(docs[article].words("r")[0][1:]), article))
        found |= dict.fromkeys(members, (first, canonical))
    return found


def judge(article: str, canonical: str) -> tuple[str | None, float | None, float | None]:
    """Relation, jaccard and containment of a copy: any function of both that float32 holds exactly."""
    if article == canonical:
        return None, None, None
    return "copy", int((article + canonical)[30:34], 16) % 64 / 64, int(article[:2], 16) / 256


@dataclass
class PlantedFold:
    memberships: Sequence[Membership]
    docs: Mapping[str, Doc]


class PlantedIndex:
    """Knows the truth; everything it remembers is in SQLite, in the store's transactions."""

    def __init__(self, connection: sqlite3.Connection, folder: Path, *, read_documents: object) -> None:
        assert folder.is_dir()
        self.connection = connection
        connection.execute("CREATE TABLE IF NOT EXISTS planted(article TEXT PRIMARY KEY, fetched_us INT, text TEXT, is_settled INT)")

    def refresh(self) -> None:
        rows = self.connection.execute("SELECT * FROM planted")
        self.docs = {article: Doc(fetched_us, text, bool(is_settled)) for article, fetched_us, text, is_settled in rows}

    def statistics(self) -> dict[str, int]:
        return {"texts": len(self.docs)}

    def prepare(self, documents: Sequence[Document], moved: Sequence[Document] = ()) -> PlantedFold:
        assert not {item.article_id for item in documents} & self.docs.keys(), "a document came twice"
        assert {item.article_id for item in moved} <= self.docs.keys(), "an unknown document moved"
        new = {}
        for item in (*documents, *moved):
            known = self.docs.get(item.article_id)
            doc = Doc((item.fetched_at - EPOCH) // timedelta(microseconds=1), item.text)
            new[item.article_id] = replace(doc, is_settled=known.is_settled if known else not doc.words("b"))
        return self._decide(new)

    def prepare_settle(self, limit: int = 5000) -> PlantedFold | None:
        late = sorted(article for article, doc in self.docs.items() if not doc.is_settled)[: min(limit, 5)]
        return self._decide({article: replace(self.docs[article], is_settled=True) for article in late}) if late else None

    def _decide(self, new: Mapping[str, Doc]) -> PlantedFold:
        before, after = find_stories(self.docs), find_stories({**self.docs, **new})
        touched = {article for article in after if before.get(article) != after[article] or article in new}
        stories = {found[article][0] for found in (before, after) for article in touched if article in found}
        members = [article for article in after if after[article][0] in stories or before.get(article, ("",))[0] in stories]
        stories |= {after[article][0] for article in members}
        members = [article for article in after if after[article][0] in stories]
        rows = []
        for article in members:
            relation, jaccard, containment = judge(article, after[article][1])
            rows.append(
                Membership(
                    article_id=article,
                    story_id=after[article][0],
                    canonical_article_id=after[article][1],
                    relation=relation,  # type: ignore[arg-type]
                    jaccard=jaccard,
                    containment=containment,
                )
            )
        return PlantedFold(rows, new)

    def write(self, fold: PlantedFold) -> None:
        rows = [(article, doc.fetched_us, doc.text, doc.is_settled) for article, doc in fold.docs.items()]
        assert self.connection.in_transaction
        self.connection.executemany("INSERT OR REPLACE INTO planted VALUES (?, ?, ?, ?)", rows)

    def finish(self, fold: PlantedFold) -> None:
        assert not self.connection.in_transaction
        self.docs |= fold.docs

    def abandon(self, fold: PlantedFold) -> None:
        """Nothing was remembered."""

    def clear(self) -> None:
        self.connection.execute("DELETE FROM planted")
        self.docs = {}


def open_store(folder: Path, *, open_index: Any = PlantedIndex, **options: Any) -> Store:
    """A store whose stories are planted; it notes lines as a crawl's does."""
    return Store(folder, open_index=open_index, note_lines=note_lines, **options)  # type: ignore[arg-type]


def read_rows(folder: Path, dataset: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(day, part, row) of every row of a dataset, read without the store."""
    return [
        (path.parent.name.removeprefix("crawl_date="), path.stem, row)
        for path in sorted((folder / dataset).glob("*/*.parquet"))
        for row in pq.ParquetFile(path).read().to_pylist()
    ]


def tell_corpus(folder: Path) -> list[Any]:
    """All that corpus and copies say, comparable between stores that hold the same articles in other parts."""
    stories = sorted((row["story_id"], row["article_id"], row["text"], row["fetched_at"]) for _, _, row in read_rows(folder, "corpus"))
    copies = sorted(tuple(map(str, row.values())) for _, _, row in read_rows(folder, "copies"))
    return [stories, copies]


def expected_lines(folder: Path) -> set[tuple[Any, ...]]:
    """What the log says of its sources' lines: of each URL the latest fetch, of these the latest of each source."""
    latest: dict[tuple[str, int], tuple[Any, ...]] = {}
    for _, _, row in read_rows(folder, "articles"):
        removed = [(piece["reason"], piece["text"]) for piece in row["removed"]]
        note = note_lines(row["text"], removed=removed, authors=row["authors"], dateline=row["dateline"])
        key = row["source"], url_key(identity_url(row["url"], row["canonical_url"])) or 0
        packed = (struct.pack(f"<{len(hashes)}q", *hashes) for hashes in (note.edge, note.inside))
        latest[key] = max(latest.get(key, ()), ((row["fetched_at"] - EPOCH) // timedelta(microseconds=1), note.body, *packed))
    by_source = defaultdict(list)
    for (source, url), values in latest.items():
        by_source[source].append((values[0], url, values))
    return {(source, url, *values) for source, rows in by_source.items() for _, url, values in sorted(rows)[-WINDOW:]}


def find_violations(folder: Path, acknowledged: Iterable[str] = ()) -> list[str]:
    """Recompute owners, stories and canonical copies from the log alone and compare every row on disk in content and place."""
    owners: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for day, part, row in read_rows(folder, "articles"):
        known = owners.get(row["article_id"])
        if known is None or (row["fetched_at"], part) < (known[2]["fetched_at"], known[1]):
            owners[row["article_id"]] = day, part, row
    docs = {article: Doc((row["fetched_at"] - EPOCH) // timedelta(microseconds=1), row["text"]) for article, (_, _, row) in owners.items()}
    expected = []
    for article, (first, canonical) in find_stories(docs).items():
        day, part, row = owners[article]
        if article == canonical:
            expected.append(("corpus", owners[first][0], owners[first][1], {**row, "story_id": first}))
        else:
            told = dict(zip(("relation", "jaccard", "containment"), judge(article, canonical), strict=True))
            names = ("article_id", "url", "source", "title", "agencies", "published_at", "fetched_at", "run_id", "schema_version")
            copy = {"story_id": first, "canonical_article_id": canonical, **told, **{name: row[name] for name in names}}
            expected.append(("copies", day, part, copy))
    found = [(dataset, *place) for dataset in ("corpus", "copies") for place in read_rows(folder, dataset)]

    def key(item: tuple[str, str, str, dict[str, Any]]) -> str:
        return repr((item[3]["article_id"], *item[:3], sorted(item[3].items())))

    missing = Counter(map(key, expected)) - Counter(map(key, found))
    extra = Counter(map(key, found)) - Counter(map(key, expected))
    problems = [f"missing {text[:120]}" for text in missing.elements()] + [f"extra {text[:120]}" for text in extra.elements()]
    lost = set(acknowledged) - owners.keys()
    problems += [f"{len(lost)} acknowledged articles are lost"] * bool(lost)
    problems += [f"staging holds {path.name}" for path in (folder / "staging").iterdir()]
    state = sqlite3.connect(folder / "state" / "copydesk.sqlite")
    try:
        names = {name for (name,) in state.execute("SELECT name FROM part WHERE dataset = 'articles' AND state != 2")}
        if names != {path.stem for path in folder.glob("articles/*/*.parquet")}:
            problems.append("registry and disk differ")
        if state.execute("SELECT count(*) FROM part WHERE state = 0 OR dirty != 0").fetchone()[0]:
            problems.append("unfolded or dirty parts are left")
        if set(state.execute("SELECT source, url, fetched_us, body, edge, inside FROM source_line")) != expected_lines(folder):
            problems.append("the lines of sources are not those of the log")
    finally:
        state.close()
    return problems
