"""Bytes to text, or to UTF-8: charset of the HTTP header, byte order mark, ``<meta charset>``, and detection as the last resort."""

from __future__ import annotations

import codecs
import re
import zlib

from charset_normalizer import from_bytes

MAX_BODY_BYTES = 20_000_000
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MARKS = tuple(mark for mark, _ in _BYTE_ORDER_MARKS)
_META_CHARSET = re.compile(rb"<meta\b[^<>]{0,300}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([\w:.-]{2,40})", re.IGNORECASE)
# Browsers read these labels as their supersets, and so do the people who write the pages.  Source: WHATWG Encoding Standard.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Labels of the same standard that Python lacks.
_LABELS = {
    "dos-874": "cp874",
    "gb_2312-80": "gb18030",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "iso88591": "cp1252",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "ksc_5601": "cp949",
    "unicode-1-1-utf-8": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-sjis": "cp932",
    "x-x-big5": "big5hkscs",
}
# Encodings whose bytes are also valid UTF-8, so that "it decodes" says nothing.
_SEVEN_BIT = ("iso2022", "hz", "utf-16", "utf-32")
# Every tag in these has NULs; a page without any is in another, whatever it says.
_WIDE = ("utf-16", "utf-32")
_MARKUP_BYTES = 1_000
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
# One bad byte in a thousand characters is a slip of the page, more is another encoding.
_TOLERATED_BAD_SHARE = 0.001


def decode_body(body: bytes, charset: str | None = None) -> str:
    """Return the page as text, unpacked if it is gzip; NULs and lone surrogates are left in it.

    Valid UTF-8 wins over what header and meta say: text in another encoding is practically never valid UTF-8 by chance.
    Raises ValueError with the size when the body, unpacked, is over MAX_BODY_BYTES, and on a damaged gzip stream.
    """
    body = _unpacked(body)
    return _decode(body, _declared(body, charset))


def utf8_body(body: bytes, charset: str | None = None) -> bytes:
    """Return what ``decode_body`` reads as UTF-8, without lone surrogates: mostly the body itself. Raises as it does."""
    body = _unpacked(body)
    declared = _declared(body, charset)
    return body if _is_utf8(body, declared) else _decode(body, declared).encode("utf-8", "ignore")


def _is_utf8(body: bytes, declared: list[str]) -> bool:
    if body.startswith(_MARKS) or (declared and declared[0].startswith(_SEVEN_BIT)):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(body: bytes) -> bytes:
    if body[:3] == b"\x1f\x8b\x08":
        body = _gunzip(body)
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"{len(body)} bytes, at most {MAX_BODY_BYTES}")
    return body


def _decode(body: bytes, declared: list[str]) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").lstrip("\ufeff")
    if declared and declared[0].startswith(_SEVEN_BIT):
        return body.decode(declared[0], "replace")
    # Surrogates pass: a lone one is a slip of the page's software, not a sign of another encoding.
    try:
        return body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        pass
    return _decode_legacy(body, declared)


def _declared(body: bytes, charset: str | None) -> list[str]:
    names = [name for name in (_codec(charset), _codec(_meta_charset(body))) if name]
    return names if b"\0" in body[:_MARKUP_BYTES] else [name for name in names if not name.startswith(_WIDE)]


def opening(html: bytes, chars: int) -> str:
    """Return the first characters of a page in UTF-8."""
    return html[: 4 * chars].decode("utf-8", "ignore")[:chars]


def looks_binary(html: bytes) -> bool:
    """Say whether a page in UTF-8 is no text: over 5 % of its first 4,000 characters are controls or could not be decoded."""
    sample = opening(html, 4_000)
    return len(_CONTROL.findall(sample)) > 0.05 * len(sample)


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        unpacked = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"damaged gzip: {error}") from error
    if len(unpacked) > MAX_BODY_BYTES:
        raise ValueError(f"over {MAX_BODY_BYTES} bytes once unpacked")
    return unpacked


def _meta_charset(body: bytes) -> str | None:
    found = _META_CHARSET.search(body, 0, 10_000)
    return found.group(1).decode("ascii", "replace") if found else None


def _codec(label: str | None) -> str | None:
    if not label:
        return None
    try:
        label = label.strip().strip("\"'").lower()
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    try:
        b"a".decode(_SUPERSETS.get(name, name))
    except (LookupError, UnicodeError):
        # base64, rot13 and the like are codecs, and no charsets; UTF-16 takes two bytes.
        return name if name.startswith(_WIDE) else None
    # Browsers dropped it: text that looks like plain ASCII may be tags in it.
    return None if name == "utf-7" else _SUPERSETS.get(name, name)


def _decode_legacy(body: bytes, declared: list[str]) -> str:
    for name in [*declared, "utf-8"]:
        text = body.decode(name, "replace")
        if text.count("\ufffd") <= max(3, _TOLERATED_BAD_SHARE * len(text)) and not (name == "utf-8" and _is_mostly_bad(text)):
            return text
    # Detection on a sample: it is slow, and 20 kB tell as much as 2 MB.
    best = from_bytes(body[:10_000] + body[-10_000:]).best()
    return body.decode(best.encoding if best else "cp1252", "replace")


def _is_mostly_bad(text: str) -> bool:
    bad = text.count("\ufffd")
    other = sum(1 for character in text if character > "\x7f") - bad
    return bad > 0 and other < 5 * bad
