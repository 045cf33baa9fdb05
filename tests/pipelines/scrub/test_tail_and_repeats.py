"""The tail is cut where the article ends, and what is said twice is said once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines import scrub
from pipelines.records import Draft

DraftFrom = Callable[..., Draft]
TEASERS = ("Storm damages the northern pier again", "Fishermen win prize for the largest catch", "Harbour museum opens its doors")


def kept(outcome: object) -> list[str]:
    """The texts that stayed."""
    assert isinstance(outcome, Draft), outcome
    return [block.text for block in outcome.blocks]


@pytest.mark.parametrize(
    "heading",
    [
        "You May Also Like", "RELATED STORIES", "Related Posts:", "Recommended for you", "More from Daily Example", "Latest news", "Most read",
        "Das könnte Sie auch interessieren", "Mehr zum Thema", "À lire aussi", "Sur le même sujet", "Te puede interesar", "Noticias relacionadas",
        "Leia também", "Potrebbe interessarti", "Lees ook", "Czytaj także", "Les også", "Läs också", "Související články", "Читайте также", "関連記事",
    ],
)  # fmt: skip
def test_a_tail_heading_cuts_to_the_end(draft: DraftFrom, story: tuple[str, ...], heading: str) -> None:
    """Also when it arrives as a plain paragraph."""
    assert kept(scrub.scrub_draft(draft([*story, heading, *TEASERS]))) == list(story)


def test_a_heading_in_the_midst_is_cut_alone(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Three long paragraphs behind it: the article goes on."""
    assert kept(scrub.scrub_draft(draft([*story[:3], "Related stories", *story[3:]]))) == list(story)


def test_links_below_a_heading_in_the_midst_go_with_it(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """As far as the list goes."""
    items = [f"- {teaser}" for teaser in TEASERS]
    assert kept(scrub.scrub_draft(draft([*story[:3], "# Related stories", *items, *story[3:]]))) == list(story)


def test_a_box_of_bare_paragraphs_goes_as_far_as_the_teasers(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Without list or links, headlines are told from paragraphs by their missing full stop."""
    assert kept(scrub.scrub_draft(draft([*story[:3], "YOU MIGHT ALSO LIKE", *TEASERS, *story[3:]]))) == list(story)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(("# Read next", *(f"- {teaser}" for teaser in TEASERS)), id="list"),
        pytest.param(("# Read next", *TEASERS), id="paragraphs"),
        pytest.param(("# Read next", *(f"# {teaser}" for teaser in TEASERS)), id="headings"),
        pytest.param(("# Read next",), id="links that extraction took"),
    ],
)
def test_the_sub_head_below_a_box_is_the_storys(draft: DraftFrom, story: tuple[str, ...], box: tuple[str, ...]) -> None:
    """A short heading right above a paragraph that goes on with the story."""
    texts = [*story[:2], *box, "# What it costs", *story[2:]]
    assert kept(scrub.scrub_draft(draft(texts))) == [*story[:2], "What it costs", *story[2:]]


def test_a_list_of_the_story_below_a_box_stays(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """The box ends with its own list."""
    texts = [*story[:2], "Related stories", f"- {TEASERS[0]}", "The council's reasons", "- Falling revenue", "- Two storms", *story[2:]]
    assert kept(scrub.scrub_draft(draft(texts))) == [*story[:2], "The council's reasons", "Falling revenue", "Two storms", *story[2:]]


@pytest.mark.parametrize("heading", ["Related stories", "Read next"])
def test_a_last_paragraph_of_forty_words_is_the_storys(draft: DraftFrom, story: tuple[str, ...], heading: str) -> None:
    """Whatever stands above it."""
    last = "The last boat will be kept as a café, " + "and its bell will be rung by whoever pays for the coffee " * 3 + "on Sundays."
    assert kept(scrub.scrub_draft(draft([*story, heading, TEASERS[0], last]))) == [*story, last]


def test_the_last_words_below_a_single_link_stay(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """ "Read next", a link, and the story's last sentence."""
    assert kept(scrub.scrub_draft(draft([*story, "Read next", TEASERS[0], "Nobody was asked."]))) == [*story, "Nobody was asked."]


def test_a_list_of_links_above_the_story_is_no_tail(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Some pages open with it."""
    assert kept(scrub.scrub_draft(draft(["# Most read", *(f"- {teaser}" for teaser in TEASERS), *story]))) == list(story)


def test_more_from_with_nothing_below_it_goes(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Its links are gone already; as the last line it announces nothing."""
    assert kept(scrub.scrub_draft(draft([*story, "More from Daily Example:"]))) == list(story)


def test_long_summaries_do_not_save_a_tail(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Two paragraphs below "You May Also Like" are teasers."""
    assert kept(scrub.scrub_draft(draft([*story[:5], "You May Also Like", TEASERS[0], "The pier was hit by a storm. " * 5]))) == list(
        story[:5]
    )


def test_an_inline_heading_before_the_last_paragraphs_is_no_tail(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """ "Auch interessant" stands in the midst of many German articles; its label goes, the text stays."""
    assert kept(scrub.scrub_draft(draft([*story[:4], "Auch interessant", *story[4:]]))) == list(story)


@pytest.mark.parametrize(
    "text", ["More from the northern shore came to the meeting than ever.", "Comments on the plan", "Latest figures", "Related costs"]
)
def test_subheads_are_no_tail(draft: DraftFrom, story: tuple[str, ...], text: str) -> None:
    """Words of a tail heading may open a sentence or a sub-head."""
    assert text in kept(scrub.scrub_draft(draft([*story[:4], f"# {text}", *story[4:]])))


def test_truncated_teasers_at_the_end_go(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Headlines with lines that break off, without any heading above."""
    teasers = [TEASERS[0], "The pier was hit by a storm on…", TEASERS[1], "The crew of a trawler has won [...]"]
    assert kept(scrub.scrub_draft(draft([*story, *teasers]))) == list(story)


def test_a_story_may_end_in_an_ellipsis(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """One such line is a style."""
    ending = "And the boats, for now, run on…"
    assert kept(scrub.scrub_draft(draft([*story, ending])))[-1] == ending


@pytest.mark.parametrize(
    "line",
    [
        "Council closes the ferry terminal",
        "COUNCIL CLOSES THE FERRY TERMINAL!",
        "HarbourCouncil closes the ferry terminal",
        "# Harbour: Council closes the ferry terminal",
    ],
    ids=["the same", "in capitals", "a kicker glued on", "a kicker as heading"],
)
def test_the_headline_is_not_the_first_line(draft: DraftFrom, story: tuple[str, ...], line: str) -> None:
    """It is a field of its own."""
    assert kept(scrub.scrub_draft(draft([line, *story], title="Council closes the ferry terminal"))) == list(story)


def test_the_standfirst_is_not_repeated(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """It is a field of its own too."""
    assert kept(
        scrub.scrub_draft(draft(["After ninety years, the boats stop.", *story], standfirst="After ninety years the boats stop"))
    ) == list(story)


@pytest.mark.parametrize(
    "line", ["By Jane Doe", "Jane Doe and Juan Pérez", "Von JANE DOE", "By Jane Doe, August 14, 2020 2:30 pm", "Von Jane Doe, Frankfurt"]
)
def test_a_line_of_the_authors_names_goes(draft: DraftFrom, story: tuple[str, ...], line: str) -> None:
    """The authors column has them."""
    assert kept(scrub.scrub_draft(draft([line, *story], authors=("Jane Doe", "Juan Pérez")))) == list(story)


@pytest.mark.parametrize(
    "line", ["By Ida Berg", "BY IDA BERG AND JOHN Q. ROE", "Von Ida van der Berg und Kai Roe", "Par Ida Berg et Jean Roe"]
)
def test_a_byline_is_known_without_the_authors(draft: DraftFrom, story: tuple[str, ...], line: str) -> None:
    """At the top of the text, by its form."""
    assert kept(scrub.scrub_draft(draft([line, *story]))) == list(story)


@pytest.mark.parametrize(
    "line", ["By The Associated Press", "By Ida Berg, AFP", "By Jove", "By the river", "Von Risiken und Nebenwirkungen"]
)
def test_what_only_opens_as_a_byline_stays(draft: DraftFrom, story: tuple[str, ...], line: str) -> None:
    """Agencies are attribution's, and "By" opens sentences."""
    assert line in kept(scrub.scrub_draft(draft([line, *story])))


@pytest.mark.parametrize("line", ["By Jane Doe, Associated Press", "AFP", "Jane Doe of the northern shore spoke first."])
def test_a_line_with_more_than_names_stays(draft: DraftFrom, story: tuple[str, ...], line: str) -> None:
    """An agency in the byline is attribution's."""
    assert kept(scrub.scrub_draft(draft([line, *story], authors=("Jane Doe", "AFP"))))[0] == line


@pytest.mark.parametrize(
    "bio", ["Jane Doe covers the harbour for Daily Example.", "Jane Doe ist Redakteurin in Port Haven.", "JANE DOE has written two books."]
)
def test_the_authors_portrait_at_the_end_goes(draft: DraftFrom, story: tuple[str, ...], bio: str) -> None:
    """A last paragraph that opens with the author's name."""
    outcome = scrub.scrub_draft(draft([*story, bio], authors=("Jane Doe",)))
    assert kept(outcome) == list(story)
    assert isinstance(outcome, Draft)
    assert [piece.reason for piece in outcome.removed] == ["author"]


def test_a_paragraph_on_somebody_else_is_no_portrait(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Nor is one in the midst, or on a person whose name begins alike."""
    texts = [*story, "Jane Doenitz owns the pier.", "Juan Pérez owns the boats."]
    assert kept(scrub.scrub_draft(draft(texts, authors=("Jane Doe",)))) == texts


def test_a_long_block_stands_once(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Pages hold the text for phones and for desks."""
    assert kept(scrub.scrub_draft(draft([*story, *story]))) == list(story)


def test_rows_may_recur_but_not_below_a_repeated_block(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Two dishes share a step; a second version of the text has its own list."""
    step = "- Bake at two hundred and thirty degrees until the bread sounds hollow when it is knocked on."
    recipe = [story[0], step, story[1], step, story[2]]
    assert kept(scrub.scrub_draft(draft(recipe))).count(step[2:]) == 2
    assert kept(scrub.scrub_draft(draft([story[0], step, story[0], step, story[1]]))) == [story[0], step[2:], story[1]]


def test_a_short_line_may_recur(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """A refrain is the author's choice."""
    assert (
        kept(scrub.scrub_draft(draft([story[0], "Nobody was asked.", story[1], "Nobody was asked.", story[2]]))).count("Nobody was asked.")
        == 2
    )
