"""A page as text blocks with their surroundings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipelines.extract.class_groups import GROUPS, bits_of, groups_of
from pipelines.extract.page_blocks import MAX_BLOCKS, PageBlock, page_blocks, text_key, zone_bits


def blocks_of(body: str) -> list[PageBlock]:
    """The blocks of a page with this body."""
    return page_blocks(html.document_fromstring(f"<html><head><title>x</title></head><body>{body}</body></html>"))


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        pytest.param("<p>One <b>bold</b> word</p><p>Two</p>", ["One bold word", "Two"], id="inline joins, block parts"),
        pytest.param("<div>Before<p>Inside</p>after</div>", ["Before", "Inside", "after"], id="text around a block"),
        pytest.param("<p>One<br>line<br><br>Two</p>", ["One line", "Two"], id="two breaks part, one does not"),
        pytest.param("<p>One<br>&nbsp;<br>Two</p>", ["One", "Two"], id="breaks with a space between"),
        pytest.param("<nav><a>Home</a></nav><p>Text</p><footer>Imprint</footer>", ["Text"], id="no navigation, no footer"),
        pytest.param("<p><ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp></ruby>を閉じる</p>", ["港を閉じる"], id="readings above characters"),
        pytest.param("<nav><a>Home</a><div><main><p>Text</p></main>", ["Home", "Text"], id="navigation that is never closed"),
        pytest.param("<p>Text<script>var a</script> goes on</p>", ["Text goes on"], id="what follows a skipped element stays"),
        pytest.param("<p> \u200b </p><p>\u00ad</p>", [], id="nothing to see"),
        pytest.param("<ul><li>One</li><li><p>Two</p></li></ul>", ["One", "Two"], id="a list"),
        pytest.param("loose text<div></div>and more", ["loose text", "and more"], id="text right in the body"),
    ],
)
def test_blocks_are_the_texts_between_block_tags(body: str, texts: list[str]) -> None:
    """In reading order, on one line each, with positions from 0."""
    blocks = blocks_of(body)
    assert [block.text for block in blocks] == texts
    assert [block.position for block in blocks] == list(range(len(texts)))


def test_a_block_knows_the_links_and_the_bold_in_it() -> None:
    """Characters of links over all; an anchor within the page leads nowhere."""
    linked, anchored, bold = blocks_of('<p>See <a href="/x">1234</a></p><p><a href="#top">Up</a></p><p><strong>All of it</strong></p>')
    assert linked.link_share == 0.5
    assert (linked.links, anchored.links) == (1, 0)
    assert bold.bold_chars == len("All of it")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param("<p>x</p>", "paragraph", id="paragraph"),
        pytest.param("<h3>x</h3>", "heading", id="heading"),
        pytest.param("<ul><li><h3>x</h3></li></ul>", "heading", id="heading in a list"),
        pytest.param("<ol><li><p>x</p></li></ol>", "list_item", id="paragraph in a list"),
        pytest.param("<blockquote><p>x</p></blockquote>", "quote", id="quote"),
        pytest.param("<table><tr><td>x</td></tr></table>", "table", id="table cell"),
        pytest.param("<table><tr><td><p>x</p></td></tr></table>", "paragraph", id="paragraph in a table that lays out the page"),
        pytest.param("<table><tr><td>x<br><br>y</td></tr></table>", "paragraph", id="paragraphs parted by breaks in such a table"),
    ],
)
def test_the_tags_around_a_block_are_its_kind(body: str, kind: str) -> None:
    """A heading is one wherever it stands."""
    assert blocks_of(body)[0].kind == kind


def test_a_block_knows_what_is_around_it() -> None:
    """Zones and class groups of all elements around, hidden ones told."""
    (block,) = blocks_of(
        '<main><aside class="related-box"><div style="display: none"><p class="teaser-text"><i class="credit">x</i></p></div></aside></main>'
    )
    container = block.container
    assert container.zones == zone_bits("main", "aside")
    assert container.is_hidden
    assert container.groups == bits_of("teaser", "body")
    assert container.all_groups & bits_of("related")
    assert block.inline_groups == bits_of("media")


def test_deep_and_endless_pages_are_walked_without_recursion() -> None:
    """Depth costs no stack, and there is an end to the blocks of a page."""
    assert [block.text for block in blocks_of("<div>" * 240 + "deep")] == ["deep"]
    assert len(blocks_of("<p>x</p>" * (MAX_BLOCKS + 10))) <= MAX_BLOCKS + 1


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        pytest.param("articleReadMore", {"article", "related"}, id="camel case"),
        pytest.param("wp-caption-text", {"media", "body"}, id="signs"),
        pytest.param("relatedarticleslist", {"related", "article"}, id="words run together"),
        pytest.param("x1 col-12", {"side"}, id="numbers aside"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_class_names_speak_of_groups(names: str, groups: set[str]) -> None:
    """Whole words, plurals, and long words inside longer ones."""
    found = {group for number, group in enumerate(GROUPS) if groups_of(names) >> number & 1}
    assert groups <= found


def test_a_key_is_letters_and_digits() -> None:
    """In lower case, of any script."""
    assert text_key("“Fähre”, 3 Uhr — 渡轮!") == "fähre3uhr渡轮"


@given(st.text(st.one_of(st.characters(), st.sampled_from("_-'’ .İΣ²"))))
def test_a_key_holds_each_letter_and_digit_of_the_text(text: str) -> None:
    """In any text, half surrogate pairs too, and nothing else."""
    assert text_key(text) == "".join(character for character in text.lower() if character.isalnum())


def test_blocks_keep_their_text_nodes_and_element() -> None:
    """A line break is a piece of its own; space between tags is one space."""
    (block,) = blocks_of("<p>By <b>Jane</b><i>Doe</i>\n  <u>Reuters</u><br>London</p>")
    assert (block.pieces, block.element.tag) == (["By ", "Jane", "Doe", " ", "Reuters", "\n", "London"], "p")
    assert block.text == "By JaneDoe Reuters London"
