"""The forms of ``forms.toml``: how agencies sign in some forty languages, and what only looks like it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.attribute import agency_by_code
from pipelines.attribute.bylines import parse_byline
from pipelines.attribute.dateline import parse_dateline
from pipelines.attribute.lines import read_line
from pipelines.attribute.slugs import split_trailing_line

FORMS = tomllib.loads(Path(__file__).with_name("forms.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "agencies", "credited"), FORMS["bylines"])
def test_a_byline_names_its_agencies(text: str, agencies: str, credited: str) -> None:
    """Whose copy it is, and who only gave material."""
    byline = parse_byline(text)
    assert " ".join(byline.agencies if byline else ()) == agencies
    assert " ".join(byline.credited if byline else ()) == credited


@pytest.mark.parametrize(("text", "place", "agencies"), FORMS["datelines"])
def test_an_opening_gives_place_and_agencies(text: str, place: str, agencies: str) -> None:
    """Place as printed, without the agency, date or region beside it."""
    found = parse_dateline(text)
    assert (found.place or "" if found else "", " ".join(found.agencies if found else ())) == (place, agencies)


@pytest.mark.parametrize(("text", "agencies", "credited"), FORMS["lines"])
def test_a_line_names_its_agencies(text: str, agencies: str, credited: str) -> None:
    """A block among the last of the text."""
    line = read_line(text)
    assert " ".join(line.agencies if line else ()) == agencies
    assert " ".join(line.credited if line else ()) == credited


@pytest.mark.parametrize(("text", "agencies"), FORMS["endings"])
def test_a_paragraph_ends_in_its_agencies(text: str, agencies: str) -> None:
    """What stands behind the last sentence; the end of a sentence itself is prose."""
    split = split_trailing_line(text)
    assert " ".join(split[1].agencies if split else ()) == agencies
    if split:
        assert text.startswith(split[0])
        assert len(split[0]) < len(text)


# The agencies whose copy a crawl of the shipped catalogue meets most.
COMMON = (
    "AP REUTERS AFP DPA PA EFE ANSA XINHUA TASS KYODO JIJI YONHAP UPI BLOOMBERG CNN-WIRE TNS CP AAP ANI PTI IANS BELGA ANP APA "
    "KEYSTONE-SDA SID KNA EPD NTB TT RITZAU STT LUSA AA PAP CTK MTI TANJUG INTERFAX UKRINFORM NAN ANTARA BERNAMA"
).split()


@pytest.mark.parametrize("code", COMMON)
def test_a_common_agency_is_known_in_several_forms(code: str) -> None:
    """It stands in the table with a host, and two or more of the forms above are its."""
    agency = agency_by_code(code)
    assert agency is not None
    assert agency.hosts or agency.outlet_hosts
    forms = [row[0] for kind in ("bylines", "datelines", "lines", "endings") for row in FORMS[kind] if code in " ".join(row[1:]).split()]
    assert len(forms) >= 2, forms
