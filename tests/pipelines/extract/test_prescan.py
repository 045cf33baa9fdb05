"""The pre-scan keeps the article, whatever else the page does."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.prescan import MAX_JSON_LD_CHARS, prescan

ARTICLE = "<p>The article stays.</p>"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(f"<script>var a = '<p>no</p>';</script>{ARTICLE}", id="a script"),
        pytest.param(f"<script>x</script {ARTICLE}", id="an end tag without its bracket"),
        pytest.param(f"<script>never closed {ARTICLE}", id="a script that is never closed"),
        pytest.param(f"<!-- never closed {ARTICLE}", id="a comment that is never closed"),
        pytest.param(f"<!-->{ARTICLE}", id="an empty comment"),
        pytest.param(f"<style>p {{ color: red }}</style>{ARTICLE}", id="a style"),
        pytest.param(f"<svg/>{ARTICLE}<svg><text>no</text></svg>", id="drawings"),
        pytest.param(f"{ARTICLE}<script src='x'", id="a page cut off inside a tag"),
        pytest.param(f"<SCRIPT>no</SCRIPT>{ARTICLE}", id="capital letters"),
        pytest.param(f"<div data-state='{'x' * 9000}'>{ARTICLE}</div>", id="a huge attribute"),
        pytest.param(f"<div title='>' {' '.join(f'a{i}' for i in range(5000))}>{ARTICLE}</div>", id="a bracket inside a quoted value"),
        pytest.param(f"<a href='x''>{ARTICLE}</a>", id="a quote too many"),
    ],
)
def test_the_article_survives(html: str) -> None:
    """What is dropped never takes the article with it."""
    scanned = prescan(html.encode()).html.decode()
    assert ARTICLE in scanned
    assert "var a" not in scanned
    assert len(scanned) < 500


def test_json_ld_is_kept_aside_in_page_order() -> None:
    """Other scripts are not."""
    scanned = prescan(
        b'<script type="application/ld+json">{"a": 1}</script><script>var x</script><script type=application/ld+json>[2]</script>'
    )
    assert scanned.json_ld == ('{"a": 1}', "[2]")
    assert scanned.html == b""


def test_json_ld_is_capped() -> None:
    """A script of many megabytes is cut, not read."""
    scanned = prescan(f'<script type="application/ld+json">{"ж" * (MAX_JSON_LD_CHARS + 5)}</script>'.encode())
    assert scanned.json_ld == ("ж" * MAX_JSON_LD_CHARS,)


def test_controls_vanish() -> None:
    """libxml2 ends the text at one."""
    assert prescan("mayor\x00 and \x08Räte".encode()).html.decode() == "mayor and Räte"


def test_a_tag_is_measured_in_characters() -> None:
    """Not in bytes, of which other scripts take two and three for each."""
    tag = f"<div title='{'ж' * 8_000}'>"
    assert prescan(f"{tag}{ARTICLE}".encode()).html.decode().startswith(tag)
    assert prescan(f"{tag[:-2]}{'ж' * 200}'>{ARTICLE}".encode()).html.decode().startswith("<div><p>")


def test_a_name_that_goes_on_is_another() -> None:
    """Whatever letters it goes on with."""
    html = "<styled>kept</styled><scripté>kept too</scripté>"
    assert prescan(html.encode()).html.decode() == html


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("<!-- ", id="comments"),
        pytest.param("<script>", id="scripts"),
        pytest.param("<svg>", id="drawings"),
        pytest.param("<a ", id="open tags"),
        pytest.param("<a ='", id="open quotes"),
        pytest.param("<a =\"'>", id="mixed quotes"),
        pytest.param("<a =  ", id="spaces"),
    ],
)
def test_cost_is_linear(piece: str) -> None:
    """Two hundred thousand unclosed beginnings cost well under two seconds of CPU; quadratic would be hours."""
    start = time.process_time()
    prescan(piece.encode() * 200_000)
    assert time.process_time() - start < 2


@given(st.text(alphabet="<>!-/ scriptyle='\"ap=g", max_size=200))
def test_nothing_raises_and_nothing_grows(html: str) -> None:
    """Any text is answered with less text."""
    assert len(prescan(html.encode()).html) <= len(html.encode())
