"""The table of agencies and its lookups."""

from __future__ import annotations

import re

import pytest

from pipelines.attribute.agencies import agencies_in_credit, agency_of_host, agency_of_name, has_agency_form, load_agencies, read_slug


def test_the_table_is_sound() -> None:
    """Codes are unique and upper case, every agency has a form or a host, no name or slug belongs to two agencies."""
    agencies = load_agencies()
    codes = [agency.code for agency in agencies]
    assert len(codes) == len(set(codes)) >= 140
    assert all(re.fullmatch(r"[A-Z0-9-]{2,20}", code) for code in codes)
    assert all(re.fullmatch(r"[A-Z]{2}", agency.country) for agency in agencies)
    forms = [form for agency in agencies for form in {name.casefold() for name in agency.names}]
    assert len(forms) == len(set(forms))
    slugs = [slug for agency in agencies for slug in agency.slugs]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("The Associated Press", "AP", id="full name"),
        pytest.param("the associated press", "AP", id="full name in lower case"),
        pytest.param("dpa", "DPA", id="code as the agency writes it"),
        pytest.param("Agence France-Presse.", "AFP", id="with a full stop"),
        pytest.param("Petra", None, id="a first name that is an agency only in brackets"),
        pytest.param("Pa", None, id="a code in the wrong case"),
        pytest.param("Jane Doe", None, id="a person"),
    ],
)
def test_a_whole_text_names_an_agency(text: str, code: str | None) -> None:
    """Names count in any case, codes only as the table writes them."""
    agency = agency_of_name(text)
    assert (agency.code if agency else None) == code


@pytest.mark.parametrize(
    ("inside", "codes", "rest"),
    [
        pytest.param("dpa/gem", ("DPA",), ("gem",), id="agency and initials"),
        pytest.param("APA/sda/dpa", ("APA", "KEYSTONE-SDA", "DPA"), (), id="three agencies"),
        pytest.param("AFP, EFE y Reuters", ("AFP", "EFE", "REUTERS"), (), id="Spanish list"),
        pytest.param("Корр. ТАСС", ("TASS",), (), id="Russian correspondent"),
        pytest.param("BVI", (), ("BVI",), id="no agency"),
        pytest.param("Petra", ("PETRA",), (), id="an ordinary word in brackets"),
    ],
)
def test_a_slug_is_read_part_by_part(inside: str, codes: tuple[str, ...], rest: tuple[str, ...]) -> None:
    """Every part that is a known form is a code, the others are left over."""
    slug = read_slug(inside)
    assert (slug.codes, slug.rest) == (codes, rest)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("https://apnews.com/article/1", "AP", id="registrable domain"),
        pytest.param("https://factcheck.afp.com/doc", "AFP", id="sub-host"),
        pytest.param("https://agenciabrasil.ebc.com.br/x", "AGENCIA-BRASIL", id="host below a broadcaster's domain"),
        pytest.param("https://www.cnn.com/x", None, id="an outlet that also sells copy"),
        pytest.param("https://notapnews.com/x", None, id="a host that only ends alike"),
    ],
)
def test_an_agency_is_known_by_its_own_host(url: str, code: str | None) -> None:
    """A page on the agency's own site is the agency's."""
    agency = agency_of_host(url)
    assert (agency.code if agency else None) == code


def test_credits_name_agencies_but_not_their_homonyms() -> None:
    """In a credit line names count anywhere; words that rule an agency out are heeded."""
    assert agencies_in_credit("With files from The Canadian Press, Reuters and AFP") == ("CP", "REUTERS", "AFP")
    assert agencies_in_credit("Photo: AP Photo/Jane Doe") == ()
    assert agencies_in_credit("Pittsburgh, PA, and Pakistan's PTI") == ("PA",)
    assert has_agency_form("新华社北京")
    assert not has_agency_form("The council voted on Monday")
