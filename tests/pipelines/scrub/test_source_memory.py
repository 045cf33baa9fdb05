"""Source memory: what repeats on a source is learned and cut, what repeats by right is not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from pipelines.records import Draft, LineNote, SourceLines
from pipelines.scrub import cut_source_lines, learn_lines, note_lines
from pipelines.scrub.source_memory import LONG_WORDS, MAX_NOTED_LINES

WORDS = "bridge ferry council harbour budget winter school market engineer railway valley storm farmer court museum teacher river tunnel".split()
PROMPT = "Our newsroom is open to every reader of the valley."
LABEL = "Valley edition"


def paragraph(number: int) -> str:
    """A long paragraph that no other number has."""
    rng = random.Random(number)
    return f"Report {number} says that the " + " ".join(rng.choice(WORDS) for _ in range(LONG_WORDS)) + " was put off until spring."


def article(number: int, *, head: Sequence[str] = (), middle: Sequence[str] = (), tail: Sequence[str] = ()) -> list[str]:
    """The paragraphs of an article of its own, with short lines above, amid and below it."""
    return [*head, paragraph(3 * number), *middle, paragraph(3 * number + 1), paragraph(3 * number + 2), *tail]


def learned(articles: Iterable[Sequence[str]], **columns: object) -> SourceLines:
    return learn_lines(note_lines("\n\n".join(lines), **columns) for lines in articles)  # type: ignore[arg-type]


def scrubbed(draft: Callable[..., Draft], lines: Sequence[str], known: SourceLines, **fields: object) -> tuple[list[str], list[str]]:
    """What is left and what was cut of an article of the source: together the whole of it."""
    before = draft(lines, **fields)
    after = cut_source_lines(before, known)
    assert {piece.reason for piece in after.removed} <= {"repeated_on_source"}
    assert sorted(piece.text for piece in (*after.blocks, *after.removed)) == sorted(block.text for block in before.blocks)
    return [block.text for block in after.blocks], [piece.text for piece in after.removed]


NEW = article(1000, head=[LABEL], tail=["A word of our own.", PROMPT])


def test_lines_that_five_articles_share_are_cut_from_the_next(draft: Callable[..., Draft]) -> None:
    """Above and below the text; case, signs and spaces make no difference; what only this article says stays."""
    left, cut = scrubbed(draft, NEW, learned(article(n, head=[LABEL], tail=[PROMPT.upper()]) for n in range(5)))
    assert left == article(1000, tail=["A word of our own."])
    assert cut == [LABEL, PROMPT]


@pytest.mark.parametrize(
    "articles",
    [
        pytest.param([article(n, tail=[PROMPT]) for n in range(4)], id="four articles"),
        pytest.param([article(n % 4, tail=[PROMPT]) for n in range(40)], id="four bodies under forty URLs"),
        pytest.param([article(n, tail=[PROMPT] if n < 20 else []) for n in range(100)], id="a fifth of the source's articles"),
        pytest.param([article(n, middle=[PROMPT]) for n in range(9)], id="nine articles, between long paragraphs"),
        pytest.param(
            [article(n, middle=[PROMPT] if n % 5 < 2 else []) for n in range(100)], id="two fifths of them, between long paragraphs"
        ),
    ],
)
def test_too_few_articles_teach_nothing(articles: list[list[str]]) -> None:
    """Five different ones and three in ten at the edges; ten and half of them between long paragraphs."""
    assert learned(articles) == SourceLines()


def test_versions_of_one_text_mostly_count_once() -> None:
    """Of a text of which a fifth changed, with other short lines, most versions have the same body."""
    same = 0
    for story in range(100):
        lines = [paragraph(10 * story + place) for place in range(10)]
        update = [*lines[:8], paragraph(-story), paragraph(-story - 1000), PROMPT]
        same += note_lines("\n\n".join(lines)).body == note_lines("\n\n".join(update)).body
    assert 50 < same < 85  # 8 of 12 paragraphs are shared


MEANT = {
    "a paragraph": paragraph(7),
    "a line for attribution": "Source: Valley Press Service.",
    "a number": "2 : 1",
    "stars": "* * *",
    "one letter": "Q.",
}


@pytest.mark.parametrize("line", MEANT.values(), ids=MEANT.keys())
def test_what_repeats_by_right_is_never_learned(line: str) -> None:
    """However often it stands at the edge of articles."""
    assert learned(article(n, tail=[line]) for n in range(50)) == SourceLines()


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        pytest.param("ANKARA", {}, id="place in capitals"),
        pytest.param("Port Selim (AFP) —", {}, id="place and agency"),
        pytest.param("Lissabon, 3. Mai –", {}, id="place and date"),
        pytest.param("Ankara", {"dateline": "ANKARA"}, id="the article's dateline"),
        pytest.param("By Ada Writer and Ben Reporter", {"authors": ("Ada Writer", "Ben Reporter")}, id="the article's authors"),
    ],
)
def test_datelines_and_bylines_are_never_learned(line: str, columns: dict[str, object]) -> None:
    """Many articles of a source are from one place or by one author."""
    assert learned((article(n, head=[line]) for n in range(50)), **columns) == SourceLines()


@pytest.mark.parametrize("dateline", ["—", "Valley", "OUR NEWS"])
def test_only_a_line_that_begins_with_the_dateline_is_one(dateline: str) -> None:
    """Word by word, and not with a dateline of signs."""
    assert learned((article(n, tail=[PROMPT]) for n in range(9)), dateline=dateline).edge


def test_a_byline_is_not_cut_though_it_was_learned_elsewhere(draft: Callable[..., Draft]) -> None:
    """Pages that do not name their author in the metadata teach the line; on a page that does it is the byline rule's."""
    line = "By Ada Writer"
    known = learned(article(n, head=[line]) for n in range(9))
    assert scrubbed(draft, article(1000, head=[line]), known)[1] == [line]
    assert scrubbed(draft, article(1000, head=[line]), known, authors=("Ada Writer",))[1] == []


SUBHEADINGS = [
    pytest.param("What happened", id="bold paragraph"),
    pytest.param("# What happened", id="heading"),
    pytest.param("What does it mean?", id="question"),
    pytest.param("In short:", id="colon"),
    pytest.param("- Stars: Ada Actor.", id="list item"),
    pytest.param("# What the council of the valley decided on Monday night", id="long heading"),
]


@pytest.mark.parametrize("line", SUBHEADINGS)
def test_subheadings_of_a_format_stay(draft: Callable[..., Draft], line: str) -> None:
    """Though every article of the source has them: between paragraphs, and above a last short one."""
    text = line.removeprefix("# ").removeprefix("- ")
    known = learned(article(n, middle=[text], tail=[text, f"Verdict {n} is short."]) for n in range(100))
    assert known.edge
    assert known.anywhere
    lines = article(1000, middle=[line], tail=["That was it.", "A line of its own."])
    assert scrubbed(draft, lines, known)[1] == []
    assert scrubbed(draft, article(1000, tail=[line, "A verdict of its own."]), known)[1] == []


def test_a_heading_that_opens_the_text_stays(draft: Callable[..., Draft]) -> None:
    """A label above it that is no heading goes; and so does a heading with nothing below it."""
    known = learned(article(n, head=["What happened"], tail=["Keep reading"]) for n in range(9))
    assert scrubbed(draft, article(1000, head=["# What happened"]), known)[1] == []
    assert scrubbed(draft, article(1000, head=["What happened"], tail=["# Keep reading"]), known)[1] == ["What happened", "Keep reading"]


def test_a_line_for_attribution_hides_no_label(draft: Callable[..., Draft]) -> None:
    """It stays, below or above a line that is cut."""
    known = learned(article(n, head=[LABEL], tail=["Keep reading"]) for n in range(9))
    left, cut = scrubbed(draft, article(1000, head=["PORT SELIM", LABEL], tail=["Keep reading", "Source: Valley Press Service"]), known)
    assert cut == [LABEL, "Keep reading"]
    assert left == article(1000, head=["PORT SELIM"], tail=["Source: Valley Press Service"])


def test_between_long_paragraphs_much_evidence_is_needed(draft: Callable[..., Draft]) -> None:
    """Three in ten articles are not enough, half of them are; and a label must stand there more than once, as no subheading does."""
    at_edge = learned(article(n, tail=[PROMPT] if n < 10 else []) for n in range(25))
    assert at_edge.edge
    everywhere = learned(article(n, middle=[PROMPT, "Valley notice"]) for n in range(10))
    lines = article(1000, middle=[PROMPT, "Valley notice"])
    assert scrubbed(draft, lines, at_edge)[1] == []
    assert scrubbed(draft, lines, everywhere)[1] == [PROMPT]
    assert scrubbed(draft, [*lines, "Valley notice", paragraph(1)], everywhere)[1] == [PROMPT, "Valley notice", "Valley notice"]


def test_what_was_cut_is_not_unlearned() -> None:
    """Articles whose lines were cut show the source's boilerplate as well as those that have them in the text."""
    before = learned(article(n, head=[LABEL], tail=[PROMPT]) for n in range(20))
    cut = [("repeated_on_source", PROMPT), ("repeated_on_source", LABEL), ("tail", "Another line that was cut.")]
    assert learned((article(n) for n in range(20)), removed=cut).edge == before.edge


def test_a_line_that_a_source_gave_up_is_forgotten() -> None:
    """When fewer than three in ten of its last articles have it."""
    notes = [note_lines("\n\n".join(article(n, tail=[PROMPT] if n < 60 else []))) for n in range(260)]
    assert learn_lines(notes[:200]).edge
    assert not learn_lines(notes[10:210]).edge


def test_the_order_of_notes_makes_no_difference() -> None:
    """What is learned is a function of the set of articles."""
    rng = random.Random(3)
    notes = [note_lines("\n\n".join(article(n, tail=rng.sample([PROMPT, LABEL, "See you."], 2)))) for n in range(30)]
    known = learn_lines(notes)
    for _ in range(5):
        rng.shuffle(notes)
        assert learn_lines(notes) == known


def test_an_article_is_not_cut_to_nothing(draft: Callable[..., Draft]) -> None:
    """Less than min_words left: all of it stays, and scrub's own rules decide. A text without any long paragraph has no edges."""
    known = learned(article(n, head=[LABEL], tail=[PROMPT]) for n in range(9))
    lines = draft([LABEL, paragraph(1), PROMPT])
    assert cut_source_lines(lines, known, min_words=100) is lines
    short = draft([LABEL, "A flash of news.", "Another one.", PROMPT])
    assert cut_source_lines(short, known, min_words=0) is short


def test_a_draft_without_known_lines_is_handed_back() -> None:
    """The very same object, so that callers see that nothing was cut."""
    draft = Draft(url="http://a.example/", canonical_url=None, title=None, standfirst=None, blocks=())
    assert cut_source_lines(draft, SourceLines()) is draft
    assert cut_source_lines(draft, SourceLines(edge=frozenset({1})), min_words=0) is draft


def test_notes_are_small() -> None:
    """Of hundreds of short lines those nearest to the ends; each once."""
    note = note_lines("\n\n".join([*(f"Line {n} of the table" for n in range(300)), paragraph(1), PROMPT, PROMPT]))
    assert len(note.edge) == MAX_NOTED_LINES
    assert set(note_lines(f"{paragraph(1)}\n\n{PROMPT}").edge) <= set(note.edge)


@pytest.mark.parametrize("text", ["", "one", "\n\n", "\udcff", "—", "毎日新聞\n\n毎日"], ids=repr)
def test_any_text_can_be_noted(text: str) -> None:
    """Empty, torn or foreign: a note comes back, and hashes fit SQLite's integers."""
    note = note_lines(text)
    assert isinstance(note, LineNote)
    assert all(-(2**63) <= key < 2**63 for key in (note.body, *note.edge, *note.inside))
