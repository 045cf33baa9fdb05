"""The dateline grammar, and that what it reports can be masked for matching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.attribute.dateline import HEAD_CHARS, parse_dateline
from pipelines.text import mask_dateline

WITH_AGENCY = [
    pytest.param("LISBON, April 25 (Reuters) - ", "LISBON", ("REUTERS",), id="place, date and agency"),
    pytest.param("LISBON/THE HAGUE, March 7 (Reuters) - ", "LISBON/THE HAGUE", ("REUTERS",), id="two places"),
    pytest.param("HANOI, Vietnam (AP) — ", "HANOI", ("AP",), id="place and country"),
    pytest.param("MONTGOMERY, Ala., May 3 (AP) — ", "MONTGOMERY", ("AP",), id="abbreviated state"),
    pytest.param("WASHINGTON, D.C. (AP) — ", "WASHINGTON", ("AP",), id="district with full stops"),
    pytest.param("SEOUL, Aug. 20 (Yonhap) -- ", "SEOUL", ("YONHAP",), id="abbreviated month"),
    pytest.param("PARIS, 4 mars (Reuters) - ", "PARIS", ("REUTERS",), id="French date"),
    pytest.param("Praha 12. března (ČTK) - ", "Praha", ("CTK",), id="date without comma"),
    pytest.param("Frankfurt/Main (dpa) - ", "Frankfurt/Main", ("DPA",), id="title case"),
    pytest.param("Hamburg (dpa/lno) – ", "Hamburg", ("DPA",), id="regional service"),
    pytest.param("Wien (epdÖ) – ", "Wien", ("EPD",), id="Austrian service"),
    pytest.param("New Delhi [India], March 12 (ANI): ", "New Delhi", ("ANI",), id="country in square brackets"),
    pytest.param("New Delhi, Mar 12 (PTI) ", "New Delhi", ("PTI",), id="no dash after the bracket"),
    pytest.param("Addis Ababa March 12/2026 (ENA) -- ", "Addis Ababa", ("ENA",), id="slash in the date"),
    pytest.param("VILNIUS, March 3, BNS – ", "VILNIUS", ("BNS",), id="agency after commas"),
    pytest.param("МОСКВА, 3 мая. /ТАСС/. ", "МОСКВА", ("TASS",), id="between slashes"),
    pytest.param("København /ritzau/ ", "København", ("RITZAU",), id="slashes without date"),
    pytest.param("GÖTEBORG/TT – ", "GÖTEBORG", ("TT",), id="after one slash"),
    pytest.param("(ANSA) - ROMA, 16 APR - ", "ROMA", ("ANSA",), id="agency first"),
    pytest.param("新华社北京4月24日电 ", "北京", ("XINHUA",), id="Chinese"),
    pytest.param("【ワシントン共同】", "ワシントン", ("KYODO",), id="Japanese"),
    pytest.param("(서울=연합뉴스) ", "서울", ("YONHAP",), id="Korean"),
]
WITHOUT_AGENCY = [
    pytest.param("JERUSALEM — ", "JERUSALEM", (), id="capitals and dash"),
    pytest.param("LAGOS, Nov 22 — ", "LAGOS", (), id="capitals, date and dash"),
    pytest.param("WINSTON-SALEM, N.C. — ", "WINSTON-SALEM", (), id="hyphen and state"),
    pytest.param("Riad. ", "Riad", (), id="known place and full stop"),
    pytest.param("BHOPAL: ", "BHOPAL", (), id="known place and colon"),
    pytest.param("München/London – ", "München/London", (), id="known places in title case"),
    pytest.param("Gundelfingen – ", "Gundelfingen", (), id="one unknown name and dash"),
    pytest.param("Kiel (xyz) – ", "Kiel", (), id="known place and unknown bracket"),
    pytest.param("【ソウル＝田中太郎】", "ソウル", (), id="own correspondent"),
]
AGENCY_ONLY = [
    pytest.param("(Reuters) — ", "REUTERS", id="agency and dash"),
    pytest.param("March 4 (Reuters) - ", "REUTERS", id="date and agency"),
    pytest.param("(EFE).- ", "EFE", id="Spanish dash"),
    pytest.param("【6月18日 AFP】", "AFP", id="Japanese"),
]


@pytest.mark.parametrize(("opening", "place", "agencies"), WITH_AGENCY + WITHOUT_AGENCY)
def test_a_dateline_gives_place_and_agency(opening: str, place: str, agencies: tuple[str, ...]) -> None:
    """The place is as printed; the agencies are those in brackets, slashes or the slug."""
    found = parse_dateline(f"{opening}The council voted on Monday to rebuild the pier.")
    assert found is not None
    assert (found.place, found.agencies) == (place, agencies)


@pytest.mark.parametrize(("opening", "place", "agencies"), WITH_AGENCY + WITHOUT_AGENCY)
def test_a_reported_place_can_be_masked(opening: str, place: str, agencies: tuple[str, ...]) -> None:
    """Two papers' versions of one story match: what is left begins with the sentence."""
    sentence = "The council voted on Monday to rebuild the pier."
    assert mask_dateline(f"{opening}{sentence}", place) == sentence


@pytest.mark.parametrize(("opening", "code"), AGENCY_ONLY)
def test_a_dateline_may_have_no_place(opening: str, code: str) -> None:
    """The agency alone is a dateline too."""
    found = parse_dateline(f"{opening}Shares rose on Monday.")
    assert found is not None
    assert (found.place, found.agencies) == (None, (code,))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("British Virgin Islands (BVI) - the islands said", id="an abbreviation in brackets"),
        pytest.param("Pakistan Tehreek-e-Insaf (PTI) - the party said", id="a party with an agency's code"),
        pytest.param("Armed Forces of the Philippines (AFP) - the army", id="an army with an agency's code"),
        pytest.param("Alcoholics Anonymous (AA) - the group said", id="a name and its initials"),
        pytest.param("Palm Bay (1-0): The hosts won", id="a score"),
        pytest.param("WARNING: This story describes violence", id="a warning"),
        pytest.param("WARNING GRAPHIC DETAIL: This story", id="a long warning"),
        pytest.param("UPDATE — The council voted", id="a label before a dash"),
        pytest.param("DEAR ABBY: My neighbor", id="a letter"),
        pytest.param("LE POINT SUR LA SITUATION - «Nous", id="five words in capitals"),
        pytest.param("Berlin ist – Das weiß jeder – groß", id="a sentence with a dash"),
        pytest.param("Monday — The council voted", id="a weekday"),
        pytest.param("The mayor – a lawyer – resigned", id="a parenthesis"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_only_looks_like_a_dateline_is_none(text: str) -> None:
    """Labels, scores, abbreviations and prose are no datelines."""
    assert parse_dateline(text) is None


def test_weak_forms_count_only_in_the_first_paragraph() -> None:
    """In the third paragraph "Riad. Der" is a short sentence; capitals of a known place stay a dateline."""
    assert parse_dateline("Riad. Die Boxwelt wartet.", place_in_text=2) is None
    assert parse_dateline("NEW YORK — The premier arrived.", place_in_text=3) is not None
    assert parse_dateline("SOMETOWN — The premier arrived.", place_in_text=3) is None


@given(st.text(alphabet=st.sampled_from("AB a(./-—,:)0é中"), max_size=HEAD_CHARS + 40))
def test_any_text_parses_in_bounds(text: str) -> None:
    """No input raises; what is reported stands in the text."""
    found = parse_dateline(text)
    assert found is None or found.place is None or found.place in text
