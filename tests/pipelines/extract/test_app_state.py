"""Pages whose article only a script would draw: it is found in the application's state."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from pipelines.chain import process_page
from pipelines.extract.app_state import MAX_STATE_CHARS, find_drawn_article
from pipelines.records import Article, FetchedPage, Rejection

TEXT = [
    "The harbour council voted on Tuesday to close the old ferry pier for repairs that will take until the end of next summer.",
    'Engineers had found cracks in eleven of the forty piles. "We could not wait for another winter," said the harbour master, Ines Halloran.',
    "Passengers will use the fish quay instead. The council expects two ferries an hour there, half as many as today.",
    "A decision on the new pier is due in May, when the ministry has looked at the plans and the council knows what it may spend.",
]
HTML = "".join(f'<p class="copy">{paragraph}</p>' for paragraph in TEXT)
TEASER = "".join(f"<p>{word} more of this.</p>" for word in ("Read", "See", "Hear"))
STATE = {"props": {"related": [{"intro": TEASER}], "story": {"headline": "Ferry pier closes", "body": HTML}}}


def state_json() -> str:
    return json.dumps(STATE).replace("<", "\\u003c").replace(">", "\\u003e")


SCRIPTS = {
    "next_data": f'<script id="__NEXT_DATA__" type="application/json">{state_json()}</script>',
    "initial_state": f"<script>window.__INITIAL_STATE__ = {state_json()};</script>",
    "flight": "".join(f"<script>self.__next_f.push({json.dumps([1, f'{number}:{state_json()}'])})</script>" for number in (3, 4)),
    "unescaped": f"<script>var state = {json.dumps(STATE)};</script>".replace("</p>", "<\\/p>"),
}


def fetched(scripts: str, body: str = '<div id="root"></div>') -> FetchedPage:
    head = '<meta property="og:title" content="Ferry pier closes for repairs"><title>Ferry pier closes for repairs</title>'
    html = f"<!doctype html><html lang=en><head>{head}</head><body>{body}{scripts}</body></html>"
    return FetchedPage(
        url="https://news.example/pier", source="news", body=html.encode(), encoding=None, fetched_at=datetime(2026, 11, 20, tzinfo=UTC)
    )


@pytest.mark.parametrize("form", SCRIPTS)
def test_the_article_is_read_from_the_state(form: str) -> None:
    article = process_page(fetched(SCRIPTS[form]))
    assert isinstance(article, Article)
    assert article.text == "\n\n".join(TEXT)
    assert article.title == "Ferry pier closes for repairs"


def test_what_a_page_shows_comes_first() -> None:
    """The state repeats the article or holds another: it is not looked at."""
    shown = "".join(f"<p>{paragraph.replace('ferry', 'bus')}</p>" for paragraph in TEXT)
    article = process_page(fetched(SCRIPTS["next_data"], f"<article><h1>Bus pier closes</h1>{shown}</article>"))
    assert isinstance(article, Article)
    assert "bus pier" in article.text
    assert "ferry pier" not in article.text


@pytest.mark.parametrize("scripts", ["", "<script>var a = '<p>';</script>", f"<script>{json.dumps({'intro': TEASER[:20]})}</script>"])
def test_scripts_without_an_article_leave_the_reason(scripts: str) -> None:
    outcome = process_page(fetched(scripts))
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "no_text"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>" + '"<p ' * 1_000_000,
        "<script>" + '"<p \\' * 800_000 + "</script>",
        "<script>" + "\\u003cp>" * 600_000 + "</script>",
        "<script>" * 300_000 + "<p></script>",
        f'<script>"{"<p>" * 1_500_000}"</script>',
        f'<script>"{"<" * 4_000_000}<p><p><p>"</script>',
        '<script>"' + "\\\\" * 2_000_000 + '<p "</script>',
    ],
    ids=["unclosed", "escaped quotes", "no strings", "unclosed scripts", "paragraphs", "signs", "backslashes"],
)
def test_hostile_scripts_take_linear_time(hostile: str) -> None:
    start = time.process_time()
    find_drawn_article(f"<html>{hostile}</html>")
    assert time.process_time() - start < 4


def test_state_beyond_the_limit_is_passed_over() -> None:
    assert find_drawn_article(f'<script>"{"x" * MAX_STATE_CHARS}"</script>{SCRIPTS["next_data"]}') is None
