"""What is known of an article: from ids and URLs to the rule that decided."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.corpus import Store
from pipelines.dedup import Rank, StoryIndex
from pipelines.errors import NothingFound
from pipelines.explain import Explanation, explain, print_explanation
from pipelines.explain.terminal import RULES, explain_rule
from pipelines.records import Rejection
from tests.pipelines.corpus.planted import NOON
from tests.pipelines.report.corpora import FERRY, article, fill, ordinary


def printed(explanation: Explanation) -> str:
    """What it looks like in a file."""
    stream = io.StringIO()
    print_explanation(explanation, Console(file=stream, width=200))
    return stream.getvalue()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    ordinary(tmp_path)
    return tmp_path


def test_an_id_its_start_and_the_url_lead_to_the_same_article(corpus: Path) -> None:
    """So does the URL in another spelling."""
    known = explain(corpus, "https://coast.example/ferry")
    assert known.article is not None
    article_id = known.article["article_id"]
    for key in (article_id, article_id[:9], article_id[:9].upper(), "HTTPS://coast.example:443/ferry?utm_medium=x#y"):
        again = explain(corpus, key)
        assert again.article is not None
        assert again.article["article_id"] == article_id


def test_each_copy_comes_with_the_rule_that_decided_against_it(corpus: Path) -> None:
    """In words that name what was compared."""
    known = explain(corpus, "https://wire.example/ferry")
    canonical, *others = known.members
    assert canonical.article["source"] == "wire"
    assert known.best == canonical.article["article_id"]
    assert [(other.article["source"], other.placed["relation"]) for other in others] == [("coast", "edited"), ("hills", "exact")]
    said = [explain_rule(other, canonical) for other in others]
    assert said == ["it was published later (2026-11-18 11:00 against 2026-11-18 09:00)", "it was published later (2026-11-18 12:00 against 2026-11-18 09:00)"]  # fmt: skip
    text = printed(known)
    assert all(sentence.split(" (")[0] in text for sentence in said)
    assert "[-Monday-]" in text
    assert "{+Tuesday+}" in text


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"syndicated_from": "wire.example"}, "fewer_name_it", id="names the other"),
        pytest.param({"canonical_url": "https://elsewhere.example/1"}, "syndicated", id="says it is taken from elsewhere"),
        pytest.param({"published_at": None}, "published_at", id="no date"),
        pytest.param(
            {"published_at": NOON - timedelta(hours=3), "fetched_at": NOON + timedelta(hours=1)}, "fetched_at", id="fetched later"
        ),
    ],
)
def test_the_rule_follows_what_the_page_says(tmp_path: Path, changes: dict[str, object], rule: str) -> None:
    """The order of canonical choice, one rule at a time."""
    fill(tmp_path, [
        article("https://wire.example/1", FERRY, source="wire", host="wire.example"),
        article("https://post.example/1", FERRY, source="post", host="post.example", **changes),
    ])  # fmt: skip
    canonical, other = explain(tmp_path, "https://post.example/1").members
    assert canonical.article["source"] == "wire"
    assert other.rule == rule
    assert explain_rule(other, canonical)


def test_every_rule_of_dedup_has_its_words() -> None:
    """In the order in which they decide."""
    assert tuple(RULES) == Rank._fields


def test_the_newest_version_of_a_page_is_explained_and_the_others_are_named(tmp_path: Path) -> None:
    """A URL may have many versions."""
    versions = [article("https://post.example/1", f"{FERRY} Version {n}.", source="post", host="post.example", fetched_at=NOON + timedelta(hours=n)) for n in range(3)]  # fmt: skip
    fill(tmp_path, versions)
    known = explain(tmp_path, "https://post.example/1")
    assert known.article is not None
    assert known.article["article_id"] == versions[2].article_id
    assert list(known.other_versions) == [versions[1].article_id, versions[0].article_id]


def test_an_article_that_waits_for_a_fold_is_explained_without_its_story(corpus: Path) -> None:
    """It is in the log, and that is said."""
    late = article(
        "https://late.example/1", "The town council met on Monday to talk about the bridge that nobody wants to pay for, clerks said."
    )
    with Store(corpus, open_index=StoryIndex) as store:
        store.commit(store.freeze([late]))
    known = explain(corpus, late.article_id)
    assert known.story is None
    assert "waits for the fold" in printed(known)


def test_a_page_that_was_rejected_first_shows_both(tmp_path: Path) -> None:
    """The article, and what went wrong before."""
    failed = Rejection(url="https://post.example/1", stage="fetch", reason="http_503", detail="busy", fetched_at=NOON, is_final=False)
    fill(tmp_path, [article("https://post.example/1", FERRY)], [failed])
    text = printed(explain(tmp_path, "https://post.example/1"))
    assert "Rejected before" in text
    assert "http_503" in text


def test_an_ambiguous_start_names_what_it_fits(tmp_path: Path) -> None:
    """And is refused."""
    ids = [f"abcd{n}" + "0" * 27 for n in range(8)]
    fill(tmp_path, [replace(article(f"https://post.example/{one}", f"Word {one} and no other"), article_id=one) for one in ids])
    with pytest.raises(NothingFound, match=rf"abcd: expected the start of one id, found 8: {', '.join(ids[:5])} and 3 more"):
        explain(tmp_path, "abcd")
    assert explain(tmp_path, "abcd3").article is not None


def test_words_of_a_page_are_no_markup_and_no_commands_to_the_terminal(tmp_path: Path) -> None:
    """Brackets stay, escapes are spelled out."""
    attack = "[red]x[/red] \x1b[2J\x1b]0;owned\x07 [link=https://a.example]y[/link]"
    made = [
        article(f"https://{n}.example/1", f"{FERRY}{attack * n}", title=attack, source=f"s{n}", dateline=None, contributors=(attack,))
        for n in range(2)
    ]
    fill(tmp_path, made)
    text = printed(explain(tmp_path, made[1].article_id))
    assert "\x1b" not in text
    assert "[red]x[/red] ‹U+001B›[2J" in text
