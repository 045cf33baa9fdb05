"""Which copy stands for a story, and what the others are to it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup import Member, choose_canonical, deciding_rule, rank_members, relate
from pipelines.dedup.lineages import find_lineages
from pipelines.dedup.members import describe_member, first_fetched
from pipelines.dedup.origins import origin_votes
from pipelines.errors import DedupError
from pipelines.records import Document

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def member(article_id: str, site: str = "gazette.example", *, minutes: float = 0, **facts: Any) -> Member:
    facts = {
        "source": site.split(".")[0],
        "url": f"https://{site}/{article_id}",
        "host": site,
        "canonical_url": None,
        "published_at": None,
        "modified_at": None,
        "fetched_at": NOON + timedelta(minutes=minutes),
        "agencies": (),
        "syndicated_from": None,
        "syndicated_url": None,
        "text": 0,
        "words": 100,
    } | facts
    return Member(article_id=article_id, **facts)


HOSTS = {"agency.example": "AG", "example.org": "AG"}
FIRST = member("z", "first.example", minutes=-9)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param([FIRST, member("a")], "z", id="fetched first"),
        pytest.param([member("b"), member("a", "other.example")], "a", id="smallest id when all else is equal"),
        pytest.param([FIRST, member("a", published_at=NOON)], "a", id="published first, unknown last"),
        pytest.param([FIRST, member("a", words=120)], "a", id="the complete one"),
        pytest.param([FIRST, member("a", words=109)], "z", id="nine tenths are complete enough"),
        pytest.param(
            [member("old", url="https://g.example/1", words=300), member("new", url="https://g.example/1", minutes=5, words=200)],
            "new",
            id="the newest version of its URL, though shorter",
        ),
        pytest.param(
            [replace(FIRST, syndicated_from="elsewhere.example"), member("a", words=50)], "a", id="one that is not syndicated, though cut"
        ),
        pytest.param(
            [replace(FIRST, canonical_url="https://elsewhere.example/1"), member("a")], "a", id="a canonical URL on another site is syndication"
        ),
        pytest.param([FIRST, member("a", "agency.example", agencies=("AG",))], "a", id="the agency's own site"),
        pytest.param([FIRST, member("a", "agency.example")], "z", id="the agency's site, but not its story"),
        pytest.param(
            [replace(FIRST, agencies=("AG",)), member("a", "agency.example", agencies=("AG",)), member("o", "origin.example", minutes=9),
             member("c", "copier.example", syndicated_from="origin.example")],
            "o",
            id="named as origin goes before the agency",
        ),
        pytest.param(
            [FIRST, member("o", "origin.example", minutes=9), member("c", "copier.example", syndicated_url="https://www.origin.example/o")],
            "o",
            id="named by URL on the site",
        ),
        pytest.param(
            [FIRST, member("o", "origin.example", source="the-origin", minutes=9), member("c", "copier.example", syndicated_from="The-Origin")],
            "o",
            id="named by its source's name",
        ),
        pytest.param(
            [member("m", "middle.example", syndicated_from="origin.example"), member("o", "origin.example", minutes=9),
             member("c", "copier.example", syndicated_from="middle.example"), member("d", "d.example", syndicated_from="middle.example")],
            "o",
            id="one that names an origin itself is none, and passes its votes on",
        ),
        pytest.param(
            [member("o", "origin.example"), member("p", "rival.example", minutes=-5),
             member("m", "middle.example", syndicated_from="origin.example"),
             *(member(f"d{site}", f"{site}.example", syndicated_from="middle.example") for site in "ab"),
             *(member(f"e{site}", f"{site}.example", syndicated_from="rival.example") for site in "cd")],
            "o",
            id="three sources along a chain outvote two",
        ),
        pytest.param(
            [member("a", "a.example", syndicated_from="b.example"), member("b", "b.example", syndicated_from="a.example"), FIRST], "z",
            id="a ring of names has no origin",
        ),
        pytest.param(
            [member("old", "agency.example", agencies=("AG",), published_at=NOON),
             member("new", "agency.example", agencies=("AG",), published_at=NOON + timedelta(hours=2), minutes=-3, text=1)],
            "new",
            id="the agency's re-lead under another URL, in whatever order they were fetched",
        ),
        pytest.param(
            [member("old", "agency.example", agencies=("AG",)), member("new", "news.agency.example.org", agencies=("AG",), minutes=5, text=1)],
            "new",
            id="the agency's newer version on its other site",
        ),
        pytest.param(
            [member("old", published_at=NOON), member("new", published_at=NOON + timedelta(hours=2), text=1)], "new",
            id="a source's correction under another URL",
        ),
        pytest.param(
            [member("old", published_at=NOON), member("again", published_at=NOON + timedelta(hours=2))], "old",
            id="the same text again is no newer version",
        ),
        pytest.param(
            [member("old", published_at=NOON), member("brief", published_at=NOON + timedelta(hours=2), words=60, text=1)], "old",
            id="a later excerpt is no newer version",
        ),
        pytest.param(
            [member("old", "origin.example", published_at=NOON), member("other", "other.example", published_at=NOON - timedelta(hours=1)),
             member("new", "origin.example", published_at=NOON + timedelta(hours=1), text=1),
             member("c", "copier.example", syndicated_url="https://origin.example/old")],
            "new",
            id="who is named as the origin by an old version's URL keeps the name with the new one",
        ),
    ],
)  # fmt: skip
def test_the_canonical_copy(members: list[Member], expected: str) -> None:
    """Each rule decides where the ones before it do not."""
    assert choose_canonical(members, agency_hosts=HOSTS).article_id == expected
    assert choose_canonical(members[::-1], agency_hosts=HOSTS).article_id == expected


def test_a_url_names_one_article_not_the_whole_site() -> None:
    """Of two articles of the origin's site the named one gets the vote."""
    members = [
        member("a", "origin.example"),
        member("b", "origin.example"),
        member("c", "c.example", syndicated_url="https://origin.example/b"),
    ]
    assert origin_votes(members) == {"b": {"c"}}


def test_a_source_votes_once() -> None:
    """Ten pages of one republisher weigh as much as one."""
    copies = [member(f"c{number}", "copier.example", syndicated_from="origin.example") for number in range(10)]
    assert origin_votes([member("o", "origin.example"), *copies]) == {"o": {"copier"}}


def test_votes_are_passed_up_a_chain() -> None:
    """Each source along it votes for the end, once; the ones between get none."""
    chain = [
        member("o", "o.example"),
        *(member(name, f"{name}.example", syndicated_from=f"{of}.example") for name, of in ("ao", "ba", "cb")),
    ]
    assert origin_votes(chain) == {"o": {"a", "b", "c"}}


def test_versions_by_one_hand_are_one_lineage() -> None:
    """By URL, by source, by agency, and through each other."""
    members = [
        member("a", "one.example", url="https://one.example/1"),
        member("b", "one.example", url="https://one.example/1", source="other-entry"),
        member("c", "far.example", source="other-entry"),
        member("d", "agency.example", source="s"),
        member("e", "example.org", source="t"),
        member("f", "lone.example", source=""),
        member("g", "lone.example", source=""),
    ]
    lineages = [[one.article_id for one in lineage] for lineage in find_lineages(members, HOSTS)]
    assert lineages == [["a", "b", "c"], ["d", "e"], ["f"], ["g"]]


sites = st.sampled_from(["a.example", "b.example", "c.example"])
times = st.none() | st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
members_of_a_story = st.lists(
    st.builds(
        lambda site, minutes, **facts: member("x", site, minutes=minutes, **facts),
        sites,
        st.integers(0, 3),
        url=st.sampled_from(["https://a.example/1", "https://b.example/1", "https://c.example/2"]),
        canonical_url=st.sampled_from([None, "https://a.example/1", "https://c.example/2"]),
        published_at=times,
        modified_at=times,
        agencies=st.sampled_from([(), ("AG",)]),
        syndicated_from=st.sampled_from([None, "a.example", "b", "far.example"]),
        syndicated_url=st.sampled_from([None, "https://b.example/1"]),
        words=st.integers(8, 12),
        text=st.integers(0, 2),
    ),
    min_size=1,
    max_size=7,
).map(lambda members: [replace(one, article_id=f"id{number}") for number, one in enumerate(members)])


@given(members_of_a_story, st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(members: list[Member], chance: random.Random) -> None:
    """Canonical copy and first fetched are functions of the set."""
    shuffled = chance.sample(members, len(members))
    hosts = {"b.example": "AG"}
    assert choose_canonical(members, agency_hosts=hosts) == choose_canonical(shuffled, agency_hosts=hosts)
    assert first_fetched(members) == first_fetched(shuffled)


@pytest.mark.parametrize(
    ("facts", "jaccard", "containment", "relation"),
    [
        pytest.param({"text": 0}, 1.0, 1.0, "exact", id="the same matching form"),
        pytest.param({"url": "https://first.example/z"}, 0.2, 0.9, "revision", id="another text under the same URL"),
        pytest.param({}, 0.93, 0.97, "copy", id="nearly equal"),
        pytest.param({"source": "first"}, 0.6, 0.8, "update", id="another text of the same source"),
        pytest.param({"source": "first"}, 0.97, 0.99, "update", id="a correction by the same source, nearly equal"),
        pytest.param({"source": "first", "words": 50, "minutes": -20}, 0.4, 1.0, "update", id="the same source's earlier, shorter version"),
        pytest.param({"source": "first", "words": 50}, 0.4, 1.0, "excerpt", id="the same source's later excerpt"),
        pytest.param({"source": "", "words": 81}, 0.6, 0.95, "edited", id="of no known source"),
        pytest.param({"words": 80}, 0.6, 0.95, "excerpt", id="shorter and contained"),
        pytest.param({"words": 81}, 0.6, 0.95, "edited", id="contained, but hardly shorter"),
        pytest.param({"words": 60}, 0.4, 0.6, "edited", id="shorter, with words of its own"),
    ],
)
def test_relations(facts: dict[str, Any], jaccard: float, containment: float, relation: str) -> None:
    """What a member is to the canonical copy."""
    assert relate(member("a", **({"text": 1} | facts)), FIRST, jaccard=jaccard, containment=containment) == relation


def test_a_time_without_zone_is_refused() -> None:
    """It cannot be ordered; the error names article and field."""
    document = Document(article_id="a1", text="", source="s", fetched_at=NOON, published_at=datetime(2026, 1, 1))
    with pytest.raises(DedupError, match="a1: published_at must be an aware UTC time"):
        describe_member(document, text=0, words=0)


def test_the_deciding_rule_is_the_first_in_which_two_members_differ() -> None:
    """And the smallest rank is the canonical copy's."""
    first, later = member("b", minutes=1), member("a", "post.example", minutes=2)
    copied = member("c", "echo.example", minutes=0, syndicated_from="elsewhere.example")
    ranks = rank_members([first, later, copied])
    assert min(ranks, key=ranks.__getitem__) == choose_canonical([first, later, copied]).article_id == "b"
    assert deciding_rule(ranks["b"], ranks["c"]) == "syndicated"
    assert deciding_rule(ranks["b"], ranks["a"]) == "fetched_at"
