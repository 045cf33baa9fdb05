"""The state's tables ``said`` and ``host_move``: what every article says of its origin, and which hosts only moved.

A host has moved, or mirrors another, when at least 5 of its articles are known and 95 in 100 of them point with their canonical URL to one
and the same other site. That is a function of the set of articles: rows that were published under another view of a host are marked dirty.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipelines.corpus.state import CORPUS_DIRTY, select_in
from pipelines.corpus.story import Said, StoryNotes, tell_story
from pipelines.sqlite import transaction

MIN_PAGES = 5
MOVED_SHARE_PERCENT = 95

_MOVES = (
    "SELECT host, points_to FROM (SELECT host, points_to, count(*) AS pointing FROM {table} WHERE points_to IS NOT NULL "
    "GROUP BY host, points_to) AS pointers WHERE pointing >= ? AND pointing * 100 >= ? * "
    "(SELECT count(*) FROM {table} AS pages WHERE pages.host = pointers.host)"
)
_CANONICALS = (
    "SELECT first.story_id, said.article_id, said.host, said.agencies, said.origin, NULL FROM member AS first "
    "JOIN said ON said.article_id = first.canonical_id WHERE first.part = ? AND first.story_id = first.article_id "
    # A copy alone tells something only if it names its origin.
    "AND (said.origin IS NOT NULL OR EXISTS "
    "(SELECT 1 FROM member AS copy WHERE copy.story_id = first.story_id AND copy.canonical_id != copy.article_id))"
)
_COPIES = (
    "SELECT first.story_id, said.article_id, said.host, said.agencies, said.origin, copy.relation FROM member AS first "
    "JOIN member AS copy ON copy.story_id = first.story_id AND copy.canonical_id != copy.article_id "
    "JOIN said ON said.article_id = copy.article_id WHERE first.part = ? AND first.story_id = first.article_id "
    "ORDER BY copy.fetched_us, copy.article_id"
)
_STORIES_OF_HOST = (
    "UPDATE part SET dirty = dirty | ? WHERE id IN (SELECT first.part FROM said JOIN member ON member.article_id = said.article_id "
    "JOIN member AS first ON first.article_id = member.story_id WHERE said.host = ? AND said.origin IS NOT NULL)"
)


def find_moves(connection: sqlite3.Connection, *, table: str = "said") -> dict[str, str]:
    """Return {host: site} of the hosts whose articles point to one other site; table has columns host and points_to."""
    return dict(connection.execute(_MOVES.format(table=table), (MIN_PAGES, MOVED_SHARE_PERCENT)))


def learn_moves(connection: sqlite3.Connection) -> dict[str, str]:
    """Look which hosts have moved now; where that changed, mark the stories that they have a part in as dirty. Returns {host: site}."""
    known = known_moves(connection)
    found = find_moves(connection)
    if found != known:
        with transaction(connection):
            for host in sorted({host for host, _ in found.items() ^ known.items()}):
                connection.execute(_STORIES_OF_HOST, (CORPUS_DIRTY, host))
            connection.execute("DELETE FROM host_move")
            connection.executemany("INSERT INTO host_move VALUES (?, ?)", sorted(found.items()))
    return found


def known_moves(connection: sqlite3.Connection) -> dict[str, str]:
    """Return {host: site} of the moves that the published rows show."""
    return dict(connection.execute("SELECT host, site FROM host_move"))


def tell_stories(
    connection: sqlite3.Connection, part: int, *, moves: Mapping[str, str], outlet_hosts: Mapping[str, str]
) -> dict[str, StoryNotes]:
    """Return {story_id: notes} for the stories of a part that tell something."""
    canonical = {story.hex(): said_of(row) for story, *row in connection.execute(_CANONICALS, (part,))}
    copies: dict[str, list[Said]] = defaultdict(list)
    for story, *row in connection.execute(_COPIES, (part,)):
        copies[story.hex()].append(said_of(row))
    notes = {story: tell_story(said, copies.get(story, ()), moves=moves, outlet_hosts=outlet_hosts) for story, said in canonical.items()}
    return {story: told for story, told in notes.items() if told.evidence}


def said_of(row: Iterable[object]) -> Said:
    """Return (article_id, host, agencies parted by spaces, origin, relation) as a record; ids are bytes or hex digits."""
    article, host, agencies, origin, relation = row
    article_id = article.hex() if isinstance(article, bytes) else str(article)
    return Said(article_id, str(host), tuple(str(agencies or "").split()), _text(origin), _text(relation))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def load_said(connection: sqlite3.Connection, article_ids: Iterable[bytes]) -> dict[bytes, tuple[object, ...]]:
    """Return {article_id: (host, agencies, origin)}; the host alone tells whether a site was crawled."""
    query = "SELECT article_id, host, agencies, origin FROM said WHERE article_id IN ({})"
    return {row[0]: tuple(row[1:]) for row in select_in(connection, query, article_ids)}
