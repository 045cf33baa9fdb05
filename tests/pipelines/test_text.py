"""Text as plain data."""

from __future__ import annotations

import random
import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import text as text_module
from pipelines.text import clean_text, count_words, mask_dateline, matching_form, text_hash

PLACES = ("PARIS", "TEL AVIV", "B-52", "北京", "ソウル", "St. Louis", "Riad", "D.C.", "A", "L'AQUILA", "Paris (Texas", "NEW YORK/ROMA", "4")
SIGNS = "(AP)|(ANSA) - |新华社|【|(|（|[|—| – |-|--|: |. |, |May 3|Aug. 20|/dpa/|(Reuters)| |\n|\n\n|The bridge|電】|】|x|1|12. März|. Die|PARIS|a".split(
    "|"
)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        pytest.param("  one \n two\t\u00a0three\u3000four ", "one two three four", id="white space of every kind"),
        pytest.param("Minister\u00adpräsident", "Ministerpräsident", id="soft hyphen"),
        pytest.param("zero\u200bwidth\ufeff", "zerowidth", id="zero-width space and byte order mark"),
        pytest.param("Cafe\u0301", "Café", id="NFC"),
        pytest.param("Cafe\u200b\u0301", "Café", id="NFC across an invisible character"),
        pytest.param("one\x00two\x07\x85three\x96four", "one two three four", id="controls"),
        pytest.param("lone \ud83d surrogate", "lone surrogate", id="lone surrogate"),
        pytest.param("\u202eright to left\u202c", "right to left", id="direction marks"),
        pytest.param("q" + 31 * "\u0301", "q" + 30 * "\u0301", id="a mark more than thirty"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_cleaned_text_is_nfc_on_one_line(raw: str, cleaned: str) -> None:
    """Nothing invisible is left in it."""
    assert clean_text(raw) == cleaned


@given(st.text())
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    """And the result can be written anywhere."""
    cleaned = clean_text(raw)
    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert len(cleaned.splitlines()) <= 1


@given(st.text(st.sampled_from(" \t\n\r\u00a0\u2009\u3000\u200b\u0301aé东।"), max_size=30))
def test_space_is_cleaned_whatever_stands_beside_it(raw: str) -> None:
    """Words are what stands between runs of it; what nobody sees parts none."""
    assert clean_text(raw) == unicodedata.normalize("NFC", " ".join(raw.replace("\u200b", "").split()))


@given(st.text(st.sampled_from(" \t\n\u00a0aé.")))
def test_words_are_what_space_parts(text: str) -> None:
    """However many of which kind, at the ends too."""
    assert count_words(text) == len(text.split())


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("Shares rose 3 % on Monday.", 6, id="English"),
        pytest.param("你好世界", 2, id="Chinese, two characters a word"),
        pytest.param("你好，世界。", 2, id="Chinese punctuation is no word"),
        pytest.param("东京 Reuters 报道", 3, id="Chinese with a Latin word"),
        pytest.param("こんにちは", 3, id="Japanese, an odd number"),
        pytest.param("สวัสดีชาวโลก", 6, id="Thai"),
        pytest.param("안녕 세상", 2, id="Korean has spaces"),
        pytest.param("", 0, id="nothing"),
        pytest.param(" \n ", 0, id="white space"),
    ],
)
def test_words_are_counted(text: str, count: int) -> None:
    """Scripts without spaces count two characters as a word."""
    assert count_words(text) == count


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        pytest.param("LONDON (Reuters) - Shares rose.", "LONDON", id="Reuters"),
        pytest.param("HANOI, Vietnam (AP) — Shares rose.", "HANOI, Vietnam", id="AP"),
        pytest.param("HANOI, Vietnam, May 3 (AP) — Shares rose.", "HANOI", id="AP with country and date"),
        pytest.param("BEIJING, Jan. 5 (Xinhua) -- Shares rose.", "BEIJING", id="abbreviated month"),
        pytest.param("ALBANY, N.Y. (AP) — Shares rose.", "ALBANY", id="abbreviated state"),
        pytest.param("ALBANY, N.Y. — Shares rose.", "ALBANY, N.Y.", id="abbreviation as the end of the place"),
        pytest.param("Berlin (dpa) - Shares rose.", "Berlin", id="dpa"),
        pytest.param("Düsseldorf (dpa/lnw) – Shares rose.", "Düsseldorf", id="dpa's regional service"),
        pytest.param("WASHINGTON — Shares rose.", "WASHINGTON", id="no agency"),
        pytest.param("PARIS, March 3 - Shares rose.", "PARIS", id="no bracket"),
        pytest.param("TOKYO, 2026-05-03 - Shares rose.", "TOKYO", id="date with hyphens"),
        pytest.param("SAINT-DENIS (AFP) - Shares rose.", "SAINT-DENIS", id="hyphen in the place"),
        pytest.param("ISLAMABAD: Shares rose.", "ISLAMABAD", id="colon"),
        pytest.param("MADRID (EFE).- Shares rose.", "MADRID", id="point and dash"),
        pytest.param("Riad. Shares rose.", "Riad", id="place that stands alone"),
    ],
)
def test_the_dateline_is_masked(text: str, dateline: str) -> None:
    """Place, date, agency and dash go; what the paper wrote begins."""
    assert mask_dateline(text, dateline) == "Shares rose."


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        pytest.param("Shares rose in LONDON (Reuters) - it said.", "LONDON", id="place inside the sentence"),
        pytest.param("LONDON was calm. Shares rose — more than ever.", "LONDON", id="a sentence ends first"),
        pytest.param(
            "LONDON police arrested a man on Monday after a long search through the whole city — at last.", "LONDON", id="dash far away"
        ),
        pytest.param("PARIS Saint-Germain won.", "PARIS", id="hyphen of a name"),
        pytest.param("LONDON (Reuters) - Shares rose.", None, id="no dateline known"),
        pytest.param("", "LONDON", id="no text"),
    ],
)
def test_what_is_no_dateline_stays(text: str, dateline: str | None) -> None:
    """The text comes back as it was."""
    assert mask_dateline(text, dateline) == text


def test_a_dateline_is_looked_for_in_the_first_four_paragraphs() -> None:
    """A kicker may stand before it; the fifth paragraph is too late."""
    story = "LONDON (Reuters) - Shares rose."
    assert mask_dateline(f"Markets\n\n{story}\n\nMore.", "LONDON") == "Markets\n\nShares rose.\n\nMore."
    late = "\n\n".join(["One.", "Two.", "Three.", "Four.", story])
    assert mask_dateline(late, "LONDON") == late


def test_a_place_is_masked_as_by_a_pattern_of_its_own() -> None:
    """One pattern serves all places: it masks what a pattern with the place in it would, in any surroundings."""
    draw = random.Random(9)
    before, masked = "|".join(text_module._BEFORE_PLACE), 0
    for _ in range(4_000):
        place = draw.choice(PLACES)
        own = re.compile(rf"\s*(?:{before}){re.escape(place)}{text_module._REST_OF_DATELINE}")
        paragraphs = [
            "".join((*draw.choices(SIGNS, k=draw.randint(0, 3)), place, *draw.choices(SIGNS, k=draw.randint(0, 5)))) for _ in range(2)
        ]
        text = "\n\n".join(paragraphs)
        expected, parts = text, text.split("\n\n")
        for index, part in enumerate(parts[:4]):
            if found := own.match(part):
                expected = "\n\n".join((*parts[:index], part[found.end() :], *parts[index + 1 :]))
                break
        assert mask_dateline(text, place) == expected
        masked += expected != text
    assert masked > 400


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Don't panic", "DON’T panic!", id="apostrophes"),
        pytest.param("rock´n´roll", "rocknroll", id="acute accent as an apostrophe"),
        pytest.param("“Quoted” – text…", '"quoted" - text', id="quotes and dashes"),
        pytest.param("Minister\u00adpräsident", "ministerpräsident", id="soft hyphen"),
        pytest.param("ﬁnal １２３", "final 123", id="ligatures and wide digits"),
        pytest.param("snake_case", "snake case", id="underscore"),
        pytest.param("東京 都は", "東京都は", id="spaces between characters that need none"),
        pytest.param("שָׁלוֹם مُحَمَّد", "שלום محمد", id="points of Hebrew and Arabic"),
        pytest.param("ΟΔΟΣ İzmir", "οδοσ izmir", id="final sigma and dotted capital i"),
        pytest.param("Cafe\u0301 Cafe\u200b\u0301", "café café", id="accents in two forms"),
    ],
)
def test_texts_that_read_the_same_match(one: str, other: str) -> None:
    """Only letters and digits count."""
    assert matching_form(one) == matching_form(other)


def test_words_with_vowel_signs_stay_whole() -> None:
    """Hindi and Bengali vowels are combining marks."""
    assert matching_form("हिन्दी समाचार") == "हिन्दी समाचार"
    assert len(matching_form("বাংলা খবর").split()) == 2


@given(st.text())
def test_the_matching_form_is_tokens_parted_by_one_space(text: str) -> None:
    """No sign, no capital, no double space; the form of a form is itself."""
    form = matching_form(text)
    assert matching_form(form) == form
    assert form == " ".join(form.split())
    assert not set(form) & set("_.,-'’\"!?\n\t")


def test_the_hash_of_a_text_is_stable() -> None:
    """It is stored, so it must never change."""
    digest = text_hash("LONDON (Reuters) - Shares rose 3 % on Monday, it’s said.", "LONDON")
    assert digest.hex() == "a718a6abbc168f46f04b7299b9535f81a3c329ce7706513424efc252fa57142e"
    assert digest == text_hash("Shares rose 3 % on Monday, its said")
    assert len(digest) == 32


def test_the_hash_sees_words_not_signs() -> None:
    """Another word is another text."""
    assert text_hash("Shares rose.") == text_hash("SHARES  rose")
    assert text_hash("Shares rose.") != text_hash("Shares fell.")
    assert text_hash("") == text_hash(" … ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("。" * 500_000, id="punctuation"),
        pytest.param("你" * 500_000, id="one script"),
        pytest.param("a" * 1_000_000, id="one word"),
        pytest.param("\u0301" * 500_000, id="accents"),
        pytest.param("".join(map(chr, range(0x2000, 0x2E00))) * 100, id="a thousand signs"),
        pytest.param("LONDON" + " (" * 200_000, id="brackets that never close"),
    ],
)
def test_long_texts_take_time_in_proportion(text: str) -> None:
    """Nothing here is quadratic."""
    started = time.process_time()
    clean_text(text)
    count_words(text)
    text_hash(text, "LONDON")
    assert time.process_time() - started < 3


@settings(max_examples=400)
@given(st.text(st.sampled_from("aBΣςÉß½ﬁ…’“ –😀🏽ǅİ①㌀㉠\u00a0\u00ad\ufe0f") | st.characters()))
def test_a_form_does_not_depend_on_how_it_is_found(text: str) -> None:
    """Most are found character by character; a mark that vanishes keeps a text from that."""
    assert matching_form(text) == matching_form(f"{text} \u0301")
