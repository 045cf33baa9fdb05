"""Bytes become the text that the page's authors meant."""

from __future__ import annotations

import gzip

import pytest

from pipelines.extract.decode import MAX_BODY_BYTES, decode_body, looks_binary, utf8_body

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


LEGACY = (
    pytest.param("windows-1251", "cp1251", "Совет гавани проголосовал за закрытие старого терминала", id="Russian"),
    pytest.param("x-sjis", "cp932", "港湾評議会は火曜日、①髙橋さんの閉鎖を決めた", id="Japanese with letters of Windows"),
    pytest.param("euc-kr", "cp949", "항만 위원회는 똠방각하 폐쇄를 결정했다", id="Korean with syllables of Windows"),
    pytest.param("gb18030", "gb18030", "港务局投票决定重建旧防波堤𠀀", id="Chinese with a letter of four bytes"),
    pytest.param("gb2312", "gbk", "港务局投票決定重建舊防波堤", id="Chinese with letters that the declared one lacks"),
    pytest.param("iso-8859-2", "iso8859-2", "Rada města rozhodla o žluťoučkém koni a škodě", id="Czech"),
    pytest.param("windows-1250", "cp1250", "Rada města – „žluťoučký kůň“ a škoda", id="Czech with quotes of Windows"),
    pytest.param("windows-874", "cp874", "คณะกรรมการท่าเรือลงมติให้ปิดท่าเรือเก่า", id="Thai"),
)


@pytest.mark.parametrize(("label", "encoding", "text"), LEGACY)
def test_a_declared_charset_is_read_as_browsers_do(label: str, encoding: str, text: str) -> None:
    """In the header, in a meta tag, or in one that comes late; the header wins over meta, and one that fails gives way to the other."""
    paragraph = f"<p>{text * 5}</p>".encode(encoding)
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">'.encode()
    other = b'<meta charset="utf-8">'
    assert text in decode_body(paragraph, label)
    assert text in decode_body(meta + paragraph)
    assert text in decode_body(b"<!--" + b"x" * 3_000 + b"-->" + meta + paragraph)
    assert text in decode_body(other + paragraph, label)
    assert text in decode_body(meta + paragraph, "utf-8")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1251", "shift_jis", "utf-16be", "iso-2022-jp", None])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins(encoding: str, charset: str | None) -> None:
    """Over header and meta."""
    html = f'<meta charset="windows-1251">{GERMAN}'
    assert decode_body(html.encode(encoding), charset) == html
    assert utf8_body(html.encode(encoding), charset) == html.encode()


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-32", "utf-7"])
def test_a_page_of_bytes_is_in_no_wide_encoding(label: str) -> None:
    """Nor in one that browsers dropped, whoever says so."""
    html = f'<meta charset="{label}">{GERMAN}<p>+ADw-p+AD4-</p>'
    assert utf8_body(html.encode()) == html.encode()
    assert utf8_body(html.encode(), label) == html.encode()
    assert decode_body(html.encode("cp1252"), label) == html


def test_a_wide_encoding_without_a_mark_is_read_as_declared() -> None:
    """By the header, as its meta tag is wide too."""
    assert decode_body(GERMAN.encode("utf-16-le"), "utf-16le") == GERMAN


def test_a_wrong_charset_gives_way_to_detection() -> None:
    """Where it leaves more than a slip undecoded."""
    assert decode_body(b'<meta charset="shift_jis">' + JAPANESE.encode("euc_jp"), "utf-8").endswith(JAPANESE)


def test_half_a_surrogate_pair_is_neither_text_nor_binary() -> None:
    """What cannot be kept is not counted among the characters that controls are measured by."""
    page = "x" * 18 + "\ud800\x01"
    assert looks_binary(utf8_body(page.encode("utf-8", "surrogatepass")))
    assert not looks_binary(utf8_body(f"x{page}".encode("utf-8", "surrogatepass")))


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
