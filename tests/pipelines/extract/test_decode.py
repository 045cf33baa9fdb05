"""Bytes become the text that the page's authors meant."""

from __future__ import annotations

import gzip

import pytest

from pipelines.extract.decode import MAX_BODY_BYTES, decode_body, utf8_body

GERMAN = "<p>Fünf Bürger prüfen die Größe der Straße, „schön“ sagte einer</p>"
RUSSIAN = "<p>Совет гавани проголосовал за закрытие старого паромного терминала в порту</p>" * 5
JAPANESE = "<p>港湾評議会は火曜日、古いフェリーターミナルの閉鎖を決めた。</p>" * 5


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        pytest.param(GERMAN.encode(), "iso-8859-1", GERMAN, id="UTF-8 whose header says Latin-1"),
        pytest.param(GERMAN.encode("cp1252"), "utf-8", GERMAN, id="Windows-1252 whose header says UTF-8 and whose meta says it right"),
        pytest.param(GERMAN.encode("cp1252"), "iso-8859-1", GERMAN, id="typographic quotes that Latin-1 does not have"),
        pytest.param(RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN, id="Cyrillic as the header says"),
        pytest.param(RUSSIAN.encode("utf-16"), None, RUSSIAN, id="UTF-16 with a byte order mark"),
        pytest.param(b"\xef\xbb\xbf" + GERMAN.encode(), None, GERMAN, id="UTF-8 with a byte order mark"),
        pytest.param(JAPANESE.encode("shift_jis"), "shift_jis", JAPANESE, id="Shift JIS as the header says"),
        pytest.param(JAPANESE.encode("iso2022_jp"), "iso-2022-jp", JAPANESE, id="seven-bit Japanese, valid UTF-8 by accident"),
        pytest.param(JAPANESE.encode("euc_jp"), None, JAPANESE, id="undeclared, by detection"),
        pytest.param(GERMAN.encode(), "no-such-charset", GERMAN, id="a charset that does not exist"),
        pytest.param(GERMAN.encode(), "base64", GERMAN, id="a codec that is no charset"),
        pytest.param(gzip.compress(GERMAN.encode()), None, GERMAN, id="gzip that nobody asked for"),
    ],
)
def test_text_is_decoded_as_meant(body: bytes, charset: str | None, text: str) -> None:
    """The declared charset is a hint: valid UTF-8 wins, and what does not decode is guessed."""
    if charset == "utf-8" and b"\xfc" in body:
        meta = '<meta charset="windows-1252">'
        assert decode_body(meta.encode() + body, charset) == meta + text
    else:
        assert decode_body(body, charset) == text
    assert utf8_body(body, charset) == decode_body(body, charset).encode()


def test_a_page_in_utf_8_is_read_as_it_stands() -> None:
    """Without a copy, and half surrogate pairs, which no parser takes, are left out of one that has some."""
    body = GERMAN.encode()
    assert utf8_body(body) is body
    assert utf8_body(f"may\ud83dor {GERMAN}".encode("utf-8", "surrogatepass")) == b"mayor " + body


def test_one_bad_byte_does_not_turn_a_page_into_another_encoding() -> None:
    """A slip costs one character."""
    text = decode_body((GERMAN * 50).encode() + b"\xff" + GERMAN.encode(), "utf-8")
    assert text.count("�") == 1
    assert text.count("Größe") == 51


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(b"a" * (MAX_BODY_BYTES + 1)), id="gzip bomb"),
        pytest.param(b"\x1f\x8b\x08 not really gzip", id="damaged gzip"),
        pytest.param(b"a" * (MAX_BODY_BYTES + 1), id="a body over the limit"),
    ],
)
def test_what_cannot_be_unpacked_raises(body: bytes) -> None:
    """The caller makes a rejection of it."""
    for read in (decode_body, utf8_body):
        with pytest.raises(ValueError, match=r"over|gzip|at most"):
            read(body)
