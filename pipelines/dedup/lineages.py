"""Versions of one text by one hand: revisions of a page, and what an outlet or agency put out again under another URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pipelines.dedup.members import Member
from pipelines.urls import registrable_domain

VERSION_LENGTH = 0.8
"""A text under another URL with fewer of the longest version's words is an excerpt of it, not a later version."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Mark = tuple[str, str]


def own_agency(member: Member, agency_hosts: Mapping[str, str]) -> str | None:
    """Return the code of the agency whose own site a member is on (agency_hosts: registrable domain to agency code)."""
    return agency_hosts.get(registrable_domain(member.host)) if agency_hosts and member.host else None


def hands(member: Member, agency_hosts: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return the marks by which members are known to come from one hand: the URL, and the agency whose site it is, else the source."""
    url = ("url", member.identity)
    if agency := own_agency(member, agency_hosts):
        return url, ("agency", agency)
    return (url, ("source", member.source)) if member.source else (url,)


def find_lineages(members: Sequence[Member], agency_hosts: Mapping[str, str]) -> list[list[Member]]:
    """Return the members by hand: who shares a mark, directly or through others, is of one lineage."""
    above: dict[Mark, Mark] = {}
    marks = [hands(member, agency_hosts) for member in members]
    if len({mark for own in marks for mark in own}) == sum(map(len, marks)):
        # All of different hands, as in most stories.
        return [[member] for member in members]

    def top(mark: Mark) -> Mark:
        while (higher := above.setdefault(mark, mark)) != mark:
            above[mark] = mark = above[higher]
        return mark

    for first, *others in marks:
        for mark in others:
            above[top(first)] = top(mark)
    lineages: dict[Mark, list[Member]] = {}
    for member, (first, *_) in zip(members, marks, strict=True):
        lineages.setdefault(top(first), []).append(member)
    return list(lineages.values())


def newest_versions(lineage: Sequence[Member]) -> set[str]:
    """Return the article_ids of the members of a lineage that have its newest text.

    Of one URL the version fetched last is the newest; of several URLs the one published last, unless that is an excerpt of another.
    """
    if len(lineage) == 1:
        return {lineage[0].article_id}
    latest: dict[str, Member] = {}
    by_id = sorted(lineage, key=lambda member: member.article_id, reverse=True)
    for member in sorted(by_id, key=lambda member: (member.fetched_at, member.modified_at or _LONG_AGO)):
        latest[member.identity] = member
    longest = max(member.words for member in latest.values())
    whole = [member for member in latest.values() if member.words >= VERSION_LENGTH * longest]
    newest = max(whole, key=lambda member: (version_time(member), member.fetched_at, member.article_id))
    return {member.article_id for member in latest.values() if member.text == newest.text}


def version_time(member: Member) -> datetime:
    """Return when a version under a URL of its own came out: the time that the page says, else when it was fetched."""
    return member.published_at or member.modified_at or member.fetched_at
