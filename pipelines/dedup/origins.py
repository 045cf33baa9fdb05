"""Whom the members of a story name as its origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipelines.dedup.members import Member
from pipelines.urls import registrable_domain


def origin_votes(members: Sequence[Member]) -> dict[str, set[str]]:
    """Return {article_id: sources that name it as the origin} of the members that are named and name no other member's site themselves.

    A URL names all versions of it, a domain or a name everything that the story has from that outlet. Who names a member that names
    another votes for that other one, and so on up the chain; a ring of members that name each other has no origin. A source votes
    once, however many of its pages do.
    """
    named = {member.article_id: others for member, others in _named_by_each(members) if others}
    votes: dict[str, set[str]] = {}
    for member in members:
        if member.article_id in named:
            for origin in _ends_of_chain(member.article_id, named):
                votes.setdefault(origin, set()).add(member.source or member.site)
    return votes


def _ends_of_chain(start: str, named: Mapping[str, Iterable[str]]) -> set[str]:
    """Return those who are reached from a member by going from name to name and name nobody."""
    seen, waiting = {start}, [start]
    while waiting:
        for other in named.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return {member for member in seen if member not in named}


def _named_by_each(members: Sequence[Member]) -> Iterable[tuple[Member, list[str]]]:
    """Yield each syndicated member with the members on other sites that it names: by URL, else by domain or name."""
    syndicated = [member for member in members if member.is_syndicated]
    if not syndicated:
        return
    by_url, by_site = _group(members)
    for member in syndicated:
        urls = {url for url in (member.syndicated_url, member.foreign_canonical) if url}
        names = {registrable_domain(url) for url in urls}
        if name := member.syndicated_from:
            names.add(registrable_domain(name) if "." in name else name.casefold())
        found = [other for url in urls for other in by_url.get(url, ())] or [other for name in names for other in by_site.get(name, ())]
        yield member, [other.article_id for other in found if other.site != member.site]


def _group(members: Sequence[Member]) -> tuple[dict[str, list[Member]], dict[str, list[Member]]]:
    """Members by URL, and by registrable domain or name of their source."""
    by_url: dict[str, list[Member]] = {}
    by_site: dict[str, list[Member]] = {}
    for member in members:
        for url in {member.url, member.identity}:
            by_url.setdefault(url, []).append(member)
        for name in {member.site, member.source.casefold()}:
            by_site.setdefault(name, []).append(member)
    return by_url, by_site
