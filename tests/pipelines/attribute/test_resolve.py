"""The decision: fields filled, lines lifted, order of trust."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.attribute import Mark, Marks, attribute_draft
from pipelines.attribute.claims import FILL_CONFIDENCE
from pipelines.records import Block, Draft, Removed

MakeDraft = Callable[..., Draft]
URL = "https://www.harbordaily.example/world/pier-vote-2026"
MARKS = Marks(url=URL, brands=("Harbor Daily",))


def test_a_republished_story_names_its_outlet_and_credits_the_agency(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """A copy of an outlet's story: dateline, contributors and source are fields, the agency is only credited, all lines leave the text."""
    text = (
        f"LISBON — {prose[0]}",
        *prose[1:],
        "Jane Doe and Ann Poe reported from London, John Roe reported from Tel Aviv, and Max Moe reported from Porto and Faro, in the south.",
        "John Roe, Ann Poe, Kim Lee and The Associated Press contributed.",
        "Source: | This article originally belongs to Cbsnews.com",
    )
    clean, attribution = attribute_draft(draft(*text), MARKS)
    assert attribution.agencies == ()
    assert attribution.credited_agencies == ("AP",)
    assert attribution.syndicated_from == "cbsnews.com"
    assert attribution.dateline == "LISBON"
    assert attribution.mode == "mixed"
    assert len(attribution.contributors) == 2
    assert clean.text.startswith("LISBON — ")
    assert clean.text.endswith(prose[-1])
    assert [(piece.reason, piece.position) for piece in clean.removed] == [("contributors", 40), ("contributors", 50), ("source_line", 60)]


def test_a_long_line_between_paragraphs_is_prose(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Behind the last paragraphs a long contributors' line is lifted; with paragraphs behind it, only a short one is."""
    names = "Jane Doe and Ann Poe reported from London, John Roe from Tel Aviv, Max Moe from Porto and Faro, Kim Lee from Oslo and Bergen, and Pat Ray"
    line = f"{names} from Turin. Sue Day and Tom May, who is based in Ghent, contributed to this report."
    last, _ = attribute_draft(draft(*prose, line), MARKS)
    inner, _ = attribute_draft(draft(prose[0], line, *prose[1:], *prose), MARKS)
    assert [piece.text for piece in last.removed] == [line]
    assert inner.removed == ()


def test_an_agencys_own_people_are_only_a_hint(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Unmarked wire copy that speaks of "an AFP reporter" fills no column; the hint stands in the evidence."""
    _, attribution = attribute_draft(
        draft(prose[0], "Waves hit the pier, an AFP reporter said.", "Sources told AFP that work would go on."), MARKS
    )
    assert attribution.agencies == ()
    assert attribution.mode == "unknown"
    (hint,) = attribution.evidence
    assert (hint.field, hint.value, hint.signal) == ("agencies", "AFP", "self_reference")
    assert hint.confidence < FILL_CONFIDENCE


def test_what_stands_in_brackets_beats_what_the_byline_says(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """The surest signal fills the column, the others stay evidence."""
    marks = Marks(url=URL, authors=(Mark(signal="json_ld_author", text="AFP"),))
    _, attribution = attribute_draft(draft(f"PARIS, March 3 (Reuters) - {prose[0]}", *prose[1:]), marks)
    assert attribution.agencies == ("REUTERS",)
    assert {(item.value, item.signal) for item in attribution.evidence} >= {("REUTERS", "dateline"), ("AFP", "json_ld_author")}


def test_agreement_raises_the_confidence(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Two signals for one agency are surer than each alone, and never certain."""
    marks = Marks(url=URL, authors=(Mark(signal="byline", text="Von dpa"),))
    _, alone = attribute_draft(draft(*prose), marks)
    _, agreed = attribute_draft(draft(*prose, "(dpa)"), marks)
    assert alone.evidence[0].confidence < agreed.evidence[0].confidence <= 0.99


def test_agencies_are_taken_from_the_authors(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """The authors column holds people only."""
    clean, _ = attribute_draft(draft(*prose, authors=("Jane Doe", "Dpa", "TOM DOE, AP Auto Writer")), MARKS)
    assert clean.authors == ("Jane Doe", "TOM DOE")


@pytest.mark.parametrize(
    ("url", "text", "agencies"),
    [
        pytest.param("https://apnews.com/article/pier-1", "LISBON — The council voted.", ("AP",), id="the agency's own site"),
        pytest.param(
            "https://apnews.com/article/pier-1", "LISBON (Reuters) — The council voted.", ("REUTERS",), id="another agency's copy there"
        ),
        pytest.param("https://www.cnn.com/pier", "LISBON (CNN) — The council voted.", (), id="an outlet's own name"),
        pytest.param("https://www.wxyz.example/pier", "LISBON (CNN) — The council voted.", ("CNN-WIRE",), id="its copy elsewhere"),
    ],
)
def test_the_host_decides_whose_name_it_is(draft: MakeDraft, url: str, text: str, agencies: tuple[str, ...]) -> None:
    """An agency's site is the agency, an outlet's site is the outlet."""
    _, attribution = attribute_draft(draft(text, url=url), Marks(url=url))
    assert attribution.agencies == agencies


def test_a_bare_name_in_the_middle_of_the_text_is_left_alone(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Between paragraphs a bracketed agency is a picture's or a box's: it fills nothing."""
    _, attribution = attribute_draft(draft(*prose, "(NTB)", *prose, *prose, *prose), MARKS)
    assert attribution.agencies == ()


def test_the_dateline_may_stand_in_the_fourth_paragraph(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Summaries come first on some sites; a fifth paragraph is too late."""
    late = f"NEW YORK — {prose[0]}"
    assert attribute_draft(draft(*prose, late), MARKS)[1].dateline == "NEW YORK"
    assert attribute_draft(draft(*prose, prose[0], late), MARKS)[1].dateline is None


def test_copyright_is_lifted_and_attributing_twice_changes_nothing_more(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """The notice leaves the text for its field; a second pass finds no more lines and the same agencies."""
    first, attribution = attribute_draft(draft(*prose, "Copyright 2026 The Associated Press. All rights reserved."), MARKS)
    assert attribution.copyright == "Copyright 2026 The Associated Press. All rights reserved."
    assert attribution.agencies == ("AP",)
    second, again = attribute_draft(first, MARKS)
    assert second.blocks == first.blocks
    assert second.removed == first.removed
    assert again.agencies == attribution.agencies


def test_an_empty_draft_is_attributed_to_nobody(draft: MakeDraft) -> None:
    """No blocks and no marks: unknown."""
    _, attribution = attribute_draft(draft(), Marks(url=URL))
    assert (attribution.agencies, attribution.mode, attribution.evidence) == ((), "unknown", ())


def test_evidence_is_short_and_carries_the_words(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """Evidence is at most 300 characters, with a confidence between 0 and 1."""
    _, attribution = attribute_draft(draft(f"PARIS (AP) — {prose[0]}", "With files from " + ", ".join(["Reuters"] * 30)), MARKS)
    assert attribution.evidence
    assert all(0 < len(item.evidence) <= 300 and 0 < item.confidence <= 1 for item in attribution.evidence)


def test_where_data_came_from_stays_in_the_text(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    """A data source is content; a line that names the page's own site is not."""
    clean, attribution = attribute_draft(draft(*prose, "Source: tides.example.org", "Source: harbordaily.example"), MARKS)
    assert clean.blocks[-1].text == "Source: tides.example.org"
    assert [piece.text for piece in clean.removed] == ["Source: harbordaily.example"]
    assert attribution.syndicated_from is None


def test_a_line_that_was_decided_against_still_speaks() -> None:
    """Contributors below the text are lifted though the block model cut them; the same words far from the text are not."""
    line = "Ada Writer reported from Harbour Town and Tom Scribe from Castle Reach."
    blocks = (Block(text="The ferry ran aground in fog at the mouth of the harbour on Monday, and nobody was hurt.", position=3),)
    removed = (Removed(reason="boilerplate", text=line, position=5), Removed(reason="boilerplate", text=line, position=90))
    draft = Draft(url="https://www.daily.example/x", canonical_url=None, title="x", standfirst=None, blocks=blocks, removed=removed)
    after, attribution = attribute_draft(draft, Marks(url=draft.url))
    assert attribution.contributors == (line,)
    assert [piece.reason for piece in after.removed] == ["contributors", "boilerplate"]


def test_no_paragraph_of_signs_stays_where_a_slug_is_lifted(draft: MakeDraft, prose: tuple[str, ...]) -> None:
    clean, _ = attribute_draft(draft(*prose, "!(AFP)"), MARKS)
    assert [block.text for block in clean.blocks] == list(prose)
    assert [piece.text for piece in clean.removed] == ["!(AFP)"]
