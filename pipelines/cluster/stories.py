"""What is decided story by story: its name, its canonical copy, how the others differ, what they tell of it, and where all are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from pipelines.cluster.documents import as_member
from pipelines.cluster.groups import Batches, each_group, whole_groups
from pipelines.corpus.derived import NO_NOTES
from pipelines.corpus.story import StoryNotes, tell_story
from pipelines.corpus.told import said_of
from pipelines.dedup.members import first_fetched
from pipelines.dedup.memberships import describe_story
from pipelines.dedup.packing import unpack_shingles
from pipelines.dedup.verify import distinct_shingles
from pipelines.records import Evidence

PLACEMENTS: pa.Schema = pa.schema(
    [
        ("part", pa.string()),
        ("row_index", pa.int64()),
        ("home", pa.string()),
        ("order_time", pa.timestamp("us", "UTC")),
        ("order_id", pa.string()),
        ("story_id", pa.string()),
        ("canonical_article_id", pa.string()),
        ("relation", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
        ("notes", pa.string()),
    ]
)
"""One row an article: its place in the log; home: the file that shows it, ``corpus/<day>/<part>`` or ``copies/…``, sorted there by
order_time and order_id; what ``copies/`` says of it; notes: what its story tells of a canonical copy, as JSON."""
STORIES_AT_ONCE = 2_000


def place_stories(
    batches: Batches, *, agency_hosts: Mapping[str, str], outlet_hosts: Mapping[str, str], moves: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """Yield PLACEMENTS for DOCUMENTS with a column story, sorted by it. agency_hosts, outlet_hosts and moves as the store has them."""
    place = partial(_place_story, agency_hosts=agency_hosts, outlet_hosts=outlet_hosts, moves=moves)
    for table in whole_groups(batches, "story", rows=STORIES_AT_ONCE):
        rows = [row for story in each_group(table, "story") for row in place(story.to_pylist())]
        yield from pa.Table.from_pylist(rows, schema=PLACEMENTS).combine_chunks().to_batches()


def _place_story(
    rows: list[dict[str, Any]], *, agency_hosts: Mapping[str, str], outlet_hosts: Mapping[str, str], moves: Mapping[str, str]
) -> list[dict[str, Any]]:
    texts = {text: number for number, text in enumerate(sorted({row["text"] for row in rows}))}
    members = [as_member(row, texts[row["text"]]) for row in rows]
    packed = {texts[row["text"]]: row["shingles"] for row in rows} if len(texts) > 1 else {}
    shingles = dict(zip(packed, unpack_shingles(list(packed.values())), strict=True))
    memberships = describe_story(members, distinct_shingles(shingles), agency_hosts)
    row_of = {row["article_id"]: row for row in rows}
    first = row_of[first_fetched(members).article_id]
    said = {item.article_id: _said(row_of[item.article_id], item.relation) for item in memberships}
    canonical = said.pop(memberships[0].canonical_article_id)
    fetched = sorted(said.values(), key=lambda copy: (row_of[copy.article_id]["fetched_at"], copy.article_id))
    notes = tell_story(canonical, fetched, moves=moves, outlet_hosts=outlet_hosts)
    placed = []
    for item in memberships:
        row = row_of[item.article_id]
        is_canonical = item.article_id == item.canonical_article_id
        dataset, home = ("corpus", first) if is_canonical else ("copies", row)
        placed.append(
            {
                "part": row["part"],
                "row_index": row["row_index"],
                "home": f"{dataset}/{home['day']}/{home['part']}",
                "order_time": home["fetched_at"],
                "order_id": home["article_id"],
                "story_id": item.story_id,
                "canonical_article_id": item.canonical_article_id,
                "relation": item.relation,
                "jaccard": item.jaccard,
                "containment": item.containment,
                "notes": json.dumps(asdict(notes)) if is_canonical and notes.evidence else None,
            }
        )
    return placed


def _said(row: Mapping[str, Any], relation: str | None) -> Any:
    return said_of((row["article_id"], row["said_host"], " ".join(row["agencies"] or ()), row["syndicated_from"], relation))


def read_notes(notes: str | None) -> StoryNotes:
    """Return the notes of a PLACEMENTS row."""
    if notes is None:
        return NO_NOTES
    said = json.loads(notes)
    evidence = tuple(Evidence(**item) for item in said.pop("evidence"))
    return StoryNotes(**{**said, "agencies": tuple(said["agencies"]), "evidence": evidence})
