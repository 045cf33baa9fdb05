"""The words of a text, for the tests that come before the careful ones."""

from __future__ import annotations

from typing import get_args

import pytest

from pipelines.attribute.line_sections import Section, section_table
from pipelines.attribute.wordlists import is_latin, spaced_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("By Jane Doe/AP (dpa-AFX)", ["By", "Jane", "Doe", "AP", "dpa", "AFX"], id="ASCII"),
        pytest.param("Müller «SDA», Zürich", ["Müller", "SDA", "Zürich"], id="letters of one byte"),
        pytest.param("“Jane’s” – Reuters…", ["Jane", "s", "Reuters"], id="wide signs around Latin letters"),
        pytest.param("МОСКВА. /ТАСС/ «Да»", ["МОСКВА", "ТАСС", "Да"], id="Cyrillic"),
        pytest.param("（共同）東京：", ["共同", "東京"], id="Japanese"),
    ],
)
def test_signs_part_words_in_every_script(text: str, words: list[str]) -> None:
    """However the text is stored, and in lower case as ``str.lower`` has it."""
    assert spaced_words(text).split() == words
    assert spaced_words(text, lower=True).split() == [word.lower() for word in words]


def test_only_texts_with_another_script_are_not_latin() -> None:
    """Signs such as curly quotes do not make a text another script's."""
    assert is_latin(spaced_words("“Müller” – dpa…"))
    assert not is_latin(spaced_words("Müller 연합뉴스"))


def test_no_sign_that_counts_anywhere_is_latin() -> None:
    """They are not looked for in Latin texts."""
    anywhere = set(get_args(Section)) - {"provider", "copyright", "contributors"}
    assert [sign for section in anywhere for sign in section_table(section)["signs"] if is_latin(sign)] == []
