"""Edits of a story, and the HTML of its pieces."""

from __future__ import annotations

import pytest

from newsroom.manuscripts import Insert, edit_paragraphs, plain_paragraph, split_paragraphs
from newsroom.pages import render_body, render_inline
from newsroom.sites import read_sites

STORY = ("First.", "Second, in colour.", "Third.")


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        pytest.param({}, STORY, id="untouched"),
        pytest.param({"keep": 2}, STORY[:2], id="cut"),
        pytest.param({"without": [2]}, ("First.", "Third."), id="one dropped"),
        pytest.param({"opening": "OSLO (NW) — ", "keep": 1}, ("OSLO (NW) — First.",), id="dateline before the first paragraph"),
        pytest.param({"lead": "Local.\n\nToo.", "keep": 1}, ("Local.", "Too.", "First."), id="local lead"),
        pytest.param({"keep": 1, "tail": "Last."}, ("First.", "Last."), id="closing paragraph"),
        pytest.param({"replace": [["colour", "color"]], "without": [1, 3]}, ("Second, in color.",), id="respelled"),
    ],
)
def test_an_edit_gives_the_copy(edit: dict, text: tuple[str, ...]) -> None:
    """Cuts, leads, datelines and replacements give the paragraphs that the copy prints."""
    assert edit_paragraphs(STORY, **edit) == text


@pytest.mark.parametrize(
    "edit", [{"keep": 4}, {"without": [0]}, {"replace": [["fourth", "5th"]]}], ids=["keeps too many", "drops none", "finds nothing"]
)
def test_an_edit_that_does_not_fit_is_an_error(edit: dict) -> None:
    """A story cannot be rewritten so that a copy's edit silently does nothing."""
    with pytest.raises(ValueError, match=r"do not fit|nothing to replace"):
        edit_paragraphs(STORY, **edit)


def test_marks_are_not_text() -> None:
    """Links, emphasis and block marks vanish from the plain text and become elements in the page."""
    paragraph = "> A [linked](http://a.example/?x=1&y=2) and *stressed* word, 3 < 4"
    assert plain_paragraph(paragraph) == "A linked and stressed word, 3 < 4"
    assert render_inline("*a* [b](http://c.example/)") == '<em>a</em> <a href="http://c.example/">b</a>'


def test_paragraphs_are_parted_by_blank_lines() -> None:
    """Line breaks inside a paragraph are spaces."""
    assert split_paragraphs("\nOne\nline.\n\n  Two.\n") == ("One line.", "Two.")


def test_inserts_stand_where_they_are_put_and_items_form_a_list() -> None:
    """Inserts follow the paragraph they name, -1 comes last, neighbouring list items share one list."""
    site = read_sites()["daily-relay"]
    inserts = [
        Insert(kind="signoff", after=-1, text="end"),
        Insert(kind="signoff", after=0, text="start"),
        Insert(kind="signoff", after=1, text="middle"),
    ]
    body = render_body(site, ("a", "- b", "- c"), inserts)
    assert body.split() == "<p>start</p> <p>a</p> <p>middle</p> <ul> <li>b</li> <li>c</li> </ul> <p>end</p>".split()


def test_an_unknown_insert_is_an_error() -> None:
    """An insert whose snippet no one wrote names the site and the kind."""
    with pytest.raises(ValueError, match=r"daily-relay: no snippet for 'carousel'"):
        render_body(read_sites()["daily-relay"], ("a",), [Insert(kind="carousel", after=1)])
