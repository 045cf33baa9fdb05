"""An explanation for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.dedup import Rank
from pipelines.explain.differences import Change, find_differences
from pipelines.explain.facts import Explanation, Row, Standing
from pipelines.text import visible_text

MAX_COMPARED = 5
"""Copies whose differences are printed for a canonical copy."""
MAX_PIECE = 300
MAX_PASSAGE = 1_500

RULES = {
    "fewer_name_it": "fewer other sources name it, or a version of it, as the origin ({0} against {1})",
    "not_on_agency_site": "it is not on the site of the agency that the story is credited to",
    "syndicated": "it says itself that it was taken from elsewhere",
    "older_version": "there is a newer version of it by the same hand",
    "fewer_name_this_version": "fewer sources name this very version as the origin ({0} against {1})",
    "incomplete": "it has less than nine tenths of the longest copy's words",
    "published_at": "it was published later ({0} against {1})",
    "fetched_at": "it was fetched later ({0} against {1})",
    "article_id": "all else is equal, and its id is the larger one",
}
"""Field of ``dedup.Rank`` -> why it speaks against a copy, which holds {0} where the canonical copy holds {1}. In the order of docs/dedup.md."""


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print all of it: the article, where it came from, what was cut, its story, and how the copies differ."""
    if article := explanation.article:
        _print_article(article, explanation, console)
        _print_story(explanation, console)
        _print_differences(explanation, console)
    if explanation.rejections:
        _heading(console, "Rejected" if not explanation.article else "Rejected before")
        for row in explanation.rejections:
            _print_pairs(console, _rejection(row))
            console.print()


def _print_article(article: Row, explanation: Explanation, console: Console) -> None:
    found = explanation.found
    console.print(_text(article["title"] or "(no title)", "bold"))
    _print_pairs(
        console,
        [
            ("url", article["url"]),
            ("id", article["article_id"]),
            ("source", f"{article['source']} ({article['host']})"),
            ("found in", f"{found['found_in']} ({found.get('channel', 'unknown')})" if "found_in" in found else None),
            ("asked for", found.get("requested_url")),
            ("canonical URL", article["canonical_url"] if article["canonical_url"] != article["url"] else None),
            ("fetched", f"{_time(article['fetched_at'])} by run {article['run_id']}"),
            ("published", f"{_time(article['published_at'])} (from {article['date_source']})" if article["published_at"] else "unknown"),
            ("modified", _time(article["modified_at"])),
            ("other versions", ", ".join(explanation.other_versions)),
            ("words", f"{article['word_count']:,}, language {article['language'] or 'unknown'}, by {article['extractor']}"),
        ],
    )
    _heading(console, "Who wrote it")
    # The story's row also knows what its copies say.
    said = explanation.story if explanation.story and explanation.story["article_id"] == article["article_id"] else article
    _print_pairs(
        console,
        [
            ("agency", ", ".join(said["agencies"] or ()) or f"none ({said['provenance_mode']})"),
            ("credited", ", ".join(said["credited_agencies"] or ())),
            ("taken from", " ".join(filter(None, (said["syndicated_from"], said["syndicated_url"])))),
            ("authors", ", ".join(said["authors"] or ())),
            ("byline", ", ".join(found.get("byline", ()))),
            ("dateline", said["dateline"]),
        ],
    )
    if evidence := said["provenance"]:
        rows = ((item["field"], item["value"], item["signal"], f"{item['confidence']:.2f}", item["evidence"]) for item in evidence)
        console.print(_table(("field", "value", "signal", "sure", "the page says"), rows))
    else:
        console.print("No mark on the page says who wrote it.")
    _heading(console, f"Cut from the page ({len(article['removed'] or ())})")
    if article["removed"]:
        console.print(_table(("why", "what"), ((piece["reason"], piece["text"][:MAX_PIECE]) for piece in article["removed"])))


def _print_story(explanation: Explanation, console: Console) -> None:
    if not explanation.story or not explanation.members:
        _heading(console, "Its story")
        console.print("It waits for the fold that finds its story: the end of its crawl, or the next one.")
        return
    canonical = explanation.members[0]
    _heading(console, f"Its story: {explanation.story['story_id']}, {len(explanation.members)} articles")
    table = Table()
    for name in ("", "source", "relation", "alike", "published", "words", "why it is not the canonical copy"):
        table.add_column(name, justify="right" if name == "words" else "left", overflow="fold")
    for member in explanation.members:
        article = member.article
        assert explanation.article
        alike = f"J {member.placed['jaccard']:.2f} C {member.placed['containment']:.2f}" if _is_measured(member) else ""
        table.add_row(
            "this" if article["article_id"] == explanation.article["article_id"] else "",
            _text(f"{article['source']}\n{article['article_id'][:12]}"),
            _text(member.placed.get("relation") or "canonical", "green" if member is canonical else ""),
            alike,
            _time(article["published_at"]) or "unknown",
            f"{article['word_count']:,}",
            _text(explain_rule(member, canonical)),
        )
    console.print(table)
    if explanation.best != canonical.article["article_id"]:
        console.print(
            _text(f"By the rules {explanation.best} is the canonical copy now: the corpus shows it after the next fold.", "yellow")
        )


def _is_measured(member: Standing) -> bool:
    return member.placed.get("jaccard") is not None and member.placed.get("containment") is not None


def explain_rule(member: Standing, canonical: Standing) -> str:
    """Return in words which rule decided between a member and the canonical copy; "" for the canonical copy itself."""
    if not member.rule or member.rank is None or canonical.rank is None:
        return ""
    return RULES[member.rule].format(_value(member.rank, member.rule), _value(canonical.rank, member.rule))


def _value(rank: Rank, rule: str) -> str:
    value = getattr(rank, rule)
    if isinstance(value, datetime):
        return "unknown" if value.year == datetime.max.year else _time(value)
    return str(-value) if rule.startswith("fewer") else str(value)


def _print_differences(explanation: Explanation, console: Console) -> None:
    if len(explanation.members) < 2 or not explanation.article:
        return
    canonical, *others = explanation.members
    if explanation.article["article_id"] != canonical.article["article_id"]:
        others = [member for member in others if member.article["article_id"] == explanation.article["article_id"]]
    for member in others[:MAX_COMPARED]:
        name = f"{member.article['source']} ({member.placed.get('relation')})"
        _heading(console, f"How {name} differs from the canonical copy")
        table = Table(expand=True, show_lines=True)
        table.add_column(_text(f"{canonical.article['source']} (canonical) [-only here-]"), ratio=1, overflow="fold")
        table.add_column(_text(f"{name} {{+only here+}}"), ratio=1, overflow="fold")
        for passage in find_differences(canonical.article["text"] or "", member.article["text"] or ""):
            table.add_row(*_passage(passage))
        console.print(table)
    if len(others) > MAX_COMPARED:
        console.print(f"and {len(others) - MAX_COMPARED} more copies: scrapy explain shows each by its id")


def _passage(passage: int | Change) -> tuple[Text, Text]:
    if isinstance(passage, int):
        alike = Text(f"… {passage} {'paragraph' if passage == 1 else 'paragraphs'} alike …", style="dim")
        return alike, alike
    return _marked(passage.before, "[-", "-]", "red"), _marked(passage.after, "{+", "+}", "green")


def _marked(parts: Sequence[tuple[str, bool]], opening: str, closing: str, style: str) -> Text:
    """The signs of wdiff, so that nothing depends on colors."""
    made = Text()
    for text, differs in parts:
        shown = visible_text(text)
        shown = shown if len(shown) <= MAX_PASSAGE else f"{shown[:MAX_PASSAGE]}…"
        made.append(f"{opening}{shown}{closing}" if differs else shown, style if differs else None)
    return made


def _rejection(row: Row) -> list[tuple[str, Any]]:
    if row["stage"] == "discover":
        again = "a feed, sitemap or section page is asked at every run"
    else:
        again = "not asked for again, unless by scrapy crawl page" if row["is_final"] else "asked again by later runs, with growing pauses"
    return [
        ("url", row["url"]),
        ("asked for", row["requested_url"]),
        ("source", row["source"]),
        ("stage", row["stage"]),
        ("reason", row["reason"]),
        ("detail", row["detail"]),
        ("when", f"{_time(row['fetched_at'])} by run {row['run_id']}"),
        ("next", again),
    ]


def _print_pairs(console: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            grid.add_row(name, _text(str(value)))
    console.print(grid)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def _heading(console: Console, words: str) -> None:
    console.print()
    console.print(_text(words, "bold"))


def _text(words: str, style: str = "") -> Text:
    """Words of pages, never markup or commands to the terminal."""
    return Text(visible_text(words), style=style)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
