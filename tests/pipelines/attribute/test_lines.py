"""Lines in a text that speak of it."""

from __future__ import annotations

import time

import pytest

from pipelines.attribute.hints import find_self_references
from pipelines.attribute.line_sections import MAX_LINE_CHARS
from pipelines.attribute.lines import read_line
from pipelines.attribute.slugs import split_trailing_line


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        pytest.param("Source: | This article originally belongs to Bbc.com", "bbc.com", id="originally belongs to"),
        pytest.param("The post Council votes on pier appeared first on Grist.", "grist.org", id="appeared first on"),
        pytest.param(
            "This story was originally published by Grist. Sign up for its newsletter.", "grist.org", id="originally published by"
        ),
        pytest.param("This article originally appeared on Harbor Weekly.", "Harbor Weekly", id="an outlet that we do not know"),
        pytest.param("First published in The Conversation.", "theconversation.com", id="first published in"),
        pytest.param(
            "This article is republished from The Conversation under a Creative Commons license. Read the original article.",
            "theconversation.com",
            id="Creative Commons",
        ),
        pytest.param("Dieser Artikel ist zuerst bei „Capital“ erschienen.", "capital.de", id="German"),
        pytest.param("Dieser Text ist in der Wochenzeitung „der Freitag“ erschienen.", "freitag.de", id="German weekly"),
        pytest.param("Este artículo fue publicado originalmente en El País.", "elpais.com", id="Spanish"),
        pytest.param("Cet article a été publié initialement par Slate", "slate.com", id="French"),
        pytest.param("© Provided by The Guardian", "theguardian.com", id="provider line"),
        pytest.param("Source: The Guardian", "theguardian.com", id="label and known outlet"),
        pytest.param(
            "©2026 Los Angeles Times. Visit at latimes.com. Distributed by Tribune Content Agency, LLC.", "latimes.com", id="copyright"
        ),
        pytest.param("Originally published on November 19, 2019", None, id="only a date"),
    ],
)
def test_a_source_line_names_the_outlet(text: str, origin: str | None) -> None:
    """The domain of a known outlet, else the name as printed; a date names nobody."""
    line = read_line(text)
    assert line is not None
    assert line.origin == origin


@pytest.mark.parametrize(
    ("text", "kind", "agencies", "credited"),
    [
        pytest.param("(dpa/gem)", "agency_line", ("DPA",), (), id="slug"),
        pytest.param("(Quelle: APA/sda/dpa)", "agency_line", ("APA", "KEYSTONE-SDA", "DPA"), (), id="labelled slug"),
        pytest.param("SDA/sep", "agency_line", ("KEYSTONE-SDA",), (), id="slug without brackets"),
        pytest.param("--IANS", "agency_line", ("IANS",), (), id="dash slug"),
        pytest.param("(FR mit dpa)", "agency_line", (), ("DPA",), id="with material"),
        pytest.param("© dpa-infocom, dpa:260312-99-123456/2", "copyright", ("DPA",), (), id="dpa number"),
        pytest.param("Our Standards: The Thomson Reuters Trust Principles.", "agency_line", ("REUTERS",), (), id="Reuters trust line"),
        pytest.param("(Reporting by Jane Doe in Paris; Editing by John Roe)", "contributors", ("REUTERS",), (), id="sign-off"),
        pytest.param(
            "This report by The Canadian Press was first published March 12, 2026.", "agency_line", ("CP",), (), id="Canadian Press line"
        ),
        pytest.param("Copyright 2026 The Associated Press. All rights reserved.", "copyright", ("AP",), (), id="agency's notice"),
        pytest.param(
            "Copyright 2026 Harbor Media. All rights reserved. This material may not be published.", "copyright", (), (), id="own notice"
        ),
        pytest.param("With files from The Canadian Press and Jane Doe", "contributors", (), ("CP",), id="with files from"),
        pytest.param("(Con información de AFP, EFE y Reuters)", "contributors", (), ("AFP", "EFE", "REUTERS"), id="Spanish credit"),
        pytest.param("Jane Doe, Ann Poe and The Associated Press contributed.", "contributors", (), ("AP",), id="contributed"),
        pytest.param("Jane Doe reported from London, and Ann Poe reported from Rome.", "contributors", (), (), id="reported from"),
        pytest.param("Ann Poe contributed reporting from Hong Kong.", "contributors", (), (), id="contributed reporting"),
        pytest.param("Mitarbeit: Anna Muster", "contributors", (), (), id="German contributor"),
        pytest.param("Mit Agenturmaterial.", "contributors", (), (), id="unnamed agencies"),
    ],
)
def test_lines_are_sorted_by_kind(text: str, kind: str, agencies: tuple[str, ...], credited: tuple[str, ...]) -> None:
    """Each line is of one kind and says whose copy it is, or who is credited."""
    line = read_line(text)
    assert line is not None
    assert (line.kind, line.agencies, line.credited) == (kind, agencies, credited)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Reuters reported from Kyiv that shelling had stopped for the night.", id="agency as a source"),
        pytest.param("The study was published in Nature on Monday.", id="a published study"),
        pytest.param("The first cases appeared in West Michigan last week, officials said.", id="first cases"),
        pytest.param("Smith and Jones contributed to a fund for the school in Ohio.", id="gifts"),
        pytest.param("Foto: dpa", id="photo credit"),
        pytest.param("© Jane Doe", id="picture copyright"),
        pytest.param("Source: CDC", id="data source"),
        pytest.param("International concern", id="sub-head"),
        pytest.param(
            "The Associated Press said it would review how the photograph came to be published in the first place.", id="agency as subject"
        ),
    ],
)
def test_prose_and_credits_of_pictures_are_not_lines(text: str) -> None:
    """Body text that mentions agencies or publishing stays."""
    assert read_line(text) is None


@pytest.mark.parametrize(
    ("text", "body", "kind"),
    [
        pytest.param("Das teilte die Polizei mit. (dpa/gem)", "Das teilte die Polizei mit.", "agency_line", id="slug"),
        pytest.param("They crossed into the US. PTI", "They crossed into the US.", "agency_line", id="bare code"),
        pytest.param("He resigned. (Reporting by Jane Doe; Editing by John Roe)", "He resigned.", "contributors", id="sign-off"),
        pytest.param("It rained. This story was originally published by Grist.", "It rained.", "source_line", id="source sentence"),
    ],
)
def test_a_paragraph_may_end_in_a_line(text: str, body: str, kind: str) -> None:
    """The paragraph is kept, its end is split off."""
    split = split_trailing_line(text)
    assert split is not None
    assert (split[0], split[1].kind) == (body, kind)


@pytest.mark.parametrize("text", ["He joined NATO (BBC)", "He moved to the US. NATO", "He spoke to the court (see below)."])
def test_other_endings_stay(text: str) -> None:
    """Brackets and codes that are no agency's are left in the paragraph."""
    assert split_trailing_line(text) is None


def test_self_references_are_found_with_their_words() -> None:
    """ "an AFP reporter" and "told AFP" point to the agency."""
    assert find_self_references(["A shell hit the roof, an AFP reporter said.", "Sources told AFP it was calm."]) == [
        ("AFP", "an AFP reporter"),
        ("AFP", "told AFP"),
    ]
    assert find_self_references(["The army told reporters it was calm."]) == []


@pytest.mark.parametrize("piece", ["published by ", "Reporting by A; ", "(", "contributed to this ", "a/", "© ", "This article was "])
def test_hostile_lines_take_no_time(piece: str) -> None:
    """Patterns stay linear on the longest line that is looked at."""
    text = (piece * MAX_LINE_CHARS)[: MAX_LINE_CHARS - 1]
    start = time.process_time()
    read_line(text.replace(" ", "\u00a0"))
    read_line(text)
    split_trailing_line(piece * 20_000)
    assert time.process_time() - start < 1.0
