"""Bylines, author fields and source lines."""

from __future__ import annotations

import pytest

from pipelines.attribute.bylines import parse_byline
from pipelines.attribute.people import people_of_author


@pytest.mark.parametrize(
    ("text", "agencies", "credited", "has_staff"),
    [
        pytest.param("By The Associated Press", ("AP",), (), False, id="English"),
        pytest.param("Von dpa", ("DPA",), (), False, id="German"),
        pytest.param("Por Agencia EFE", ("EFE",), (), False, id="Spanish"),
        pytest.param("Bron: BELGA", ("BELGA",), (), False, id="source label"),
        pytest.param("来源：新华网", ("XINHUA",), (), False, id="Chinese source label"),
        pytest.param("By TOM DOE, AP Auto Writer", ("AP",), (), False, id="reporter with a title"),
        pytest.param("By Jane Doe and John Roe The Associated Press", ("AP",), (), False, id="agency at the end"),
        pytest.param("Associated Press in Valencia", ("AP",), (), False, id="agency in a place"),
        pytest.param("Von Anna Muster und Jan Muster, dpa", ("DPA",), (), False, id="the agency's two reporters"),
        pytest.param("Jane Doe and AP", ("AP",), (), True, id="staff and agency"),
        pytest.param("Le Journal et AFP", ("AFP",), (), True, id="outlet and agency"),
        pytest.param("ab/Reuters", ("REUTERS",), (), True, id="initials and agency"),
        pytest.param("Von Anna Muster mit AP", (), ("AP",), False, id="with material of an agency"),
        pytest.param("Weitere Quellen • AP", (), ("AP",), False, id="further sources"),
        pytest.param("By Reuters | Updated Monday 3:44 pm", ("REUTERS",), (), False, id="time stamp behind"),
    ],
)
def test_a_byline_names_its_agencies(text: str, agencies: tuple[str, ...], credited: tuple[str, ...], has_staff: bool) -> None:
    """Who wrote, who gave material, and whether staff shares the line."""
    byline = parse_byline(text)
    assert byline is not None
    assert (byline.agencies, byline.credited, byline.has_staff) == (agencies, credited, has_staff)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Foto: dpa", id="photo credit"),
        pytest.param("Jane Doe/AFP via Getty Images", id="picture agency"),
        pytest.param("The Associated Press reported that the council had voted on Monday", id="prose"),
        pytest.param("https://example.org/authors/ap", id="a link"),
        pytest.param("x" * 200, id="too long"),
    ],
)
def test_other_lines_are_no_bylines(text: str) -> None:
    """Photo credits, prose and links give no byline."""
    assert parse_byline(text) is None


def test_a_byline_can_hold_the_place() -> None:
    """ "AFP, MANILA" is agency and place."""
    byline = parse_byline("AFP, MANILA")
    assert byline is not None
    assert (byline.agencies, byline.place) == (("AFP",), "MANILA")


@pytest.mark.parametrize(
    ("author", "people"),
    [
        pytest.param("Jane Doe", "Jane Doe", id="a person"),
        pytest.param("Dpa", None, id="an agency in title case"),
        pytest.param("The Associated Press", None, id="an agency"),
        pytest.param("TOM DOE, AP Auto Writer", "TOM DOE", id="person of an agency"),
        pytest.param("AFP/The Local", None, id="agency and outlet"),
        pytest.param("Quelle sid", None, id="a source label without colon"),
    ],
)
def test_agencies_are_no_authors(author: str, people: str | None) -> None:
    """Only people stay in the author field."""
    assert people_of_author(author) == people
