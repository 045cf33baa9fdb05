"""JSON-LD is read as it is written."""

from __future__ import annotations

import json
import time

import pytest

from pipelines.extract.json_ld import choose_article, plain, read_json_ld

ARTICLE = {"@type": "NewsArticle", "headline": "Council closes the old ferry terminal"}
TEXT = json.dumps(ARTICLE)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(TEXT, id="one object"),
        pytest.param(f"[{TEXT}]", id="a list"),
        pytest.param(f'{{"@graph": [{TEXT}]}}', id="a graph"),
        pytest.param(f'{{"@type": "WebPage", "mainEntity": {TEXT}}}', id="a main entity"),
        pytest.param(TEXT[:-1] + ",}", id="a trailing comma"),
        pytest.param(TEXT.replace("old ferry", "old\n\tferry").replace("old\n\tferry", "old ferry\x01"), id="a control character"),
        pytest.param(f"<!-- {TEXT} -->", id="a comment around it"),
        pytest.param(f"//<![CDATA[\n{TEXT}\n//]]>", id="a CDATA section around it"),
        pytest.param(f"<!--\n/* <![CDATA[ */\n{TEXT}\n/* ]]> */\n-->\n", id="a CDATA section in a comment"),
        pytest.param(f"{TEXT};", id="a semicolon behind it"),
        pytest.param(f"{TEXT}\n{TEXT}", id="two objects in one script"),
        pytest.param(TEXT.replace('"', "&quot;"), id="escaped as HTML"),
    ],
)
def test_broken_json_is_read_leniently(script: str) -> None:
    """The article is found in each."""
    article = choose_article(read_json_ld([script]), urls=(), headlines=())
    assert (plain(article["headline"]) or "").startswith("Council closes the old ferry")


@pytest.mark.parametrize(
    "script", ["", "{", "null", "[" * 100_000, '{"a":' * 100_000, "<html>"], ids=["empty", "cut off", "null", "brackets", "braces", "HTML"]
)
def test_unreadable_json_gives_nothing(script: str) -> None:
    """No exception, no object."""
    assert read_json_ld([script]) == ()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            '{"@type": "NewsArticle", "image": {"url": "<img width="300">"}, "headline": "Council closes", "datePublished": "2024-05-03",'
            ' "author": {"@type": "Person", "name": "Jane Doe"}}',
            id="markup with quotes in a field",
        ),
        pytest.param(
            '{"@type": ["NewsArticle"], "headline": \'Council closes\', "datePublished": "2024-05-03", "author": [{"name": "Jane Doe"}]}',
            id="single quotes",
        ),
        pytest.param(
            '{"@type": "BlogPosting", "headline": "Council closes",\n"datePublished": "2024-05-03",\n"author": {"name": "Jane Doe"}, "articleBody": "He said "no',
            id="cut off",
        ),
    ],
)
def test_single_fields_of_broken_json_are_saved(script: str) -> None:
    """Headline, dates and author of an article do not depend on the field that broke it."""
    article = choose_article(read_json_ld([script]), urls=(), headlines=())
    assert (article["headline"], article["datePublished"], article["author"]) == ("Council closes", "2024-05-03", {"name": "Jane Doe"})


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "Organization", "headline": "Council", broken',
        '{"@type": "NewsArticle"' + ', "headline": "x' * 50_000,
        '{"@type": "NewsArticle", "author": ' + "{" * 200_000,
        '"@type"' + " " * 500_000,
    ],
    ids=["no article", "quotes without end", "braces without end", "spaces without end"],
)
def test_broken_json_costs_little(script: str) -> None:
    """And what is no article is not saved."""
    started = time.process_time()
    assert all(set(item) == {"@type"} for item in read_json_ld([script]))
    assert time.process_time() - started < 2


@pytest.mark.parametrize("value", [{"@type": [[["x"]]], "headline": []}, {"@type": 7, "author": {"a": []}}, {"@type": None, "@graph": "x"}])
def test_values_of_other_types_choose_nothing(value: dict[str, object]) -> None:
    """Whatever stands where a string belongs."""
    assert choose_article(read_json_ld([json.dumps(value)]), urls=(None, "x", "http://["), headlines=(None, "")) == {}


def test_article_of_this_page_is_chosen_by_url() -> None:
    """A teaser's object may come first and say more."""
    teaser = {
        "@type": "NewsArticle",
        "url": "https://daily.example/other",
        "headline": "Other",
        "datePublished": "2024-01-01",
        "author": "X",
        "articleBody": "…",
    }
    own = {**ARTICLE, "mainEntityOfPage": {"@id": "https://daily.example/ferry?utm_source=x"}}
    assert choose_article([teaser, own], urls=["https://daily.example/ferry"], headlines=()) is own


def test_article_of_this_page_is_chosen_by_headline() -> None:
    """Signs and capitals do not matter."""
    teaser = {"@type": "Article", "headline": "Something else", "datePublished": "2024-01-01"}
    assert choose_article([teaser, ARTICLE], urls=(), headlines=["COUNCIL closes the old ferry terminal!"]) is ARTICLE


def test_several_teasers_are_no_article() -> None:
    """A section page describes many articles and is none."""
    teasers = [{"@type": "NewsArticle", "headline": f"Story {number}"} for number in range(3)]
    assert choose_article(teasers, urls=["https://daily.example/"], headlines=["Daily"]) == {}


@pytest.mark.parametrize("kind", ["Person", "Organization", "BreadcrumbList", "WebPage", "VideoObject"])
def test_other_types_are_no_article(kind: str) -> None:
    """Whatever they carry."""
    assert choose_article([{"@type": kind, "headline": "x"}], urls=(), headlines=()) == {}


def test_entities_are_resolved_twice() -> None:
    """Templates escape what is already escaped."""
    assert plain("Caf&amp;eacute; &quot;Zur&nbsp;Post&quot;") == 'Café "Zur Post"'
