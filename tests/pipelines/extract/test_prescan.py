"""The pre-scan keeps the article, whatever else the page does."""

from __future__ import annotations

import time

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.prescan import MAX_JSON_LD_CHARS, prescan

ARTICLE = "<p>The article stays.</p>"


def tree_text(html: bytes) -> str:
    """The text that libxml2 finds."""
    return "".join(lxml.html.fromstring(html.decode()).itertext())


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


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("scripté", id="a letter of another script"),
        pytest.param("script\xa0x", id="a space that does not part"),
        pytest.param("svg\u2028", id="a line separator"),
        pytest.param("style\x85", id="a control character of Latin-1"),
        pytest.param("styled", id="a letter"),
        pytest.param("style-guide", id="a hyphen"),
        pytest.param("svg:rect", id="a colon"),
        pytest.param("\u017fcript", id="a letter that is an s in capitals"),
    ],
)
def test_a_name_that_goes_on_is_another(name: str) -> None:
    """Only white space, a slash and the bracket end one, in the standard and in libxml2."""
    html = f"<{name}>kept</{name}>{ARTICLE}"
    scanned = prescan(html.encode()).html
    assert scanned.decode() == html
    assert "kept" in tree_text(scanned)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<title>How to use <script> and <!--</title><p>a</p><!-- b -->", "How to use <script> and <!--a", id="a title"),
        pytest.param("<textarea><style></textarea>a<style>b</style>", "<style>a", id="a form field"),
        pytest.param("<iframe><!--</iframe>a<!-- b -->", "<!--a", id="a frame"),
        pytest.param("<noframes><script>b</script></noframes>a", "a", id="what no browser shows"),
        pytest.param("<p title='<!-- '>a</p><!-- b -->c", "ac", id="a comment in a value"),
        pytest.param('<meta content="the <script> tag"><p>a</p><script>b</script>', "a", id="a tag in a value"),
        pytest.param("<p <!-- b -->a</p>", "a", id="a comment in a tag"),
        pytest.param("<p <script>b</script>a</p>", "a", id="a script in a tag"),
        pytest.param("5 <<!-- b -->p", "5 < p", id="a bracket before a comment"),
        pytest.param("<a href='x>b</a><script>b = '1'</script><p id='b'>a", "a", id="a quote that is not closed"),
        pytest.param("<!-- b --!>a<!-- b -->", "a", id="the other end of a comment"),
        pytest.param("<!--!> b -->a", "a", id="an end before a comment's beginning is over"),
        pytest.param('<script><!-- w("<script>b</script>") --></script>a', "a", id="a script that a script writes"),
        pytest.param("<script><!-- b</script>a", "a", id="a script's comment that is never closed"),
        pytest.param("<script><!--> b</script>a", "a", id="a script's empty comment"),
        pytest.param('<script>"<!--<script>"</script>a', "a", id="a script that mentions one in a comment"),
        pytest.param("<svg><svg>b</svg><text>b</text></svg>a", "a", id="a drawing in a drawing"),
        pytest.param("<svg><svg>b</svg>a<svg>b</svg>c", "ac", id="a drawing that is not closed before others"),
        pytest.param("<svg><path><p>a</p><svg>b</svg>", "a", id="a drawing that a paragraph ends"),
        pytest.param("<svg><foreignObject><p>b</p></foreignObject></svg>a", "a", id="a paragraph in a drawing"),
        pytest.param("<svg><title><b>b</b></title><g></svg>a", "a", id="a drawing's title"),
        pytest.param("<scr\x00ipt>b</script>a", "a", id="a name with a NUL in it"),
        pytest.param("a<\x01!-- never closed", "a never closed", id="a comment with a control character in it"),
        pytest.param("one\ftwo<p\fid=b>a", "one twoa", id="a form feed is a space"),
    ],
)
def test_what_a_browser_shows_stays(html: str, text: str) -> None:
    """Shown is what it shows, but for what only a broken script would add to it."""
    assert tree_text(prescan(html.encode()).html) == text


def test_a_bracket_in_the_tag_is_no_json() -> None:
    """A quoted value may hold one; where a quote lacks, the first bracket ends the tag."""
    scanned = prescan(b'<script data-is="a>b" type="application/ld+json">{}</script><script type="application/ld+json>[]</script>"')
    assert scanned.json_ld == ("{}", "[]")


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("<!-- ", id="comments"),
        pytest.param("<script>", id="scripts"),
        pytest.param("<svg>", id="drawings"),
        pytest.param("<svg><svg></svg>", id="drawings in drawings"),
        pytest.param("<script><!--<script></script>", id="scripts in comments in scripts"),
        pytest.param("<title>", id="titles"),
        pytest.param('<a ="<!--', id="comments in values"),
        pytest.param("<a <!--", id="comments in tags"),
        pytest.param('<script ="', id="scripts with open quotes"),
        pytest.param("<a ", id="open tags"),
        pytest.param("<a ='", id="open quotes"),
        pytest.param("<a =\"'>", id="mixed quotes"),
        pytest.param("<a =  ", id="spaces"),
    ],
)
def test_cost_is_linear(piece: str) -> None:
    """Fifty thousand unclosed beginnings cost well under two seconds of CPU; quadratic would be many minutes."""
    start = time.process_time()
    prescan(piece.encode() * 50_000)
    assert time.process_time() - start < 2


@given(st.text(alphabet="<>!-/ scriptyle='\"ap=g", max_size=200))
def test_nothing_raises_and_nothing_grows(html: str) -> None:
    """Any text is answered with less text."""
    assert len(prescan(html.encode()).html) <= len(html.encode())
